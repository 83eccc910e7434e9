"""Caustics: light that a wavy surface gathers on the sea bed, as a seamless tile that runs through a seamless loop."""

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats, as_floats

TILE = 256
FRAMES = 20
_WAVES = 18
_PER_PIXEL = 2  # photons along each side of a pixel


class Caustics:
    """Photons through waves of whole periods, so that tile and loop meet themselves (after Gomes and Wyvill's beam
    tracing reduced to one plane: each photon lands where the slope of the surface above bends it)."""

    def __init__(self, random: np.random.Generator, frames: int = FRAMES) -> None:
        self.frames = frames
        self._waves = self._choose(random)
        self.tiles = [self._tile(number / frames) for number in range(frames)]

    @staticmethod
    def _choose(random: np.random.Generator) -> Floats:
        waves = []
        for _ in range(_WAVES):
            turn, cycles = random.uniform(0, 2 * np.pi), random.uniform(2.0, 7.5)
            kx, ky = round(cycles * np.cos(turn)), round(cycles * np.sin(turn))
            number = max(1.0, float(np.hypot(kx, ky)))
            turns = max(1, round(np.sqrt(number) * 0.62)) * random.choice([-1, 1])
            waves.append((kx, ky, turns, random.uniform(0, 2 * np.pi), number**-1.25))
        return np.array(waves, np.float32)

    def _tile(self, share: float) -> Bytes:
        count = TILE * _PER_PIXEL
        at = (np.arange(count, dtype=np.float32) + np.float32(0.5)) / np.float32(count)
        x, y = np.zeros((count, count), np.float32), np.zeros((count, count), np.float32)
        for kx, ky, turns, phase, height in self._waves:
            along = np.exp(2j * np.pi * kx * at).astype(np.complex64) * np.complex64(
                np.exp(1j * (phase + 2 * np.pi * turns * share)))  # fmt: skip
            down = np.exp(2j * np.pi * ky * at).astype(np.complex64)
            slope = (down[:, None] * along[None, :]).real * np.float32(height * 0.0155)
            x += slope * kx
            y += slope * ky
        column = ((x + at[None, :]) * TILE).astype(np.int32) % TILE
        row = ((y + at[:, None]) * TILE).astype(np.int32) % TILE
        light = np.bincount((row * TILE + column).ravel(), minlength=TILE * TILE).reshape(TILE, TILE)
        soft = cv2.GaussianBlur(np.tile(as_floats(light), (3, 3)), (0, 0), 0.9)[TILE : 2 * TILE, TILE : 2 * TILE]
        coded = np.sqrt(soft / np.float32(_PER_PIXEL * _PER_PIXEL)) * np.float32(96)
        return np.asarray(cv2.copyMakeBorder(np.minimum(coded, 255).astype(np.uint8), 2, 2, 2, 2, cv2.BORDER_WRAP))

    def at(self, share: float) -> Floats:
        """The tile at a share of the loop, mean about 1, between two frames; padded for `noise.sample`."""
        place = (share % 1.0) * self.frames
        number, part = int(place), place - int(place)
        mixed = cv2.addWeighted(self.tiles[number], 1 - part, self.tiles[(number + 1) % self.frames], part, 0,
                                dtype=cv2.CV_32F)  # fmt: skip
        return np.asarray(mixed * mixed * np.float32(1 / (96 * 96)))
