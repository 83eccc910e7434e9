"""Studio's hottest loops, in C: one pass over the pixels where numpy needs dozens.

Each does what the numpy beside its only caller does, to within rounding; `tests/studio/test_kernels.py` holds the two
together. Where no compiler was at hand when Doitong was installed there are none, and numpy draws the same film in
about twice the time. See docs/decisions/0022-loops-in-c.md.
"""

from __future__ import annotations

import ctypes
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import numpy as np

_KINDS = {"p": ctypes.c_void_p, "i": ctypes.c_int, "f": ctypes.c_float}
_SIGNATURES = {
    "add_enlarged": "p ii p ii",
    "add_octave": "p i pp fffff p i",
    "bay_lay": "ppp ii p iii ppp i p ppp iii",
    "city_fill": "ppp ppppppppp i pii pii p ppppp ii",
    "city_look": "pp pp i p i pp fff ii ppp pppp pp p",
    "city_masts": "pip pp ffffffff ppp ii",
    "city_soften_sides": "ppp pp pp ii",
    "city_soften_tops": "ppp pppp iii",
    "city_trees": "pii ppp ffffff ppp p iii",
    "city_turn": "pppp pp i fffffff ppp p p i",
    "count_beyond": "pp ii p",
    "deck_lay": "pp ii p ppp pppp ii",
    "double_rows": "pi p ii",
    "enlarge": "pii pi",
    "fade_cover": "pi f",
    "fall_lay": "ppp pii ppi ppi ii",
    "find_bed": "ppp ii p p i p ii p",
    "find_directions": "pp ii pppp",
    "grade_chroma": "pp pp i",
    "grade_draft": "ppp pp pp ii",
    "grade_dust": "pp iiii p ii",
    "grade_shrink": "pp ii",
    "grade_frame": "ppp p p iiii pp ppp ii",
    "heap_up": "pii ppi",
    "land_fade": "pppp ppp ii",
    "land_outline": "p i fffff f p i p",
    "land_project": "p ii pppppp p pp fff iiii f pp",
    "land_scan": "pp iiiii pp",
    "land_shade": "p",
    "lay_curtain": "p iiii p ii pppp pip",
    "lay_floor": "p ii p pi pp pi ppip pii p",
    "lay_image": "pi p ii",
    "lay_over": "ppp i",
    "lay_sheet": "p ii pi",
    "lay_sprite": "pi iiii p ii ffff",
    "lay_water": "p",
    "light_canvas": "p ii ppi p pppp",
    "meet_swell": "ppp iii ff ppp",
    "open_canopy": "ppi ppip p",
    "pad_waves": "p i f p",
    "paint_breaker": "p",
    "plant_lay": "ppp p i iiii i p ii pp",
    "sample_tile": "p ii pp p i",
    "sheet_add": "piiiff pii",
    "smear_up": "p iii pp",
    "splat": "ppp ii pii p",
    "swarm_see": "pp ppp i ppppp p",
    "turn_waves": "p pp pp f p i",
}


def load_library() -> ctypes.CDLL | None:
    """The compiled loops beside this file, or None where they were not compiled."""
    for suffix in EXTENSION_SUFFIXES:
        path = Path(__file__).with_name("_loops" + suffix)
        if path.exists():
            library = ctypes.CDLL(str(path))
            for name, kinds in _SIGNATURES.items():
                function = getattr(library, name)
                function.argtypes, function.restype = [_KINDS[kind] for kind in kinds.replace(" ", "")], None
            return library
    return None


loops: Any = load_library()


def at(array: Any, dtype: Any = np.float32) -> ctypes.c_void_p:
    """Where a whole array of one type lies; the array lives as long as what is returned. Raises ValueError for another
    type, or for a part of an array."""
    if array.dtype != dtype or not array.flags.c_contiguous:
        raise ValueError(f"a loop needs a whole array of {np.dtype(dtype)}, not {array.dtype} {array.strides}")
    pointer = ctypes.c_void_p(array.ctypes.data)
    pointer.array = array  # type: ignore[attr-defined]  # numpy's own `data_as` does so too
    return pointer
