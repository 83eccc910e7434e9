"""The input types of the schema, and how they become a generation's parameters.

Words such as the aspect ratio are strings here: the service checks them, so that a value outside is the
documented 400 that names the parameter, at every door alike.
"""

from dataclasses import fields
from functools import lru_cache
from typing import Any

import strawberry

from doitong.catalogue.model import Kind
from doitong.core.errors import InvalidParameter, rule
from doitong.doors.graphql.scalars import JSON, Seed
from doitong.doors.graphql.types import GenerationType
from doitong.doors.http.operations import raw_request
from doitong.generations.model import RawRequest

_DIFFERS = rule("differs from input.webhookUrl", "se razlikuje od input.webhookUrl")


@strawberry.input
class CameraMoveInput:
    move: str
    strength: float | None = strawberry.field(default=None, description="From 0 to 1; 0.5 when left out.")


@strawberry.input(description="Camera moves in the order of the timeline, and motion brushes.")
class MotionInput:
    camera: list[CameraMoveInput] | None = None
    brushes: list[JSON] | None = None


@strawberry.input
class GenerateSourceInput:
    text: str | None = strawberry.field(default=None, description="1–1000 characters, any language.")
    image: str | None = strawberry.field(default=None, description="https URL, data: URI or upload id.")


@strawberry.input
class GenerateOptionsInput:
    duration: int | None = strawberry.field(default=None, description="Whole seconds, 5–10; default 5.")
    aspect_ratio: str | None = strawberry.field(default=None, description="16:9, 9:16 or 1:1.")
    version: str | None = strawberry.field(default=None, description="gen-2, gen-3 or gen-4 (default).")
    quality: str | None = strawberry.field(default=None, description="standard (default), high or pro.")
    motion_intensity: str | None = strawberry.field(default=None, description="low, medium or high.")
    motion: MotionInput | None = None
    seed: Seed | None = None
    negative_prompt: str | None = None
    webhook_url: str | None = None
    quote_id: str | None = None


@strawberry.input
class GenerateInput:
    type: GenerationType
    provider: str | None = None
    input: GenerateSourceInput
    options: GenerateOptionsInput | None = None
    webhook_url: str | None = None


@strawberry.input(description="The flat parameters of the REST door.")
class GenerateVideoInput:
    service: str | None = None
    prompt: str | None = None
    image: str | None = None
    image_url: str | None = None
    duration: int | None = None
    aspect_ratio: str | None = None
    version: str | None = None
    quality: str | None = None
    motion_intensity: str | None = None
    motion: MotionInput | None = None
    seed: Seed | None = None
    negative_prompt: str | None = None
    webhook_url: str | None = None
    quote_id: str | None = None


@strawberry.input
class ImageAnimationInput:
    service: str
    image_url: str
    prompt: str | None = None
    duration: int | None = None
    aspect_ratio: str | None = None
    version: str | None = None
    quality: str | None = None
    motion_intensity: str | None = None
    motion: MotionInput | None = None
    seed: Seed | None = None
    negative_prompt: str | None = None
    webhook_url: str | None = None
    quote_id: str | None = None


@strawberry.input
class GenerationFilterInput:
    status: str | None = None
    service: str | None = None
    kind: str | None = None
    created_after: str | None = None
    created_before: str | None = None


@strawberry.input
class DeliveryFilterInput:
    generation: str | None = None
    endpoint: str | None = None
    state: str | None = None


@strawberry.input
class CreateKeyInput:
    name: str
    scopes: list[str] | None = strawberry.field(default=None, description="All of the asking key's when left out.")
    expires_at: str | None = None


@strawberry.input
class CreateEndpointInput:
    url: str
    events: list[str] | None = None
    description: str | None = None


@strawberry.input
class UpdateEndpointInput:
    url: str | None = None
    events: list[str] | None = None
    description: str | None = None
    is_enabled: bool | None = None


def to_json(value: Any) -> Any:
    """An input object as the JSON it came from: camelCase names, what is null left out."""
    if isinstance(value, list):
        return [to_json(item) for item in value]
    if hasattr(type(value), "__strawberry_definition__"):
        given = ((camel(item.name), getattr(value, item.name)) for item in fields(value))
        return {name: to_json(item) for name, item in given if item is not None}
    return value


@lru_cache(maxsize=512)
def camel(name: str) -> str:
    """A Python name as the schema shows it."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def of_generate(given: GenerateInput) -> RawRequest:
    """The nested form; parameters are called by their path."""
    values: dict[str, tuple[str, Any]] = {
        "service": ("input.provider", given.provider),
        "prompt": ("input.input.text", given.input.text),
        "image": ("input.input.image", given.input.image),
        "webhookUrl": ("input.webhookUrl", given.webhook_url),
    }
    for name, value in to_json(given.options).items() if given.options else ():
        shown = f"input.options.{name}"
        if name == "webhookUrl" and given.webhook_url is not None:
            if value != given.webhook_url:
                raise InvalidParameter(shown, _DIFFERS)
            continue
        values[name] = (shown, value)
    return RawRequest(values)


def of_flat(given: GenerateVideoInput | ImageAnimationInput, kind: Kind | None = None) -> RawRequest:
    """The flat forms; parameters are called `input.NAME`."""
    return raw_request(to_json(given), kind=kind, requires_service=False, prefix="input.", image_name="imageUrl")
