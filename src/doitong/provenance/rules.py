"""What a manifest says of which engine's films, by C2PA's and IPTC's words; and when certificates are renewed. Pure."""

from datetime import datetime, timedelta
from typing import Any

from doitong import __version__
from doitong.provenance.model import Claim

ROOT_LIFETIME = timedelta(days=3652)
LEAF_LIFETIME = timedelta(days=365)
LEAF_RENEWED_BEFORE_END = timedelta(days=30)
_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_UNTRAINED = frozenset({"studio", "scripted"})  # engines that hold no trained model
_PICTURE = "picture"


def source_type(claim: Claim) -> str:
    """IPTC's digital source type: made by an algorithm, by a trained one, or a picture changed by either."""
    is_trained = claim.engine not in _UNTRAINED
    if claim.picture is None:
        return _IPTC + ("trainedAlgorithmicMedia" if is_trained else "algorithmicMedia")
    return _IPTC + ("compositeWithTrainedAlgorithmicMedia" if is_trained else "algorithmicallyEnhanced")


def manifest_of(claim: Claim) -> dict[str, Any]:
    """The manifest's definition, as c2pa takes it: made, or a picture opened and then animated."""
    agent = {"name": claim.model} | ({"version": claim.engine_version} if claim.engine_version else {})
    parameters: dict[str, Any] = {
        "com.doitong.engine": claim.engine,
        "com.doitong.version": claim.version,
        "com.doitong.seed": str(claim.seed),
    }
    made: dict[str, Any] = {"softwareAgent": agent, "digitalSourceType": source_type(claim), "parameters": parameters}
    if claim.picture is None:
        actions = [{"action": "c2pa.created"} | made]
    else:
        opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": [_PICTURE]}}
        actions = [opened, {"action": "c2pa.edited", "description": "A picture was animated."} | made]
    return {
        "claim_generator_info": [{"name": "Doitong", "version": __version__}],
        "title": f"{claim.generation_id}.mp4",
        "format": "video/mp4",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }


def ingredient() -> dict[str, Any]:
    """The picture that was animated: that there was one and its checksum, without its name or a thumbnail."""
    return {"title": "Picture", "relationship": "parentOf", "label": _PICTURE, "instance_id": _PICTURE}


def is_due(expires_at: datetime, now: datetime) -> bool:
    """Whether a leaf is to be replaced: a month before its end, so that no film is signed with one about to end."""
    return expires_at - now < LEAF_RENEWED_BEFORE_END
