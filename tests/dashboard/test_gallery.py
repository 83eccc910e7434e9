"""Guarantee: the gallery shows an account all of its films and nobody else's, soon, and says what became of each."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

import pytest

from doitong.core.clock import SteppedClock
from doitong.core.ids import new_id
from doitong.members.model import Role
from tests.dashboard.conftest import SignedInHouse, add_member, signed_in_house

JSON = {"Accept": "application/json"}


async def make(house: SignedInHouse, prompt: str = "A lake", **terms: Any) -> str:
    answer = await house.client.post("/dashboard/studio", json={"prompt": prompt, **terms}, headers=JSON)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["generation"]["id"])


async def complete(house: SignedInHouse, film: str) -> None:
    """As if a worker had made it."""
    metadata = {
        "engine": "studio",
        "model": "studio-gen-4",
        "sha256": "ab" * 32,
        "provenance": {"signed": True, "certificate": "cd" * 32, "root": "ef" * 32},
        "interpretation": {
            "scene": "mountain lake",
            "timeOfDay": "dawn",
            "understood": ["lake", "<b>dawn</b>"],
            "ignored": ["woman"],
            "warnings": ["Studio cannot draw the main subject."],
            "camera": [[{"move": "dolly_in", "strength": 0.25}]],
        },
    }
    async with house.application.database.transaction() as connection:
        await connection.execute(
            "UPDATE generation SET status = 'completed', stage = 'ended', progress = 1, holds_slot = false,"
            " started_at = created_at + interval '2 seconds', completed_at = created_at + interval '9 seconds',"
            " metadata = $2 WHERE id = $1",
            film,
            metadata,
        )


def tiles(text: str) -> list[str]:
    return re.findall(r'id="tile-([0-9a-z]{26})"', text)


async def test_an_empty_gallery_leads_to_the_studio(signed_in: SignedInHouse) -> None:
    text = (await signed_in.client.get("/dashboard/gallery")).text
    assert tiles(text) == []
    assert 'class="empty"' in text
    assert 'href="/dashboard/studio"' in text


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({}, "cba"),
        ({"q": "RIVER"}, "b"),
        ({"status": "canceled"}, "c"),
        ({"version": "gen-2"}, "a"),
        ({"quality": "high"}, "b"),
        ({"kind": "image_to_video"}, ""),
        ({"service": "runway", "q": "a "}, "cba"),
        ({"since": "2026-01-15", "until": "2026-01-15"}, "cba"),
        ({"until": "2026-01-14"}, ""),
    ],
)
async def test_filters_find_what_fits(signed_in: SignedInHouse, query: dict[str, str], wanted: str) -> None:
    films = {
        "a": await make(signed_in, "A lake", version="gen-2"),
        "b": await make(signed_in, "A river", quality="high"),
        "c": await make(signed_in, "A hill"),
    }
    await signed_in.client.post(f"/dashboard/generations/{films['c']}/cancel", headers=JSON)
    answer = await signed_in.client.get("/dashboard/gallery", params=query)
    assert answer.status_code == 200
    assert tiles(answer.text) == sorted((films[name] for name in wanted), reverse=True)


@pytest.mark.parametrize("query", [{"status": "odd"}, {"since": "yesterday"}, {"after": "../"}, {"version": "gen-9"}])
async def test_a_filter_that_is_none_is_a_400(signed_in: SignedInHouse, query: dict[str, str]) -> None:
    assert (await signed_in.client.get("/dashboard/gallery", params=query)).status_code == 400


async def test_a_hundred_thousand_films_are_searched_piece_by_piece_and_soon(signed_in: SignedInHouse) -> None:
    film = await make(signed_in, "The only walrus")
    async with signed_in.application.database.transaction() as connection:
        await connection.execute(
            """
            INSERT INTO generation (id, account_id, kind, service, prompt, parameters, credit_cost, status, stage, lane,
                engine, created_at, completed_at, deadline_at)
            SELECT left(id, 9) || 'z' || lpad(n::text, 16, '0'), account_id,
                kind, service, 'A lake, number ' || n, parameters,
                credit_cost, 'canceled', 'ended', lane, engine, created_at, created_at, deadline_at
            FROM generation, generate_series(1, 100000) AS n WHERE id = $1
            """,
            film,
        )
    async with signed_in.application.database.reading() as connection:
        await connection.execute("VACUUM ANALYZE generation")
    slowest = 0.0
    for query in ({}, {"q": "walrus"}, {"status": "failed"}, {"version": "gen-2", "quality": "high"}):
        await signed_in.client.get("/dashboard/gallery", params=query)
        tries = []
        for _ in range(5):
            start = time.perf_counter()
            answer = await signed_in.client.get("/dashboard/gallery", params=query)
            tries.append(time.perf_counter() - start)
        assert answer.status_code == 200
        assert 'rel="next"' in answer.text
        assert ("searched" in answer.text) == bool(query)
        print(f"{query}: {min(tries) * 1000:.0f} ms")
        slowest = max(slowest, min(tries))
    assert slowest < 0.1  # the guarantee is 0.05 of server time; this machine may be busy


async def test_the_list_goes_on_by_its_cursor(signed_in: SignedInHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doitong.doors.dashboard.generations.TILES", 2)
    films = [await make(signed_in, f"Film {number}") for number in range(5)]
    seen, address = [], "/dashboard/gallery"
    while address:
        text = (await signed_in.client.get(address)).text
        seen += tiles(text)
        found = re.search(r'href="([^"]+)" data-more', text)
        address = found[1].replace("&amp;", "&") if found else ""
    assert seen == sorted(films, reverse=True)


async def test_nobody_elses_film_is_there(signed_in: SignedInHouse, dsn: str, clock: SteppedClock) -> None:
    film = await make(signed_in)
    other = await signed_in.application.accounts.create("Other", "free")
    await add_member(signed_in.application, other.id, "t" * 43)
    headers = {"Cookie": f"doitong_session={'t' * 43}"}
    unknown = new_id(clock.now())
    for method, path in [
        ("GET", "/dashboard/gallery/{}"),
        ("GET", "/dashboard/generations/{}/state"),
        ("GET", "/dashboard/generations/{}/result"),
        ("GET", "/dashboard/studio?from={}"),
        *(("POST", f"/dashboard/generations/{{}}/{act}") for act in ("cancel", "delete", "share", "unshare")),
    ]:
        answers = [
            await signed_in.client.request(method, path.format(item), headers=headers | JSON)
            for item in (film, unknown)
        ]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert answers[0].content == answers[1].content, path
    listed = await signed_in.client.get("/dashboard/gallery", headers=headers)
    watched = await signed_in.client.get("/dashboard/gallery/tiles", params={"ids": film}, headers=headers)
    assert tiles(listed.text) == tiles(watched.text) == []


async def test_the_page_of_a_film_says_everything(signed_in: SignedInHouse) -> None:
    film = await make(signed_in, "A lake")
    await complete(signed_in, film)
    text = (await signed_in.client.get(f"/dashboard/gallery/{film}")).text
    assert f"/outputs/{film}.mp4" in text
    assert f"/outputs/{film}.jpg" in text
    assert "Studio, the film engine" in text
    assert "studio-gen-4" in text
    assert "&lt;b&gt;dawn&lt;/b&gt;" in text
    assert "woman" in text
    assert "/provenance/root.pem" in text
    assert f"/dashboard/studio?from={film}" in text
    assert "+2 s" in text
    assert "+7 s" in text
    assert "−100" in text


async def test_the_ledgers_lines_are_those_of_the_ledger(signed_in: SignedInHouse) -> None:
    film = await make(signed_in)
    await signed_in.client.post(f"/dashboard/generations/{film}/cancel", headers=JSON)
    text = (await signed_in.client.get(f"/dashboard/gallery/{film}")).text
    assert "−100" in text
    assert "+100" in text
    async with signed_in.application.database.reading() as connection:
        kinds = await connection.fetch("SELECT kind FROM ledger_transfer WHERE generation_id = $1 ORDER BY id", film)
    assert [row["kind"] for row in kinds] == ["hold", "release"]


async def test_the_state_answers_at_once_when_it_differs_and_at_the_end(signed_in: SignedInHouse) -> None:
    film = await make(signed_in)
    path = f"/dashboard/generations/{film}/state"
    first = (await signed_in.client.get(path, params={"wait": 20})).json()
    waiting = asyncio.create_task(signed_in.client.get(path, params={"wait": 20, "seen": first["seen"]}))
    await asyncio.sleep(0.3)
    assert not waiting.done()
    start = time.perf_counter()
    await signed_in.client.post(f"/dashboard/generations/{film}/cancel", headers=JSON)
    ended = (await waiting).json()["generation"]
    assert (ended["status"], time.perf_counter() - start < 3) == ("canceled", True)


async def test_a_deleted_film_is_gone_from_every_page(signed_in: SignedInHouse) -> None:
    film = await make(signed_in)
    refused = await signed_in.client.post(f"/dashboard/generations/{film}/delete")
    assert refused.status_code == 409
    await signed_in.client.post(f"/dashboard/generations/{film}/cancel", headers=JSON)
    deleted = await signed_in.client.post(f"/dashboard/generations/{film}/delete")
    assert (deleted.status_code, deleted.headers["location"]) == (303, "/dashboard/gallery")
    assert tiles((await signed_in.client.get("/dashboard/gallery")).text) == []
    assert (await signed_in.client.get(f"/dashboard/gallery/{film}")).status_code == 404
    assert (await signed_in.client.get(f"/v1/generations/{film}", headers=signed_in.bearer)).status_code == 404


async def test_a_viewer_sees_films_and_changes_none(dsn: str, tmp_path: Path, clock: SteppedClock) -> None:
    async with signed_in_house(dsn, tmp_path, clock) as owner:
        film = await make(owner)
        await complete(owner, film)
        await add_member(owner.application, owner.account_id, "v" * 43, Role.VIEWER)
        headers = {"Cookie": f"doitong_session={'v' * 43}"}
        page = await owner.client.get(f"/dashboard/gallery/{film}", headers=headers)
        assert page.status_code == 200
        assert "/delete" not in page.text
        assert "/share" not in page.text
        for act in ("cancel", "delete", "share", "unshare"):
            answer = await owner.client.post(f"/dashboard/generations/{film}/{act}", headers=headers | JSON)
            assert answer.status_code == 403, act


async def test_rest_and_graphql_delete_too(signed_in: SignedInHouse) -> None:
    films = [await make(signed_in) for _ in range(2)]
    for film in films:
        await signed_in.client.post(f"/dashboard/generations/{film}/cancel", headers=JSON)
    rest = await signed_in.stranger.delete(f"/v1/generations/{films[0]}", headers=signed_in.bearer)
    assert rest.json() == {"data": {"generation": {"id": films[0]}}}
    told = await signed_in.graphql("mutation D($id: ID!) { deleteGeneration(id: $id) { id } }", {"id": films[1]})
    assert told == {"data": {"deleteGeneration": {"id": films[1]}}}
    for film in films:
        assert (await signed_in.stranger.get(f"/v1/generations/{film}", headers=signed_in.bearer)).status_code == 404
