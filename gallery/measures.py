"""What a finished film is measured by: its container, the quality gates that need no weights, and the camera's way.

Also used by the tests of Studio. Frames are arrays (count, height, width, 3) of red, green and blue bytes; flow is in
pixels, x to the right and y down (dense inverse search, Kroeger and others 2016).
"""

from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[Any]
_MEASURED_PIXELS = 640  # across the longer side
_STILL_DIFFERENCE = 0.02


def decode(path: Path, longest: int | None = None) -> Frames:
    """All frames; `longest` shrinks them so that the longer side has that many pixels."""
    frames = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            pixels = frame.to_ndarray(format="rgb24")
            share = 1.0 if longest is None else longest / max(pixels.shape[:2])
            if share < 1:
                size = (round(pixels.shape[1] * share), round(pixels.shape[0] * share))
                pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
            frames.append(pixels)
    return np.stack(frames)


def probe(path: Path) -> dict[str, Any]:
    """The container's own words about its picture and sound."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        sound = container.streams.audio[0] if container.streams.audio else None
        return {
            "streams": len(container.streams),
            "codec": context.name,
            "size": (stream.width, stream.height),
            "pixels": context.pix_fmt,
            "rate": Fraction(stream.average_rate or 0),
            "frames": stream.frames,
            "colour": (context.colorspace, context.color_primaries, context.color_trc, context.color_range),
            "comment": container.metadata.get("comment"),
            "audio_seconds": float(sound.duration * sound.time_base) if sound and sound.duration else None,
        }


def boxes(path: Path) -> list[str]:
    """Names of the top-level MP4 boxes, in order."""
    data, at, names = path.read_bytes(), 0, []
    while at + 8 <= len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        names.append(data[at + 4 : at + 8].decode("latin-1"))
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        at += size if size >= 8 else len(data)
    return names


def flow(before: Frames, after: Frames) -> Frames:
    """Dense optical flow from one frame to another."""
    finder = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    one, two = (cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in (before, after))
    return np.asarray(finder.calc(one, two, None))


def quality(frames: Frames) -> dict[str, float]:
    """Measures without weights, of frames in order.

    `lum_jitter`: second difference of the mean brightness. `warp_err`: what remains after warping a frame back by its
    flow (median). `flow_jerk`: the largest change of the median flow from frame to frame. `moving`: share of
    pixels that move by more than 1/50 pixel. `dup`: share of frames that repeat. `contrast`: deviation of brightness.
    `sharp`: variance of the Laplacian.
    """
    gray = [cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32) for frame in frames]
    means = np.array([plane.mean() for plane in gray])
    height, width = gray[0].shape
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    errors, middles, moving = [], [], []
    for i in range(len(gray) - 1):
        way = flow(frames[i], frames[i + 1])
        warped = cv2.remap(gray[i + 1], x + way[..., 0], y + way[..., 1], cv2.INTER_LINEAR)
        errors.append(float(np.median(np.abs(warped - gray[i])[8:-8, 8:-8])))
        middles.append(np.median(way.reshape(-1, 2), axis=0))
        moving.append(float(np.mean(np.hypot(way[..., 0], way[..., 1]) > 0.02)))
    repeated = [float(np.abs(gray[i + 1] - gray[i]).mean() < _STILL_DIFFERENCE) for i in range(len(gray) - 1)]
    return {
        "lum_jitter": float(np.abs(np.diff(means, 2)).mean()),
        "warp_err": float(np.mean(errors)),
        "flow_jerk": float(np.abs(np.diff(np.array(middles), axis=0)).max()),
        "moving": float(np.mean(moving)),
        "dup": float(np.mean(repeated)),
        "contrast": float(np.std(gray[len(gray) // 2])),
        "sharp": float(cv2.Laplacian(gray[len(gray) // 2], cv2.CV_32F).var()),
    }


GATES = {"lum_jitter": (0, 2), "warp_err": (0, 4), "flow_jerk": (0, 0.8), "moving": (0.03, 1), "dup": (0, 0.5),
         "contrast": (15, 128), "sharp": (40, 1e6)}  # fmt: skip


def gates_failed(measured: dict[str, float], without: frozenset[str] = frozenset()) -> list[str]:
    """The gates that the measures do not pass, in words."""
    failed = []
    for name, (low, high) in GATES.items():
        if name not in without and not low <= measured[name] <= high:
            bound = f"under {low:g}" if measured[name] < low else f"over {high:g}"
            failed.append(f"{name} is {measured[name]:.2f}, {bound}")
    return failed


def container_failed(path: Path, size: tuple[int, int], seconds: int, has_audio: bool) -> list[str]:
    """What is wrong with the file itself, in words."""
    seen, names = probe(path), boxes(path)
    wanted = {"codec": "h264", "size": size, "pixels": "yuv420p", "rate": Fraction(24), "frames": 24 * seconds,
              "colour": (1, 1, 1, 1)}  # fmt: skip
    failed = [f"{name} is {seen[name]}, not {value}" for name, value in wanted.items() if seen[name] != value]
    if names.index("moov") > names.index("mdat"):
        failed.append("the index stands after the data")
    length = seen["audio_seconds"]
    if has_audio and (length is None or abs(length - seconds) > 0.05):
        failed.append(f"the sound lasts {length} s, not {seconds}")
    if not has_audio and length is not None:
        failed.append("there is sound where none was asked for")
    return failed


@dataclass(frozen=True, slots=True)
class Way:
    """How the picture moved between two frames: shift of the middle in shares of the width, growth as a ratio less
    one, turn in radians clockwise, and `parallax`: how much faster what is near moves sideways than what is far."""

    across: float
    down: float
    growth: float
    turn: float
    parallax: float


def camera_way(frames: Frames, step: int = 3, near: str = "below") -> Way:
    """The way in the middle of the film, where every move is at its fastest: the best similarity through the flow.
    `near`: where near things are, "below" the far ones as on the ground, or in the "middle" before them."""
    middle = len(frames) // 2
    ways = []
    for first in (middle - 2 * step, middle - step, middle, middle + step):
        ways.append(_way(frames[first], frames[first + step], near))
    medians = np.median(np.array([list(asdict(way).values()) for way in ways]), axis=0)
    return Way(*(float(value) for value in medians))


def _way(before: Frames, after: Frames, near: str) -> Way:
    way = flow(before, after)
    height, width = way.shape[:2]
    x, y = np.meshgrid(np.arange(8, width - 8, 8), np.arange(8, height - 8, 8))
    start = np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)
    end = start + way[y.ravel(), x.ravel()]
    fit, _ = cv2.estimateAffinePartial2D(start, end, ransacReprojThreshold=0.7)
    parallax = _parallax(way[..., 0], near) / width
    if fit is None:
        across, down = np.median(way.reshape(-1, 2), axis=0)
        return Way(float(across) / width, float(down) / width, 0.0, 0.0, parallax)
    middle = fit @ np.array([width / 2, height / 2, 1]) - (width / 2, height / 2)
    growth, turn = float(np.hypot(fit[0, 0], fit[1, 0])) - 1, float(np.arctan2(fit[1, 0], fit[0, 0]))
    return Way(float(middle[0]) / width, float(middle[1]) / width, growth, turn, parallax)


def _parallax(across: Frames, near: str) -> float:
    """How many pixels further the near part of the frame moves to the right than the far part."""
    height, width = across.shape
    if near == "middle":
        inner = across[int(height * 0.35) : int(height * 0.65), int(width * 0.40) : int(width * 0.60)]
        outer = np.vstack([across[int(height * 0.03) : int(height * 0.18)], across[int(height * 0.85) : -4]])
        return float(np.median(inner) - np.median(outer))
    low, high = across[int(height * 0.72) : int(height * 0.95)], across[int(height * 0.08) : int(height * 0.45)]
    return float(np.median(low) - np.median(high))


# which number of `Way` (or one of which) a move must change, and in which direction
_WAYS = {
    "pan_right": ("across", -1),
    "pan_left": ("across", 1),
    "tilt_up": ("down", 1),
    "tilt_down": ("down", -1),
    "roll_right": ("turn", -1),
    "roll_left": ("turn", 1),
    "zoom_in": ("growth", 1),
    "zoom_out": ("growth", -1),
    "dolly_in": ("growth", 1),
    "dolly_out": ("growth", -1),
    "flyover": ("growth", 1),
    "truck_right": ("across or parallax", -1),  # among near things all moves; under a far sky only what is near does
    "truck_left": ("across or parallax", 1),
    "orbit_right": ("parallax", -1),
    "orbit_left": ("parallax", 1),
}
_LEAST = 0.0004


def camera_failed(frames: Frames, move: str, near: str = "below") -> list[str]:
    """Whether the film shows the move that was asked for; moves that no single number shows pass."""
    if move not in _WAYS:
        return []
    names, sign = _WAYS[move]
    way = asdict(camera_way(frames, near=near))
    seen = {name: way[name] for name in names.split(" or ")}
    if max(value * sign for value in seen.values()) > _LEAST:
        return []
    return [f"{move}: " + ", ".join(f"{name} is {value:+.4f}" for name, value in seen.items())]


def signature(frames: Frames) -> Frames:
    """A film as a vector to compare with others: colour and structure over a coarse grid, at three moments."""
    parts = []
    for share in (0.1, 0.5, 0.9):
        frame = frames[round(share * (len(frames) - 1))]
        lab = cv2.cvtColor(frame, cv2.COLOR_RGB2LAB).astype(np.float32)
        small = cv2.resize(lab, (8, 8), interpolation=cv2.INTER_AREA)
        edges = np.abs(cv2.Laplacian(lab[..., 0], cv2.CV_32F))
        parts += [small.ravel(), cv2.resize(edges, (8, 8), interpolation=cv2.INTER_AREA).ravel()]
    return np.concatenate(parts)


def measured_frames(path: Path) -> Frames:
    """A film's frames at the size that the gates are defined for."""
    return decode(path, _MEASURED_PIXELS)
