"""What is known of a film and of a picture once they were looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilmFacts:
    """A playable MP4 as measured from the file itself; `codec` and `pixel_format` as FFmpeg names them."""

    duration_seconds: float
    width: int
    height: int
    frames_per_second: float
    frames: int
    codec: str
    pixel_format: str
    has_audio: bool
    bytes: int
    is_faststart: bool


@dataclass(frozen=True, slots=True)
class PictureHeader:
    """What a picture file says of itself before anything is decoded."""

    media_type: str
    width: int
    height: int
    frames: int


@dataclass(frozen=True, slots=True)
class Picture:
    """A cleaned picture: upright, one frame, 8-bit RGB, without metadata, encoded anew."""

    media_type: str
    width: int
    height: int
    data: bytes
