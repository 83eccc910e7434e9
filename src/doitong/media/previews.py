"""Previews of a film that some other engine made: decoded once, from beginning to end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from doitong.media.model import FilmFacts, Previews
from doitong.media.probe import FilmUnplayable

# numbers of AVColorSpace and AVColorRange: what is meant, and "unspecified"
_BT709 = (1, 2)
_LIMITED = (1, 0)


def make_previews(film: Path, facts: FilmFacts) -> Previews:
    """Write poster, animated and silent preview beside the film, all of them or none.

    Blocks for the time of decoding it. Raises `FilmUnplayable` when the film has no picture, OSError when the disk does
    not take them.
    """
    import av  # noqa: PLC0415  # heavy: only a worker that makes previews pays for it
    from av.video.reformatter import VideoReformatter  # noqa: PLC0415 - only where a film is looked at

    from doitong.media.preview_maker import PreviewMaker  # noqa: PLC0415

    try:
        with PreviewMaker(film, facts.width, facts.height, facts.frames_per_second, facts.frames) as maker:
            converter = VideoReformatter()  # one for all frames: what it prepares costs more than a frame
            for frame in _frames(film):
                if maker.wants_next:
                    maker.take(_planes(frame, converter))
                else:
                    maker.skip()
            return maker.close()
    except OSError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        raise FilmUnplayable(f"{film.name}: {error}") from error


def _frames(film: Path) -> Iterator[Any]:
    """Every frame, decoded on one thread: several films share the cores, and one thread takes the least of them."""
    import av  # noqa: PLC0415

    with av.open(str(film), format="mp4") as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        yield from container.decode(stream)


def _planes(frame: Any, converter: Any) -> Any:
    """Y, U and V in BT.709 and limited range; converted only where the frame's own are others, since that is slow.

    A film that does not say is taken as players take one of 720 lines or more: as BT.709 in limited range.
    """
    import numpy as np  # noqa: PLC0415 - only where a film is looked at

    has_form = frame.format.name == "yuv420p" and frame.colorspace in _BT709 and frame.color_range in _LIMITED
    if not has_form:
        frame = converter.reformat(frame, format="yuv420p", dst_colorspace="ITU709", dst_color_range="MPEG")
    return tuple(
        np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)[: plane.height, : plane.width]
        for plane in frame.planes
    )
