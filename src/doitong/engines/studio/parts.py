"""The files of a film on their way, by name. Imports nothing heavy: a child that is told to leave while it still loads
its libraries must be able to remove them."""

from pathlib import Path

from doitong.media.model import Previews


def temporary_path(path: Path) -> Path:
    """Where a film, or a preview of it, is written before it is whole."""
    return path.with_name(f".{path.name}.part")


def remove_film(path: Path) -> None:
    """Remove a film, its previews, and what is unfinished of them."""
    for part in (path, *Previews.beside(path)):
        part.unlink(missing_ok=True)
        temporary_path(part).unlink(missing_ok=True)
