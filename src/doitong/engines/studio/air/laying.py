"""How light is laid over a picture, in place."""

from collections.abc import Sequence

import numpy as np

from doitong.engines.studio.arrays import Colour, Floats


def add_light(planes: Sequence[Floats], amount: Floats, colour: Colour) -> None:
    """Add `amount` of a light of `colour` to the planes."""
    for plane, tone in zip(planes, colour, strict=True):
        np.add(plane, amount * np.float32(tone), out=plane)
