"""Guarantee: what was bought, what it cost and what is left can be counted to the credit; limits hold exactly."""

import math

import httpx
import pytest

from tests.standins.conftest import GEN4_5, Caller, OpenStandin

PICTURE = "https://media.example.com/in.png"
DAY = 86_400

PRICES = [
    ("text_to_video", {}, 60),
    ("text_to_video", {"duration": 10}, 120),
    ("text_to_video", {"outputFormat": "prores", "proresProfile": "422 HQ"}, 85),
    ("text_to_video", {"outputFormat": "mp4", "proresProfile": "422"}, 60),
    ("text_to_video", {"outputFormat": "hdr10"}, 160),
    ("image_to_video", {"promptImage": PICTURE, "ratio": "960:960"}, 60),
    ("image_to_video", {"promptImage": PICTURE, "model": "gen4_turbo"}, 25),
    ("image_to_video", {"promptImage": [{"uri": PICTURE, "position": "first"}], "model": "gen4_turbo"}, 25),
]


@pytest.mark.parametrize(("path", "body", "credits"), PRICES)
async def test_a_price_is_rate_times_seconds(caller: Caller, path: str, body: dict[str, object], credits: int) -> None:
    answer = await caller.post(path, {**GEN4_5, **body})
    assert answer.json()["estimatedCost"] == {"credits": credits}
    assert await caller.balance() == 100_000 - credits


async def test_stills_and_upscales_have_their_prices(caller: Caller) -> None:
    still = {"promptText": "a lake", "ratio": "720:720"}
    assert (await caller.post("text_to_image", {"model": "gen4_image", **still})).json()["estimatedCost"][
        "credits"
    ] == 5
    turbo = {"model": "gen4_image_turbo", **still, "referenceImages": [{"uri": PICTURE, "tag": "lake"}]}
    assert (await caller.post("text_to_image", turbo)).json()["estimatedCost"]["credits"] == 2
    url = await caller.film_url()
    upscale = {"model": "magnific_video_upscaler_creative", "videoUri": url, "resolution": "1k"}
    answer = await caller.post("video_upscale", upscale)
    assert answer.json()["estimatedCost"]["credits"] == math.ceil(0.7 * 24 * 5)


async def test_without_credits_it_is_a_400_and_nothing_is_made(open_standin: OpenStandin) -> None:
    caller = await open_standin(credits=100)
    await caller.create()
    answer = await caller.post("text_to_video", GEN4_5)
    error = "You do not have enough credits to run this task."
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": error, "docUrl": "https://docs.dev.runwayml.com/api"},
    )
    assert len(caller.state()["tasks"]) == 1
    assert (await caller.http.post("/_standin/credits", json={"credits": 20})).json() == {"balance": 60}
    await caller.create()
    assert await caller.balance() == 0


@pytest.mark.parametrize(("seconds", "kept"), [(0, 0), (1, 0), (5, 60), (100, 60)])
async def test_deleting_gives_back_what_had_not_begun(caller: Caller, seconds: int, kept: int) -> None:
    task_id = await caller.create()
    caller.advance(seconds)
    await caller.delete(task_id)
    assert caller.state()["credits"] == {"granted": 100_000, "charged": kept, "balance": 100_000 - kept}


async def test_a_deleted_task_is_not_refunded_a_second_time(caller: Caller) -> None:
    before, after = await caller.create("#fail"), await caller.create("#fail")
    await caller.delete(before)
    caller.advance(100)
    await caller.balance()
    await caller.delete(after)
    assert await caller.balance() == 100_000


@pytest.mark.parametrize(
    ("keeps", "kept"),
    [("all", [60, 60, 60, 0]), ("input", [60, 0, 0, 0]), ("none", [0, 0, 0, 0])],
)
async def test_which_moderated_tasks_are_charged_is_a_setting(
    open_standin: OpenStandin, keeps: str, kept: list[int]
) -> None:
    """The sources disagree, so a customer of the API must be right under each of them."""
    caller = await open_standin(keeps_moderated=keeps)
    codes = ("SAFETY.INPUT.TEXT", "SAFETY.OUTPUT.VIDEO", "INPUT_PREPROCESSING.SAFETY.TEXT", "INTERNAL")
    ids = [await caller.create(f"#fail:{code}") for code in codes]
    caller.advance(100)
    assert [(await caller.task(task))["cost"]["credits"] for task in ids] == kept
    assert await caller.balance() == 100_000 - sum(kept)


