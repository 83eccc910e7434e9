"""How near each part of a picture is: as the customer says, as its looks suggest, or a smooth guess that cannot tear.

Nearness is 0 (far) to 1 (near) and stands for the inverse of the distance, as parallax does. A ground that runs to a
horizon is exactly a straight ramp in it.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats
from doitong.engines.studio.picture.filters import grey, guided
from doitong.engines.studio.picture.sight import Sight

_LEAST_TRUST = 0.4
_LEAST_SUBJECT_TRUST = 0.5  # a wrong subject is worse than none
_HAZE_CELLS = 9
_WIDEST_SUBJECT = 0.8  # of the width
_LEAST_STEP = 0.025  # of the whole depth
_CLOSE_UP = 0.10, 0.22  # share of the picture from which on a subject is near, and all of it is
_STRONG_EDGE = 0.06  # light a pixel
_UPRIGHT = 0.02, 0.08  # share of the middle ground in upright edges: open country, a street


class DepthSource(StrEnum):
    SUPPLIED = "supplied"
    ESTIMATED = "estimated"
    FALLBACK = "smooth fallback"


@dataclass(frozen=True, slots=True)
class Depth:
    """`near`: nearness at the work size; `subject`: a mask there (0 or 1), or None; `span`: how deep the picture is
    taken to be, as a share of the distance of what the camera turns around; `confidence` 0–1; `bears`: how much of the
    usual parallax it bears before a wrong depth is seen to be wrong, 0–1."""

    near: Floats
    subject: Floats | None
    source: DepthSource
    confidence: float
    span: float
    bears: float = 1.0


def estimate_depth(picture: Bytes, sight: Sight) -> Depth:
    """Depth of a small picture from what was recognised in it; the smooth guess where that is too little."""
    has_subject = sight.subject_trust > _LEAST_SUBJECT_TRUST
    has_backdrop = sight.backdrop_trust > _LEAST_TRUST
    confidence = round(max(sight.subject_trust * 0.9, sight.backdrop_trust * 0.8), 2)
    if sight.is_flat:  # one plane, seen in true perspective: not a letter is bent
        return Depth(np.full(picture.shape[:2], 0.5, np.float32), None, DepthSource.FALLBACK, 0.0, 0.16)
    if not (has_subject or has_backdrop):
        return Depth(_bowl(*picture.shape[:2]), None, DepthSource.FALLBACK, confidence, 0.16)
    level = grey(picture)
    upright = _uprightness(level, sight, has_subject)
    bears = (0.4 + 0.6 * confidence) * (1 - 0.5 * upright)
    near = _land(picture, sight, upright) if has_backdrop else _bowl(*picture.shape[:2]) * np.float32(0.7)
    near = np.clip(guided(near, level, 5, 0.004), 0, 1)
    if not has_subject:
        return Depth(near, None, DepthSource.ESTIMATED, confidence, 0.34 * (1 - 0.3 * upright), bears)
    near = _with_subject(near, sight.subject)
    close = _closeness(sight.subject)
    span, bears = 0.48 * (1 - 0.55 * close), bears * (1 - 0.66 * close)
    return Depth(near, sight.subject, DepthSource.ESTIMATED, confidence, span, bears)


def supplied_depth(given: Floats, is_inverted: bool, picture: Bytes) -> Depth:
    """A customer's map (0–1, near is 1 unless inverted) at the size of a small picture."""
    rows, columns = picture.shape[:2]
    near = cv2.resize(given, (columns, rows), interpolation=cv2.INTER_AREA)
    near = 1 - near if is_inverted else near
    low, high = (float(np.quantile(near, share)) for share in (0.005, 0.995))
    if high - low < 0.02:  # the same everywhere: a plane
        return Depth(np.full_like(near, 0.5), None, DepthSource.SUPPLIED, 1.0, 0.16)
    near = np.clip((near - np.float32(low)) * np.float32(1 / (high - low)), 0, 1).astype(np.float32)
    return Depth(near, nearest_part(near), DepthSource.SUPPLIED, 1.0, 0.5)


def softened(depth: Depth) -> Depth:
    """The depth without its edges: less of it, and nothing to cut out."""
    near = cv2.GaussianBlur(depth.near, (0, 0), depth.near.shape[1] / 24)
    return replace(depth, near=near, subject=None, span=depth.span * 0.6)


