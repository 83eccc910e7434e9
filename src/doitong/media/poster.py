"""The still picture of a film: the sharpest of a few that are cheap to decode."""

import os
from pathlib import Path
from typing import Any

from doitong.media.probe import FilmUnplayable

MAXIMUM_WIDTH = 1280
QUALITY = 85
_MIDDLE = 0.4
_KEYS_MAXIMUM = 4


def make_poster(path: Path, destination: Path) -> None:
    """Write a JPEG of at most 1280 pixels' width to `destination`, complete or not at all.

    Raises `FilmUnplayable` when the film has no picture.
    """
    import av  # noqa: PLC0415  # heavy: only a worker that makes posters pays for it

    try:
        picture = max(_candidates(path), key=_sharpness, default=None)
    except (av.error.FFmpegError, OSError) as error:
        raise FilmUnplayable(f"{path.name}: {error}") from error
    if picture is None:
        raise FilmUnplayable(f"{path.name}: no picture")
    if picture.width > MAXIMUM_WIDTH:
        picture = picture.resize((MAXIMUM_WIDTH, round(picture.height * MAXIMUM_WIDTH / picture.width)))
    aside = destination.with_name(f".{destination.name}.part")
    picture.save(aside, "JPEG", quality=QUALITY, optimize=True, progressive=True)
    os.replace(aside, destination)


def _candidates(path: Path) -> list[Any]:
    """The key pictures after the first, which decode alone; of a film without, one from its middle."""
    keys = _key_pictures(path)
    return keys[1:] or [*_picture_at(path, _MIDDLE), *keys][:1]


def _key_pictures(path: Path) -> list[Any]:
    import av  # noqa: PLC0415

    found: list[Any] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        for frame in container.decode(stream):
            found.append(frame.to_image())  # type: ignore[no-untyped-call]
            if len(found) == _KEYS_MAXIMUM:
                break
    return found


def _picture_at(path: Path, place: float) -> list[Any]:
    """The picture at a fraction of the film's length, if there is one."""
    import av  # noqa: PLC0415

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        wanted = (stream.start_time or 0) + int((stream.duration or 0) * place)
        for frame in container.decode(stream):
            if frame.pts is None or frame.pts >= wanted:
                return [frame.to_image()]  # type: ignore[no-untyped-call]
    return []


def _sharpness(picture: Any) -> float:
    """Variance of the Laplacian: high where edges are crisp, near zero for a fade or a blur."""
    import numpy  # noqa: PLC0415

    light = numpy.asarray(picture.convert("L"), dtype=numpy.float32)[::2, ::2]
    edges = 4 * light[1:-1, 1:-1] - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:]
    return float(edges.var())
