"""Seamless noise tiles and how they are sampled.

Every irregular thing in a film (ridges, clouds, waves, grain) is read from one of these tiles, so that a
seed fixes the film and that sampling is one `cv2.remap` instead of arithmetic per octave.
"""

from collections.abc import Sequence

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.kernels import at, loops

LATTICE_CELLS = 64
PIXELS_PER_CELL = 12
_PAD = 2


def gradient_tile(random: np.random.Generator) -> Floats:
    """A padded seamless tile of gradient noise (Perlin 2002), about −1 to 1, `LATTICE_CELLS` waves wide."""
    n = LATTICE_CELLS
    angle = random.random((n, n), dtype=np.float32) * np.float32(2 * np.pi)
    gx, gy = np.cos(angle), np.sin(angle)
    at = (np.arange(n * PIXELS_PER_CELL, dtype=np.float32) + 0.5) / PIXELS_PER_CELL
    cell, part = np.floor(at).astype(np.int32), at - np.floor(at)
    ease = part**3 * (part * (part * 6 - 15) + 10)
    corners = []
    for j in (0, 1):
        for i in (0, 1):
            rows, columns = (cell + j) % n, (cell + i) % n
            lean_x, lean_y = (lean.take(rows, axis=0).take(columns, axis=1) for lean in (gx, gy))
            corners.append(lean_x * (part - i)[None, :] + lean_y * (part - j)[:, None])
    top = corners[0] + (corners[1] - corners[0]) * ease[None, :]
    bottom = corners[2] + (corners[3] - corners[2]) * ease[None, :]
    tile = (top + (bottom - top) * ease[:, None]) * np.float32(1.55)
    return pad(tile.astype(np.float32))


def spectral_tile(random: np.random.Generator, size: int, slope: float, low_cut: float = 1.0) -> Floats:
    """A padded seamless tile with power ∝ frequency^(−2·slope): mean 0, deviation 1."""
    frequency = np.fft.fftfreq(size) * size
    radius = np.hypot(frequency[:, None], np.fft.rfftfreq(size)[None, :] * size)
    shape = np.where(radius >= low_cut, np.maximum(radius, 1.0) ** -slope, 0.0)
    phase = np.exp(2j * np.pi * random.random(radius.shape))
    tile = np.fft.irfft2(shape * phase, s=(size, size))
    return pad((tile / tile.std()).astype(np.float32))


def pad(tile: Floats) -> Floats:
    """Wrap a rim around a seamless tile, so that interpolation at the seam needs no special case.

    Two or three fields are given empty ones beside them: OpenCV reads four channels several times as fast.
    """
    if tile.ndim == 3 and tile.shape[2] in {2, 3}:
        nothing = np.zeros(tile.shape[:2], np.float32)
        tile = cv2.merge([*cv2.split(tile), *[nothing] * (4 - tile.shape[2])])
    return np.asarray(cv2.copyMakeBorder(tile, _PAD, _PAD, _PAD, _PAD, cv2.BORDER_WRAP), dtype=np.float32)


def sample(tile: Floats, x: Floats, y: Floats) -> Floats:
    """Read a padded tile at (x, y), in pixels of the unpadded tile, wrapping around; as planes, with a tile of several
    fields as channels."""
    size = tile.shape[0] - 2 * _PAD
    if loops is not None and x.shape == y.shape and _is_plain(tile):
        shape = x.shape if x.ndim > 1 else (1, x.size)
        fields = tile.size // tile.shape[0] ** 2
        read = np.empty(shape if fields == 1 else (*shape, fields), np.float32)
        x, y = np.ascontiguousarray(x), np.ascontiguousarray(y)  # by name, so that they last as long as the loop
        loops.sample_tile(at(tile), size, fields, at(x), at(y), at(read), x.size)
        return read
    return np.asarray(
        cv2.remap(tile, wrapped(x, size), wrapped(y, size), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    )


def _is_plain(tile: Floats) -> bool:
    """Whether a tile is square, and its fields are as many as are read at once."""
    return (
        tile.dtype == np.float32
        and tile.flags.c_contiguous
        and tile.shape in ((tile.shape[0],) * 2, (*(tile.shape[0],) * 2, 4))
    )


def wrapped(at: Floats, size: int) -> Floats:
    """Places in a padded tile of `size`, as a new array."""
    place: Floats = np.multiply(at, np.float32(1 / size), order="C")
    np.floor(place, out=place)
    cv2.addWeighted(at, 1, place, -size, _PAD, dst=place)
    return place


class Fractal:
    """Gradient noise by wavelength in metres, with its own offset and rotation for every octave."""

    def __init__(self, random: np.random.Generator) -> None:
        self._tile = gradient_tile(random)
        self._offsets = random.random((64, 2)) * LATTICE_CELLS * PIXELS_PER_CELL
        self._turns = random.random(64) * 2 * np.pi

    def wave(self, x: Floats, z: Floats, metres: float, channel: int) -> Floats:
        """One octave at (x, z) metres with the given wavelength; `channel` picks an independent field."""
        return self._octaves(x, z, ((metres, channel, 1.0),))

    def sum(self, x: Floats, z: Floats, metres: float, octaves: int, channel: int) -> Floats:
        """Fractal sum of `octaves` waves, each half as long and half as strong; about −1 to 1."""
        waves = [(metres / 2.03**octave, channel + octave, 0.5**octave) for octave in range(octaves)]
        return self._octaves(x, z, waves) * np.float32(0.6)

    def _octaves(self, x: Floats, z: Floats, waves: Sequence[tuple[float, int, float]]) -> Floats:
        """The sum of waves: metres, channel, strength."""
        is_plain = loops is not None and x.shape == z.shape
        if is_plain:
            x, z = np.ascontiguousarray(x), np.ascontiguousarray(z)
        total = np.zeros(np.broadcast_shapes(x.shape, z.shape), np.float32)
        for metres, channel, strength in waves:
            scale = PIXELS_PER_CELL / metres
            c, s = np.cos(self._turns[channel]) * scale, np.sin(self._turns[channel]) * scale
            right, down = self._offsets[channel]
            if is_plain:
                loops.add_octave(at(self._tile), self._tile.shape[0] - 2 * _PAD, at(x), at(z), c, s, right, down,
                                 strength, at(total), x.size)  # fmt: skip
                continue
            u = x * np.float32(c) - z * np.float32(s) + np.float32(right)
            v = x * np.float32(s) + z * np.float32(c) + np.float32(down)
            total += sample(self._tile, u, v) * np.float32(strength)
        return total
