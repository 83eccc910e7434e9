"""The array types that Studio's modules hand to one another.

The aliases say what an array holds; numpy's and OpenCV's stubs lose the element type at every operation, so that
float32 is held by a test (`test_stage`) and not by the type checker.
"""

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]  # float32
Bytes = npt.NDArray[Any]  # uint8
Ints = npt.NDArray[Any]  # int32
Numbers = npt.NDArray[Any]  # uint16, to look up
Planes = tuple[Floats, Floats, Floats]  # red, green, blue
Colour = tuple[float, float, float]  # linear light, red green blue; 1.0 is paper white before exposure

BAND_ROWS = 32


def bands(rows: int, start: int = 0) -> list[slice]:
    """Even bands of `BAND_ROWS` rows: arithmetic on a band stays in the processor's cache, a quarter faster."""
    return [slice(first, min(first + BAND_ROWS, rows)) for first in range(start, rows, BAND_ROWS)]


def by_bands(function: Callable[..., Floats], *planes: Floats) -> Floats:
    """`function` of whole planes, each point by itself: computed band by band, on the threads that OpenCV may use."""
    with ThreadPoolExecutor(max(1, cv2.getNumThreads())) as pool:
        parts = pool.map(lambda band: function(*(plane[band] for plane in planes)), bands(planes[0].shape[0]))
        return np.concatenate(list(parts))


def table_of(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A table of fewer than 65,536 values for `look_up`; numbers past its end find the last value."""
    table = np.full((1, 1 << 16), values[-1], values.dtype)
    table[0, : values.size] = values
    return table


def look_up(table: npt.NDArray[Any], numbers: Numbers) -> npt.NDArray[Any]:
    """The table's value for each number: several times as fast as `take`, which widens every number first."""
    return np.asarray(cv2.LUT(numbers, table))


def upper_halves(values: Floats) -> Numbers:
    """The upper halves of float32 numbers, to look up: sign, exponent and seven bits, steps of a hundredth at any
    size."""
    return np.ascontiguousarray(values.view(np.uint16)[:, 1 if sys.byteorder == "little" else 0 :: 2])


def halved_numbers() -> Floats:
    """The number that each of `upper_halves` stands for: the middle of its step, and 0 for what is none."""
    middles = ((np.arange(1 << 16, dtype=np.uint32) << np.uint32(16)) | np.uint32(0x8000)).view(np.float32)
    return as_floats(np.nan_to_num(middles, nan=0.0))


def as_floats(array: npt.NDArray[Any]) -> Floats:
    """The array as float32: one float64 array makes everything after it half as fast."""
    return np.asarray(array, dtype=np.float32)


def mix(one: Colour, much: float, other: Colour, little: float) -> Colour:
    """`much` of one colour with `little` of another."""
    red, green, blue = (a * much + b * little for a, b in zip(one, other, strict=True))
    return red, green, blue


def smooth(low: float, high: float, x: Floats) -> Floats:
    """Smoothstep of `x` between two edges (Perlin 1985), float32 in and out."""
    t = as_floats((x - np.float32(low)) * np.float32(1.0 / (high - low)))
    np.clip(t, 0, 1, out=t)
    eased: Floats = as_floats(t * np.float32(-2))
    eased += np.float32(3)
    eased *= t
    eased *= t
    return eased
