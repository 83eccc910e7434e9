"""Taking the sound out of a film whose customer wanted none, whatever its engine made."""

import os
from pathlib import Path

from doitong.media.probe import FilmUnplayable


def remove_sound(path: Path) -> None:
    """Replace the film by one with the same pictures, not encoded anew, and no sound. Blocks.

    Raises `FilmUnplayable`, OSError.
    """
    import av  # noqa: PLC0415  # heavy: only a worker that keeps films pays for it

    aside = path.with_name(f".{path.name}.silent")
    try:
        options = {"movflags": "+faststart+use_metadata_tags"}
        with (
            av.open(str(path), format="mp4") as source,
            av.open(str(aside), "w", format="mp4", options=options) as target,
        ):
            target.metadata.update(source.metadata)
            pictures = source.streams.video[0]
            copied = target.add_stream_from_template(pictures)
            for packet in source.demux(pictures):
                if packet.dts is not None:
                    packet.stream = copied
                    target.mux(packet)
        os.replace(aside, path)
    except OSError:
        raise
    except (av.error.FFmpegError, ValueError) as error:
        raise FilmUnplayable(f"{path.name}: {error}") from error
    finally:
        aside.unlink(missing_ok=True)
