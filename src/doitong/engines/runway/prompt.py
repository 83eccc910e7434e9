"""The prompt as Runway is given it: what it has no parameter for is said in camera words, within its bound.

Runway counts UTF-16 code units. The customer's own words go first: what does not fit beside them is left out, and told.
"""

from dataclasses import dataclass

from doitong.catalogue.model import CameraMove, MotionIntensity
from doitong.engines.port import EngineRequest, Move

UNITS_MAXIMUM = 1000
NEEDED_WORDS = "Natural motion."  # for a picture without a prompt, where the model insists on one
CAMERA_WORDS = {
    CameraMove.STATIC: "static camera",
    CameraMove.PAN_LEFT: "camera pans left",
    CameraMove.PAN_RIGHT: "camera pans right",
    CameraMove.TILT_UP: "camera tilts up",
    CameraMove.TILT_DOWN: "camera tilts down",
    CameraMove.ROLL_LEFT: "camera rolls counterclockwise",
    CameraMove.ROLL_RIGHT: "camera rolls clockwise",
    CameraMove.DOLLY_IN: "camera dollies in",
    CameraMove.DOLLY_OUT: "camera dollies out",
    CameraMove.TRUCK_LEFT: "camera trucks left",
    CameraMove.TRUCK_RIGHT: "camera trucks right",
    CameraMove.PEDESTAL_UP: "camera rises straight up",
    CameraMove.PEDESTAL_DOWN: "camera sinks straight down",
    CameraMove.ZOOM_IN: "zoom in",
    CameraMove.ZOOM_OUT: "zoom out",
    CameraMove.ORBIT_LEFT: "camera orbits the subject to the left",
    CameraMove.ORBIT_RIGHT: "camera orbits the subject to the right",
    CameraMove.DOLLY_ZOOM_IN: "dolly zoom, dollying in while zooming out",
    CameraMove.DOLLY_ZOOM_OUT: "dolly zoom, dollying out while zooming in",
    CameraMove.TRACKING_LEFT: "tracking shot moving left with the subject",
    CameraMove.TRACKING_RIGHT: "tracking shot moving right with the subject",
    CameraMove.WHIP_PAN_LEFT: "whip pan to the left",
    CameraMove.WHIP_PAN_RIGHT: "whip pan to the right",
    CameraMove.FLYOVER: "aerial flyover shot",
    CameraMove.HANDHELD: "handheld camera",
}
INTENSITY_WORDS = {
    MotionIntensity.LOW: "subtle, gentle motion",
    MotionIntensity.MEDIUM: "",
    MotionIntensity.HIGH: "strong, dynamic motion",
}
PROMPT_CUT = "The prompt was longer than Runway takes and was cut at its end."
MOTION_LEFT_OUT = "The motion parameters did not fit beside the prompt and were left out."
NEGATIVE_DROPPED = "Runway has no negative prompt; it was left out."
BRUSHES_DROPPED = "Runway has no motion brushes; they were left out."
DEPTH_DROPPED = "Runway takes no depth map; it was left out."


@dataclass(frozen=True, slots=True)
class Prompt:
    """`text` is what is sent, empty when nothing is to be said; `warnings` are for `metadata`."""

    text: str
    warnings: tuple[str, ...] = ()


def write_prompt(request: EngineRequest, *, is_still: bool = False, is_required: bool = True) -> Prompt:
    """The prompt of one task; that of a still says nothing of motion."""
    warnings = list(_dropped(request))
    text = _cut(request.prompt, UNITS_MAXIMUM)
    if text != request.prompt:
        warnings.append(PROMPT_CUT)
    motion = "" if is_still else motion_words(request)
    if motion:
        joined = f"{text}{'' if text.endswith(('.', '!', '?')) else '.'} {motion}" if text else motion
        if count_units(joined) <= UNITS_MAXIMUM:
            text = joined
        else:
            warnings.append(MOTION_LEFT_OUT)
    return Prompt(text or (NEEDED_WORDS if is_required else ""), tuple(warnings))


def motion_words(request: EngineRequest) -> str:
    """Camera moves in their order and the intensity, as a sentence; empty when nothing was asked."""
    moves = [] if request.motion is None else [_move_words(move) for move in request.motion.camera]
    parts = [", then ".join(moves), INTENSITY_WORDS[request.motion_intensity]]
    sentence = "; ".join(part for part in parts if part)
    return f"{sentence[0].upper()}{sentence[1:]}." if sentence else ""


def _move_words(move: Move) -> str:
    words = CAMERA_WORDS[CameraMove(move.move)]
    if move.move == CameraMove.STATIC:
        return words
    if move.degrees is not None:
        words += f" by {move.degrees:g} degrees"
    elif move.strength < 1 / 3:
        words += " slowly"
    elif move.strength > 2 / 3:
        words += " quickly"
    return words if move.seconds is None else f"{words} for {move.seconds:g} seconds"


def _dropped(request: EngineRequest) -> list[str]:
    motion = request.motion
    asked = {
        NEGATIVE_DROPPED: bool(request.negative_prompt),
        BRUSHES_DROPPED: motion is not None and bool(motion.brushes),
        DEPTH_DROPPED: motion is not None and motion.depth_path is not None,
    }
    return [warning for warning, is_asked in asked.items() if is_asked]


def count_units(text: str) -> int:
    """UTF-16 code units."""
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, units: int) -> str:
    """As many whole characters as fit."""
    return text.encode("utf-16-le")[: 2 * units].decode("utf-16-le", "ignore")
