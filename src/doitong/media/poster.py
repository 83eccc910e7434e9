"""The still picture of a film: the sharpest of a few from its middle."""

import os
from pathlib import Path
from typing import Any

from doitong.media.probe import FilmUnplayable

MAXIMUM_WIDTH = 1280
QUALITY = 85
_PLACES = (0.35, 0.45, 0.5, 0.55, 0.65)


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
    """The pictures at each place: one pass from the key picture before the first of them."""
    import av  # noqa: PLC0415

    found: list[Any] = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        start, duration = stream.start_time or 0, stream.duration or 0
        places = [start + int(duration * place) for place in _PLACES]
        container.seek(places[0], stream=stream)
        for frame in container.decode(stream):
            if frame.pts is None or frame.pts >= places[len(found)]:
                found.append(frame.to_image())  # type: ignore[no-untyped-call]
                if len(found) == len(places):
                    break
    return found


def _sharpness(picture: Any) -> float:
    """Variance of the Laplacian: high where edges are crisp, near zero for a fade or a blur."""
    import numpy  # noqa: PLC0415

    light = numpy.asarray(picture.convert("L"), dtype=numpy.float32)[::2, ::2]
    edges = 4 * light[1:-1, 1:-1] - light[:-2, 1:-1] - light[2:, 1:-1] - light[1:-1, :-2] - light[1:-1, 2:]
    return float(edges.var())
