"""How films differ: two seeds of one prompt show two films, yet two prompts differ more than two seeds do.

Measured on small stills that go through the engine's own reading and stage, at the coarsest level. The distance of two
films is that of their signatures (`measures.signature`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from doitong.catalogue.model import AspectRatio, Version
from doitong.engines.port import EngineRequest
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.renderer import render_film
from doitong.engines.studio.stage import Stage
from gallery import measures
from gallery.clips import Clip

SEEDS = (101, 102, 103)
_WIDTH, _HEIGHT = 320, 180
_MOMENTS = (12, 60, 108)  # frames of a film of 120
_COUNT = 120


@dataclass(frozen=True, slots=True)
class Varied:
    """One prompt: mean distance between its seeds, mean distance to the other prompts, and the prompt nearest to it
    with its distance."""

    prompt: str
    seeds: float
    others: float
    nearest: str
    nearest_distance: float

    @property
    def failed(self) -> list[str]:
        """What is wrong, in words."""
        if self.seeds <= 0:
            return [f"“{self.prompt}”: two seeds show the same film"]
        if self.seeds >= self.others:
            return [f"“{self.prompt}”: two seeds differ by {self.seeds:.1f}, other prompts only by {self.others:.1f}"]
        return []


def small(request: EngineRequest, seed: int) -> EngineRequest:
    """The request as a small film at the coarsest level."""
    return replace(
        request, seed=seed, width=_WIDTH, height=_HEIGHT, aspect_ratio=AspectRatio.WIDE, version=Version.GEN_2
    )


def vary(clips: Iterable[Clip], seeds: Sequence[int] = SEEDS) -> list[Varied]:
    """Measure every prompt of the clips that are made from text."""
    requests = {clip.prompt: clip.request(None) for clip in clips if clip.picture is None}
    seen = {prompt: [_signature(small(request, seed)) for seed in seeds] for prompt, request in requests.items()}
    return [_compare(prompt, seen) for prompt in seen]


def _signature(request: EngineRequest) -> measures.Frames:
    scene, _ = interpret(request)
    stage = Stage(scene, level_of(request.version, request.quality), request.width, request.height)
    frames = [_rgb(*stage.frame(number, _COUNT, number / request.frames_per_second)) for number in _MOMENTS]
    return measures.signature(np.stack(frames))


def _rgb(luma: measures.Frames, blue: measures.Frames, red: measures.Frames) -> measures.Frames:
    whole = np.vstack([luma, np.vstack([blue.reshape(-1, luma.shape[1]), red.reshape(-1, luma.shape[1])])])
    return np.asarray(cv2.cvtColor(whole, cv2.COLOR_YUV2RGB_I420))


def _compare(prompt: str, seen: dict[str, list[measures.Frames]]) -> Varied:
    own = seen[prompt]
    seeds = [_distance(one, other) for number, one in enumerate(own) for other in own[number + 1 :]]
    others = {
        name: float(np.mean([_distance(one, other) for one in own for other in films]))
        for name, films in seen.items()
        if name != prompt
    }
    nearest = min(others, key=lambda name: others[name], default="")
    apart = float(np.mean(list(others.values()))) if others else 0.0
    return Varied(prompt, float(np.mean(seeds)), apart, nearest, others.get(nearest, 0.0))


def _distance(one: measures.Frames, other: measures.Frames) -> float:
    """Root of the mean square of the differences."""
    return float(np.sqrt(np.mean((one - other) ** 2)))


def repeats_failed(clip: Clip, folder: Path) -> list[str]:
    """What is wrong when one short request is rendered twice, and once more with another seed: nothing, when the first
    two files are equal byte for byte and the third is not."""
    request = replace(small(clip.request(None), 7), duration_seconds=1, frames_per_second=8)
    films = []
    for number, seed in enumerate((7, 7, 8)):
        path = folder / f"repeat-{number}.mp4"
        render_film(replace(request, seed=seed), path, lambda progress: None, workers=2)
        films.append(path.read_bytes())
        for made in folder.glob(f"repeat-{number}.*"):
            made.unlink()
    failed = [] if films[0] == films[1] else [f"{clip.name}: the same request made two different files"]
    return failed + ([f"{clip.name}: two seeds made the same file"] if films[0] == films[2] else [])
