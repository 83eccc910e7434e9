"""Guarantee: whether a film has sound is asked in the same word at every door, and every answer says it."""

from typing import Any

import pytest

from tests.doors.house import House

GRAPHQL = {
    "generate": ("GenerateInput", {"type": "VIDEO", "input": {"text": "A bear"}, "options": {"audio": False}}),
    "generatevideo": ("GenerateVideoInput", {"prompt": "A bear", "audio": False}),
}


@pytest.mark.parametrize("name", GRAPHQL)
async def test_a_silent_film_in_graphql(house: House, name: str) -> None:
    kind, given = GRAPHQL[name]
    query = f"mutation M($i: {kind}!) {{ {name}(input: $i) {{ metadata preview previewVideo }} }}"
    generation = (await house.graphql(query, {"i": given}))["data"][name]
    assert generation["metadata"]["audio"] is False
    assert (generation["preview"], generation["previewVideo"]) == (None, None)


@pytest.mark.parametrize(("given", "has_audio"), [({}, True), ({"audio": True}, True), ({"audio": False}, False)])
async def test_a_silent_film_in_rest(house: House, given: dict[str, Any], has_audio: bool) -> None:
    asked = {"service": "runway", "prompt": "A bear"} | given
    answer = await house.client.post("/v1/text_to_video", json=asked, headers=house.bearer)
    assert answer.json()["data"]["generatevideo"]["metadata"]["audio"] is has_audio


async def test_another_value_names_the_parameter(house: House) -> None:
    asked = {"service": "runway", "prompt": "A bear", "audio": "no"}
    answer = await house.client.post("/v1/text_to_video", json=asked, headers=house.bearer)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["parameter"] == "audio"


async def test_a_key_does_not_stand_for_a_film_with_sound_and_one_without(house: House) -> None:
    headers = house.bearer | {"Idempotency-Key": "one-key"}
    asked = {"service": "runway", "prompt": "A bear"}
    first = await house.client.post("/v1/text_to_video", json=asked, headers=headers)
    same = await house.client.post("/v1/text_to_video", json=asked | {"audio": True}, headers=headers)
    other = await house.client.post("/v1/text_to_video", json=asked | {"audio": False}, headers=headers)
    assert first.json() == same.json()
    assert other.status_code == 422
