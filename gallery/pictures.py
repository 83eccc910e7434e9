"""Eight pictures drawn by our own code, for the picture-to-film half of the gallery.

Two are stills of Studio itself, the others are drawn here: a little ray caster for shaded bodies, branches and
leaves, boxes in perspective, a flat poster. Nothing is taken from anywhere, and a picture is the same each time.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from doitong.catalogue.model import Quality, Version
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.scene import Scene, SceneKind, Season, TimeOfDay
from doitong.engines.studio.stage import Stage

Array = npt.NDArray[Any]
Vector = tuple[float, float, float]


def _still(scene: Scene, width: int, height: int) -> Array:
    """One frame of a Studio film, blue, green, red bytes."""
    y, u, v = Stage(scene, level_of(Version.GEN_4, Quality.STANDARD), width, height).frame(0, 1, 3.0)
    flat = np.vstack([y, np.vstack([u.reshape(-1, width), v.reshape(-1, width)])])
    return cv2.cvtColor(flat, cv2.COLOR_YUV2BGR_I420)


def _noise(rows: int, columns: int, cell: float, seed: int, octaves: int = 4) -> Array:
    """Smooth noise of −1 to 1 with details down from `cell` pixels."""
    random, total = np.random.default_rng(seed), np.zeros((rows, columns), np.float32)
    for octave in range(octaves):
        size = max(1.0, cell / 2**octave)
        small = random.random((math.ceil(rows / size) + 3, math.ceil(columns / size) + 3)).astype(np.float32) * 2 - 1
        large = cv2.resize(small, None, fx=size, fy=size, interpolation=cv2.INTER_CUBIC)
        total += large[:rows, :columns] * np.float32(0.5**octave)
    return total


def _save(picture: Array, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.clip(picture, 0, 255).astype(np.uint8))
    return path


# Shaded bodies ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Body:
    """An ellipsoid: middle and radii in metres (x right, y up, z away), colour blue-green-red 0–1."""

    middle: Vector
    radii: Vector
    colour: Vector
    shine: float = 0.2
    rough: float = 0.0


@dataclass(frozen=True)
class Shot:
    """What a cast ray hits: colour 0–1 and distance along z; infinite where there is nothing."""

    colour: Array
    depth: Array


_SUN = np.array([-0.55, 0.72, -0.42], np.float32) / np.float32(1.0)
_SUN /= np.linalg.norm(_SUN)


def _cast(width: int, height: int, focal: float, eye: Vector, down: float, bodies: list[Body],
          table: Callable[[Array, Array], Array] | None) -> Shot:  # fmt: skip
    """Cast one ray a pixel at bodies and a table at y = 0; `down` is how far the camera looks down, radians."""
    x = (np.arange(width, dtype=np.float32)[None, :] - width / 2 + 0.5) / focal
    y = -(np.arange(height, dtype=np.float32)[:, None] - height / 2 + 0.5) / focal
    x, y = np.broadcast_arrays(x, y)
    way = np.stack([x, y * math.cos(down) - math.sin(down), math.cos(down) + y * math.sin(down)], axis=-1)
    start = np.array(eye, np.float32)
    near = np.full((height, width), np.inf, np.float32)
    colour = np.zeros((height, width, 3), np.float32)
    if table is not None:
        hit = np.where(way[..., 1] < -1e-3, -start[1] / np.minimum(way[..., 1], -1e-3), np.inf).astype(np.float32)
        point = start + way * np.where(np.isfinite(hit), hit, 0)[..., None]
        light = _light_on(point, bodies)
        ground = table(point[..., 0], point[..., 2]) * (0.34 + 0.75 * light)[..., None]
        is_table = hit < 9.0
        colour[is_table], near[is_table] = ground[is_table], hit[is_table]
    for body in bodies:
        _draw_body(body, start, way, near, colour)
    return Shot(colour, near)


def _light_on(point: Array, bodies: list[Body]) -> Array:
    """How much of a broad lamp reaches points on the table: soft shadow and contact shade."""
    light = np.ones(point.shape[:2], np.float32)
    for body in bodies:
        middle = np.array(body.middle, np.float32)
        radius = float(np.mean(body.radii))
        to = middle - point
        along = to @ _SUN
        aside = np.linalg.norm(to - along[..., None] * _SUN, axis=-1)
        blur = 0.12 + 0.35 * np.maximum(along, 0) / max(radius, 0.1) * 0.4
        shade = np.clip((aside / radius - 1 + blur) / (2 * blur), 0, 1)
        light *= np.where(along > 0, shade, 1)
        distance = np.linalg.norm((point - middle) / np.array(body.radii, np.float32), axis=-1)
        light *= np.clip(0.25 + 0.75 * (distance - 1) / 0.8, 0.25, 1)
    return light


def _draw_body(body: Body, start: Array, way: Array, near: Array, colour: Array) -> None:
    radii = np.array(body.radii, np.float32)
    o, d = (start - np.array(body.middle, np.float32)) / radii, way / radii
    a, b, c = (d * d).sum(-1), (d * o).sum(-1), float((o * o).sum()) - 1
    inside = b * b - a * c
    hit = np.where(inside > 0, (-b - np.sqrt(np.maximum(inside, 0))) / a, np.inf)
    hit = np.where(hit > 0.05, hit, np.inf)
    seen = hit < near
    point = o + d * np.where(seen, hit, 0)[..., None]
    normal = point / radii
    normal /= np.maximum(np.linalg.norm(normal, axis=-1, keepdims=True), 1e-6)
    if body.rough:
        bumps = _noise(*near.shape, 26, int(abs(body.middle[0]) * 1000) + 3)
        normal[..., 0] += bumps * body.rough
        normal[..., 1] += np.roll(bumps, 40, axis=1) * body.rough
        normal /= np.linalg.norm(normal, axis=-1, keepdims=True)
    facing = np.clip(normal @ _SUN, 0, 1)
    sky = 0.5 + 0.5 * normal[..., 1]
    ahead = way / np.linalg.norm(way, axis=-1, keepdims=True)
    half = _SUN - ahead
    half /= np.linalg.norm(half, axis=-1, keepdims=True)
    gloss = np.clip((normal * half).sum(-1), 0, 1) ** 60 * body.shine * 2.2
    rim = np.clip(1 + (normal * ahead).sum(-1), 0, 1) ** 3 * 0.25
    base = np.array(body.colour, np.float32)
    lit = base * (0.16 + 0.34 * sky + 0.95 * facing)[..., None] + gloss[..., None] + rim[..., None] * 0.6
    colour[seen], near[seen] = lit[seen], hit[seen]


def _wood(x: Array, z: Array) -> Array:
    rings = np.sin((z * 5.5 + 0.6 * np.sin(x * 1.1) + 0.15 * np.sin(x * 7 + z * 3)) * 6)
    board = np.floor(z / 0.55)
    tone = 0.42 + 0.06 * rings + 0.05 * np.sin(board * 12.9) + 0.02 * np.sin(x * 90 + np.sin(z * 40) * 2)
    gap = np.clip(np.abs(z / 0.55 - np.round(z / 0.55)) / 0.012, 0.35, 1)
    return np.stack([tone * 0.45, tone * 0.72, tone * 1.12], axis=-1) * gap[..., None]


_STILL_LIFE = [
    Body((-0.05, 0.50, 3.1), (0.50, 0.50, 0.50), (0.10, 0.16, 0.72), 0.7),
    Body((0.92, 0.27, 3.75), (0.27, 0.27, 0.27), (0.08, 0.62, 0.86), 0.3, 0.05),
    Body((-1.05, 0.33, 4.2), (0.30, 0.33, 0.30), (0.16, 0.55, 0.34), 0.35),
    Body((0.45, 0.13, 2.55), (0.13, 0.13, 0.13), (0.55, 0.30, 0.16), 0.8),
]


def _still_life_shot(width: int = 1280, height: int = 720) -> Shot:
    return _cast(width, height, width * 0.95, (0, 1.05, 0), 0.20, _STILL_LIFE, _wood)


def _smoothed(picture: Array, width: int, height: int) -> Array:
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA))


def _wall(rows: int, columns: int) -> Array:
    """A plastered wall in a light that falls from the left."""
    x, y = np.linspace(0, 1, columns, dtype=np.float32)[None, :], np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    tone = 0.52 - 0.30 * x - 0.10 * y + 0.02 * _noise(rows, columns, columns / 5, 11, 6)
    return np.stack([tone * 0.92, tone * 0.95, tone * 0.90], axis=-1)


def still_life(folder: Path) -> Path:
    """A red ball and fruit on a wooden table, before a wall."""
    shot = _still_life_shot(2560, 1440)
    picture = np.where(np.isfinite(shot.depth)[..., None], shot.colour, _wall(1440, 2560))
    return _save(_smoothed(_tone(picture), 1280, 720), folder / "still-life.png")


def still_life_depth(folder: Path) -> Path:
    """The true depth of `still_life`, 16 bits, near = white: what a customer may supply."""
    depth = np.minimum(_still_life_shot().depth, 9.5)
    near = (1 / depth - 1 / 9.5) / (1 / float(depth.min()) - 1 / 9.5)
    path = folder / "still-life-depth.png"
    cv2.imwrite(str(path), (np.clip(near, 0, 1) * 65535).astype(np.uint16))
    return path


def _tone(light: Array) -> Array:
    """Linear-ish light to bytes, with a shoulder."""
    return 255 * np.power(np.clip(1 - np.exp(-np.maximum(light, 0) * 1.55), 0, 1), 1 / 1.5)


def portrait(folder: Path) -> Path:
    """A clay bust close to the camera before lamps out of focus."""
    width, height = 1280, 1600
    random = np.random.default_rng(5)
    ground = np.zeros((height, width, 3), np.float32)
    ground += np.linspace(0.22, 0.05, height, dtype=np.float32)[:, None, None] * np.array([1.0, 0.62, 0.42], np.float32)
    for _ in range(46):
        x, y, r = random.integers(0, width), random.integers(0, int(height * 0.72)), random.integers(24, 80)
        lamp = np.zeros((height, width), np.float32)
        cv2.circle(lamp, (int(x), int(y)), int(r), 1.0, -1, cv2.LINE_AA)
        hue = np.array(
            [[0.15, 0.45, 0.95], [0.65, 0.45, 0.25], [0.25, 0.65, 0.95]][int(random.integers(3))], np.float32
        )
        ground += cv2.GaussianBlur(lamp, (0, 0), 3)[..., None] * hue * np.float32(random.uniform(0.12, 0.5))
    skin, cloth, hair = (0.40, 0.52, 0.78), (0.34, 0.22, 0.14), (0.06, 0.09, 0.16)
    bodies = [
        Body((0, -0.62, 2.2), (0.86, 0.62, 0.42), cloth, 0.05, 0.07),
        Body((0, 0.02, 2.15), (0.19, 0.42, 0.19), skin, 0.1),
        Body((0, 0.56, 2.1), (0.36, 0.47, 0.40), skin, 0.12),
        Body((0, 0.78, 2.17), (0.405, 0.36, 0.42), hair, 0.25, 0.10),
        Body((0, 0.50, 1.71), (0.055, 0.11, 0.07), skin, 0.15),
        Body((-0.14, 0.62, 1.745), (0.055, 0.028, 0.03), (0.9, 0.9, 0.9), 0.6),
        Body((0.14, 0.62, 1.745), (0.055, 0.028, 0.03), (0.9, 0.9, 0.9), 0.6),
        Body((-0.14, 0.62, 1.722), (0.022, 0.024, 0.02), (0.18, 0.12, 0.06), 0.9),
        Body((0.14, 0.62, 1.722), (0.022, 0.024, 0.02), (0.18, 0.12, 0.06), 0.9),
        Body((0, 0.335, 1.745), (0.085, 0.026, 0.03), (0.25, 0.26, 0.62), 0.4),
        Body((0.0, 0.93, 2.02), (0.36, 0.20, 0.36), hair, 0.25, 0.10),
    ]
    shot = _cast(width, height, height * 0.92, (0, 0.42, 0), 0.0, bodies, None)
    picture = np.where(np.isfinite(shot.depth)[..., None], shot.colour, ground)
    return _save(_smoothed(_tone(picture), 960, 1200), folder / "portrait.png")


def balloon(folder: Path) -> Path:
    """A hot-air balloon cut out: all around it is transparent."""
    size = 1600
    body = Body((0, 0.25, 4.0), (1.0, 1.12, 1.0), (0.2, 0.2, 0.9), 0.25)
    shot = _cast(size, size, size * 1.1, (0, 0, 0), 0.0, [body], None)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32)
    around = np.arcsin(np.clip((x - size / 2) / (size * 0.282), -1, 1))
    is_pale = np.sin(around * 9) > 0
    stripes = np.where(is_pale[..., None], np.float32((0.62, 0.86, 0.95)), np.float32((0.16, 0.24, 0.86)))
    plain = np.float32(body.colour)
    picture = shot.colour / plain.mean() * 0.42 * stripes / stripes.mean()
    alpha = np.isfinite(shot.depth).astype(np.float32)
    basket = np.zeros((size, size), np.float32)
    cv2.rectangle(basket, (730, 1290), (870, 1400), 1.0, -1, cv2.LINE_AA)
    for left, right in ((640, 745), (760, 775), (840, 825), (960, 855)):
        cv2.line(basket, (left, 1020), (right, 1290), 1.0, 5, cv2.LINE_AA)
    weave = 0.34 + 0.10 * np.sin(x / 5) * np.sin(y / 6)
    picture = np.where((basket > alpha)[..., None], weave[..., None] * np.float32((0.35, 0.65, 1.0)), picture)
    whole = np.dstack([_tone(picture), np.maximum(alpha, basket) * 255])
    return _save(_smoothed(whole, 800, 800), folder / "balloon.png")


# Streets, trees, paper -------------------------------------------------------------------------------------


def city(folder: Path) -> Path:
    """A street of boxes with lit windows at dusk, drawn in one-point perspective."""
    width, height, focal = 1280, 720, 900.0
    random = np.random.default_rng(8)
    y = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
    sky = (1 - y) * np.float32((0.42, 0.20, 0.12)) + y * np.float32((0.38, 0.46, 0.86))
    clouds = np.clip(_noise(height, width, 260, 2, 6), 0, 1)[..., None] * np.float32((0.22, 0.20, 0.34)) * (1 - y)
    picture = np.repeat(sky, width, axis=1) + clouds
    horizon = 430

    def place(x: float, up: float, z: float) -> tuple[float, float]:
        return width / 2 + focal * x / z, horizon - focal * (up - 1.7) / z

    road = np.array([place(-60, 0, 400), place(60, 0, 400), place(14, 0, 4), place(-14, 0, 4)])
    cv2.fillPoly(picture, [np.round(road).astype(np.int32)], (0.10, 0.09, 0.09), cv2.LINE_AA)
    for z in np.arange(120, 5, -5.0):
        stripe = np.array([place(-0.15, 0, z + 2.4), place(0.15, 0, z + 2.4), place(0.15, 0, z), place(-0.15, 0, z)])
        cv2.fillPoly(picture, [np.round(stripe).astype(np.int32)], (0.45, 0.55, 0.60), cv2.LINE_AA)
    for z in np.geomspace(240, 14, 15):
        for side in (-1, 1):
            _house(picture, place, side, float(z), random)
        picture += np.float32(0.012) * np.float32((0.9, 0.7, 0.9))
    lamps = np.zeros_like(picture)
    for z in np.geomspace(120, 12, 9):
        for side in (-1, 1):
            x, top = place(side * 7.2, 6.5, float(z))
            foot = place(side * 7.2, 0, float(z))
            cv2.line(picture, (int(x), int(top)), (int(foot[0]), int(foot[1])), (0.03, 0.03, 0.03), max(1, int(90 / z)))
            cv2.circle(lamps, (int(x), int(top)), max(1, int(170 / z)), (0.75, 1.5, 2.2), -1, cv2.LINE_AA)
    picture += lamps + 2.4 * cv2.GaussianBlur(lamps, (0, 0), 18)
    return _save(_tone(picture), folder / "city.png")


def _house(picture: Array, place: Callable[[float, float, float], tuple[float, float]], side: int, z: float,
           random: np.random.Generator) -> None:  # fmt: skip
    tall, wide, deep = random.uniform(12, 42), random.uniform(9, 16), z * 0.17
    near, inner, outer = z, side * random.uniform(8.5, 10.5), side * (9.5 + wide)
    tone = random.uniform(0.10, 0.22)
    wall = np.float32((tone * 1.15, tone, tone * 0.95))
    flank = [
        place(inner, 0, near),
        place(inner, tall, near),
        place(inner, tall, near + deep),
        place(inner, 0, near + deep),
    ]
    front = [place(inner, 0, near), place(inner, tall, near), place(outer, tall, near), place(outer, 0, near)]
    for corners, shade in ((flank, 0.75), (front, 0.45)):
        cv2.fillPoly(picture, [np.round(np.array(corners)).astype(np.int32)], (wall * shade).tolist(), cv2.LINE_AA)
    for level in np.arange(2.5, tall - 2, 3.2):
        for share in np.arange(0.12, 0.9, 0.2):
            is_lit = random.random() < 0.42
            glow = (0.25, 0.62, 0.95) if is_lit else (0.10, 0.08, 0.07)
            a, b = near + deep * share, near + deep * (share + 0.11)
            window = [
                place(inner, level, a),
                place(inner, level + 1.8, a),
                place(inner, level + 1.8, b),
                place(inner, level, b),
            ]
            cv2.fillPoly(picture, [np.round(np.array(window)).astype(np.int32)], glow, cv2.LINE_AA)


def poster(folder: Path) -> Path:
    """A flat poster with words: it has no depth, and must not be given any."""
    width, height = 900, 1200
    paper = np.float32((0.80, 0.90, 0.95)) * (1 + 0.02 * _noise(height, width, 6, 3, 3))[..., None]
    picture = np.ascontiguousarray(paper, np.float32)
    cv2.circle(picture, (450, 430), 270, (0.20, 0.32, 0.85), -1, cv2.LINE_AA)
    for i in range(7):
        cv2.rectangle(picture, (120, 470 + i * 34), (780, 484 + i * 34), (0.80, 0.90, 0.95), -1)
    cv2.fillPoly(
        picture,
        [np.array([[150, 760], [420, 430], [560, 610], [640, 520], [770, 760]])],
        (0.30, 0.18, 0.10),
        cv2.LINE_AA,
    )
    printed = np.clip(picture * 255, 0, 255).astype(np.uint8)
    lines = (("DOITONG", 920, 4.0, 12), ("FILM NIGHT 24 NOV", 1010, 1.7, 4), ("open air - free entry", 1080, 1.2, 2))
    for text, y, size, thick in lines:
        (across, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, size, thick)
        at = ((width - across) // 2, y)
        cv2.putText(printed, text, at, cv2.FONT_HERSHEY_DUPLEX, size, (64, 38, 26), thick, cv2.LINE_AA)
    return _save(printed, folder / "poster.png")


def tree(folder: Path) -> Path:
    """One broad tree in full leaf on a meadow, hills and sky behind it."""
    scene = Scene(SceneKind.HILLS, TimeOfDay.MORNING, Season.SUMMER, seed=12, trees=False, cloudiness=0.5)
    picture = _still(scene, 1280, 720).astype(np.float32) / 255
    random = np.random.default_rng(21)
    layer, cover = np.zeros((1440, 2560, 3), np.float32), np.zeros((1440, 2560), np.float32)
    tips: list[tuple[float, float]] = []
    _branch(layer, cover, (1690.0, 1330.0), -1.57, 300.0, 62.0, random, tips)
    for x, y in sorted(tips, key=lambda tip: -tip[1]):
        for _ in range(34):
            px, py = x + random.normal(0, 44), y + random.normal(0, 34)
            light = np.clip(0.52 - (py - 560) / 1500 - (px - 1690) / 1900 + random.normal(0, 0.11), 0.12, 1.0)
            colour = (0.10 * light + 0.02, 0.46 * light + 0.03, 0.34 * light + 0.02)
            axes = (int(random.integers(5, 12)), int(random.integers(3, 7)))
            for plane, paint in ((layer, colour), (cover, 1.0)):
                cv2.ellipse(
                    plane, (int(px), int(py)), axes, float(random.integers(180)), 0, 360, paint, -1, cv2.LINE_AA
                )
    small, alpha = _smoothed(layer, 1280, 720), _smoothed(cover, 1280, 720)[..., None]
    shade = np.zeros((720, 1280), np.float32)
    cv2.ellipse(shade, (900, 668), (210, 22), 0, 0, 360, 0.55, -1, cv2.LINE_AA)
    picture *= 1 - cv2.GaussianBlur(shade, (0, 0), 9)[..., None]
    return _save((picture * (1 - alpha) + small) * 255, folder / "tree.png")


def _branch(layer: Array, cover: Array, at: tuple[float, float], angle: float, length: float, thick: float,
            random: np.random.Generator, tips: list[tuple[float, float]]) -> None:  # fmt: skip
    end = at[0] + math.cos(angle) * length, at[1] + math.sin(angle) * length
    tone = 0.16 + random.uniform(-0.03, 0.05)
    for plane, paint in ((layer, (tone * 0.55, tone * 0.8, tone)), (cover, 1.0)):
        ends = (int(at[0]), int(at[1])), (int(end[0]), int(end[1]))
        cv2.line(plane, *ends, paint, max(2, int(thick)), cv2.LINE_AA)
    if thick < 9:
        tips.append(end)
    if thick < 4.5:
        return
    for turn in (random.uniform(-0.75, -0.35), random.uniform(0.35, 0.75), random.uniform(-0.2, 0.2)):
        _branch(layer, cover, end, angle + turn, length * random.uniform(0.62, 0.80), thick * 0.60, random, tips)


def lake(folder: Path) -> Path:
    """A Studio still: a mountain lake at sunset."""
    return _save(_still(Scene(SceneKind.LAKE, TimeOfDay.GOLDEN_HOUR, seed=4), 1280, 720), folder / "lake.png")


def tall(folder: Path) -> Path:
    """A Studio still for a telephone held upright: mountains in the morning."""
    scene = Scene(SceneKind.MOUNTAINS, TimeOfDay.MORNING, seed=9, cloudiness=0.55)
    return _save(_still(scene, 720, 1280), folder / "tall.png")


PICTURES: tuple[Callable[[Path], Path], ...] = (lake, city, still_life, portrait, poster, tall, balloon, tree)


def draw_pictures(folder: Path) -> dict[str, Path]:
    """Draw all eight into `folder`; paths by the name of the function."""
    folder.mkdir(parents=True, exist_ok=True)
    return {draw.__name__: draw(folder) for draw in PICTURES}
