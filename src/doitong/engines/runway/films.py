"""From Runway's file to the film that was asked for: checked, and where size or form differ, made anew."""

from fractions import Fraction
from pathlib import Path
from typing import Any

from doitong.media.model import FilmFacts
from doitong.media.probe import FilmUnplayable, probe_film

LENGTH_TOLERANCE_SECONDS = 0.1
LENGTH_EXCESS_MAXIMUM_SECONDS = 1.0
ENCODER_OPTIONS = {"preset": "fast", "crf": "17"}


class FilmWrong(Exception):
    """The file is no film of the asked shape and length; the message says why, for the log."""


def fit_film(path: Path, width: int, height: int, seconds: int) -> bool:
    """Make the film exactly this size and length, H.264 with its index in front; True when it was scaled.

    A film that is right already keeps its bytes. Blocks. Raises `FilmWrong`.
    """
    try:
        facts = probe_film(path)
    except FilmUnplayable as error:
        raise FilmWrong(str(error)) from error
    _check(facts, width, height, seconds)
    is_scaled = (facts.width, facts.height) != (width, height)
    is_long = facts.duration_seconds > seconds + LENGTH_TOLERANCE_SECONDS
    has_form = facts.codec == "h264" and facts.pixel_format == "yuv420p" and facts.is_faststart
    if is_scaled or is_long or not has_form:
        _make_anew(path, width, height, seconds)
    return is_scaled


def _check(facts: FilmFacts, width: int, height: int, seconds: int) -> None:
    if abs(facts.width / facts.height - width / height) > 0.02 * width / height:
        raise FilmWrong(f"{facts.width}x{facts.height} is not of the shape {width}x{height}")
    excess = facts.duration_seconds - seconds
    if not -LENGTH_TOLERANCE_SECONDS <= excess <= LENGTH_EXCESS_MAXIMUM_SECONDS:
        raise FilmWrong(f"{facts.duration_seconds:.2f} s instead of {seconds} s")


def _make_anew(path: Path, width: int, height: int, seconds: int) -> None:
    """Decode, scale by Lanczos, encode; what lies behind the asked length is left off, sound is copied."""
    import av  # noqa: PLC0415  (heavy, workers only)

    aside = path.with_name(f".{path.name}")
    try:
        with (
            av.open(str(path)) as source,
            av.open(str(aside), "w", format="mp4", options={"movflags": "+faststart"}) as made,
        ):
            _convert(source, made, width, height, seconds)
    except av.error.FFmpegError as error:
        aside.unlink(missing_ok=True)
        raise FilmWrong(repr(error)) from error
    aside.replace(path)


def _convert(source: Any, made: Any, width: int, height: int, seconds: int) -> None:
    pictures, sound = source.streams.video[0], next(iter(source.streams.audio), None)
    rate = Fraction(pictures.average_rate)
    video = made.add_stream("libx264", rate=rate)
    video.width, video.height, video.pix_fmt = width, height, "yuv420p"
    video.time_base = 1 / rate
    video.options = ENCODER_OPTIONS
    audio = made.add_stream_from_template(sound) if sound else None
    number, frames = 0, round(rate * seconds)
    for packet in source.demux(*filter(None, (pictures, sound))):
        if packet.stream is pictures:
            for frame in packet.decode():
                if number < frames:
                    made.mux(video.encode(_scaled(frame, width, height, number, 1 / rate)))
                    number += 1
        elif packet.dts is not None and packet.pts * packet.time_base < seconds:
            packet.stream = audio
            made.mux(packet)
    made.mux(video.encode(None))


def _scaled(frame: Any, width: int, height: int, number: int, time_base: Fraction) -> Any:
    scaled = frame.reformat(width, height, format="yuv420p", interpolation="LANCZOS")
    scaled.pts, scaled.time_base, scaled.pict_type = number, time_base, 0  # the encoder decides what it becomes
    return scaled
