"""What the loop that draws water (kernels/water.c) is told: `struct water`, which each part of the water fills in."""

import ctypes
from enum import IntEnum
from typing import Any

_POINTERS_BEFORE = ("mirror", "calm", "bed", "nearer", "dry")
_POINTERS_AFTER = ("soft", "lace", "surf_soft", "surf_lace", "wobbles", "runs", "sizes", "inside", "out")
_COUNTS = ("width", "top", "end", "left", "right", "tile_size", "mirror_width", "mirror_height", "lace_size",
           "surf_size", "wobble_count", "run_count", "is_deep", "kind")  # fmt: skip
_NUMBERS = ("eye_x", "eye_z", "focal", "horizon", "middle", "mirrors", "rise", "strict_x", "strict_z")
_COLOURS = ("deep", "bottom", "swallow", "foam", "sparkle")
_MOMENT = ("seconds", "rain", "laps", "foams_from")
_SURF = ("wobble_scale", "out_scale", "beat", "run")

_Colour = ctypes.c_float * 3
_ThreePlanes = ctypes.c_void_p * 3

_FIELDS: list[tuple[str, Any]] = [("rows", ctypes.c_void_p), ("columns", ctypes.c_void_p), ("tiles", _ThreePlanes)]
_FIELDS += [(name, ctypes.c_void_p) for name in _POINTERS_BEFORE]
_FIELDS += [("planes", _ThreePlanes)]
_FIELDS += [(name, ctypes.c_void_p) for name in _POINTERS_AFTER]
_FIELDS += [(name, ctypes.c_int32) for name in _COUNTS]
_FIELDS += [(name, ctypes.c_float) for name in _NUMBERS]
_FIELDS += [(name, _Colour) for name in _COLOURS]
_FIELDS += [(name, ctypes.c_float) for name in _MOMENT]
_FIELDS += [("drops", ctypes.c_float * 4)]
_FIELDS += [(name, ctypes.c_float) for name in _SURF]
_FIELDS += [("swell", ctypes.c_float * 28)]


class WaterKind(IntEnum):
    """What breaks the surface of a band of rows."""

    CALM = 0
    LAPPING = 1
    SWELL = 2
    SWASH = 3


class WaterLoop(ctypes.Structure):
    """`struct water` of kernels/water.c. Whoever puts in where an array lies keeps that array."""

    _fields_ = _FIELDS
