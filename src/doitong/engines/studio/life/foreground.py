"""All that lives and drifts before one film's scene, in the order in which it is laid over the picture."""

from typing import Protocol

from doitong.engines.studio.arrays import Planes
from doitong.engines.studio.camera import Lens, Pose, Rig
from doitong.engines.studio.life.drifting import Fireflies, Litter, Motes
from doitong.engines.studio.life.flock import Birds
from doitong.engines.studio.scene import Life, Scene, SceneKind


class Overlay(Protocol):
    """Something laid over a painter's light; a function of pose and time alone."""

    def lay(self, planes: Planes, pose: Pose, lens: Lens, seconds: float) -> None: ...


def overlays_of(scene: Scene, rig: Rig, width: int, height: int) -> list[Overlay]:
    """The overlays that the scene's life asks for, far to near. Boats, fish, bubbles and reeds are the painters', and
    so are the dust and the fireflies between the trees of a forest."""
    overlays: list[Overlay] = []
    if Life.BIRDS in scene.life:
        overlays.append(Birds(scene, rig, width, height))
    if scene.kind is not SceneKind.FOREST:
        if Life.FIREFLIES in scene.life:
            overlays.append(Fireflies(scene, rig))
        if Life.DUST in scene.life:
            overlays.append(Motes(scene, rig))
    overlays += [Litter(scene, rig, kind) for kind in (Life.LEAVES, Life.PETALS) if kind in scene.life]
    return overlays
