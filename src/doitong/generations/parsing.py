"""From what a door received to a valid request, or an error that names the parameter and what is allowed.

Pure: no I/O, no clock. Addresses are only checked for their form here; whether they may be called is egress's.
"""

import re
import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, TypeVar

from doitong.catalogue.model import (
    TURNING_MOVES,
    AspectRatio,
    CameraMove,
    Easing,
    Kind,
    MotionIntensity,
    Quality,
    Version,
)
from doitong.catalogue.services import (
    BRUSHES_MAXIMUM,
    MOVE_SECONDS_MAXIMUM,
    MOVE_SECONDS_MINIMUM,
    MOVES_MAXIMUM,
    PROMPT_MAX_CHARACTERS,
    SEED_MAXIMUM,
    SERVICES,
    TURN_DEGREES_MAXIMUM,
    Service,
    first_service_for,
)
from doitong.core.errors import (
    MUST_BE_BOOLEAN,
    MUST_BE_HTTP_URL,
    MUST_BE_OBJECT,
    MUST_BE_TEXT,
    NO_CONTROL_CHARACTERS,
    NOT_KNOWN,
    REQUIRED,
    InvalidParameter,
    number,
    one_of,
    rule,
    text_length,
    whole_number,
)
from doitong.generations.model import GenerationRequest, RawRequest

PARAMETERS = frozenset(
    {
        "service",
        "prompt",
        "image",
        "duration",
        "aspectRatio",
        "version",
        "quality",
        "motionIntensity",
        "motion",
        "seed",
        "negativePrompt",
        "webhookUrl",
        "quoteId",
        "audio",
    }
)
URL_MAX_CHARACTERS = 2048
DATA_URI_MAX_CHARACTERS = 5 * 1024 * 1024 * 4 // 3 + 260  # 5 MiB of picture in base64, and its media type
# longer text is a picture in base64, or far too long; the cost of NFC grows with the square of the length
NORMALIZED_MAX_CHARACTERS = 4 * URL_MAX_CHARACTERS
BRUSH_POINTS_MAXIMUM = 256
# control characters (Unicode's Cc) but newline, tab and carriage return, and lone surrogates (Cs)
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
NEEDS_PICTURE = rule(
    "is only for a picture that is animated, and this request has none",
    "je samo za sliko, ki naj oživi, te pa v zahtevi ni",
)
BRUSH_MODES = ["flow", "sway", "wave", "rotate", "ripple"]

Choice = TypeVar("Choice", bound=StrEnum)


class _Reader:
    """Reads named values, remembering what the caller called them."""

    def __init__(self, raw: RawRequest) -> None:
        self._values = {name: given for name, given in raw.values.items() if given[1] is not None}
        self._shown = {name: given[0] for name, given in raw.values.items()}

    def refuse_unknown(self) -> None:
        for name, (shown, _) in self._values.items():
            if name not in PARAMETERS:
                raise InvalidParameter(_printable(shown), NOT_KNOWN)

    def shown(self, name: str) -> str:
        return self._shown.get(name, name)

    def has(self, name: str) -> bool:
        return name in self._values

    def value(self, name: str) -> Any:
        return self._values[name][1] if name in self._values else None

    def text(self, name: str, maximum: int, *, minimum: int = 1) -> str | None:
        """Text without control characters, trimmed; its length is counted in characters."""
        if not self.has(name):
            return None
        value = self.value(name)
        if not isinstance(value, str):
            raise InvalidParameter(self.shown(name), MUST_BE_TEXT)
        return _clean_text(value, self.shown(name), minimum, maximum)

    def choice(self, name: str, kind: type[Choice], allowed: tuple[Choice, ...], default: Choice) -> Choice:
        if not self.has(name):
            return default
        value = self.value(name)
        for option in allowed:
            if value == option.value and isinstance(value, str):
                return option
        raise InvalidParameter(self.shown(name), one_of([option.value for option in allowed]))

    def whole(self, name: str, minimum: int, maximum: int) -> int | None:
        if not self.has(name):
            return None
        value = self.value(name)
        if type(value) is not int or not minimum <= value <= maximum:
            raise InvalidParameter(self.shown(name), whole_number(minimum, maximum))
        return value

    def boolean(self, name: str, *, default: bool) -> bool:
        if not self.has(name):
            return default
        value = self.value(name)
        if not isinstance(value, bool):
            raise InvalidParameter(self.shown(name), MUST_BE_BOOLEAN)
        return value


