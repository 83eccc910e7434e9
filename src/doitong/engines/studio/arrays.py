"""The array types that Studio's modules hand to one another.

The aliases say what an array holds; numpy's and OpenCV's stubs lose the element type at every operation, so that
float32 is held by a test (`test_stage`) and not by the type checker.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[Any]  # float32
Bytes = npt.NDArray[Any]  # uint8
Ints = npt.NDArray[Any]  # int32
Colour = tuple[float, float, float]  # linear light, red green blue; 1.0 is paper white before exposure


def smooth(low: float, high: float, x: Floats) -> Floats:
    """Smoothstep of `x` between two edges (Perlin 1985), float32 in and out."""
    t: Floats = np.clip((x - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0).astype(np.float32, copy=False)
    eased: Floats = t * t * (np.float32(3.0) - np.float32(2.0) * t)
    return eased
