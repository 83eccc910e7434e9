"""The sun itself, where it stands in sight: its disc behind the planets, its dazzle in front of them."""

import math

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.camera import Lens
from doitong.engines.studio.space.deep import lay_spikes
from doitong.engines.studio.space.globe import Eye, Globe, Sunlight

_RADIUS = 0.011  # radians
_SMALL = 8


class Star:
    """Draws the sun of one film."""

    def __init__(self, sun: Sunlight, has_dazzle: bool) -> None:
        self._sun, self._has_dazzle = sun, has_dazzle

    def _at(self, eye: Eye, lens: Lens) -> tuple[float, float] | None:
        x, y, z = eye.turned(self._sun.way)
        if z < 0.2:
            return None
        return lens.width / 2 - 0.5 + lens.focal * x / z, lens.horizon - 0.5 - lens.focal * y / z

    def draw(self, planes: tuple[Floats, ...], eye: Eye, lens: Lens) -> None:
        """Lay the disc."""
        at = self._at(eye, lens)
        if at is None:
            return
        x, y = at
        size = _RADIUS * lens.focal
        columns = slice(max(0, int(x - size - 2)), min(lens.width, int(x + size + 3)))
        rows = slice(max(0, int(y - size - 2)), min(lens.rows, int(y + size + 3)))
        if columns.start >= columns.stop or rows.start >= rows.stop:
            return
        dx = np.arange(columns.start, columns.stop, dtype=np.float32)[None, :] - np.float32(x)
        dy = np.arange(rows.start, rows.stop, dtype=np.float32)[:, None] - np.float32(y)
        cover = np.clip(np.float32(size + 0.5) - np.sqrt(dx * dx + dy * dy), 0, 1)
        for i, plane in enumerate(planes):
            part = plane[rows, columns]
            part += (np.float32(4.0 * self._sun.colour[i]) - part) * cover

    def dazzle(self, planes: tuple[Floats, ...], globes: list[Globe], eye: Eye, lens: Lens) -> None:
        """Light spilt in the lens, as much as the planets leave of the disc."""
        at, shown = self._at(eye, lens), self._shown(globes, eye)
        if at is None or shown <= 0:
            return
        x, y = at
        columns, rows = (lens.width + _SMALL - 1) // _SMALL, (lens.rows + _SMALL - 1) // _SMALL
        across = (np.arange(columns, dtype=np.float32) * _SMALL + np.float32(_SMALL / 2 - x)) * np.float32(
            1 / lens.focal
        )
        down = (np.arange(rows, dtype=np.float32) * _SMALL + np.float32(_SMALL / 2 - y)) * np.float32(1 / lens.focal)
        away = np.sqrt(across[None, :] ** 2 + down[:, None] ** 2)
        glow = cv2.exp(away * np.float32(-1 / 0.030)) * np.float32(0.9) + cv2.exp(
            away * np.float32(-1 / 0.13)
        ) * np.float32(0.16)
        streak = cv2.exp(
            np.abs(down)[:, None] * np.float32(-1 / 0.006) - np.abs(across)[None, :] * np.float32(1 / 0.16)
        )
        glow += streak * np.float32(0.22 if self._has_dazzle else 0.0)
        tints = (1.0, 0.86, 0.72)
        for i, plane in enumerate(planes):
            small = glow * np.float32(shown * self._sun.colour[i] * tints[i])
            np.add(plane, cv2.resize(small, (lens.width, lens.rows), interpolation=cv2.INTER_LINEAR), out=plane)
        if self._has_dazzle and 8 < x < lens.width - 8 and 8 < y < lens.rows - 8:
            red, green, blue = (part * shown * 9 for part in self._sun.colour)
            lay_spikes(planes, x, y, (red, green, blue), 0.022 * lens.focal)

    def _shown(self, globes: list[Globe], eye: Eye) -> float:
        """Share of the disc that no sphere hides."""
        way, shown = eye.turned(self._sun.way), 1.0
        for globe in globes:
            spot = eye.place(globe.spot)
            away = math.sqrt(sum(part * part for part in spot))
            cosine = sum(a * b for a, b in zip(way, spot, strict=True)) / away
            gap = math.acos(max(-1.0, min(1.0, cosine))) - math.asin(min(1.0, globe.radius / away))
            shown *= min(1.0, max(0.0, gap / (2 * _RADIUS) + 0.5))
        return shown
