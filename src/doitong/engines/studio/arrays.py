"""The array types that Studio's modules hand to one another."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Colour = tuple[float, float, float]  # linear light, red green blue; 1.0 is paper white before exposure


def smooth(low: float, high: float, x: Floats) -> Floats:
    """Smoothstep of `x` between two edges (Perlin 1985), float32 in and out."""
    t = np.clip((x - np.float32(low)) * np.float32(1.0 / (high - low)), 0.0, 1.0).astype(np.float32, copy=False)
    return t * t * (np.float32(3.0) - np.float32(2.0) * t)
