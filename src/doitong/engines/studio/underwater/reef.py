"""What stands on the sea bed: rocks, corals, sponges, weed and kelp, as masters of cover and tone."""

import math
from itertools import pairwise

import cv2
import numpy as np

from doitong.engines.studio.arrays import Floats, as_floats, smooth
from doitong.engines.studio.forest.plants import Master, Sheet
from doitong.engines.studio.noise import spectral_tile


def rock(random: np.random.Generator, pixels: int) -> Master:
    """A boulder with a lit crown, ledges and growth, 2.8 m wide."""
    wide, tall = 3.2, 1.8
    shape = (int(pixels * tall / wide), pixels)
    x = ((np.arange(shape[1], dtype=np.float32) + np.float32(0.5)) / shape[1] - np.float32(0.5))[None] * wide
    y = (tall - (np.arange(shape[0], dtype=np.float32) + np.float32(0.5)) / shape[0] * tall)[:, None]
    broad, rough, fine = (
        cv2.resize(spectral_tile(random, 256, slope, low)[2:-2, 2:-2], (shape[1], shape[1]))[: shape[0]]
        for slope, low in ((1.7, 3), (1.2, 8), (0.8, 24))
    )
    body = np.full(shape, -9.0, np.float32)
    for _ in range(6):
        at, radius, height = random.uniform(-0.7, 0.7), random.uniform(0.3, 0.75), random.uniform(0.35, 1.45)
        height *= 1 - 0.5 * abs(at)
        part = 1 - np.sqrt((np.abs(x - at) / radius) ** 2.4 + (np.maximum(y, 0) / height) ** 2.4)
        body = np.maximum(body, part + 0.02 * float(random.normal()))
    rim = smooth(wide / 2, wide / 2 - 0.3, np.abs(x))
    body = as_floats(body + 0.055 * broad + 0.022 * rough - (1 - rim))
    edge = smooth(0.0, 0.035, body) * smooth(-0.02, 0.12, y + 0.05 * rough)
    relief = as_floats(np.sqrt(np.clip(body, 0, 1)) * 0.9 + 0.05 * broad + 0.022 * rough + 0.006 * fine)
    dy, dx = np.gradient(cv2.GaussianBlur(relief, (0, 0), pixels / 260) * np.float32(pixels / 3.2))
    tone = 0.30 + 0.30 * np.clip(dy, -1, 1) - 0.10 * np.clip(dx, -1, 1) + 0.045 * fine + 0.05 * rough + 0.16 * y
    return Master((edge * 255).astype(np.uint8), (np.clip(tone, 0.02, 1) * 255).astype(np.uint8), (wide, tall),
                  (0.5, 0.97))  # fmt: skip


def fan(random: np.random.Generator, pixels: int) -> Master:
    """A sea fan: branches in one plane, forking many times."""
    sheet = Sheet(2.0, 1.7, pixels, (0.5, 0.98))
    ends = [((0.0, 0.0), math.pi / 2 + random.normal(0, 0.15), 0.36, 0.055)]
    while ends:
        at, turn, length, thick = ends.pop()
        tip = (at[0] + math.cos(turn) * length, at[1] + math.sin(turn) * length)
        sheet.stroke(at, tip, thick, thick * 0.8, 0.35 + 0.3 * tip[1] + random.uniform(-0.1, 0.15))
        if thick < 0.008:
            continue
        for fork in (-0.42, 0.40, 0.02):
            if random.random() < 0.86:
                bend = (turn - math.pi / 2) * 0.94 + math.pi / 2 + fork + random.normal(0, 0.1)
                ends.append((tip, bend, length * random.uniform(0.66, 0.86), thick * random.uniform(0.58, 0.74)))
    return sheet.master()


def staghorn(random: np.random.Generator, pixels: int) -> Master:
    """A thicket of upright branching coral with pale tips."""
    sheet = Sheet(2.0, 1.1, pixels, (0.5, 0.96))
    ends = []
    for _ in range(16):
        foot = (random.normal(0, 0.22), random.uniform(0.0, 0.14))
        ends.append((foot, math.pi / 2 + random.normal(0, 0.55), random.uniform(0.22, 0.4), 0.085, 0))
    for at, turn, length, thick, fork in ends:
        tip = (at[0] + math.cos(turn) * length, at[1] + abs(math.sin(turn)) * length)
        tone = 0.22 + 0.16 * fork + random.uniform(-0.08, 0.08) + 0.25 * tip[1]
        sheet.stroke(at, tip, thick, thick * 0.72, tone * 0.8)
        sheet.stroke(
            (at[0] + thick * 0.22, at[1]), (tip[0] + thick * 0.16, tip[1]), thick * 0.3, thick * 0.2, tone + 0.16
        )
        if fork < 3:
            for _ in range(2):
                bend = turn * 0.7 + math.pi * 0.15 + random.normal(0, 0.5)
                ends.append((tip, bend, length * random.uniform(0.55, 0.85), thick * 0.68, fork + 1))
        else:
            sheet.leaf(tip, thick * 1.4, turn, 2.2, 0.80)
    return sheet.master()