def parse_request(raw: RawRequest) -> GenerationRequest:
    """The valid request, with every default but the aspect ratio and the seed filled in.

    Raises `InvalidParameter` for the first parameter that is not allowed.
    """
    reader = _Reader(raw)
    reader.refuse_unknown()
    kind = raw.kind or (Kind.IMAGE_TO_VIDEO if reader.has("image") else Kind.TEXT_TO_VIDEO)
    service = _service(reader, kind, raw.requires_service)
    is_text = kind is Kind.TEXT_TO_VIDEO
    if is_text and reader.has("image"):
        raise InvalidParameter(reader.shown("image"), NOT_KNOWN)
    prompt = reader.text("prompt", PROMPT_MAX_CHARACTERS)
    if prompt is None and is_text:
        raise InvalidParameter(reader.shown("prompt"), REQUIRED)
    if not is_text and not reader.has("image"):
        raise InvalidParameter(reader.shown("image"), REQUIRED)
    duration = reader.whole("duration", service.duration_seconds_minimum, service.duration_seconds_maximum)
    return GenerationRequest(
        kind=kind,
        service=service.id,
        prompt=prompt or "",
        duration_seconds=service.duration_seconds_default if duration is None else duration,
        version=reader.choice("version", Version, service.versions, Version.GEN_4),
        quality=_quality(reader, service),
        motion_intensity=reader.choice(
            "motionIntensity", MotionIntensity, tuple(MotionIntensity), MotionIntensity.MEDIUM
        ),
        aspect_ratio=_aspect_ratio(reader, service, kind),
        image=_image(reader),
        motion=_motion(reader, is_text=is_text),
        seed=reader.whole("seed", 0, SEED_MAXIMUM),
        negative_prompt=reader.text("negativePrompt", PROMPT_MAX_CHARACTERS),
        webhook_url=_web_address(reader, "webhookUrl"),
        quote_id=reader.text("quoteId", 64),
        has_audio=reader.boolean("audio", default=True),
    )


def _service(reader: _Reader, kind: Kind, is_required: bool) -> Service:
    value = reader.value("service")
    able = [service for service in SERVICES.values() if kind in service.kinds]
    if value is None:
        if is_required:
            raise InvalidParameter(reader.shown("service"), REQUIRED)
        return first_service_for(kind)
    for service in able:
        if value == service.id:
            return service
    raise InvalidParameter(reader.shown("service"), one_of([service.id for service in able]))


def _quality(reader: _Reader, service: Service) -> Quality:
    """`pro` is another word for `high`."""
    if reader.value("quality") == "pro" and Quality.HIGH in service.qualities:
        return Quality.HIGH
    try:
        return reader.choice("quality", Quality, service.qualities, Quality.STANDARD)
    except InvalidParameter:
        allowed = [quality.value for quality in service.qualities]
        raise InvalidParameter(reader.shown("quality"), one_of([*allowed, "pro"])) from None


def _aspect_ratio(reader: _Reader, service: Service, kind: Kind) -> AspectRatio | None:
    """None for a picture without a wish: the nearest ratio is chosen once the picture is known."""
    if kind is Kind.IMAGE_TO_VIDEO and not reader.has("aspectRatio"):
        return None
    return reader.choice("aspectRatio", AspectRatio, service.aspect_ratios, AspectRatio.WIDE)


def _image(reader: _Reader) -> str | None:
    return _source(reader.value("image"), reader.shown("image")) if reader.has("image") else None


def _source(value: Any, shown: str) -> str:
    """A picture as an upload's id, a `data:` URI or an http(s) address; its content is checked by uploads."""
    if not isinstance(value, str):
        raise InvalidParameter(shown, MUST_BE_TEXT)
    maximum = DATA_URI_MAX_CHARACTERS if value.startswith("data:") else URL_MAX_CHARACTERS
    return _clean_text(value, shown, 1, maximum)


def _web_address(reader: _Reader, name: str) -> str | None:
    value = reader.value(name)
    if value is None:
        return None
    is_address = isinstance(value, str) and value.startswith(("http://", "https://"))
    if not is_address or len(value) > URL_MAX_CHARACTERS or not value.isprintable() or " " in value:
        raise InvalidParameter(reader.shown(name), MUST_BE_HTTP_URL)
    return str(value)


def parse_motion(value: Any, shown: str) -> dict[str, Any] | None:
    """Camera moves in the order of the timeline, brushes (a polygon or mask with direction and speed), and a depth map.

    `depth` and `depthInverted` stand in the result only when a depth map is given.
    """
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise InvalidParameter(shown, MUST_BE_OBJECT)
    for name in value:
        if name not in ("camera", "brushes", "depth", "depthInverted"):
            raise InvalidParameter(f"{shown}.{_printable(str(name))}", NOT_KNOWN)
    camera = [
        _parse_move(item, f"{shown}.camera[{index}]")
        for index, item in enumerate(_items(value.get("camera"), f"{shown}.camera", MOVES_MAXIMUM))
    ]
    brushes = [
        _parse_brush(item, f"{shown}.brushes[{index}]")
        for index, item in enumerate(_items(value.get("brushes"), f"{shown}.brushes", BRUSHES_MAXIMUM))
    ]
    return {"camera": camera, "brushes": brushes} | _parse_depth(value, shown)


