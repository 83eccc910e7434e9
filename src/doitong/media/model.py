"""What is known of a film and of a picture once they were looked at."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self


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
class Previews:
    """The files that show a film without playing it: a still JPEG, an animated WebP, a small silent MP4."""

    poster: Path
    animation: Path
    video: Path

    @classmethod
    def beside(cls, film: Path) -> Self:
        """Where a film's previews stand: `film.jpg`, `film.webp` and `film.preview.mp4` beside `film.mp4`."""
        return cls(film.with_suffix(".jpg"), film.with_suffix(".webp"), film.with_suffix(".preview.mp4"))

    def __iter__(self) -> Iterator[Path]:
        return iter((self.poster, self.animation, self.video))


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
