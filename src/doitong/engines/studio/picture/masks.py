"""What a prompt names and the picture shows: water, clouds, smoke and leaves, found by colour, texture and place.

Found is said, and not found is said too: nothing moves that was not recognised.
"""

import re
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats
from doitong.engines.studio.picture.brushes import Brush, field_size, soft
from doitong.engines.studio.picture.depth import Depth
from doitong.engines.studio.picture.filters import grey, slope
from doitong.engines.studio.picture.frame import Canvas
from doitong.engines.studio.picture.sight import Sight

_LEAST_SHARE = 0.015  # of the picture: less is no place


@dataclass(frozen=True, slots=True)
class _Kind:
    """A thing that can move: its words (stems where they end in *), and how it does."""

    name: str
    words: str
    mode: str
    direction: float
    speed: float


# the first kind that a word fits is taken
_KINDS = (
    _Kind("waterfall", "waterfall* cascade* slap slapa slapu slapovi slapom", "flow", 270, 0.6),
    _Kind("river", "river* stream* creek* brook* reka reke reko reki rekah potok* rečic*", "flow", 270, 0.25),
    _Kind("water", "water* lake* sea seas ocean* wave waves pond* surf ripples vod* jezer* morj* ocean* valov* valovi "
          "ribnik* gladin*", "water", 0, 0.5),
    _Kind("clouds", "cloud* sky skies oblak* oblač* neb* nebo", "flow", 0, 0.12),
    _Kind("smoke", "smoke* steam* vapour* vapor* fog* mist* dim dima dimu dimom par para paro megl*", "flow", 90, 0.14),
    _Kind("foliage", "tree* leaf leaves foliage forest* grass* branch* bush* palm* meadow* drev* list listje listov* "
          "listi gozd* trav* vej* grm* krošnj*", "sway", 0, 0.5),
)  # fmt: skip
_DENIALS = frozenset(("no", "not", "without", "frozen", "motionless", "brez", "ne", "mirujoč", "mirujoča", "mirujoče"))
_DENIAL_REACH = 2
_LONGEST_TEXT = 4000


def named_kinds(prompt: str) -> list[str]:
    """Names of the things in a prompt that could move, in its order."""
    return [kind.name for kind in _named(prompt)]


def named_brushes(
    prompt: str, canvas: Canvas, depth: Depth, *, has_brushes: bool
) -> tuple[list[Brush], list[dict[str, Any]]]:
    """Brushes for what a prompt names, and what is to be said of each; a customer's own brushes leave words no say."""
    if has_brushes:
        return [], []
    width, height = field_size(canvas)
    brushes, said = [], []
    for kind in _named(prompt):
        mask = _FINDERS[kind.name](canvas.small, canvas.sight)
        if depth.subject is not None and kind.name not in ("foliage", "smoke"):
            mask = mask * (1 - cv2.dilate(depth.subject, np.ones((3, 3), np.uint8)))
        share = float(mask.mean())
        if share < _LEAST_SHARE:
            said.append({"of": kind.name, "found": False})
            continue
        large = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
        brushes.append(Brush(soft(large), kind.mode, kind.direction, kind.speed))
        said.append({"of": kind.name, "found": True, "share": round(share, 2), "mode": kind.mode})
    return brushes, said


def _named(prompt: str) -> list[_Kind]:
    found: dict[str, _Kind] = {}
    denied = 0  # words that a denial still reaches
    for token in re.findall(r"[^\W_]+|[.,;:!?]", prompt[:_LONGEST_TEXT].casefold()):
        if token in _DENIALS or not token.isalnum():
            denied = _DENIAL_REACH if token in _DENIALS else 0
            continue
        denied -= 1
        if denied >= 0:
            continue
        kind = next((kind for kind in _KINDS if any(_fits(word, token) for word in kind.words.split())), None)
        if kind is not None:
            found.setdefault("water" if kind.name in ("river", "waterfall") else kind.name, kind)
    return list(found.values())


