"""What a picture seems to show: a far backdrop such as the sky, and one subject before it, each with a trust of 0–1.

No learned weights: edges, colours and places. It is often right about landscapes and about one thing before a calm
ground, and often wrong about close-ups; the trust is there so that nobody has to believe it. Works on a picture of
about `WORK_SIDE` pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from doitong.engines.studio.arrays import Bytes, Floats
from doitong.engines.studio.picture.filters import grey, slope

WORK_SIDE = 320
_CUT_SIDE = 224
_FLAT_SLOPE = 0.0005  # light a pixel: what is printed has no shading between its edges
_FEW_COLOURS = 0.62  # share of the picture in its four commonest colours


@dataclass(frozen=True, slots=True)
class Sight:
    """Masks are float32 of 0 or 1 at the work size; `horizon` is the share of the height where the ground begins."""

    backdrop: Floats
    backdrop_trust: float
    is_sky: bool
    subject: Floats
    subject_trust: float
    horizon: float
    attention: Floats  # how much a pixel draws the eye, sums to 1
    is_flat: bool  # a graphic without depth


def look_at(picture: Bytes) -> Sight:
    """Everything that is recognised in a small picture (red, green, blue bytes)."""
    level = grey(picture)
    attention = _attention(picture, level)
    if is_printed(picture, level):
        nothing = np.zeros_like(level)
        return Sight(nothing, 0.0, False, nothing, 0.0, 0.35, attention / attention.sum(), True)
    backdrop, backdrop_trust = _find_backdrop(picture, level)
    subject, subject_trust = _find_subject(picture, level, attention, backdrop * np.float32(backdrop_trust > 0.35))
    if backdrop_trust > 0.35:
        attention = attention * (1 - np.float32(0.7) * backdrop)
    if subject_trust > 0.5:
        attention = attention + subject * np.float32(1.5 / max(float(subject.sum()), 1.0))
    horizon = _horizon(backdrop, subject) if backdrop_trust > 0.35 else 0.35
    attention = attention / attention.sum()
    is_sky = _is_sky(picture, backdrop)
    return Sight(backdrop, backdrop_trust, is_sky, subject, subject_trust, horizon, attention, False)


def is_printed(picture: Bytes, level: Floats) -> bool:
    """Whether it is a flat graphic (poster, logo, text): few colours and no shading between the edges."""
    coarse = np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.0)).astype(np.int32) >> 5
    colour = coarse[..., 0] * 64 + coarse[..., 1] * 8 + coarse[..., 2]
    counts = np.bincount(colour.ravel(), minlength=512)
    if np.sort(counts)[-4:].sum() < _FEW_COLOURS * colour.size:
        return False
    calm = cv2.erode((slope(level, 1.0) < 0.03).astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    areas = calm & (colour != counts.argmax())  # beside the paper, or a cut-out's plain ground
    return not areas.any() or float(np.median(slope(level, 2.0)[areas])) < _FLAT_SLOPE


def _attention(picture: Bytes, level: Floats) -> Floats:
    """Saliency: spectral residual (Hou and Zhang 2007), edges, and a light pull to the middle."""
    small = cv2.resize(level, (64, 64), interpolation=cv2.INTER_AREA)
    spectrum = np.fft.fft2(small)
    size = np.log(np.abs(spectrum) + 1e-6).astype(np.float32)
    residual = np.exp(size - cv2.blur(size, (3, 3))) * np.exp(1j * np.angle(spectrum))
    odd = cv2.GaussianBlur(np.abs(np.fft.ifft2(residual)).astype(np.float32) ** 2, (0, 0), 3.0)
    rows, columns = level.shape
    edges = cv2.GaussianBlur(slope(level, 1.0), (0, 0), columns / 40)
    drawn = cv2.resize(odd / odd.max(), (columns, rows)) + edges / max(float(edges.max()), 1e-6)
    x, y = np.linspace(-1, 1, columns, dtype=np.float32)[None, :], np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    middle = np.exp(-(x * x + y * y) / 1.3)
    return np.asarray(drawn * (0.35 + middle), dtype=np.float32)


def _find_backdrop(picture: Bytes, level: Floats) -> tuple[Floats, float]:
    """What lies behind everything and reaches the upper edge: a sky, or else a calm wall."""
    best, trust = np.zeros_like(level), 0.0
    for candidate in (_sky_like(picture, level), _calm(picture, level)):
        mask = _from_above(candidate)
        now = _backdrop_trust(picture, level, mask)
        if now > trust:
            best, trust = mask, now
        if trust > 0.4:
            break
    return best, trust


def _sky_like(picture: Bytes, level: Floats) -> Floats:
    """What is bright, not green and hangs from the upper edge, and then what has its colours (GrabCut, Rother 2004)."""
    red, green, blue = (picture[..., i].astype(np.float32) for i in range(3))
    bright = picture.max(axis=-1).astype(np.float32)
    rows = level.shape[0]
    light = float(np.quantile(bright[: rows // 2], 0.97))
    is_blue = (blue > red + 12) & (blue >= green) & (bright > 90)
    is_green = (green > red + 3) & (green > blue + 3)
    likely = (is_blue | (bright > 0.78 * light)) & ~is_green
    hanging = _from_above(likely.astype(np.float32))
    sure = cv2.erode(hanging, np.ones((3, 3), np.uint8)) > 0.5
    if sure.mean() < 0.02:
        return np.zeros_like(level)
    seeds = np.full(level.shape, cv2.GC_BGD, np.uint8)
    seeds[cv2.dilate(hanging, np.ones((7, 7), np.uint8)) > 0.5] = cv2.GC_PR_BGD
    seeds[hanging > 0.5] = cv2.GC_PR_FGD
    seeds[sure] = cv2.GC_FGD
    seeds[-rows // 8 :] = cv2.GC_BGD
    return _cut(picture, seeds, 1)


def _calm(picture: Bytes, level: Floats) -> Floats:
    """What has no edges, as a wall or a studio's ground."""
    steep = slope(level, 1.0)
    calm = (steep < max(0.008, float(np.quantile(steep, 0.35)))).astype(np.float32)
    hanging = _from_above(calm) > 0.5
    if hanging.sum() < 100:
        return np.zeros_like(level)
    lab = cv2.cvtColor(cv2.GaussianBlur(picture, (0, 0), 1.0), cv2.COLOR_RGB2LAB).astype(np.float32)
    alike = _distance_to(lab, lab[hanging]) < 16
    return np.asarray(
        cv2.morphologyEx((hanging & alike).astype(np.float32), cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    )


def _from_above(mask: Floats) -> Floats:
    """The pieces of a mask that reach the upper edge, without hairs."""
    clean = cv2.morphologyEx((mask > 0.5).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels = cv2.connectedComponents(clean)
    reach = np.bincount(labels[:2].ravel(), minlength=count)
    reach[0] = 0
    return np.isin(labels, np.flatnonzero(reach > mask.shape[1] * 0.06)).astype(np.float32)


def _backdrop_trust(picture: Bytes, level: Floats, mask: Floats) -> float:
    share = float(mask.mean())
    if not 0.04 < share < 0.92:
        return 0.0
    inside, outside = mask > 0.5, mask < 0.5
    steep = slope(level, 0.8)
    calm = float(steep[inside].mean()) / max(float(steep[outside].mean()), 1e-4)
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    apart = float(np.linalg.norm(lab[inside].mean(axis=0) - lab[outside].mean(axis=0)))
    edge = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    sharp = float(np.quantile(cv2.dilate(steep, np.ones((5, 5), np.uint8))[edge], 0.25))
    trust = _rise(1.7, 0.9, calm) * _rise(6, 18, apart) * _rise(0.1, 0.3, float(mask[0].mean()))
    return trust * _rise(0.006, 0.02, sharp) * _rise(0.95, 0.85, share)


def _cut(picture: Bytes, seeds: Bytes, rounds: int) -> Floats:
    """GrabCut (Rother and others 2004) from seeds, on a smaller picture: its cost grows faster than the picture."""
    rows, columns = seeds.shape
    scale = min(1.0, _CUT_SIDE / max(rows, columns))
    size = max(1, round(columns * scale)), max(1, round(rows * scale))
    mask = np.asarray(cv2.resize(seeds, size, interpolation=cv2.INTER_NEAREST))
    is_front = mask % 2 == 1  # odd: foreground, sure or probable
    if is_front.all() or not is_front.any():
        return np.zeros(seeds.shape, np.float32)
    cv2.setRNGSeed(1)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    cv2.grabCut(small, mask, (0, 0, 1, 1), models[0], models[1], rounds, cv2.GC_INIT_WITH_MASK)
    front = cv2.resize((mask % 2 == 1).astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(front > 0.5, dtype=np.float32)


def _is_sky(picture: Bytes, backdrop: Floats) -> bool:
    """Whether a backdrop could be a sky: bright or bluish or warm, above the rest."""
    inside = backdrop > 0.5
    if not inside.any():
        return False
    red, _, blue = picture[inside].mean(axis=0)
    if max(red, blue) < 40:
        return False
    above = float(np.nonzero(inside)[0].mean()) / picture.shape[0]
    is_lighter = float(picture[inside].mean()) > float(picture[~inside].mean()) * 0.95
    return bool(above < 0.5 and (is_lighter or blue > red * 1.1 or red > blue * 1.25))


def _find_subject(picture: Bytes, level: Floats, attention: Floats, backdrop: Floats) -> tuple[Floats, float]:
    """The one thing that stands out from the rim of the picture, and how well it does."""
    rows, columns = level.shape
    lab = cv2.cvtColor(picture, cv2.COLOR_RGB2LAB).astype(np.float32)
    rim = np.ones(level.shape, bool)
    side, top = max(2, columns // 24), max(2, rows // 24)
    rim[top:, side:-side] = False
    far = _distance_to(lab, lab[rim])
    x, y = np.linspace(-1, 1, columns, dtype=np.float32)[None, :], np.linspace(-1, 1, rows, dtype=np.float32)[:, None]
    middle = np.exp(-(x * x / 0.5 + (y - 0.1) ** 2 / 0.9))
    drawn = cv2.GaussianBlur(attention / attention.max(), (0, 0), columns / 60)
    score = far / max(float(np.quantile(far, 0.98)), 1e-3) * (0.25 + middle) + 0.4 * drawn * middle
    score *= 1 - cv2.erode(backdrop, np.ones((5, 5), np.uint8))
    seeds = np.full(level.shape, cv2.GC_PR_BGD, np.uint8)
    steps = np.clip(score / max(float(np.quantile(score, 0.99)), 1e-6) * 255, 0, 255).astype(np.uint8)
    parted, _ = cv2.threshold(steps, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    high = float(np.quantile(score, 0.93))
    seeds[steps > min(parted, float(np.quantile(steps, 0.85)))] = cv2.GC_PR_FGD
    seeds[score > max(high, 1e-6)] = cv2.GC_FGD
    seeds[rim | (cv2.erode(backdrop, np.ones((3, 3), np.uint8)) > 0.5)] = cv2.GC_BGD
    mask = _largest(_cut(picture, seeds, 4))
    return mask, _subject_trust(mask, lab, slope(level, 0.8))


def _distance_to(lab: Floats, samples: Floats) -> Floats:
    """How far each colour is from the nearest of a few that stand for `samples`."""
    cv2.setRNGSeed(1)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0)
    some = np.ascontiguousarray(samples[::3])
    labels = np.zeros((len(some), 1), np.int32)
    _, _, middles = cv2.kmeans(some, min(6, len(some)), labels, stop, 1, cv2.KMEANS_PP_CENTERS)
    return np.asarray(np.min([np.linalg.norm(lab - middle, axis=-1) for middle in middles], axis=0), dtype=np.float32)


def _largest(mask: Floats) -> Floats:
    """The largest piece of a mask with those that lie within its outline, without holes or hairs."""
    clean = cv2.morphologyEx((mask > 0.5).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(clean)
    if count < 2:
        return np.zeros(mask.shape, np.float32)
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    piece = (labels == largest).astype(np.uint8)
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = cv2.fillPoly(np.zeros_like(piece), [cv2.convexHull(np.vstack(outlines))], 1)
    hull = cv2.dilate(hull, np.ones((9, 9), np.uint8))
    within = np.bincount(labels.ravel(), hull.ravel(), count) / np.maximum(stats[:, cv2.CC_STAT_AREA], 1)
    kept = [i for i in range(1, count) if i == largest or within[i] > 0.6]
    return np.asarray(cv2.morphologyEx(np.isin(labels, kept).astype(np.uint8), cv2.MORPH_CLOSE,
                                       np.ones((5, 5), np.uint8)), dtype=np.float32)  # fmt: skip


def _subject_trust(mask: Floats, lab: Floats, steep: Floats) -> float:
    share = float(mask.mean())
    if not 0.015 < share < 0.7:
        return 0.0
    edge = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 0
    outside = (cv2.dilate(mask, np.ones((15, 15), np.uint8)) > 0.5) & (mask < 0.5)
    away = cv2.dilate(mask, np.ones((7, 7), np.uint8)) < 0.5
    if away.sum() < 200:
        return 0.0
    apart = float(np.median(_distance_to(lab, lab[away])[mask > 0.5]))
    sharp = float(np.quantile(steep[edge], 0.4)) / max(float(np.quantile(steep[outside], 0.5)), 2e-3)
    contours, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    hull = max(float(cv2.contourArea(cv2.convexHull(np.vstack(contours)))), 1.0)
    whole = float(mask.sum()) / hull
    sides = float(max(mask[:, 0].mean(), mask[:, -1].mean(), mask[0].mean()))
    wide = float((mask.max(axis=0) > 0).mean())  # what reaches from side to side is the land itself
    return (
        _rise(0.85, 0.65, wide)
        * _rise(5, 14, apart)
        * _rise(1.4, 3.0, sharp)
        * _rise(0.4, 0.72, whole)
        * _rise(0.45, 0.15, sides)
    )


def _horizon(backdrop: Floats, subject: Floats) -> float:
    """Where the ground begins: how far down the backdrop reaches, beside the subject."""
    rows = backdrop.shape[0]
    lowest = rows - np.argmax(backdrop[::-1] > 0.5, axis=0)
    seen = (backdrop.max(axis=0) > 0.5) & (subject.max(axis=0) < 0.5)
    if not seen.any():
        seen = backdrop.max(axis=0) > 0.5
    return float(np.clip(np.quantile(lowest[seen], 0.8) / rows, 0.05, 0.8)) if seen.any() else 0.35


def _rise(low: float, high: float, value: float) -> float:
    """0 at `low`, 1 at `high`, straight between; falls when `low` is the greater."""
    return float(np.clip((value - low) / (high - low), 0, 1))
