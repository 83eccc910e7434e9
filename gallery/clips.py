"""The clips of the gallery, as a table: what is asked for, and what each must show."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from doitong.catalogue.model import FRAMES, FRAMES_PER_SECOND, AspectRatio, Kind, MotionIntensity, Quality, Version
from doitong.engines.port import EngineRequest, Motion, Move

_WIDE, _TALL, _SQUARE = AspectRatio.WIDE, AspectRatio.TALL, AspectRatio.SQUARE


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip. `move` is a camera move in structured form, checked by optical flow; `without` names gates that the
    clip breaks on purpose (lightning is a jump of brightness, a static night stands almost still, silk has no grain,
    driven snow no flow); `near` says where what is near stands, which a move aside shifts most: in space it floats in
    the middle."""

    name: str
    prompt: str
    move: str | None = None
    aspect: AspectRatio = _WIDE
    version: Version = Version.GEN_4
    quality: Quality = Quality.STANDARD
    seed: int = 7
    seconds: int = 5
    picture: str | None = None  # a function of `gallery.pictures`
    brushes: tuple[dict[str, object], ...] = ()
    without: frozenset[str] = field(default_factory=frozenset)
    near: Literal["below", "middle"] = "below"

    def request(self, picture: Path | None) -> EngineRequest:
        """What Studio is told; `picture` is the drawn picture's path."""
        frame = FRAMES[self.quality, self.aspect]
        moves = (Move(self.move, 0.8),) if self.move else ()
        return EngineRequest(
            generation_id=f"gallery-{self.name}",
            attempt=1,
            service="runway",
            kind=Kind.IMAGE_TO_VIDEO if picture else Kind.TEXT_TO_VIDEO,
            prompt=self.prompt,
            duration_seconds=self.seconds,
            aspect_ratio=self.aspect,
            version=self.version,
            quality=self.quality,
            width=frame.width,
            height=frame.height,
            frames_per_second=FRAMES_PER_SECOND,
            seed=self.seed,
            motion_intensity=MotionIntensity.MEDIUM,
            motion=Motion(camera=moves, brushes=self.brushes) if moves or self.brushes else None,
            image_path=picture,
        )


_FLASHES = frozenset({"lum_jitter", "warp_err"})
_DRIVEN = frozenset({"warp_err"})
_QUIET = frozenset({"moving", "dup", "sharp"})

_BILLOWING = {
    "polygon": [[0.05, 0.02], [0.95, 0.02], [0.95, 0.72], [0.05, 0.72]],
    "mode": "wave",
    "direction": 20,
    "speed": 0.8,
}