def sponges(random: np.random.Generator, pixels: int) -> Master:
    """A group of tubes with dark mouths."""
    sheet = Sheet(1.2, 1.3, pixels, (0.5, 0.97))
    for _ in range(int(random.integers(4, 8))):
        foot, lean = random.normal(0, 0.2), random.normal(0, 0.12)
        tall, wide = random.uniform(0.4, 1.05), random.uniform(0.12, 0.2)
        for strip in np.linspace(-0.5, 0.5, 9):
            tone = 0.30 + 0.42 * math.sqrt(max(0.0, 1 - (2 * strip - 0.35) ** 2 / 1.9)) + random.normal(0, 0.03)
            at = foot + strip * wide * 0.7
            sheet.stroke((at, 0.0), (foot + lean + strip * wide, tall), wide / 8, wide / 6.5, tone)
        turns = np.linspace(0, 2 * math.pi, 18)
        for share, tone in ((1.0, 0.92), (0.72, 0.03)):
            ring = np.stack([foot + lean + np.cos(turns) * wide * 0.58 * share,
                             tall + np.sin(turns) * wide * 0.22 * share], axis=1)  # fmt: skip
            sheet.polygon(as_floats(ring), tone)
    return sheet.master()


def kelp(random: np.random.Generator, pixels: int) -> Master:
    """A tall strand with long wavy blades, 6.5 m."""
    sheet = Sheet(2.0, 6.6, pixels, (0.5, 0.99))
    for _ in range(3):
        foot, tip, tall = random.normal(0, 0.12), random.normal(0, 0.3), random.uniform(4.2, 6.3)
        previous = (foot, 0.0)
        for share in np.linspace(0.02, 1, 44):
            at = (foot + tip * share + 0.06 * math.sin(share * 9), tall * share)
            sheet.stroke(previous, at, 0.035, 0.03, 0.2)
            previous = at
            side = random.choice([-1.0, 1.0])
            _blade(sheet, random, at, side, 0.35 + 0.5 * share + random.normal(0, 0.15))
    return sheet.master()


def _blade(sheet: Sheet, random: np.random.Generator, at: tuple[float, float], side: float, tone: float) -> None:
    length, turn = random.uniform(0.35, 0.75), random.uniform(0.35, 1.15)
    width, phase = random.uniform(0.045, 0.075), random.uniform(0, 6)
    points = []
    for share in np.linspace(0, 1, 7):
        x = at[0] + side * math.cos(turn) * length * share
        y = at[1] + math.sin(turn) * length * share + 0.03 * math.sin(share * 7 + phase)
        points.append((x, y, width * math.sin(math.pi * min(0.98, 0.1 + 0.9 * share)) ** 0.7))
    for first, last in pairwise(points):
        shade = tone + 0.14 * math.sin(first[0] * 40 + phase)
        sheet.stroke(first[:2], last[:2], first[2], last[2], shade)


def weed(random: np.random.Generator, pixels: int) -> Master:
    """Sea grass: long bending leaves, 0.9 m."""
    sheet = Sheet(1.6, 1.0, pixels, (0.5, 0.97))
    for _ in range(60):
        x, tip, tall = random.normal(0, 0.28), random.normal(0.08, 0.16), random.uniform(0.3, 0.92)
        foot = random.uniform(0.0, 0.13) * (1 - 1.2 * abs(x))  # those behind stand higher
        tone, previous = random.uniform(0.1, 0.8), (x, foot)
        for share in (0.35, 0.7, 1.0):
            at = (x + tip * share**1.7, foot + tall * share)
            sheet.stroke(previous, at, 0.02, 0.02 if share < 1 else 0.003, tone * (0.6 + 0.4 * share))
            previous = at
    return sheet.master()


def brain(random: np.random.Generator, pixels: int) -> Master:
    """A dome of brain coral with winding grooves."""
    shape = (int(pixels * 0.62), pixels)
    x = np.linspace(-1.12, 1.12, shape[1], dtype=np.float32)[None]
    y = np.linspace(1.22, -0.16, shape[0], dtype=np.float32)[:, None]
    broad, maze = (
        cv2.resize(spectral_tile(random, 256, slope, low)[2:-2, 2:-2], (shape[1], shape[1]))[: shape[0]]
        for slope, low in ((1.7, 2), (2.2, 9))
    )
    body = as_floats(1 - np.sqrt(x * x + (np.maximum(y, 0) / 0.86) ** 2) + 0.06 * broad)
    edge: Floats = smooth(0.0, 0.03, body) * smooth(-0.12, 0.02, y + 0.05 * broad)
    grooves = np.abs(np.sin(maze * 3.4)) ** 0.6
    round_ = np.clip(np.sqrt(np.clip(body, 0, 1)), 0, 1)
    tone = 0.03 + (0.20 + 0.62 * np.clip(y * 0.9 + 0.28 * x, 0, 1.1)) * (0.35 + 0.65 * grooves) * (0.5 + 0.5 * round_)
    return Master((edge * 255).astype(np.uint8), (np.clip(tone, 0, 1) * 255).astype(np.uint8), (1.5, 0.93),
                  (0.5, 0.90))  # fmt: skip
