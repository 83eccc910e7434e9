"""What Runway makes of a request, as data: (version, quality, kind, aspect ratio) → the tasks that are bought.

Runway offers gen-4 alone. Where a row stands in for what it does not offer, the row says so, and so does every film.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Literal

from doitong.catalogue.model import FRAMES, AspectRatio, Kind, Quality, Version
from doitong.engines.port import Wish

ENGINE = "runway"
STILL_MODEL, UPSCALER = "gen4_image", "magnific_video_upscaler_creative"
RATIOS = {AspectRatio.WIDE: "1280:720", AspectRatio.TALL: "720:1280", AspectRatio.SQUARE: "960:960"}
STILL_RATIO = "1024:1024"
UPSCALER_RESOLUTION = "1k"  # 1080 pixels on the shorter side
STEP_MARK = "~"

StandIns = Literal["alias", "refuse"]
Upscale = Literal["local", "magnific"]


@dataclass(frozen=True, slots=True)
class Step:
    """One task: the path of its create call, the model, and its `ratio` where the call has one."""

    path: str
    model: str
    ratio: str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The tasks of one wish, in order. `stand_in` is empty, or says what the film is not."""

    wish: Wish
    steps: tuple[Step, ...]
    stand_in: str = ""
    is_upscaled: bool = False

    @property
    def film_step(self) -> Step:
        """The step that makes the film; an upscale may follow."""
        return next(step for step in self.steps if step.path.endswith("_to_video"))

    @property
    def model(self) -> str:
        """What `metadata.model` says."""
        return "+".join(step.model for step in self.steps)


def make_row(wish: Wish, upscale: Upscale) -> Row:
    """The row of one wish, for every wish there is."""
    is_square_text = wish.kind is Kind.TEXT_TO_VIDEO and wish.aspect_ratio is AspectRatio.SQUARE
    from_picture = wish.kind is Kind.IMAGE_TO_VIDEO or is_square_text
    model = "gen4_turbo" if from_picture and wish.quality is Quality.STANDARD else "gen4.5"
    path = "image_to_video" if from_picture else "text_to_video"
    steps = [Step(path, model, RATIOS[wish.aspect_ratio])]
    if is_square_text:
        steps.insert(0, Step("text_to_image", STILL_MODEL, STILL_RATIO))
    is_high = wish.quality is Quality.HIGH
    if is_high and upscale == "magnific":
        steps.append(Step("video_upscale", UPSCALER))
    return Row(wish, tuple(steps), _stand_in(wish, model, is_square_text), is_high)


def _stand_in(wish: Wish, model: str, is_square_text: bool) -> str:
    parts = []
    if wish.version is not Version.GEN_4:
        parts.append(f"Runway no longer offers {wish.version.value}; {model} stands in for it.")
    if is_square_text:
        parts.append(f"Runway has no square text to video; {model} animates a still made by {STILL_MODEL}.")
    return " ".join(parts)


@dataclass(frozen=True)
class RunwayOffer:
    """The table of one installation: with or without its stand-ins, upscaled here or there."""

    stand_ins: StandIns = "alias"
    upscale: Upscale = "local"
    rows: Mapping[Wish, Row] = field(init=False)

    def __post_init__(self) -> None:
        wishes = (Wish(*words) for words in product(Kind, Version, Quality, AspectRatio))
        rows = {wish: make_row(wish, self.upscale) for wish in wishes}
        kept = {wish: row for wish, row in rows.items() if self.stand_ins == "alias" or not row.stand_in}
        object.__setattr__(self, "rows", kept)

    @property
    def pools(self) -> frozenset[str]:
        return frozenset(pool_of(row.film_step.model) for row in self.rows.values())

    def pool(self, wish: Wish) -> str | None:
        """Limits count by model; a still that comes first takes the place of its film already."""
        return pool_of(self.rows[wish].film_step.model)

    def missing(self, wish: Wish) -> str | None:
        if wish in self.rows:
            return None
        return "version" if wish.version is not Version.GEN_4 else "aspectRatio"

    def found_task(self, wish: Wish, last_step: str | None, task_id: str) -> str:
        done = 0 if last_step is None else step_of(last_step) + 1
        return mark(task_id.strip(), done, len(self.rows[wish].steps))

    def describe(self) -> list[dict[str, Any]]:
        return [_describe(row) for row in self.rows.values()]


def _describe(row: Row) -> dict[str, Any]:
    wish, frame = row.wish, FRAMES[row.wish.quality, row.wish.aspect_ratio]
    return {
        "kind": wish.kind.value,
        "version": wish.version.value,
        "quality": wish.quality.value,
        "aspectRatio": wish.aspect_ratio.value,
        "engine": ENGINE,
        "model": row.model,
        "steps": [{"path": step.path, "model": step.model, "ratio": step.ratio} for step in row.steps],
        "width": frame.width,
        "height": frame.height,
        "upscaled": row.is_upscaled,
        "standIn": row.stand_in or None,
    }


def pool_of(model: str) -> str:
    return f"{ENGINE}/{model}"


# Task ids: that of a step which others follow carries its number --------------------------------------------


def mark(task_id: str, step: int, steps: int) -> str:
    """Our id of a task: Runway's own for the last step, with the step's number before it for the others."""
    return task_id if step >= steps - 1 else f"{step}{STEP_MARK}{task_id}"


def step_of(marked_id: str) -> int:
    """The number of a step that others follow."""
    return int(marked_id.partition(STEP_MARK)[0])


def has_next(marked_id: str) -> bool:
    return STEP_MARK in marked_id


def bare(marked_id: str) -> str:
    """Runway's own id."""
    return marked_id.rpartition(STEP_MARK)[2]
