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
    """Stills side by side, `width` pixels together; `is_pairs` shows each as the first frame of its film above the
    last; `cut` is the part of a frame that is shown: left, top, right, bottom."""

    columns: int
    stills: tuple[Still, ...]
    is_pairs: bool = False
    width: int = 960
    cut: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0)


def _places() -> dict[str, Still]:
    return {
        "lake": Still("A mountain lake at sunset, a sailing boat on still water", 21),
        "mountains": Still("Snow-capped peaks at dawn, mist in the valley", 21),
        "sea": Still("Sailing boats on the sea at sunset, a flock of birds", 3),
        "beach": Still("A tropical beach at golden hour, gentle waves", 12),
        "islands": Still("Green islands in a turquoise sea, morning light, birds", 2),
        "hills": Still("Rolling green hills on a spring day under fluffy clouds, noon", 3),
        "field": Still("A field of wheat at noon under fluffy clouds", 3),
        "road": Still("A road through autumn hills at golden hour", 14),
        "dunes": Still("Desert dunes at sunset, wind", 5),
        "canyon": Still("A red canyon with a river, late afternoon", 3),
        "snowfield": Still("Northern lights over a snowfield at night", 9),
        "forest": Still("An autumn forest in the morning, sun rays, falling leaves", 19),
        "city": Still("A city skyline at dusk, reflected in the bay", 3),
        "space": Still("A ringed planet before a purple nebula", 3),
        "underwater": Still("A coral reef with fish and bubbles, shafts of light", 3),
        "abstract": Still("Abstract flowing silk in blue and gold", 30),
    }


def _each(pattern: str, seed: int, words: Sequence[str]) -> tuple[Still, ...]:
    """The same prompt with one word changed."""
    return tuple(Still(pattern.format(word), seed) for word in words)


def _moved(prompt: str, seed: int, move: str, picture: str | None = None) -> Still:
    return Still(prompt, seed, moves=(Move(move, 1.0),), picture=picture)


_TIMES = ("dawn", "morning", "noon", "golden hour", "sunset", "dusk", "night", "night under northern lights")
_STYLES = ("photorealistic", "cinematic", "anime", "watercolour", "film noir", "vintage film", "pixel art",
           "pencil drawing", "cyanotype")  # fmt: skip
_MOODS = ("", ", warm", ", cold", ", dark", ", dreamy", ", vivid", ", muted", ", mysterious")

_HOME = ("lake", "city", "forest", "space", "underwater", "road")  # shown by the README

STILLS: dict[str, Still | Contact] = {
    **_places(),
    "home": Contact(3, tuple(_places()[name] for name in _HOME)),
    "times": Contact(4, _each("A mountain lake at {}", 21, _TIMES)),
    "seasons": Contact(2, _each("A road through {} hills under scattered clouds, morning", 14,
                                ("spring", "summer", "autumn", "snowy winter")), width=760),
    "weather": Contact(3, (
        Still("Mountains at noon under a clear sky", 3),
        Still("Mountains in the morning mist", 3),
        Still("Mountains in the rain", 3),
        Still("Mountains in a thunderstorm, lightning", 3, 0.115),
        Still("Mountains in heavy snowfall", 3),
        Still("A rainbow over mountains, morning", 3),
    )),
    "moods": Contact(4, _each("Rolling green hills at noon{}", 3, _MOODS)),
    "colours": Contact(3, (
        Still("Abstract liquid in teal and pink", 3),
        Still("A city on a clear night, purple and cyan neon", 3),
        Still("A planet with rings before a golden nebula", 27),
    )),
    "styles": Contact(3, _each("Green islands in a turquoise sea, morning light, birds, {}", 2, _STYLES), width=744,
                      cut=(0.0, 0.13, 0.65, 0.78)),
    "life": Contact(3, (
        Still("Birds and boats on the sea at golden hour", 34),
        Still("A rowboat on a misty lake at dawn", 3),
        Still("Falling leaves on a road in autumn, golden hour", 3),
        Still("Cherry blossom petals over a meadow, golden hour", 8),
        Still("A forest at dusk with fireflies", 3),
        Still("A school of fish under water, bubbles", 29),
    )),
    "versions": Contact(3, tuple(
        Still("A mountain lake at sunset", 3, version=version) for version in Version
    ), cut=(0.44, 0.08, 0.94, 0.92)),
    "camera-turns": Contact(3, (
        _moved("A city skyline at dusk", 3, "pan_right"),
        _moved("Snow-capped peaks in the morning", 21, "tilt_up"),
        _moved("Rolling hills at noon", 3, "roll_right"),
    ), is_pairs=True),
    "camera-ways": Contact(3, (
        _moved("A road through autumn hills at golden hour", 14, "dolly_in"),
        _moved("A forest in the morning, sun rays", 3, "truck_right"),
        _moved("Desert dunes at sunset", 5, "pedestal_up"),
    ), is_pairs=True),
    "camera-lens": Contact(3, (
        _moved("A canyon with a river, late afternoon", 3, "orbit_right"),
        _moved("A mountain lake at sunset, a sailing boat", 21, "zoom_in"),
        _moved("A field of wheat at noon under fluffy clouds", 5, "dolly_zoom_in"),
    ), is_pairs=True),
    "picture": Contact(3, (
        _moved("", 7, "orbit_right", "still_life"),
        _moved("", 7, "dolly_in", "city"),
        _moved("", 7, "truck_right", "lake"),
    ), is_pairs=True),
    "cyanotype": Still("A cyanotype of a mountain lake at sunset", 3),
}  # fmt: skip


