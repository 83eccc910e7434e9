"""The looks of a flow: silk ribbons, ink in water, liquid colour. Each paints planes of places into light."""

from typing import Protocol

import numpy as np

from doitong.engines.studio.abstract.field import Field, lit
from doitong.engines.studio.abstract.palette import STEPS
from doitong.engines.studio.arrays import Floats, as_floats, look_up, smooth, table_of

COARSE = 4  # drawn pixels in a cell of the grid on which fields are read


class View(Protocol):
    """Upright planes before the camera."""

    def plane(self, distance: float) -> tuple[Floats, Floats, float]:
        """Places (right, down) on a plane, on the coarse grid, and the width of a drawn pixel there."""
        ...

    def fine(self, coarse: Floats) -> Floats:
        """A field of the coarse grid as drawn pixels."""
        ...


class Look(Protocol):
    """Paints one moment: three planes of linear light."""

    def paint(self, view: View, time: float) -> list[Floats]: ...


class _Shades:
    """A palette's colours, to be looked up by a share of its way from shade to light; `lightest` is the last."""

    def __init__(self, table: Floats) -> None:
        self._tables = [table_of(as_floats(table[:, i])) for i in range(3)]
        self.lightest = table[-1]

    def at(self, share: Floats) -> list[Floats]:
        """Red, green and blue."""
        place = share * np.float32(STEPS - 1)
        index = np.clip(place, 0, STEPS - 1, out=place).astype(np.uint16)
        return [look_up(table, index) for table in self._tables]


def _lay_over(under: Floats, light: Floats, cover: Floats) -> None:
    """Lay light over a plane, in place; it is used up."""
    light -= under
    light *= cover
    under += light


class Silk:
    """Ribbons of satin at several distances before a soft cloth, each with folds and a shadow on what lies behind."""

    def __init__(self, random: np.random.Generator, table: Floats, layers: int) -> None:
        self._shades = _Shades(table)
        self._wide, self._folds = Field(random, 2.3, 11.0), Field(random, 1.7, 9.0)
        self._tilt = float(random.uniform(0.25, 0.6) * random.choice([-1, 1]))
        count = 1 + layers
        self._ribbons = [
            (3.7 - 0.5 * number, float(random.uniform(0.16, 0.30)) + 0.62 * number / count,
             (number + 0.5) / count * 1.9 - 0.95 + float(random.normal(0, 0.12)))
            for number in range(count)
        ]  # fmt: skip

    def paint(self, view: View, time: float) -> list[Floats]:
        x, y, pixel = view.plane(4.4)
        warp = self._wide.at(x * np.float32(0.55), y * np.float32(0.55), time * 0.035, 1)
        phase = view.fine(y * np.float32(0.9) + x * np.float32(self._tilt * 0.8) + warp * np.float32(1.1))
        warp = view.fine(warp)
        height = as_floats(np.sin(phase * np.float32(2.2)) * np.float32(0.16))
        diffuse, shine = lit(height, 1.15 / pixel, (-0.45, -0.62, 0.62), 5)
        share = 0.20 + 0.14 * warp + 0.10 * np.sin(phase)
        planes = [
            as_floats(plane * (0.22 + 0.75 * diffuse) + shine * plane * 0.5)
            for plane in self._shades.at(as_floats(share))
        ]
        for number, ribbon in enumerate(self._ribbons):
            planes = self._lay(planes, view, ribbon, number, time)
        return planes

    def _lay(self, planes: list[Floats], view: View, ribbon: tuple[float, float, float], number: int,
             time: float) -> list[Floats]:  # fmt: skip
        distance, tone, middle = ribbon
        x, y, pixel = view.plane(distance)
        along = x * np.float32(0.32)
        level = np.full_like(x, 1.7 * number)  # one line of the noise: a ribbon's edge
        wave = self._wide.at(along, level, time * 0.05, number + 2)
        breadth = self._wide.at(along * np.float32(1.3), level, time * 0.04, number + 9)
        half = np.float32(0.20) + np.float32(0.34) * smooth(-1.0, 1.3, breadth)
        centre = np.float32(middle * distance * 0.27) + x * np.float32(self._tilt) + wave * np.float32(0.42)
        across = as_floats((y - centre) / half)
        warp = self._folds.at(x * np.float32(0.5), across * np.float32(0.22), time * 0.06, number)
        turn = view.fine(
            across * np.float32(1.45) + warp * np.float32(1.25) + np.float32(0.9) * x * np.float32(self._tilt)
        )
        across, warp, half = (view.fine(plane) for plane in (across, warp, half))
        height = as_floats((np.sin(turn * np.float32(2.1)) + np.float32(0.28) * np.sin(turn * np.float32(5.3) + warp))
                           * half * np.float32(0.30))  # fmt: skip
        diffuse, shine = lit(height, 0.95 / pixel, (-0.45, -0.62, 0.62), 5)
        fringe = np.float32(1.2 * pixel) / half
        cover = smooth(0.0, 1.0, as_floats((1 - np.abs(across)) / fringe * 0.5))
        shadow = np.float32(0.62) * smooth(1.75, 0.75, np.abs(across - np.float32(0.28) / half * np.float32(0.35)))
        share = tone + 0.13 * across + 0.12 * warp
        glow = np.float32(0.32) * shine
        edge = np.float32(0.28) * smooth(0.80, 1.0, np.abs(across))
        silk = self._shades.at(as_floats(share))
        top = self._shades.lightest
        edge += np.float32(0.92) * diffuse + np.float32(0.35) * glow + np.float32(0.16)
        glow *= np.float32(0.65)
        np.subtract(1, shadow, out=shadow)
        for i, (under, light) in enumerate(zip(planes, silk, strict=True)):
            np.multiply(light, edge, out=light)
            np.add(light, glow * top[i], out=light)
            np.multiply(under, shadow, out=under)
            _lay_over(under, light, cover)
        return planes