CLIPS = (
    Clip("sunset-lake", "A serene landscape with mountains and a lake at sunset"),
    Clip("sunset-lake-gen-2", "A serene landscape with mountains and a lake at sunset", version=Version.GEN_2),
    Clip("sunset-lake-gen-3", "A serene landscape with mountains and a lake at sunset", version=Version.GEN_3),
    Clip("sunset-lake-1080p", "A serene landscape with mountains and a lake at sunset", quality=Quality.HIGH),
    Clip("dawn-lake", "Gorsko jezero v meglici ob zori, po vodi pluje čoln", "truck_right", seed=11),
    Clip("alps", "Snow-capped alpine peaks under a clear morning sky", "pan_right", seed=1),
    Clip("peaks-time-lapse", "Time-lapse of clouds rushing over the mountains at golden hour", "tilt_up", seed=21),
    Clip("storm-at-sea", "A storm at sea at dusk, lightning and heavy rain", "handheld", without=_FLASHES, seed=5),
    Clip("open-sea", "The open sea on a bright day, birds above the waves", "roll_right", seed=13),
    Clip("beach", "A beach at golden hour, waves rolling in", "truck_left", seed=12),
    Clip("beach-tall", "A wide sandy beach at noon, waves rolling in", "tilt_down", aspect=_TALL, seed=4),
    Clip("palms", "A tropical beach with palms at noon, gentle waves", "truck_right", seed=5),
    Clip("islands", "Green islands in a turquoise sea at noon", "flyover", seed=6),
    Clip("hills", "Rolling green hills in spring, a flock of birds", "orbit_left", seed=51),
    Clip("wheat", "A field of wheat under a big summer sky, wind", "truck_right", seed=10),
    Clip("road", "A country road through autumn hills at golden hour", "tracking_right", seed=14),
    Clip("rainbow", "A rainbow over a meadow after the rain, morning light", "pan_left", seed=16),
    Clip("dunes", "Desert dunes at sunset", "pedestal_up", seed=3),
    Clip("canyon", "A red canyon with a river at noon", "pedestal_down", seed=15),
    Clip("aurora", "Aurora over a snowfield at night, stars", "tilt_up", seed=17, without=_QUIET),
    Clip("snowfall", "Slow motion snowfall over snowy hills on an overcast winter day", "static", seed=18),
    Clip("forest", "An autumn forest with sun rays", "dolly_in", seed=19),
    Clip("forest-tall", "A foggy conifer forest at dawn", "truck_right", aspect=_TALL, seed=20),
    Clip("leaves", "Falling leaves on a road in autumn, golden hour", "pan_right", seed=3),
    Clip("blizzard", "A blizzard in a forest", "truck_left", seed=18, without=_DRIVEN),
    Clip("fireflies", "A forest at night with fireflies", "static", seed=22, without=_QUIET),
    Clip("city-night", "A city skyline at night reflected in the bay", "pan_left", seed=23),
    Clip("city-day", "A city skyline at noon under scattered clouds", "orbit_right", seed=24),
    Clip("cyberpunk", "A neon city in the rain at night, purple and cyan", "zoom_in", seed=25),
    Clip("city-square", "A city at dusk in fog", "dolly_out", aspect=_SQUARE, seed=26),
    Clip(
        "planet",
        "A planet with rings and a purple nebula in space",
        "orbit_right",
        seed=27,
        without=_QUIET,
        near="middle",
    ),
    Clip("galaxy", "A spiral galaxy among the stars", "zoom_out", seed=28, without=_QUIET),
    Clip("reef", "An underwater coral reef with fish and bubbles", "truck_left", seed=29),
    Clip(
        "silk", "Abstract flowing silk in blue and gold, seamless loop", "static", seed=30, without=frozenset({"sharp"})
    ),
    Clip("anime-lake", "A lake with a sailing boat in anime style, summer morning", "truck_left", seed=31),
    Clip("watercolour-hills", "A watercolour of flowering hills on a spring morning", "dolly_in", seed=8),
    Clip("noir-city", "Film noir, a city at night in the rain", "pan_right", seed=33),
    Clip("vintage-sea", "Vintage film of boats on the sea at sunset", "static", seed=34),
    Clip("pixel-islands", "Pixel art of islands at sunset", "truck_right", seed=35),
    Clip("pencil-peaks", "A pencil drawing of mountains", "roll_left", seed=36),
    Clip("vertigo", "A mountain peak at morning", "dolly_zoom_in", seed=41),
    Clip("whip", "Rolling hills at noon", "whip_pan_right", seed=38, without=frozenset({"flow_jerk", "warp_err"})),
    Clip("picture-lake", "The water ripples and the clouds drift", "dolly_in", picture="lake"),
    Clip("picture-tree", "Leaves sway in the wind", "truck_right", picture="tree"),
    Clip("picture-still-life", "A slow look around the table", "orbit_left", picture="still_life"),
    Clip("picture-portrait", "A portrait", "truck_left", picture="portrait"),
    Clip("picture-street", "An evening street", "pedestal_up", picture="city"),
    Clip("picture-tall", "Clouds above the mountain", "tilt_up", picture="tall", aspect=_TALL),
    Clip(
        "picture-balloon",
        "A striped balloon in the wind",
        "static",
        picture="balloon",
        aspect=_SQUARE,
        brushes=(_BILLOWING,),
        without=_QUIET,
    ),
    Clip("picture-poster", "A poster on a wall", "zoom_in", picture="poster", aspect=_SQUARE),
)


def in_order(words: str) -> tuple[Clip, ...]:
    """Clips whose name holds one of the words, or all."""
    wanted = words.split()
    return tuple(clip for clip in CLIPS if not wanted or any(word in clip.name for word in wanted))
