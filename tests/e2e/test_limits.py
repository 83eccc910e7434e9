"""Guarantee: the plan's limits are exact over any number of API processes, and say what to do."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx
import pytest

from tests.system import Customer, System, video_of

LIMIT, THREADS, TIMES = 40, 16, 5
QUICK = {"service": "runway", "prompt": "#refuse"}  # ends at once, so that only admission is looked at
LONG = {"service": "runway", "prompt": "#delay=3000"}


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


def flood(customers: list[Customer]) -> list[httpx.Response]:
    """Five times the limit from 16 threads, by turns at each API process."""
    with ThreadPoolExecutor(THREADS) as pool:
        return list(
            pool.map(
                lambda number: customers[number % len(customers)].post("/v1/text_to_video", QUICK),
                range(LIMIT * TIMES),
            )
        )


def test_a_minute_is_exact_over_two_processes(system: System, second_api: str) -> None:
    first = system.customer(credits=100 * LIMIT * TIMES, generations_per_minute=LIMIT, job_slots=1000)
    second = system.known(first.account_id, first.key, second_api)
    answers = flood([first, second])
    admitted = [answer for answer in answers if answer.status_code == 200]
    refused = [answer for answer in answers if answer.status_code == 429]
    print(f"{len(admitted)} admitted and {len(refused)} refused of {len(answers)}, limit {LIMIT}")
    assert (len(admitted), len(refused)) == (LIMIT, LIMIT * (TIMES - 1))
    remaining = sorted(int(answer.headers["X-RateLimit-Remaining"]) for answer in admitted)
    assert remaining == list(range(LIMIT))  # every admission was counted once
    kept = "SELECT count(*) FROM generation WHERE account_id = $1"
    assert system.operator.fetch(kept, first.account_id)[0]["count"] == LIMIT
    for customer in (first, second):
        check_refused(customer.post("/v1/text_to_video", QUICK), LIMIT)


def check_refused(answer: httpx.Response, limit: int) -> None:
    assert answer.status_code == 429
    error = answer.json()["errors"][0]
    assert error["message"] == f"Rate limit exceeded: {limit} generations a minute on the enterprise plan"
    headers, wait = answer.headers, int(answer.headers["Retry-After"])
    assert 1 <= wait <= 61
    assert error["extensions"] == {
        "code": "RATE_LIMITED",
        "limit": limit,
        "plan": "enterprise",
        "retryAfter": wait,
        "name": "generations",
    }
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == (str(limit), "0")
    assert abs(int(headers["X-RateLimit-Reset"]) - time.time() - wait) <= 2


def test_a_refused_request_costs_nothing_and_is_not_counted(system: System) -> None:
    customer = system.customer(credits=1000, generations_per_minute=1)
    customer.submit("#delay=3000")
    before = customer.get("/v1/account").json()["data"]["limits"], customer.credits()
    once = {"Idempotency-Key": "later"}
    assert [customer.post("/v1/text_to_video", LONG, **once).status_code for _ in range(5)] == [429] * 5
    assert (customer.get("/v1/account").json()["data"]["limits"], customer.credits()) == before
    for table, rows in (("idempotency", 0), ("hold", 1), ("generation", 1)):
        query = f"SELECT count(*) FROM {table} WHERE account_id = $1"
        assert system.operator.fetch(query, customer.account_id) == [{"count": rows}]


def test_a_replay_is_not_counted(system: System) -> None:
    customer = system.customer(credits=1000, generations_per_minute=2)
    once = {"Idempotency-Key": "again"}
    answers = [customer.post("/v1/text_to_video", LONG, **once) for _ in range(5)]
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["X-RateLimit-Remaining"] for answer in answers} == {"1"}


@pytest.mark.slow
def test_waiting_as_told_helps(system: System) -> None:
    """The one test that waits: what Retry-After promises is a matter of the real clock."""
    customer = system.customer(credits=1000, generations_per_minute=1)
    customer.submit("#refuse")
    refused = customer.post("/v1/text_to_video", QUICK)
    time.sleep(int(refused.headers["Retry-After"]))
    assert customer.post("/v1/text_to_video", QUICK).status_code == 200


def test_the_free_plan_queues_over_one_at_once(system: System, second_api: str) -> None:
    customer = system.customer("free")
    running, second, third = (video_of(customer.post("/v1/text_to_video", LONG)) for _ in range(3))
    assert [item["queuePosition"] for item in (running, second, third)] == [None, 1, 2]
    elsewhere = system.known(customer.account_id, customer.key, second_api)
    for position, item in ((1, second), (2, third)):
        seen = video_of(elsewhere.get(f"/v1/generations/{item['id']}"))
        assert (seen["status"], seen["stage"], seen["queuePosition"]) == ("processing", "queued", position)
        expected = datetime.fromisoformat(seen["expectedStartAt"])
        assert expected >= datetime.now(UTC).replace(microsecond=0)
    limits = customer.get("/v1/account").json()["data"]["limits"]
    assert (limits["jobSlots"], limits["jobsRunning"], limits["jobsWaiting"]) == (1, 1, 2)
    customer.post(f"/v1/generations/{running['id']}/cancel")
    wait_until_started(customer, second["id"])
    assert video_of(customer.get(f"/v1/generations/{third['id']}"))["queuePosition"] == 1
    for item in (second, third):
        customer.post(f"/v1/generations/{item['id']}/cancel")
    assert customer.credits() == {"available": 1000, "held": 0}


def wait_until_started(customer: Customer, generation_id: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        seen = video_of(customer.get(f"/v1/generations/{generation_id}"))
        if seen["stage"] != "queued":
            assert seen["queuePosition"] is None
            return
        time.sleep(0.05)
    raise AssertionError("the slot was not given on")


@pytest.mark.parametrize("prompt", ["#delay=0.2", "#fail", "#refuse", "#moderated", "#lost-answer"])
def test_a_slot_is_free_again_however_a_generation_ends(system: System, prompt: str) -> None:
    customer = system.customer("free")
    accepted = [customer.submit(prompt) for _ in range(2)]
    for item in accepted:
        customer.wait(item["id"])
    limits = customer.get("/v1/account").json()["data"]["limits"]
    assert (limits["jobsRunning"], limits["jobsWaiting"], limits["usedToday"]) == (0, 0, 2)


def test_a_full_queue_of_one_account_delays_no_other(system: System) -> None:
    busy, other = system.customer("free"), system.customer("free")
    for _ in range(8):
        busy.submit("#delay=3000")
    accepted = other.submit("#delay=0.1")
    assert accepted["queuePosition"] is None
    assert other.wait(accepted["id"])["status"] == "completed"


def test_over_the_backlog_is_a_429(system: System) -> None:
    customer = system.customer(credits=1000, job_slots=1, backlog=2)
    answers = [customer.post("/v1/text_to_video", LONG) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert code_of(answers[3]) == "BACKLOG_FULL"
    assert int(answers[3].headers["Retry-After"]) > 0
    assert customer.credits() == {"available": 700, "held": 300}


def test_the_day_is_counted_to_midnight(system: System) -> None:
    customer = system.customer(credits=1000, generations_per_day=2)
    answers = [customer.post("/v1/text_to_video", QUICK) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    refused = answers[2]
    assert code_of(refused) == "DAILY_LIMIT_REACHED"
    to_midnight = 86_400 - time.time() % 86_400
    assert abs(int(refused.headers["Retry-After"]) - to_midnight) <= 5
    assert customer.get("/v1/account").json()["data"]["limits"]["usedToday"] == 2
    assert customer.get("/v1/credits").status_code == 200  # reading goes on


def test_reads_have_a_limit_of_their_own(system: System) -> None:
    customer = system.customer(credits=1000, reads_per_minute=5)
    reads = [customer.get("/v1/credits") for _ in range(6)]
    assert [answer.status_code for answer in reads] == [200] * 5 + [429]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in reads] == ["4", "3", "2", "1", "0", "0"]
    assert "reads a minute" in reads[5].json()["errors"][0]["message"]
    assert 1 <= int(reads[5].headers["Retry-After"]) <= 61
    assert customer.graphql("{ credits { held } }").status_code == 429
    assert customer.post("/v1/text_to_video", QUICK).status_code == 200
