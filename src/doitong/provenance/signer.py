"""Writing a manifest into a film, and reading one: all that touches c2pa's library. Blocks; run it on a thread."""

import json
import os
from pathlib import Path
from typing import Any

from doitong.provenance.model import Claim, Identity, NoProvenance, ProvenanceFailed, Reading
from doitong.provenance.rules import ingredient, manifest_of

_FORMAT = "video/mp4"
_PICTURE_FORMATS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PN": "image/png", b"RIF": "image/webp"}
_NO_NETWORK = {"remote_manifest_fetch": False, "ocsp_fetch": False}
_SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},  # a picture's thumbnail would show what the film may hide
    "verify": _NO_NETWORK,
}


def sign_film(film: Path, claim: Claim, identity: Identity) -> None:
    """Put a manifest into the film and verify it by reading it back; the film is replaced only then.

    Raises `ProvenanceFailed`, OSError.
    """
    import c2pa  # noqa: PLC0415  # 50 MB of library: only what signs loads it

    aside = film.with_name(f".{film.name}.signed")
    aside.unlink(missing_ok=True)
    try:
        info = c2pa.C2paSignerInfo(b"es256", identity.chain.encode(), identity.leaf.private_key.encode(), None)
        with (
            c2pa.Context(c2pa.Settings.from_dict(_SETTINGS)) as context,
            c2pa.Signer.from_info(info) as signer,
            c2pa.Builder(manifest_of(claim), context) as builder,
            film.open("rb") as source,
            aside.open("w+b") as signed,
        ):
            if claim.picture is not None:
                _add_picture(builder, claim.picture)
            builder.sign(signer, _FORMAT, source, signed)
            signed.flush()
            os.fsync(signed.fileno())
        _check(aside, identity)
        os.replace(aside, film)
    except c2pa.C2paError as error:
        raise ProvenanceFailed(f"{film.name} could not be signed: {error}") from error
    finally:
        aside.unlink(missing_ok=True)


def read_film(film: Path, roots: str = "") -> Reading:
    """What the film says of itself, judged by the given root certificates (PEM).

    Raises `NoProvenance`, and OSError when the file cannot be read.
    """
    import c2pa  # noqa: PLC0415

    trust: dict[str, Any] = {"verify": _NO_NETWORK | {"verify_trust": bool(roots)}}
    if roots:
        trust["trust"] = {"trust_anchors": roots}
    try:
        with (
            film.open("rb") as source,
            c2pa.Context(c2pa.Settings.from_dict(trust)) as context,
            c2pa.Reader(_FORMAT, source, context=context) as reader,
        ):
            state, whole = reader.get_validation_state() or "Invalid", json.loads(reader.json())
    except c2pa.C2paError as error:
        raise NoProvenance(str(error)) from error
    manifest = whole["manifests"][whole["active_manifest"]]
    failures = whole.get("validation_results", {}).get("activeManifest", {}).get("failure", [])
    problems = tuple(failure["code"] for failure in failures)
    return Reading(str(state), manifest.get("signature_info", {}).get("issuer"), problems, manifest)


def _check(signed: Path, identity: Identity) -> None:
    try:
        seen = read_film(signed, identity.root.certificate)
    except NoProvenance as error:
        raise ProvenanceFailed(f"{signed.name} holds no manifest after signing") from error
    if seen.state != "Trusted":
        raise ProvenanceFailed(f"{signed.name} reads as {seen.state} after signing: {', '.join(seen.problems)}")


def _add_picture(builder: Any, picture: Path) -> None:
    with picture.open("rb") as file:
        kind = _PICTURE_FORMATS.get(file.read(3), "image/jpeg")
        file.seek(0)
        builder.add_ingredient(ingredient(), kind, file)
