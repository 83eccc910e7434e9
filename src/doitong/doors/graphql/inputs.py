"""The input types of the schema, and how they become a generation's parameters.

Resolvers get an input object as the JSON that it came from, not as an instance of its class: the service checks every
value, and building classes to take them apart again cost a seventh of a submission.

Words such as the aspect ratio are strings here: the service checks them, so that a value outside is the
documented 400 that names the parameter, at every door alike.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

import strawberry
from strawberry import UNSET

from doitong.catalogue.model import Kind
from doitong.core.errors import InvalidParameter, rule
from doitong.doors.graphql.scalars import JSON, Seed
from doitong.doors.graphql.types import GenerationType
from doitong.doors.http.operations import raw_request
from doitong.generations.model import RawRequest

T = TypeVar("T")

# the parameters that are input objects themselves, or lists of them; any other value is the caller's own JSON
OBJECTS = frozenset({"input", "options", "motion", "camera"})
_DIFFERS = rule("differs from input.webhookUrl", "se razlikuje od input.webhookUrl")


def _input(description: str | None = None) -> Callable[[type[T]], type[T]]:
    def make(cls: type[T]) -> type[T]:
        made = strawberry.input(cls, description=description)
        made.__strawberry_definition__.from_input = _as_given  # type: ignore[attr-defined]  # set by strawberry.input
        return made

    return make


def _as_given(_cls: type, given: Mapping[str, Any], _context: Any) -> Mapping[str, Any]:
    return given


@_input()
class CameraMoveInput:
    move: str
    strength: float | None = strawberry.field(default=UNSET, description="From 0 to 1; 0.5 when left out.")
    degrees: float | None = strawberry.field(
        default=UNSET,
        description="How far a pan, tilt, roll, orbit or whip pan turns, 0–360, in place of strength; "
        "an engine may give less, and reports what it gave.",
    )
    seconds: float | None = strawberry.field(
        default=UNSET, description="How long the move takes, 0.1–10; an equal part of what is left when left out."
    )
    easing: str | None = strawberry.field(
        default=UNSET, description="ease-in-out (default), linear, ease-in or ease-out."
    )


@_input("Camera moves in the order of the timeline, motion brushes, and a picture's depth.")
class MotionInput:
    camera: list[CameraMoveInput] | None = UNSET
    brushes: list[JSON] | None = UNSET
    depth: str | None = strawberry.field(
        default=UNSET, description="A depth map of the picture, near is white: https URL, data: URI or upload id."
    )
    depth_inverted: bool | None = strawberry.field(default=UNSET, description="True when near is black.")


@_input()
class GenerateSourceInput:
    text: str | None = strawberry.field(default=UNSET, description="1–1000 characters, any language.")
    image: str | None = strawberry.field(default=UNSET, description="https URL, data: URI or upload id.")


@_input()
class GenerateOptionsInput:
    duration: int | None = strawberry.field(default=UNSET, description="Whole seconds, 5–10; default 5.")
    aspect_ratio: str | None = strawberry.field(default=UNSET, description="16:9, 9:16 or 1:1.")
    version: str | None = strawberry.field(default=UNSET, description="gen-2, gen-3 or gen-4 (default).")
    quality: str | None = strawberry.field(default=UNSET, description="standard (default), high or pro.")
    motion_intensity: str | None = strawberry.field(default=UNSET, description="low, medium or high.")
    motion: MotionInput | None = UNSET
    audio: bool | None = strawberry.field(default=UNSET, description="Whether the film has sound; true when left out.")
    seed: Seed | None = UNSET
    negative_prompt: str | None = UNSET
    webhook_url: str | None = UNSET
    quote_id: str | None = UNSET


@_input()
class GenerateInput:
    type: GenerationType
    provider: str | None = UNSET
    input: GenerateSourceInput
    options: GenerateOptionsInput | None = UNSET
    webhook_url: str | None = UNSET


@_input("The flat parameters of the REST door.")
class GenerateVideoInput(GenerateOptionsInput):
    service: str | None = UNSET
    prompt: str | None = UNSET
    image: str | None = UNSET
    image_url: str | None = UNSET


@_input()
class ImageAnimationInput(GenerateOptionsInput):
    service: str
    image_url: str
    prompt: str | None = UNSET


@_input()
class GenerationFilterInput:
    status: str | None = UNSET
    service: str | None = UNSET
    kind: str | None = UNSET
    created_after: str | None = UNSET
    created_before: str | None = UNSET


@_input()
class DeliveryFilterInput:
    generation: str | None = UNSET
    endpoint: str | None = UNSET
    state: str | None = UNSET


@_input()
class CreateKeyInput:
    name: str
    scopes: list[str] | None = strawberry.field(default=UNSET, description="All of the asking key's when left out.")
    expires_at: str | None = UNSET
    monthly_budget: int | None = strawberry.field(default=UNSET, description="Credits a month (UTC).")


@_input()
class UpdateKeyInput:
    name: str | None = UNSET
    monthly_budget: int | None = strawberry.field(default=UNSET, description="null takes it away.")


@_input()
class CreateAccountInput:
    name: str
    plan: str | None = UNSET
    email: str | None = UNSET
    language: str | None = UNSET
    limits: JSON | None = UNSET


@_input()
class SetPlanInput:
    plan: str
    limits: JSON | None = UNSET


@_input()
class GrantInput:
    credits: int
    reason: str


@_input()
class AdjustmentInput:
    amount: int = strawberry.field(description="Below 0 takes credits away; not 0.")
    reason: str


@_input()
class RefundInput:
    generation_id: strawberry.ID
    credits: int | None = strawberry.field(default=UNSET, description="All that is left of the charge when left out.")
    reason: str


@_input()
class SettleSubmissionInput:
    outcome: str
    task_id: str | None = UNSET


@_input()
class CreateEndpointInput:
    url: str
    events: list[str] | None = UNSET
    description: str | None = UNSET


@_input()
class UpdateEndpointInput:
    url: str | None = UNSET
    events: list[str] | None = UNSET
    description: str | None = UNSET
    is_enabled: bool | None = UNSET


def to_json(given: Any) -> Any:
    """An input object without what is null."""
    if isinstance(given, list):
        return [to_json(item) for item in given]
    return {name: to_json(value) if name in OBJECTS else value for name, value in given.items() if value is not None}


@lru_cache(maxsize=512)
def camel(name: str) -> str:
    """A Python name as the schema shows it."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def of_generate(given: Any) -> RawRequest:
    """The nested form; parameters are called by their path."""
    nested = to_json(given)
    values: dict[str, tuple[str, Any]] = {
        "service": ("input.provider", nested.get("provider")),
        "prompt": ("input.input.text", nested["input"].get("text")),
        "image": ("input.input.image", nested["input"].get("image")),
        "webhookUrl": ("input.webhookUrl", nested.get("webhookUrl")),
    }
    for name, value in nested.get("options", {}).items():
        shown = f"input.options.{name}"
        if name == "webhookUrl" and "webhookUrl" in nested:
            if value != nested["webhookUrl"]:
                raise InvalidParameter(shown, _DIFFERS)
            continue
        values[name] = (shown, value)
    return RawRequest(values)


def of_flat(given: Any, kind: Kind | None = None) -> RawRequest:
    """The flat forms; parameters are called `input.NAME`."""
    return raw_request(to_json(given), kind=kind, requires_service=False, prefix="input.", image_name="imageUrl")
