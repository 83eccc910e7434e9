"""How finely each version and quality renders: a table, and nothing but the table."""

from dataclasses import dataclass, replace

from doitong.catalogue.model import Quality, Version


@dataclass(frozen=True, slots=True)
class Level:
    """One level of detail. `columns` × `rows` is the terrain's grid; `wave_size` the wave tile in pixels; `scale` the
    size at which a frame is drawn, as a share of the film's, before it is enlarged."""

    name: str
    columns: int
    rows: int
    octaves: int
    gullies: int  # passes of slope-aligned erosion
    shadow_steps: int
    detail: float  # strength of the texture finer than a cell
    wave_size: int
    tree_lines: int
    near_trees: bool
    bloom: bool
    scale: float = 1.0
    is_sketch: bool = False  # water mirrors more softly, and the film is coded in less time


_LEVELS = {
    Version.GEN_2: Level("studio-gen-2", 600, 400, 6, 0, 10, 0.0, 128, 10, False, False, 0.5, is_sketch=True),
    Version.GEN_3: Level("studio-gen-3", 960, 620, 8, 2, 18, 0.8, 256, 22, True, True, 0.85),
    Version.GEN_4: Level("studio-gen-4", 1400, 800, 9, 3, 26, 1.0, 256, 36, True, True),
}


def level_of(version: Version, quality: Quality) -> Level:
    """The level of detail for a version; high quality samples the terrain more finely."""
    level = _LEVELS[version]
    if quality is Quality.HIGH:
        return replace(level, columns=level.columns * 5 // 4, rows=level.rows * 5 // 4)
    return level
