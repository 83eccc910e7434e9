"""Guarantee: one Idempotency-Key is one generation and one hold, however many ask at however many processes."""

from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.contract.requests import FLAT
from tests.system import System, video_of

ASKERS = 100


def test_a_hundred_parallel_requests_with_one_key(system: System, second_api: str) -> None:
    first = system.customer(credits=100 * ASKERS)
    second = system.known(first.account_id, first.key, second_api)

    def ask(number: int) -> httpx.Response:
        who = (first, second)[number % 2]
        return who.post("/v1/text_to_video", FLAT, **{"Idempotency-Key": "one for all"})

    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(ask, range(ASKERS)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1  # the same stored answer, to the byte
    fresh = [answer for answer in answers if "Idempotency-Replayed" not in answer.headers]
    print(f"{ASKERS} requests: {len(fresh)} accepted, {ASKERS - len(fresh)} replayed")
    assert len(fresh) == 1
    first.wait(video_of(fresh[0])["id"])
    assert first.credits() == {"available": 100 * ASKERS - 100, "held": 0}
    assert len(first.get("/v1/generations?first=100").json()["data"]["generations"]) == 1


def test_the_answer_is_kept_as_it_was_and_other_requests_are_refused(system: System, second_api: str) -> None:
    customer = system.customer(credits=1000)
    elsewhere = system.known(customer.account_id, customer.key, second_api)
    bare, quoted = {"Idempotency-Key": "abc"}, {"Idempotency-Key": '"abc"'}
    accepted = customer.post("/v1/text_to_video", FLAT, **bare)
    customer.wait(video_of(accepted)["id"])
    reordered = dict(reversed(FLAT.items())) | {"duration": 5}  # the default, spelled out
    again = elsewhere.post("/v1/text_to_video", reordered, **quoted)
    assert again.content == accepted.content  # still "processing": the answer that was given then
    other = elsewhere.post("/v1/text_to_video", FLAT | {"duration": 6}, **bare)
    assert (other.status_code, other.json()["errors"][0]["extensions"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    neighbour = system.customer(credits=1000)
    assert video_of(neighbour.post("/v1/text_to_video", FLAT, **bare))["id"] != video_of(accepted)["id"]
    assert customer.credits() == {"available": 900, "held": 0}


def test_a_refused_request_does_not_use_up_its_key(system: System) -> None:
    customer = system.customer(credits=100)
    once = {"Idempotency-Key": "second try"}
    assert customer.post("/v1/text_to_video", FLAT | {"duration": 99}, **once).status_code == 400
    assert customer.post("/v1/text_to_video", FLAT | {"duration": 10}, **once).status_code == 402
    assert customer.post("/v1/text_to_video", FLAT, **once).status_code == 200