def _fits(word: str, token: str) -> bool:
    return token.startswith(word[:-1]) if word.endswith("*") else token == word


def _clouds(picture: Bytes, sight: Sight) -> Floats:
    return sight.backdrop if sight.is_sky and sight.backdrop_trust > 0.35 else np.zeros_like(sight.backdrop)


def _water(picture: Bytes, sight: Sight) -> Floats:
    """Below the horizon, drawn in level strokes, or of the sky's own or a blue colour."""
    level = grey(picture)
    rows, columns = level.shape
    across, down = cv2.Scharr(level, cv2.CV_32F, 1, 0), cv2.Scharr(level, cv2.CV_32F, 0, 1)
    reach = columns / 32
    xx, yy, xy = (cv2.GaussianBlur(product, (0, 0), reach) for product in (across**2, down**2, across * down))
    level_strokes = (yy - xx) / (np.sqrt((yy - xx) ** 2 + 4 * xy * xy) + yy + xx + np.float32(1e-4)) * 2
    red, green, blue = (picture[..., i].astype(np.float32) for i in range(3))
    bluish = np.clip((blue - red - 6) / 50, 0, 1) * (blue >= green * np.float32(0.92))
    greenish = np.clip((green - np.maximum(red, blue) - 8) / 30, 0, 1)
    score = np.clip(level_strokes * np.float32(1.3), 0, 1) + np.float32(0.9) * bluish - np.float32(1.2) * greenish
    start = max(0.30, sight.horizon if sight.backdrop_trust > 0.35 else 0.30)
    score[: int(rows * start)] = 0
    likely = cv2.GaussianBlur(score * (1 - sight.backdrop), (0, 0), columns / 64)
    return _wide_piece((likely > 0.5).astype(np.float32), columns)


def _wide_piece(mask: Floats, columns: int) -> Floats:
    """The pieces of a mask that are wide enough to be a surface."""
    size = max(3, columns // 40) | 1
    whole = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8))
    whole = cv2.morphologyEx(whole, cv2.MORPH_OPEN, np.ones((size, size), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats((whole > 0.5).astype(np.uint8))
    wide = [i for i in range(1, count) if stats[i, cv2.CC_STAT_AREA] > 0.02 * mask.size]
    return np.isin(labels, wide).astype(np.float32)


def _foliage(picture: Bytes, sight: Sight) -> Floats:
    """Green to rust, and rough in every direction."""
    level = grey(picture)
    columns = level.shape[1]
    hue, colour, light = cv2.split(cv2.cvtColor(picture, cv2.COLOR_RGB2HSV))
    is_leafy = (hue > 8) & (hue < 88) & (colour > 55) & (light > 18) & (light < 235)
    rough = cv2.GaussianBlur(slope(level, 0.0), (0, 0), columns / 60)
    floor = max(0.03, float(np.median(rough)) * 1.15)
    mask = ((rough > floor) & (cv2.blur(is_leafy.astype(np.float32), (5, 5)) > 0.45)).astype(np.float32)
    return _wide_piece(mask * (1 - sight.backdrop), columns)


def _smoke(picture: Bytes, sight: Sight) -> Floats:
    """Pale or grey, soft, lighter than what is around it, and not the sky."""
    level = grey(picture)
    columns = level.shape[1]
    colour = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)[..., 1].astype(np.float32)
    around = cv2.GaussianBlur(level, (0, 0), columns / 6)
    is_soft = cv2.GaussianBlur(slope(level, 1.0), (0, 0), 2.5) < 0.03
    mask = (colour < 60) & (level > around + np.float32(0.06)) & (level > 0.25) & is_soft
    return _wide_piece(mask.astype(np.float32) * (1 - sight.backdrop), columns)


_FINDERS = {
    "waterfall": _water, "river": _water, "water": _water, "clouds": _clouds, "smoke": _smoke, "foliage": _foliage,
}  # fmt: skip