def _parse_depth(value: Mapping[str, Any], shown: str) -> dict[str, Any]:
    is_inverted = value.get("depthInverted")
    if is_inverted is not None and not isinstance(is_inverted, bool):
        raise InvalidParameter(f"{shown}.depthInverted", MUST_BE_BOOLEAN)
    if value.get("depth") is None:
        return {}
    return {"depth": _source(value["depth"], f"{shown}.depth"), "depthInverted": bool(is_inverted)}


def motion_pictures(motion: Mapping[str, Any] | None) -> dict[str, str]:
    """The pictures that a motion names: where in it → an upload's id, a `data:` URI or an address."""
    if motion is None:
        return {}
    found = {"depth": motion["depth"]} if "depth" in motion else {}
    masks = ((f"brushes[{i}].mask", brush["mask"]) for i, brush in enumerate(motion["brushes"]) if "mask" in brush)
    return found | dict(masks)


def with_pictures(motion: Mapping[str, Any] | None, pictures: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The motion with other names for its pictures, by their place in it (see `motion_pictures`)."""
    if motion is None or not pictures:
        return motion
    brushes = [
        brush | {"mask": pictures[place]} if (place := f"brushes[{i}].mask") in pictures else brush
        for i, brush in enumerate(motion["brushes"])
    ]
    changed = {**motion, "brushes": brushes}
    return changed | {"depth": pictures["depth"]} if "depth" in pictures else changed


def _motion(reader: _Reader, *, is_text: bool) -> dict[str, Any] | None:
    """The motion asked for; a map needs a picture that it is the map of."""
    motion = parse_motion(reader.value("motion"), reader.shown("motion"))
    for place in motion_pictures(motion) if is_text else {}:
        raise InvalidParameter(f"{reader.shown('motion')}.{place}", NEEDS_PICTURE)
    return motion


def _items(value: Any, shown: str, maximum: int) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > maximum:
        raise InvalidParameter(
            shown,
            rule(
                "must be a list of at most {maximum} items",
                "mora biti seznam z največ {maximum} elementi",
                maximum=maximum,
            ),
        )
    return value


# a move without a direction: a positive strength means the first, a negative one the second
SIGNED_MOVES = {
    "pan": (CameraMove.PAN_RIGHT, CameraMove.PAN_LEFT),
    "tilt": (CameraMove.TILT_UP, CameraMove.TILT_DOWN),
    "roll": (CameraMove.ROLL_RIGHT, CameraMove.ROLL_LEFT),
    "dolly": (CameraMove.DOLLY_IN, CameraMove.DOLLY_OUT),
    "truck": (CameraMove.TRUCK_RIGHT, CameraMove.TRUCK_LEFT),
    "pedestal": (CameraMove.PEDESTAL_UP, CameraMove.PEDESTAL_DOWN),
    "zoom": (CameraMove.ZOOM_IN, CameraMove.ZOOM_OUT),
    "orbit": (CameraMove.ORBIT_RIGHT, CameraMove.ORBIT_LEFT),
    "dolly_zoom": (CameraMove.DOLLY_ZOOM_IN, CameraMove.DOLLY_ZOOM_OUT),
    "tracking": (CameraMove.TRACKING_RIGHT, CameraMove.TRACKING_LEFT),
    "whip_pan": (CameraMove.WHIP_PAN_RIGHT, CameraMove.WHIP_PAN_LEFT),
}


def _parse_move(value: Any, shown: str) -> dict[str, Any]:
    """A move by its whole name with a strength of 0–1, or by its short name with a strength of -1–1."""
    if not isinstance(value, Mapping):
        raise InvalidParameter(shown, MUST_BE_OBJECT)
    _refuse_other_keys(value, ("move", "strength", "degrees", "seconds", "easing"), shown)
    name, strength = value.get("move"), value.get("strength")
    if isinstance(name, str) and name in SIGNED_MOVES:
        signed = 0.5 if strength is None else _in_range(strength, -1, 1, f"{shown}.strength")
        move = SIGNED_MOVES[name][signed < 0]
        return {"move": move.value, "strength": abs(signed)} | _way_of_move(value, move, shown)
    moves = [move.value for move in CameraMove]
    if name not in moves:
        raise InvalidParameter(f"{shown}.move", one_of([*moves, *SIGNED_MOVES]))
    move = CameraMove(name)
    return {"move": move.value, "strength": _fraction(strength, f"{shown}.strength")} | _way_of_move(value, move, shown)


def _way_of_move(value: Mapping[str, Any], move: CameraMove, shown: str) -> dict[str, Any]:
    """How far a move turns, how long it takes and how it gathers speed: only what is said."""
    way: dict[str, Any] = {}
    if value.get("degrees") is not None:
        if move not in TURNING_MOVES:
            raise InvalidParameter(
                f"{shown}.degrees",
                rule(
                    "is only for pan, tilt, roll, orbit and whip_pan",
                    "je samo za pan, tilt, roll, orbit in whip_pan",
                ),
            )
        way["degrees"] = _in_range(value["degrees"], 0, TURN_DEGREES_MAXIMUM, f"{shown}.degrees")
    if value.get("seconds") is not None:
        way["seconds"] = _in_range(value["seconds"], MOVE_SECONDS_MINIMUM, MOVE_SECONDS_MAXIMUM, f"{shown}.seconds")
    easing = value.get("easing")
    if easing is not None:
        easings = [item.value for item in Easing]
        if easing not in easings:
            raise InvalidParameter(f"{shown}.easing", one_of(easings))
        way["easing"] = easing
    return way


def _parse_brush(value: Any, shown: str) -> dict[str, Any]:
    """A brush; its direction in degrees counter-clockwise, 0 to the right and 90 up."""
    if not isinstance(value, Mapping):
        raise InvalidParameter(shown, MUST_BE_OBJECT)
    _refuse_other_keys(value, ("polygon", "mask", "direction", "speed", "mode"), shown)
    if (value.get("polygon") is None) == (value.get("mask") is None):
        raise InvalidParameter(
            shown,
            rule("must have either a polygon or a mask", "mora imeti ali poligon ali masko (polygon, mask)"),
        )
    brush: dict[str, Any] = {"speed": _fraction(value.get("speed"), f"{shown}.speed")}
    brush["direction"] = _in_range(value.get("direction", 0), 0, 360, f"{shown}.direction")
    mode = value.get("mode", BRUSH_MODES[0])
    if mode not in BRUSH_MODES:
        raise InvalidParameter(f"{shown}.mode", one_of(BRUSH_MODES))
    brush["mode"] = mode
    if value.get("mask") is not None:
        brush["mask"] = _source(value["mask"], f"{shown}.mask")
    else:
        brush["polygon"] = _polygon(value["polygon"], f"{shown}.polygon")
    return brush


def _polygon(value: Any, shown: str) -> list[list[float]]:
    """Corners as fractions of the picture's width and height."""
    points = _items(value, shown, BRUSH_POINTS_MAXIMUM)
    if len(points) < 3 or not all(isinstance(point, list) and len(point) == 2 for point in points):
        raise InvalidParameter(
            shown,
            rule(
                "must be a list of at least 3 points [x, y] with x and y from 0 to 1",
                "mora biti seznam vsaj 3 točk [x, y] z x in y od 0 do 1",
            ),
        )
    return [[_in_range(coordinate, 0, 1, shown) for coordinate in point] for point in points]


def _refuse_other_keys(value: Mapping[str, Any], known: tuple[str, ...], shown: str) -> None:
    for name in value:
        if name not in known:
            raise InvalidParameter(f"{shown}.{_printable(str(name))}", NOT_KNOWN)


def _fraction(value: Any, shown: str) -> float:
    return 0.5 if value is None else _in_range(value, 0, 1, shown)


def _in_range(value: Any, minimum: float, maximum: float, shown: str) -> float:
    if type(value) not in (int, float) or not minimum <= value <= maximum:
        raise InvalidParameter(shown, number(minimum, maximum))
    return float(value)


def _clean_text(value: str, shown: str, minimum: int, maximum: int) -> str:
    """Trimmed NFC text; newline and tab are text, other control characters and lone surrogates are not."""
    if _NOT_TEXT.search(value):
        raise InvalidParameter(shown, NO_CONTROL_CHARACTERS)
    text = value.strip()
    if len(text) <= NORMALIZED_MAX_CHARACTERS:
        text = unicodedata.normalize("NFC", text)
    if not minimum <= len(text) <= maximum:
        raise InvalidParameter(shown, text_length(minimum, maximum))
    return text


def _printable(name: str) -> str:
    """A caller's own name for a parameter, safe to print in an error."""
    shown = "".join(character if character.isprintable() else "?" for character in name[:80])
    return shown or "?"
