"""From an engine's finished film to a stored output: probed, with poster and checksum, before anyone is told."""

import asyncio
from pathlib import Path
from typing import Any, Protocol

from doitong.engines.port import Film
from doitong.generations.model import Generation
from doitong.media.model import FilmFacts
from doitong.media.poster import make_poster
from doitong.media.probe import FilmUnplayable, probe_film
from doitong.outputs.storage import OutputStorage, output_name

DURATION_TOLERANCE_SECONDS = 0.1


class FilmUnfit(Exception):
    """The engine's file is not the film that was asked for."""


class PictureFetcher(Protocol):
    """What an attempt needs of uploads."""

    async def fetch_to(self, upload_id: str, destination: Path) -> None: ...


class FilmKeeper:
    """Checks and stores films."""

    def __init__(self, storage: OutputStorage) -> None:
        self._storage = storage

    async def keep(self, generation: Generation, film: Film) -> dict[str, Any]:
        """Store film and poster; returns what `metadata` says of the file.

        Storing again after a crash replaces the files with equals. Raises `FilmUnfit`, OSError.
        """
        poster = film.path.with_suffix(".jpg")
        try:
            facts, _ = await asyncio.gather(
                asyncio.to_thread(probe_film, film.path), asyncio.to_thread(make_poster, film.path, poster)
            )
            check_fitness(generation, facts)
        except FilmUnplayable as error:
            raise FilmUnfit(str(error)) from error
        try:
            await self._storage.put_poster(generation.id, poster)
            stored = await self._storage.put_film(generation.id, film.path)
        finally:
            poster.unlink(missing_ok=True)
        return {
            "duration": _plain(facts.duration_seconds),
            "width": facts.width,
            "height": facts.height,
            "fps": _plain(facts.frames_per_second),
            "engine": generation.engine,
            "model": film.model,
            "sha256": stored.sha256,
            "bytes": stored.bytes,
            "hasAudio": facts.has_audio,
            **film.metadata,
        }

    async def discard(self, generation_id: str) -> None:
        """Remove what was stored for a generation that did not complete. Raises OSError."""
        for suffix in (".mp4", ".jpg"):
            await self._storage.delete(output_name(generation_id, suffix))


def check_fitness(generation: Generation, facts: FilmFacts) -> None:
    """Raises `FilmUnfit` when size or length are not those of the request."""
    wanted = generation.parameters
    if (facts.width, facts.height) != (wanted["width"], wanted["height"]):
        raise FilmUnfit(f"{facts.width}x{facts.height} instead of {wanted['width']}x{wanted['height']}")
    if abs(facts.duration_seconds - wanted["duration"]) > DURATION_TOLERANCE_SECONDS:
        raise FilmUnfit(f"{facts.duration_seconds:.2f} s instead of {wanted['duration']} s")


def _plain(value: float) -> int | float:
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded
