"""What can be asked for: the words of a request, as closed enums, and the frame sizes they mean."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a generation starts from."""

    TEXT_TO_VIDEO = "text_to_video"
    IMAGE_TO_VIDEO = "image_to_video"


class Version(StrEnum):
    GEN_2 = "gen-2"
    GEN_3 = "gen-3"
    GEN_4 = "gen-4"


class Quality(StrEnum):
    STANDARD = "standard"
    HIGH = "high"


class AspectRatio(StrEnum):
    WIDE = "16:9"
    TALL = "9:16"
    SQUARE = "1:1"


class MotionIntensity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class CameraMove(StrEnum):
    """The camera moves a request may name, each with a strength of 0–1."""

    STATIC = "static"
    PAN_LEFT = "pan_left"
    PAN_RIGHT = "pan_right"
    TILT_UP = "tilt_up"
    TILT_DOWN = "tilt_down"
    ROLL_LEFT = "roll_left"
    ROLL_RIGHT = "roll_right"
    DOLLY_IN = "dolly_in"
    DOLLY_OUT = "dolly_out"
    TRUCK_LEFT = "truck_left"
    TRUCK_RIGHT = "truck_right"
    PEDESTAL_UP = "pedestal_up"
    PEDESTAL_DOWN = "pedestal_down"
    ZOOM_IN = "zoom_in"
    ZOOM_OUT = "zoom_out"
    ORBIT_LEFT = "orbit_left"
    ORBIT_RIGHT = "orbit_right"
    DOLLY_ZOOM_IN = "dolly_zoom_in"
    DOLLY_ZOOM_OUT = "dolly_zoom_out"
    TRACKING_LEFT = "tracking_left"
    TRACKING_RIGHT = "tracking_right"
    WHIP_PAN_LEFT = "whip_pan_left"
    WHIP_PAN_RIGHT = "whip_pan_right"
    FLYOVER = "flyover"
    HANDHELD = "handheld"


TURNING_MOVES = frozenset(
    move for move in CameraMove if move.value.startswith(("pan_", "tilt_", "roll_", "orbit_", "whip_pan_"))
)


class Easing(StrEnum):
    """How a camera move gathers and loses speed."""

    IN_OUT = "ease-in-out"
    LINEAR = "linear"
    IN = "ease-in"
    OUT = "ease-out"


@dataclass(frozen=True, slots=True)
class Frame:
    """Pixels of one frame."""

    width: int
    height: int


FRAMES_PER_SECOND = 24

FRAMES: dict[tuple[Quality, AspectRatio], Frame] = {
    (Quality.STANDARD, AspectRatio.WIDE): Frame(1280, 720),
    (Quality.STANDARD, AspectRatio.TALL): Frame(720, 1280),
    (Quality.STANDARD, AspectRatio.SQUARE): Frame(960, 960),
    (Quality.HIGH, AspectRatio.WIDE): Frame(1920, 1080),
    (Quality.HIGH, AspectRatio.TALL): Frame(1080, 1920),
    (Quality.HIGH, AspectRatio.SQUARE): Frame(1080, 1080),
}
