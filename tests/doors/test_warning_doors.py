"""Guarantee: a film's warnings are read in the caller's language, and in the prompt's own when no language is told."""

from typing import Any

import pytest

from doitong.engines.studio.notices import TEXTS, add_notices, notice
from tests.doors.house import House

CODE = "BRUSHES_NEED_PICTURE"


async def film_with_a_warning(house: House, prompt_language: str) -> str:
    """A generation whose metadata holds Studio's report of a prompt in this language."""
    asked = {"service": "runway", "prompt": "A bear"}
    answer = await house.client.post("/v1/text_to_video", json=asked, headers=house.bearer)
    film = str(answer.json()["data"]["generatevideo"]["id"])
    report: dict[str, Any] = {"languages": [prompt_language]}
    add_notices(report, [notice(CODE)])
    async with house.application.database.transaction() as connection:
        await connection.execute(
            "UPDATE generation SET metadata = $2 WHERE id = $1", film, {"interpretation": report, "engine": "studio"}
        )
    return film


@pytest.mark.parametrize(
    ("prompt_language", "accept", "told"),
    [("sl", None, "sl"), ("en", None, "en"), ("sl", "en-GB", "en"), ("en", "sl", "sl"), ("sl", "de", "en")],
)
async def test_warnings_follow_the_caller_and_else_the_prompt(
    house: House, prompt_language: str, accept: str | None, told: str
) -> None:
    film = await film_with_a_warning(house, prompt_language)
    headers = house.bearer | ({} if accept is None else {"Accept-Language": accept})
    shown = (await house.client.get(f"/v1/generations/{film}", headers=headers)).json()["data"]["generatevideo"]
    query = "query Q($id: ID!) { generation(id: $id) { metadata } }"
    nested = await house.graphql(query, {"id": film}, **({} if accept is None else {"Accept-Language": accept}))
    for metadata in (shown["metadata"], nested["data"]["generation"]["metadata"]):
        report = metadata["interpretation"]
        assert report["warnings"] == [TEXTS[CODE].fill(told, {})]
        assert report["warningCodes"] == [{"code": CODE, "values": {}}]