def _rgb(luma: Picture, u: Picture, v: Picture) -> Picture:
    """Red, green and blue bytes of BT.709, limited range, 4:2:0."""
    size = luma.shape[1], luma.shape[0]
    blue, red = ((cv2.resize(plane, size).astype(np.float32) - 128) / 224 for plane in (u, v))
    light = (luma.astype(np.float32) - 16) / 219
    planes = light + 1.5748 * red, light - 0.1873 * blue - 0.4681 * red, light + 1.8556 * blue
    return np.clip(np.stack(planes, -1) * 255 + 0.5, 0, 255).astype(np.uint8)


def _fitted(picture: Picture, width: int) -> Picture:
    height = round(picture.shape[0] * width / picture.shape[1])
    return np.asarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _contact(contact: Contact, drawings: Path) -> Picture:
    """The stills of a contact picture, in rows."""
    moments = [(0.0, 1.0) if contact.is_pairs else (still.moment,) for still in contact.stills]
    drawn = [still.drawn(drawings, at) for still, at in zip(contact.stills, moments, strict=True)]
    wide = contact.width // contact.columns
    parts = [[_fitted(_cut(frame, contact.cut), wide) for frame in frames] for frames in drawn]
    columns, rows = contact.columns, []
    for begin in range(0, len(parts), columns):
        for frames in zip(*parts[begin : begin + columns], strict=True):
            rows.append(_joined(frames, across=True))
    return _joined(rows, across=False)


def _cut(frame: Picture, box: tuple[float, float, float, float]) -> Picture:
    height, width = frame.shape[:2]
    left, top, right, bottom = (round(share * side) for share, side in zip(box, (width, height) * 2, strict=True))
    return frame[top:bottom, left:right]


def _joined(frames: Sequence[Picture], *, across: bool) -> Picture:
    """Pictures beside or below one another, with a gap between."""
    axis = 1 if across else 0
    gap = np.full((frames[0].shape[0], _GAP, 3) if across else (_GAP, frames[0].shape[1], 3), 255, np.uint8)
    whole = [part for frame in frames for part in (gap, frame)][1:]
    return np.concatenate(whole, axis=axis)


def _saved(picture: Picture, path: Path) -> int:
    """Save as JPEG, as well as fits; returns its bytes."""
    for quality in _QUALITIES:
        out = BytesIO()
        Image.fromarray(picture).save(out, "JPEG", quality=quality, optimize=True, progressive=True)
        if out.tell() <= _MOST_BYTES:
            break
    path.write_bytes(out.getvalue())
    print(f"{path.name}: {out.tell() / 1000:.0f} kB at quality {quality}", flush=True)
    return out.tell()


def main() -> int:
    """Draw and save; 0 when every picture is light enough."""
    parser = argparse.ArgumentParser(prog="gallery.stills", description=__doc__)
    parser.add_argument("--only", default="", help="words; pictures whose name holds one of them")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where they go")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = options.only.split()
    heavy = []
    with TemporaryDirectory() as drawings:
        for name, item in STILLS.items():
            if wanted and not any(word in name for word in wanted):
                continue
            if isinstance(item, Contact):
                picture = _contact(item, Path(drawings))
            else:
                picture = _fitted(item.drawn(Path(drawings), (item.moment,))[0], 640)
            if _saved(picture, options.out / f"{name}.jpg") > _MOST_BYTES:
                heavy.append(name)
    together = sum(path.stat().st_size for path in options.out.glob("*.jpg"))
    print(f"together {together / 1000:.0f} kB" + (f"; too heavy: {', '.join(heavy)}" if heavy else ""))
    return 1 if heavy or together > _MOST_BYTES_TOGETHER else 0


if __name__ == "__main__":
    sys.exit(main())