def nearest_part(near: Floats) -> Floats | None:
    """What stands before the rest of its own rows (top-hat along them, then Otsu 1979), so that a ground which comes
    nearer from row to row stays whole; None when nothing stands out."""
    columns = near.shape[1]
    before = cv2.morphologyEx(near, cv2.MORPH_TOPHAT, np.ones((1, round(columns * _WIDEST_SUBJECT)), np.uint8))
    steps = np.round(np.clip(before, 0, 1) * 255).astype(np.uint8)
    parted, _ = cv2.threshold(steps, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    surely = before > max(2 * _LEAST_STEP, 0.6 * parted / 255)
    count, labels = cv2.connectedComponents((before > _LEAST_STEP).astype(np.uint8))
    # down to where it meets the ground: a cut through its middle would be seen
    kept = np.unique(labels[surely & (labels > 0)])
    mask = cv2.morphologyEx(np.isin(labels, kept).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return mask.astype(np.float32) if count > 1 and 0.005 < float(mask.mean()) < 0.85 else None


def _bowl(rows: int, columns: int) -> Floats:
    """Far in the upper middle, nearer to the rim and most of all below: nothing in it is steep."""
    x, y = np.linspace(-1, 1, columns, dtype=np.float32)[None, :], np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    return np.asarray(np.clip(0.22 * x * x + 0.62 * y**1.4 + 0.16 * (1 - y) ** 4, 0, 1), dtype=np.float32)


def _closeness(subject: Floats) -> float:
    """1 for a close-up, whose outline is mostly a guess: what is large and cut by the frame; 0 for what stands free."""
    large = float(np.clip((subject.mean() - _CLOSE_UP[0]) / (_CLOSE_UP[1] - _CLOSE_UP[0]), 0, 1))
    is_cut = max(float(edge.mean()) for edge in (subject[:2], subject[-2:], subject[:, :2], subject[:, -2:])) > 0.04
    return large if is_cut else 0.3 * large


def _uprightness(level: Floats, sight: Sight, has_subject: bool) -> float:
    """1 where walls, posts or trunks stand around the horizon, 0 in open country: how many straight upright edges
    there are. On a ground's ramp such things would be near at their feet and far above, and bend."""
    soft = cv2.GaussianBlur(level, (0, 0), 0.8)
    across, down = (np.abs(cv2.Sobel(soft, cv2.CV_32F, dx, 1 - dx)) for dx in (1, 0))
    rows = level.shape[0]
    edges = ((across > _STRONG_EDGE) & (across > 4 * down)).astype(np.uint8)
    runs = cv2.morphologyEx(edges, cv2.MORPH_OPEN, np.ones((max(5, rows // 14), 1), np.uint8))
    if has_subject:
        runs *= sight.subject < 0.5
    middle = int(sight.horizon * rows)
    share = float(runs[max(0, middle - rows // 12) : middle + rows // 3].mean())
    return float(np.clip((share - _UPRIGHT[0]) / (_UPRIGHT[1] - _UPRIGHT[0]), 0, 1))


def _land(picture: Bytes, sight: Sight, upright: float) -> Floats:
    """Backdrop, what rises before it, and the ground's ramp from the horizon to the lower edge, the flatter the more
    stands upright on it."""
    rows, columns = picture.shape[:2]
    y = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    x = np.linspace(-1, 1, columns, dtype=np.float32)[None, :]
    ground = np.clip((y - np.float32(sight.horizon)) * np.float32(1 / (1 - sight.horizon)), 0, 1)
    rising = np.float32(0.10) + np.float32(0.22) * x * x * _clearness(picture, sight)
    near = np.maximum(np.float32(0.08) + np.float32(0.92 * (1 - 0.75 * upright)) * ground, rising)
    return np.asarray(near * (1 - sight.backdrop), dtype=np.float32)


def _clearness(picture: Bytes, sight: Sight) -> Floats:
    """1 where the air is clear and 0 where haze lies: the dark channel (He, Sun and Tang 2009)."""
    dark = cv2.erode(picture.min(axis=-1), np.ones((_HAZE_CELLS, _HAZE_CELLS), np.uint8)).astype(np.float32)
    behind = sight.backdrop > 0.5
    air = float(np.quantile(picture[behind].min(axis=-1), 0.6)) if behind.any() else 220.0
    return np.asarray(cv2.GaussianBlur(1 - np.clip(dark / max(air, 30.0), 0, 1), (0, 0), 6), dtype=np.float32)


def _with_subject(near: Floats, subject: Floats) -> Floats:
    """The subject upright where its foot touches the ground, a little rounder in its middle."""
    inside = subject > 0.5
    rows = np.nonzero(inside)[0]
    foot = int(np.quantile(rows, 0.985))
    across = inside[max(0, foot - 2) : foot + 1].any(axis=0)
    stands = float(np.median(near[foot][across])) if across.any() else 0.5
    behind = float(np.median(near[~inside]))
    own = max(stands, min(behind + 0.3, 0.9))
    depth_in = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    round_ = np.sqrt(np.clip(depth_in / max(float(depth_in.max()), 1.0), 0, 1)) * np.float32(0.10)
    whole = np.float32(own) + cv2.GaussianBlur(round_, (0, 0), 3)
    return np.asarray(np.where(inside, np.clip(whole, 0, 1), near), dtype=np.float32)
