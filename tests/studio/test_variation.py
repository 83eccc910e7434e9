"""The guarantees: one request is one film to the byte, another seed is another film, and another prompt is further
away than another seed. The gallery's run measures the same of every prompt."""

from pathlib import Path

from gallery.clips import Clip
from gallery.variation import repeats_failed, vary

_PROMPTS = (
    "A lake among mountains at sunset", "The open sea on a bright day", "A city skyline at night",
    "An underwater coral reef",
)  # fmt: skip


def test_one_request_is_one_film_and_another_seed_is_another(tmp_path: Path) -> None:
    assert repeats_failed(Clip("silk", "Abstract flowing silk"), tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_prompts_are_further_apart_than_seeds() -> None:
    seen = vary([Clip(prompt, prompt) for prompt in _PROMPTS], seeds=(1, 2))
    assert [item.prompt for item in seen] == list(_PROMPTS)
    assert [item.failed for item in seen] == [[]] * len(seen)
    assert all(item.seeds > 2 for item in seen)  # not merely another grain
