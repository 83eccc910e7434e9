"""Previews of a film that some other engine made: decoded once, from beginning to end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doitong.media.model import FilmFacts, Previews
from doitong.media.probe import FilmUnplayable


def make_previews(film: Path, facts: FilmFacts) -> Previews:
    """Write poster, animated and silent preview beside the film, all of them or none.

    Blocks for the time of decoding it. Raises `FilmUnplayable` when the film has no picture, OSError when the disk does
    not take them.
    """
    import av  # noqa: PLC0415  # heavy: only a worker that makes previews pays for it

    from doitong.media.preview_maker import PreviewMaker  # noqa: PLC0415

    try:
        with PreviewMaker(film, facts.width, facts.height, facts.frames_per_second, facts.frames) as maker:
            for planes in _frames(film):
                maker.take(planes)
            return maker.close()
    except OSError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        raise FilmUnplayable(f"{film.name}: {error}") from error


def _frames(film: Path) -> Iterator[Any]:
    """Y, U and V of every frame, in BT.709 and limited range whatever the film's own are."""
    import av  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415

    with av.open(str(film), format="mp4") as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for decoded in container.decode(stream):
            frame = decoded.reformat(format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
            yield tuple(
                np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
                for plane in frame.planes
            )