class Ink:
    """Plumes of two inks that unfold in clear water: noise warped by noise, twice (after Quilez's domain warping)."""

    def __init__(self, random: np.random.Generator, table: Floats, layers: int) -> None:
        self._shades, self._layers = _Shades(table), layers
        self._broad, self._rough = Field(random, 1.75, 4.0), Field(random, 1.5, 2.2)
        self._is_dark = bool(random.random() < 0.6)

    def paint(self, view: View, time: float) -> list[Floats]:
        x, y, _ = view.plane(4.6)
        drift = self._broad.at(x * np.float32(0.2), y * np.float32(0.2), time * 0.03, 5)
        ground = smooth(-1.4, 1.4, view.fine(y * np.float32(-0.5) + drift))
        base = 0.02 + 0.13 * ground if self._is_dark else 0.80 + 0.20 * ground
        planes = self._shades.at(as_floats(base))
        depths = ((4.1, 0.0, 0.30), (3.2, 0.9, 0.55), (2.4, 1.9, 0.78))
        for number, (distance, shift, tone) in enumerate(depths[-self._layers :]):
            planes = self._plume(planes, view, distance, shift, tone, number, time)
        return planes

    def _plume(self, planes: list[Floats], view: View, distance: float, shift: float, tone: float, number: int,
               time: float) -> list[Floats]:  # fmt: skip
        x, y, pixel = view.plane(distance)
        x, y = x * np.float32(0.42) + np.float32(shift * 3), y * np.float32(0.42) - np.float32(shift * 2)
        t = time * 0.028
        qx, qy = self._broad.at(x, y, t, number), self._broad.at(x, y, t, number + 3)
        u, v = as_floats(x + qx * np.float32(0.55)), as_floats(y + qy * np.float32(0.55))
        rx, ry = self._rough.at(u, v, t * 1.4, number + 6), self._rough.at(u, v, t * 1.4, number + 8)
        smoke = self._rough.at(as_floats(u + rx * np.float32(0.42)), as_floats(v + ry * np.float32(0.42)), t, number)
        smoke, qx, qy, rx, ry = (view.fine(plane) for plane in (smoke, qx, qy, rx, ry))
        body = as_floats(smoke + np.float32(0.55) * qx - np.float32(0.12))
        cover = smooth(-0.05, 1.05, body)
        wisps = smooth(0.30, 0.0, np.abs(as_floats(smoke - np.float32(0.4) * ry)))
        cover = as_floats(np.minimum(cover + wisps * smooth(-0.6, 0.3, body) * np.float32(0.34), 1))
        diffuse, shine = lit(as_floats(body * np.float32(0.22)), 0.55 / pixel, (-0.5, -0.6, 0.6), 4)
        share = tone + 0.22 * rx * (1 if self._is_dark else -0.6) + 0.10 * qy
        if not self._is_dark:
            share = 0.62 - 0.55 * tone + 0.18 * rx
        ink = self._shades.at(as_floats(share))
        cover *= np.float32(0.90 if number else 0.7)
        bright = np.float32(0.85) * diffuse + np.float32(0.25) * wisps + np.float32(0.30)
        shine *= np.float32(0.10)
        for under, light in zip(planes, ink, strict=True):
            np.multiply(light, bright, out=light)
            np.add(light, shine, out=light)
            _lay_over(under, light, cover)
        return planes


