"""From an engine's finished film to a stored output: probed, with previews, signed, before anyone is told."""

import asyncio
import os
from pathlib import Path
from typing import Any, Protocol

from doitong.engines.port import Film
from doitong.generations.model import Generation
from doitong.media.model import FilmFacts, Previews
from doitong.media.previews import make_previews
from doitong.media.probe import FilmUnplayable, probe_film
from doitong.media.silence import remove_sound
from doitong.outputs.model import StoredFile
from doitong.outputs.storage import OutputStorage
from doitong.provenance.model import Claim
from doitong.provenance.service import Provenance
from doitong.telemetry.steps import Steps

DURATION_TOLERANCE_SECONDS = 0.1


class FilmUnfit(Exception):
    """The engine's file is not the film that was asked for."""


class PictureFetcher(Protocol):
    """What an attempt needs of uploads."""

    async def fetch_to(self, upload_id: str, destination: Path) -> None: ...


class FilmKeeper:
    """Checks, signs and stores films."""

    def __init__(self, storage: OutputStorage, pictures: PictureFetcher, provenance: Provenance) -> None:
        self._storage = storage
        self._pictures = pictures
        self._provenance = provenance
        self._cores = asyncio.Semaphore(os.cpu_count() or 1)  # more decoders at once would only make each other wait

    async def keep(self, generation: Generation, film: Film, steps: Steps) -> dict[str, Any]:
        """Store the film and its previews; returns what `metadata` says of the file. `steps` notes what took how long.

        Storing again after a crash replaces the files with others of the same content. Raises `FilmUnfit`, OSError.
        """
        with steps.step("probe"):
            facts = await self._check(generation, film.path)
        with steps.step("previews+sign"):
            previews, provenance = await self._finish(generation, film, facts)
        with steps.step("store"):
            stored = await self._put(generation.id, film.path, previews)
        return {
            "duration": _plain(facts.duration_seconds),
            "width": facts.width,
            "height": facts.height,
            "fps": _plain(facts.frames_per_second),
            "engine": generation.engine,
            "model": film.model,
            "sha256": stored.sha256,
            "bytes": stored.bytes,
            "audio": facts.has_audio,
            **film.metadata,
            "provenance": provenance,
        }

    async def discard(self, generation_id: str) -> None:
        """Remove what was stored for a generation that did not complete. Raises OSError."""
        await self._storage.delete_outputs(generation_id)

    async def _check(self, generation: Generation, path: Path) -> FilmFacts:
        """The film's facts, once it has no sound that nobody wanted. Raises `FilmUnfit`."""
        try:
            facts = await asyncio.to_thread(probe_film, path)
            if facts.has_audio and not generation.parameters.get("audio", True):
                await asyncio.to_thread(remove_sound, path)
                facts = await asyncio.to_thread(probe_film, path)
        except FilmUnplayable as error:
            raise FilmUnfit(str(error)) from error
        check_fitness(generation, facts)
        return facts

    async def _finish(self, generation: Generation, film: Film, facts: FilmFacts) -> tuple[Previews, dict[str, Any]]:
        """The previews, made where the engine has made none, and the signature: neither waits for the other.

        Signing replaces the file by one with the same pictures. Both have ended when this ends, however it does.
        """
        made, signed = await asyncio.gather(
            self._preview(film, facts), self._sign(generation, film), return_exceptions=True
        )
        if isinstance(made, BaseException):
            raise made
        if isinstance(signed, BaseException):
            raise signed
        return made, signed

    async def _preview(self, film: Film, facts: FilmFacts) -> Previews:
        if film.previews is not None:
            return film.previews
        async with self._cores:
            try:
                return await asyncio.to_thread(make_previews, film.path, facts)
            except FilmUnplayable as error:
                raise FilmUnfit(str(error)) from error

    async def _sign(self, generation: Generation, film: Film) -> dict[str, Any]:
        """Last of all that changes the film: what is stored is what was signed."""
        parameters, picture = generation.parameters, None
        if parameters["image"] is not None and self._provenance.is_on:
            picture = film.path.with_name("picture")
            if not picture.exists():
                await self._pictures.fetch_to(parameters["image"], picture)
        version = film.metadata.get("engineVersion")
        claim = Claim(
            generation_id=generation.id,
            engine=generation.engine,
            model=film.model,
            engine_version=None if version is None else str(version),
            version=parameters["version"],
            seed=parameters["seed"],
            picture=picture,
        )
        return await self._provenance.sign(film.path, claim)

    async def _put(self, generation_id: str, film: Path, previews: Previews) -> StoredFile:
        """Store the previews, then the film: where there is a film there is all of it."""
        await asyncio.gather(
            self._storage.put_poster(generation_id, previews.poster),
            self._storage.put_animation(generation_id, previews.animation),
            self._storage.put_preview_video(generation_id, previews.video),
        )
        return await self._storage.put_film(generation_id, film)


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
