"""A generation as the outside sees it: one dictionary from which every door takes the fields it shows."""

from collections.abc import Mapping
from typing import Any

from doitong.core.clock import to_iso
from doitong.core.errors import REGISTRY
from doitong.engines.studio.notices import translate
from doitong.generations.model import Generation, Status


def present(generation: Generation, cdn_base_url: str, language: str | None = None) -> dict[str, Any]:
    """All public fields, as JSON values, in the order of the documentation. `language`: the reader's, if told."""
    parameters = generation.parameters
    is_completed = generation.status is Status.COMPLETED
    address = f"{cdn_base_url}/outputs/{generation.id}"
    return {
        "id": generation.id,
        "status": generation.status.value,
        "type": "VIDEO",
        "provider": generation.service,
        "service": generation.service,
        "url": f"{address}.mp4" if is_completed else None,
        "poster": f"{address}.jpg" if is_completed else None,
        "preview": f"{address}.webp" if is_completed else None,
        "previewVideo": f"{address}.preview.mp4" if is_completed else None,
        "webhookUrl": generation.webhook_url,
        "duration": parameters["duration"],
        "creditCost": generation.credit_cost,
        "createdAt": to_iso(generation.created_at),
        "startedAt": to_iso(generation.started_at) if generation.started_at else None,
        "completedAt": to_iso(generation.completed_at) if generation.completed_at else None,
        "stage": generation.stage.value,
        "progress": round(generation.progress, 3),
        "queuePosition": generation.queue_position,
        "expectedStartAt": to_iso(generation.expected_start_at) if generation.expected_start_at else None,
        "error": present_error(generation.error_code, language or "en"),
        "prompt": generation.prompt,
        "kind": generation.kind.value,
        "metadata": present_metadata(generation, language),
    }


def present_metadata(generation: Generation, language: str | None = None) -> Mapping[str, Any]:
    """What is known of the film: from the request until it is stored, from the file afterwards.

    Studio's warnings are in the reader's language; in the prompt's own when it is not told.
    """
    parameters = generation.parameters
    promised = {
        "duration": parameters["duration"],
        "width": parameters["width"],
        "height": parameters["height"],
        "fps": parameters["fps"],
        "aspectRatio": parameters["aspectRatio"],
        "version": parameters["version"],
        "quality": parameters["quality"],
        "seed": parameters["seed"],
        "engine": generation.engine,
        "motionIntensity": parameters["motionIntensity"],
        "audio": parameters.get("audio", True),
    }
    known = dict(generation.metadata)
    if language is not None and isinstance(known.get("interpretation"), Mapping):
        known["interpretation"] = translate(known["interpretation"], language)
    return promised | known


def present_error(code: str | None, language: str) -> dict[str, str] | None:
    """`{code, message}` of a generation that failed."""
    if code is None:
        return None
    return {"code": code, "message": REGISTRY[code].message.fill(language, {})}
