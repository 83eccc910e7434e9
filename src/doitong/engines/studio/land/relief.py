"""The registry of reliefs: for each kind of land the function that says how high it is."""

from collections.abc import Callable, Mapping

from doitong.engines.studio.arrays import Floats
from doitong.engines.studio.land import coasts, mountains, plains
from doitong.engines.studio.land.draft import Draft
from doitong.engines.studio.scene import SceneKind

# Height in metres at (x, z); `cell` is the spacing of the samples, finer waves are left out.
Relief = Callable[[Draft, Floats, Floats, Floats], Floats]

RELIEFS: Mapping[SceneKind, Relief] = {
    SceneKind.LAKE: mountains.lake,
    SceneKind.MOUNTAINS: mountains.valley,
    SceneKind.SEA: coasts.sea,
    SceneKind.ISLANDS: coasts.islands,
    SceneKind.BEACH: coasts.beach,
    SceneKind.HILLS: plains.hills,
    SceneKind.FIELD: plains.field,
    SceneKind.ROAD: plains.road,
    SceneKind.DUNES: plains.dunes,
    SceneKind.CANYON: plains.canyon,
    SceneKind.SNOWFIELD: plains.snowfield,
}
