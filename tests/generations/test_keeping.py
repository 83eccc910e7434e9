"""Guarantee: a completed generation has its film, signed, and every preview; one that ended otherwise has none.
And a request that says nothing of sound means what it always meant."""

from pathlib import Path
from typing import Any

import pytest

from doitong.app import Application
from doitong.core.errors import InvalidParameter
from doitong.engines.port import EngineRequest
from doitong.generations.model import RawRequest, Status
from doitong.generations.parsing import parse_request
from doitong.generations.presentation import present
from doitong.idempotency.rules import fingerprint
from doitong.media.probe import probe_film
from doitong.outputs.storage import MEDIA_TYPES, FileMissing, output_name
from doitong.provenance.signer import read_film


def terms(**values: Any) -> dict[str, Any]:
    return parse_request(RawRequest({name: (name, value) for name, value in values.items()})).to_terms()


def test_a_request_without_the_word_is_what_it_was_and_silence_is_another() -> None:
    plain = terms(service="runway", prompt="a lake")
    assert "audio" not in plain
    assert terms(service="runway", prompt="a lake", audio=True) == plain
    assert terms(service="runway", prompt="a lake", audio=None) == plain
    silent = terms(service="runway", prompt="a lake", audio=False)
    assert silent == plain | {"audio": False}
    assert fingerprint(silent) != fingerprint(plain)


@pytest.mark.parametrize("value", ["false", 0, "no", [], {}])
def test_what_is_neither_true_nor_false_is_refused(value: Any) -> None:
    with pytest.raises(InvalidParameter) as refusal:
        parse_request(RawRequest({"prompt": ("prompt", "a lake"), "audio": ("input.options.audio", value)}))
    assert refusal.value.details["parameter"] == "input.options.audio"


@pytest.mark.parametrize("audio", [None, True, False])
async def test_the_wish_reaches_the_engine_and_the_answer(
    customer: Any, worker: Any, audio: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, asked = await customer(), []
    engine = worker.workshop.engines["scripted"]
    submit = engine.submit

    async def submit_and_note(request: EngineRequest) -> str:
        asked.append(request.has_audio)
        return str(await submit(request))

    monkeypatch.setattr(engine, "submit", submit_and_note)
    generation = (await one.submit(audio=audio)).generation
    await worker.step()
    wanted = audio is not False
    assert asked == [wanted]
    assert present(generation, "http://cdn")["metadata"]["audio"] is wanted
    quote = await one.app.generations.quote(one.caller, RawRequest({"prompt": ("prompt", "a lake")}))
    assert (await one.submit("a lake", audio=audio, quoteId=quote.id)).generation.credit_cost == quote.credits


async def test_a_completed_film_is_stored_signed_with_all_its_previews(
    customer: Any, worker: Any, app: Application, tmp_path: Path
) -> None:
    one = await customer()
    generation_id = (await one.submit("#delay=0")).generation.id
    await worker.settle(rounds=5)
    generation = await one.get(generation_id)
    assert generation.status is Status.COMPLETED
    for suffix in MEDIA_TYPES:
        await app.storage.copy_to(output_name(generation_id, suffix), tmp_path / f"kept{suffix}")
    film, metadata = tmp_path / "kept.mp4", generation.metadata
    stored = await app.storage.stat(output_name(generation_id, ".mp4"))
    assert (metadata["sha256"], metadata["bytes"]) == (stored.sha256, stored.bytes)  # of the signed film
    assert metadata["provenance"]["signed"] is True
    assert metadata["audio"] is probe_film(film).has_audio is False
    reading = read_film(film, await app.provenance.roots())
    assert reading.state == "Trusted"
    assert "lake" not in str(reading.manifest)
    shown = present(generation, "http://cdn")
    places = {name: shown[name].removeprefix("http://cdn/") for name in ("url", "poster", "preview", "previewVideo")}
    assert sorted(places.values()) == sorted(output_name(generation_id, suffix) for suffix in MEDIA_TYPES)
    await worker.workshop.runner._keeper.discard(generation_id)
    for suffix in MEDIA_TYPES:
        with pytest.raises(FileMissing):
            await app.storage.stat(output_name(generation_id, suffix))


async def test_an_engine_without_previews_gets_them_made(
    customer: Any, worker: Any, app: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    engine = worker.workshop.engines["scripted"]
    fetch = engine.fetch

    async def fetch_the_film_alone(task_id: str, destination: Path) -> Any:
        film = await fetch(task_id, destination)
        for path in film.previews:
            path.unlink()
        return replace(film, previews=None)

    monkeypatch.setattr(engine, "fetch", fetch_the_film_alone)
    one = await customer()
    generation_id = (await one.submit("#delay=0")).generation.id
    await worker.settle(rounds=5)
    assert (await one.get(generation_id)).status is Status.COMPLETED
    for suffix in MEDIA_TYPES:
        assert (await app.storage.stat(output_name(generation_id, suffix))).bytes > 100