async def test_the_daily_cap_is_a_rolling_day_per_model(open_standin: OpenStandin) -> None:
    caller = await open_standin(tier="1")
    for _ in range(25):
        await caller.create()
    caller.advance(DAY / 2)
    for _ in range(25):
        await caller.create()
    answer = await caller.post("text_to_video", GEN4_5)
    assert (answer.status_code, answer.json()["error"]) == (429, "Your daily task limit has been reached.")
    assert "retry-after" not in answer.headers
    await caller.create(path="image_to_video", model="gen4_turbo", promptImage=PICTURE)
    caller.advance(DAY / 2 - 1)
    assert (await caller.post("text_to_video", GEN4_5)).status_code == 429
    caller.advance(1)
    organization = (await caller.get("organization")).json()
    assert organization["usage"]["models"]["gen4.5"] == {"dailyGenerations": 25}
    for _ in range(25):
        await caller.create()
    assert (await caller.post("text_to_video", GEN4_5)).status_code == 429


@pytest.mark.parametrize(
    ("tier", "at_once", "daily"), [("1", 1, 50), ("2", 3, 500), ("3", 5, 1000), ("4", 10, 5000), ("5", 20, 25_000)]
)
async def test_the_organization_tells_its_tier(open_standin: OpenStandin, tier: str, at_once: int, daily: int) -> None:
    caller = await open_standin(tier=tier)
    body = (await caller.get("organization")).json()
    assert list(body) == ["creditBalance", "tier", "usage"]
    limits = {"maxConcurrentGenerations": at_once, "maxDailyGenerations": daily}
    assert body["tier"]["models"]["gen4.5"] == body["tier"]["models"]["gen4_turbo"] == limits


async def test_limits_can_be_set_and_lifted(open_standin: OpenStandin) -> None:
    own = await open_standin(tier="1", at_once=2, daily=7)
    none = await open_standin(tier="unlimited")
    shown = [(await caller.get("organization")).json()["tier"]["models"]["gen4.5"] for caller in (own, none)]
    assert shown == [
        {"maxConcurrentGenerations": 2, "maxDailyGenerations": 7},
        {"maxConcurrentGenerations": None, "maxDailyGenerations": None},
    ]


async def test_usage_is_net_by_day_and_model(caller: Caller) -> None:
    await caller.create()
    await caller.create(path="image_to_video", model="gen4_turbo", promptImage=PICTURE)
    caller.advance(DAY - 12 * 3600 - 1)  # a second before midnight
    await caller.create("#fail")
    caller.advance(100)
    answer = await _usage(caller, startDate="2026-01-15", beforeDate="2026-01-17")
    assert answer.json() == {
        "models": ["gen4.5", "gen4_turbo"],
        "results": [
            {
                "date": "2026-01-15",
                "usedCredits": [{"model": "gen4.5", "amount": 120}, {"model": "gen4_turbo", "amount": 25}],
            },
            {"date": "2026-01-16", "usedCredits": [{"model": "gen4.5", "amount": -60}]},
        ],
    }
    assert (await _usage(caller, startDate="2026-01-17")).json() == {"models": [], "results": []}


@pytest.mark.parametrize(
    "days",
    [
        {"startDate": "2026-01-01", "beforeDate": "2026-04-02"},
        {"startDate": "2026-02-01", "beforeDate": "2026-01-01"},
        {"startDate": "2026-02-30"},
        {"startDate": "yesterday"},
        {"startDate": 5},
    ],
)
async def test_usage_refuses_days_that_are_none(caller: Caller, days: dict[str, object]) -> None:
    answer = await caller.post("organization/usage", days)
    assert (answer.status_code, answer.json()["error"]) == (400, "Validation of body failed")


async def _usage(caller: Caller, **days: str) -> httpx.Response:
    return await caller.post("organization/usage", days)
