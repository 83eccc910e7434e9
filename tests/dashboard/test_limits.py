"""The page of limits says what is used now, and counts nothing itself."""

from tests.dashboard.conftest import SignedInHouse


async def test_meters_say_what_is_used(signed_in: SignedInHouse) -> None:
    body = {"service": "runway", "prompt": "a lake"}
    for _ in range(3):
        await signed_in.stranger.post("/v1/text_to_video", json=body, headers=signed_in.api_key)
    for _ in range(2):
        await signed_in.stranger.get("/v1/credits", headers=signed_in.api_key)
    page = await signed_in.client.get("/dashboard/limits")
    assert page.status_code == 200
    for _ in range(3):  # looking does not use anything up
        answer = await signed_in.client.get("/dashboard/limits/now", headers={"Accept": "application/json"})
    meters = {row["id"]: (row["used"], row["limit"]) for row in answer.json()["meters"]}
    assert meters == {"minute": (3, 10), "day": (3, 100), "slots": (1, 1), "backlog": (2, 100), "reads": (2, 600)}


async def test_what_is_unlimited_says_so(signed_in: SignedInHouse) -> None:
    await signed_in.application.accounts.set_plan(signed_in.account_id, "enterprise")
    page = await signed_in.client.get("/dashboard/limits?lang=sl")
    assert "brez omejitve" in page.text
    assert "12 h 0 min" in page.text