class Liquid:
    """Thick glossy colour in slow folds, as of paint or molten glass, with light running along its crests."""

    def __init__(self, random: np.random.Generator, table: Floats, layers: int) -> None:
        self._shades, self._layers = _Shades(table), layers
        self._broad, self._folds = Field(random, 2.0, 9.0), Field(random, 1.9, 8.0)

    def paint(self, view: View, time: float) -> list[Floats]:
        x, y, pixel = view.plane(3.6)
        t = time * 0.035
        x, y = x * np.float32(0.62), y * np.float32(0.62)
        qx, qy = self._broad.at(x, y, t, 0), self._broad.at(x, y, t, 4)
        u, v = as_floats(x + qx * np.float32(0.42)), as_floats(y + qy * np.float32(0.42))
        fold = self._folds.at(u, v, t * 1.2, 2)
        near_x, near_y, _ = view.plane(2.7)
        ripple = self._folds.at(near_x * np.float32(0.6), near_y * np.float32(0.6), t * 1.6, 7)
        fold, qx, qy, ripple = (view.fine(plane) for plane in (fold, qx, qy, ripple))
        crest = as_floats(fold * np.float32(3.4) + qx * np.float32(1.2))
        height = as_floats(np.sin(crest) * np.float32(0.15) + fold * np.float32(0.10))
        if self._layers > 1:
            height += np.float32(0.055) * np.sin(ripple * np.float32(5) + qy)
        diffuse, shine = lit(height, 0.80 / pixel, (-0.42, -0.66, 0.62), 6)
        _, sheen = lit(height, 0.80 / pixel, (0.75, 0.35, 0.55), 3)
        hollow = np.float32(0.45) + np.float32(0.55) * smooth(-0.26, 0.16, height)
        share = 0.46 + 0.26 * np.sin(crest * np.float32(0.8) + np.float32(1.0)) + 0.20 * qy + 0.06 * ripple
        body, bounce = self._shades.at(as_floats(share)), self._shades.at(as_floats(share + 0.24))
        top = self._shades.lightest
        lamp = (np.float32(0.14) + np.float32(0.86) * diffuse) * hollow
        sheen *= np.float32(0.40) * hollow
        shine *= np.float32(0.85)
        for i, (light, bounced) in enumerate(zip(body, bounce, strict=True)):
            np.multiply(light, lamp, out=light)
            np.add(light, bounced * sheen, out=light)
            np.add(light, shine * top[i], out=light)
        return body
