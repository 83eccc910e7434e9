"""The mesh that a frame draws: the grid's rows with the curtains sorted in between, near to far.

For each mesh row it holds where a pixel that sees it reads the grid: between this row and the one before it.
"""

from __future__ import annotations

import numpy as np

from doitong.engines.studio.arrays import Floats, Ints, as_floats, table_of
from doitong.engines.studio.land.curtains import Curtain
from doitong.engines.studio.land.world import Grid


class Mesh:
    """Rows of one film's land. `places`: tables of row, its span, depth, its span, by the number of the mesh row;
    `rows`: the row of the grid itself, `above` and `below` its whole part and its fraction."""

    def __init__(self, grid: Grid, curtains: list[Curtain]) -> None:
        self.curtains = sorted(curtains, key=lambda curtain: curtain.depth)
        grid_rows = grid.depths.size
        depths = np.concatenate([grid.depths, [c.depth for c in self.curtains]])
        order = np.argsort(depths, kind="stable")
        self.depths: Floats = depths[order].astype(np.float32)
        place = np.empty_like(order)
        place[order] = np.arange(order.size)
        self.ground_rows: Ints = place[:grid_rows]
        self.curtain_rows: Ints = place[grid_rows:]
        self.scale = np.float32((grid.columns - 1) / (2 * grid.spread))
        self._place(grid, np.where(order < grid_rows, order, -1))

    def _place(self, grid: Grid, row_number: Ints) -> None:
        is_ground = row_number >= 0
        last = np.maximum.accumulate(row_number)
        before = np.where(is_ground, np.maximum(row_number - 1, 0), last).clip(0)
        self.before: Ints = self.ground_rows[before].astype(np.int32)  # the row of the mesh before each
        after = np.where(is_ground, row_number, last).clip(0)
        own = np.interp(self.depths, grid.depths, np.arange(grid.depths.size))
        row_from = np.where(is_ground, before, own)
        depth_from = np.where(is_ground, grid.depths[before], self.depths)
        depth_span = np.where(is_ground, self.depths - depth_from, 0)
        row_span = np.where(is_ground, after - before, 0)
        self.places = tuple(table_of(as_floats(part)) for part in (row_from, row_span, depth_from, depth_span))
        self.rows: Floats = np.where(is_ground, row_number, own).astype(np.float32)[:, None]
        self.above = self.rows[:, 0].astype(np.int32)
        self.below: Floats = as_floats(self.rows[:, 0] - self.above)
        self.is_curtain = ~is_ground
        self.curtain_of = np.zeros(self.depths.size, np.int32)
        self.curtain_of[self.curtain_rows] = np.arange(len(self.curtains))
        self.curtain_or_none = np.where(is_ground, np.int32(-1), self.curtain_of)
