"""Guarantee: a link shows one film to whoever has it, until it is ended, and nothing else of the account."""

import re

import pytest

from tests.dashboard.conftest import SignedInHouse
from tests.dashboard.test_gallery import JSON, complete, make


async def shared(house: SignedInHouse, prompt: str = "A lake") -> tuple[str, str]:
    """A completed film and the path of its link."""
    film = await make(house, prompt)
    await complete(house, film)
    answer = await house.client.post(f"/dashboard/generations/{film}/share", headers=JSON)
    assert answer.status_code == 200, answer.text
    return film, answer.json()["url"].removeprefix("http://127.0.0.1:8000")


async def test_a_stranger_with_the_link_sees_the_film(signed_in: SignedInHouse) -> None:
    film, path = await shared(signed_in, 'A "lake" <i>at dawn</i>')
    answer = await signed_in.stranger.get(path)
    assert answer.status_code == 200
    assert f"/outputs/{film}.mp4" in answer.text
    assert "<i>at dawn" not in answer.text
    assert f'property="og:image" content="http://127.0.0.1:8000/outputs/{film}.jpg"' in answer.text
    assert 'name="robots" content="noindex"' in answer.text
    assert answer.headers["x-robots-tag"] == "noindex"
    assert "Studio, the film engine" in answer.text
    for secret in (signed_in.account_id, signed_in.signed_in.member.email, "/delete", "creditCost", "sign-out"):
        assert secret not in answer.text


async def test_a_token_has_128_bits_and_one_film_has_one(signed_in: SignedInHouse) -> None:
    film, path = await shared(signed_in)
    assert re.fullmatch(r"/dashboard/s/[A-Za-z0-9_-]{22}", path)
    again = await signed_in.client.post(f"/dashboard/generations/{film}/share", headers=JSON)
    assert again.json()["url"].endswith(path)
    async with signed_in.application.database.reading() as connection:
        told = await connection.fetchval("SELECT count(*) FROM audit WHERE action = 'generation.share'")
    assert told == 1


async def test_an_ended_link_never_works_again(signed_in: SignedInHouse) -> None:
    film, path = await shared(signed_in)
    await signed_in.client.post(f"/dashboard/generations/{film}/unshare")
    assert (await signed_in.stranger.get(path)).status_code == 404
    fresh = (await signed_in.client.post(f"/dashboard/generations/{film}/share", headers=JSON)).json()["url"]
    assert not fresh.endswith(path)
    assert (await signed_in.stranger.get(path)).status_code == 404


async def test_the_link_ends_with_its_film(signed_in: SignedInHouse) -> None:
    film, path = await shared(signed_in)
    assert (await signed_in.client.post(f"/dashboard/generations/{film}/delete")).status_code == 303
    assert (await signed_in.stranger.get(path)).status_code == 404
    async with signed_in.application.database.reading() as connection:
        assert await connection.fetchval("SELECT count(*) FROM share") == 0


async def test_a_closed_account_shares_nothing(signed_in: SignedInHouse) -> None:
    _, path = await shared(signed_in)
    async with signed_in.application.database.transaction() as connection:
        await connection.execute("UPDATE account SET disabled_at = now() WHERE id = $1", signed_in.account_id)
    assert (await signed_in.stranger.get(path)).status_code == 404


async def test_only_a_film_can_be_shared(signed_in: SignedInHouse) -> None:
    film = await make(signed_in)
    assert (await signed_in.client.post(f"/dashboard/generations/{film}/share", headers=JSON)).status_code == 409


@pytest.mark.parametrize("token", ["x", "A" * 22, "A" * 23, "..%2f..%2fetc", "%00", "A" * 21 + "'"])
async def test_a_guess_finds_nothing(signed_in: SignedInHouse, token: str) -> None:
    assert (await signed_in.stranger.get(f"/dashboard/s/{token}")).status_code == 404
