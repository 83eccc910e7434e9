"""`python -m gallery.stills`: the pictures of docs/studio.md, from prompts that a reader can copy.

Each is drawn by the engine's own stage at 1280×720 and saved small, without Exif. The same table gives the same
pictures; a picture that is too heavy is saved at a lower quality, and the command ends with 1 when that does not help.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from doitong.catalogue.model import FRAMES, FRAMES_PER_SECOND, AspectRatio, Kind, Quality, Version
from doitong.engines.port import EngineRequest, Motion, Move
from doitong.engines.studio.levels import level_of
from doitong.engines.studio.picture.stage import PictureStage
from doitong.engines.studio.reading.interpretation import interpret
from doitong.engines.studio.renderer import Drawable
from doitong.engines.studio.stage import Stage
from gallery import pictures

FOLDER = Path(__file__).parents[1] / "docs" / "images" / "studio"
_SECONDS = 5
_QUALITIES = (82, 78, 74, 70, 66)
_MOST_BYTES, _MOST_BYTES_TOGETHER = 60_000, 1_500_000
_GAP = 4  # white pixels between the parts of a contact picture

Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Still:
    """One frame of a film: `moment` 0–1 of its length. `picture`: a function of `gallery.pictures`."""

    prompt: str
    seed: int
    moment: float = 0.5
    version: Version = Version.GEN_4
    moves: tuple[Move, ...] = ()
    brushes: tuple[Mapping[str, object], ...] = ()
    picture: str | None = None

    def drawn(self, drawings: Path, moments: Sequence[float]) -> list[Picture]:
        """The film's frames at some moments, red, green and blue bytes."""
        frame = FRAMES[Quality.STANDARD, AspectRatio.WIDE]
        path = getattr(pictures, self.picture)(drawings) if self.picture else None
        request = EngineRequest(
            "still", 1, "runway", Kind.IMAGE_TO_VIDEO if path else Kind.TEXT_TO_VIDEO, self.prompt, _SECONDS,
            AspectRatio.WIDE, self.version, Quality.STANDARD, frame.width, frame.height, FRAMES_PER_SECOND, self.seed,
            motion=Motion(self.moves, self.brushes) if self.moves or self.brushes else None, image_path=path,
        )  # fmt: skip
        scene, report = interpret(request)
        for warning in report["warnings"]:
            print(f"  {warning}")
        stage: Drawable
        if path:
            stage = PictureStage(request, scene)
        else:
            stage = Stage(scene, level_of(self.version, Quality.STANDARD), frame.width, frame.height)
        count = _SECONDS * FRAMES_PER_SECOND
        numbers = [round(moment * (count - 1)) for moment in moments]
        return [_rgb(*stage.frame(number, count, number / FRAMES_PER_SECOND)) for number in numbers]


@dataclass(frozen=True, slots=True)
class Contact:
    """Stills side by side; `is_pairs` shows each as the first frame of its film above the last."""

    columns: int
    stills: tuple[Still, ...]
    is_pairs: bool = False


