"""Rings of dust and ice around a planet: what is seen of them, and the shadows that planet and rings cast."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np

from doitong.engines.studio.arrays import Colour, Floats, smooth
from doitong.engines.studio.camera import Lens

if TYPE_CHECKING:
    from doitong.engines.studio.space.globe import Eye, Globe, Sunlight

_INNER, _OUTER = 1.28, 2.30  # radii of the planet
_STEPS = 1024
_BLURS = 7
_MARGIN = 96  # steps beyond both ends
_BAND = 48


class Rings:
    """The rings of one planet, in the plane of its equator."""

    def __init__(self, random: np.random.Generator, colour: Colour) -> None:
        at = np.linspace(0, 1, _STEPS)
        thick = 0.62 + 0.0 * at
        for wave in (3, 7, 11, 19, 31, 53, 83):
            thick += (
                np.sin(at * wave * 2 * math.pi * random.uniform(0.7, 1.3) + random.uniform(0, 6.3)) * 0.42 / wave**0.42
            )
        for gap, wide in ((random.uniform(0.60, 0.72), 0.018), (random.uniform(0.84, 0.92), 0.006), (0.22, 0.010)):
            thick *= 1 - np.exp(-(((at - gap) / wide) ** 2))
        ends = smooth(0.0, 0.06, at.astype(np.float32)) * (1 - smooth(0.975, 1.0, at.astype(np.float32)))
        tint = 0.80 + 0.22 * np.sin(at * 9 + random.uniform(0, 6))
        sharp = np.stack([np.clip(thick, 0.02, 0.96) * ends, tint], axis=1).astype(np.float32)
        sharp = np.pad(sharp, ((_MARGIN, _MARGIN), (0, 0)), mode="edge")  # so that a blurred edge can fade outwards
        blurs = [cv2.GaussianBlur(sharp, (0, 0), sigmaX=0.01, sigmaY=0.6 * 2.0**n) for n in range(_BLURS)]
        self._tables = np.stack(blurs)  # density and tint, ever smoother: (blurs, steps, 2)
        self._colour = colour

    def _read(self, away: Floats, radius: float, pixel: Floats | float) -> tuple[Floats, Floats]:
        """How dense the rings are at distances from the centre, and their tint, as the mean over `pixel`."""
        scale = np.float32((_STEPS - 1) / (_OUTER - _INNER))
        at = (away * np.float32(1 / radius) - np.float32(_INNER)) * scale + np.float32(_MARGIN)
        span = np.maximum(pixel * scale * np.float32(1 / radius), np.float32(1))
        level = np.minimum(np.log2(span), np.float32(_BLURS - 1)).astype(np.float32)
        level = np.ascontiguousarray(np.broadcast_to(level, at.shape))
        seen = cv2.remap(self._tables, at, level, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        inside = (at >= 0) & (at <= _STEPS - 1 + 2 * _MARGIN)
        return seen[..., 0] * inside, seen[..., 1]

    def shadow_on(self, normal: tuple[Floats, ...], globe: Globe, way: tuple[np.float32, ...], eye: Eye) -> Floats:
        """Share of the sun's light that reaches the planet through the rings."""
        pole = [np.float32(part) for part in eye.turned(_unit(globe.pole))]
        rise = float(sum(float(p * w) for p, w in zip(pole, way, strict=True)))
        if abs(rise) < 0.02:
            return np.ones_like(normal[0])
        height = sum(n * p for n, p in zip(normal, pole, strict=True))
        along = height * np.float32(-1 / rise)
        spot = [n + along * w for n, w in zip(normal, way, strict=True)]
        away = np.sqrt(spot[0] ** 2 + spot[1] ** 2 + spot[2] ** 2)
        dense, _ = self._read(away, 1.0, _change(away))
        return np.asarray(1 - dense * (along > 0) * np.float32(0.82), dtype=np.float32)

    def draw(self, planes: tuple[Floats, ...], globe: Globe, sun: Sunlight, eye: Eye, lens: Lens) -> None:
        """Lay the rings over `planes`, where the planet does not hide them."""
        centre = eye.place(globe.spot)
        reach = globe.radius * _OUTER * 1.01
        if centre[2] < reach * 0.3:
            return
        scale = lens.focal / max(centre[2] - reach * 0.8, 0.2)
        x, y = lens.width / 2 + lens.focal * centre[0] / centre[2], lens.horizon - lens.focal * centre[1] / centre[2]
        columns = slice(max(0, int(x - reach * scale)), min(lens.width, int(x + reach * scale) + 1))
        rows = slice(max(0, int(y - reach * scale)), min(lens.rows, int(y + reach * scale) + 1))
        if columns.start >= columns.stop:
            return
        for first in range(rows.start, rows.stop, _BAND):
            band = slice(first, min(first + _BAND, rows.stop))
            self._draw_band([plane[band, columns] for plane in planes], band, columns, centre, globe, sun, eye, lens)

    def _draw_band(self, parts: list[Floats], band: slice, columns: slice, centre: Colour, globe: Globe, sun: Sunlight,
                   eye: Eye, lens: Lens) -> None:  # fmt: skip
        px = lens.slopes()[None, columns]
        at = np.arange(band.start, band.stop, dtype=np.float32)[:, None]
        py = (np.float32(lens.horizon - 0.5) - at) * np.float32(1 / lens.focal)
        pole = [np.float32(part) for part in eye.turned(_unit(globe.pole))]
        way = [np.float32(part) for part in eye.turned(sun.way)]
        cx, cy, cz = (np.float32(part) for part in centre)
        across = px * pole[0] + py * pole[1] + pole[2]
        across = np.where(np.abs(across) < 1e-4, np.float32(1e-4), across)
        along = (cx * pole[0] + cy * pole[1] + cz * pole[2]) / across
        qx, qy, qz = px * along - cx, py * along - cy, along - cz
        away = np.sqrt(qx * qx + qy * qy + qz * qz)
        dense, tint = self._read(away, globe.radius, _change(away))
        dense = dense * (along > 0)
        if not dense.any():
            return
        long = px * px + py * py + 1
        towards = (px * cx + py * cy + cz) / long
        gap = np.sqrt((px * towards - cx) ** 2 + (py * towards - cy) ** 2 + (towards - cz) ** 2)
        pixel = np.float32(centre[2] / lens.focal)
        hidden = np.clip((np.float32(globe.radius) - gap) / pixel + np.float32(0.5), 0, 1) * (along > towards)
        dense *= 1 - hidden
        lengthways = qx * way[0] + qy * way[1] + qz * way[2]
        aside = np.sqrt(np.maximum(qx * qx + qy * qy + qz * qz - lengthways * lengthways, 0))
        soft = 0.03 * globe.radius
        dark = smooth(globe.radius + soft, globe.radius - soft, aside) * (lengthways < 0)
        light = (np.float32(0.10) + np.float32(0.95) * (1 - dark)) * tint
        cover = dense * np.float32(0.92)
        for i, part in enumerate(parts):
            colour = light * np.float32(self._colour[i] * sun.colour[i] * 0.75)
            part[:] = part + (colour - part) * cover


def _change(values: Floats) -> Floats:
    """How much the values change within a pixel."""
    change = np.zeros_like(values)
    change[:, 1:] = np.abs(values[:, 1:] - values[:, :-1])
    change[1:] += np.abs(values[1:] - values[:-1])
    if values.shape[0] > 1:
        change[0] = change[1]
    return change


def _unit(way: Colour) -> Colour:
    size = math.sqrt(sum(part * part for part in way))
    return way[0] / size, way[1] / size, way[2] / size
