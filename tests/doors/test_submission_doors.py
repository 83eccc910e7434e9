"""Guarantee: the documented requests work as they stand, and REST and GraphQL give the same state and code."""

import json
from typing import Any

import httpx
import pytest

from tests.doors.house import House

SEED_QUERY = (
    "mutation Generate($input: GenerateInput!) "
    "{ generate(input: $input) { id status type provider url metadata creditCost createdAt } }"
)
SEED_INPUT = {
    "type": "VIDEO",
    "provider": "runway",
    "input": {"text": "A serene landscape with mountains and a lake at sunset"},
    "options": {"duration": 5, "aspectRatio": "16:9"},
}
FLAT = {"service": "runway", "prompt": "A serene landscape with mountains and a lake"}


async def generate(house: House, given: dict[str, Any], **headers: str) -> httpx.Response:
    body = {"query": SEED_QUERY, "variables": {"input": given}}
    return await house.client.post("/graphql", json=body, headers=house.bearer | headers)


async def test_the_documented_graphql_request(house: House) -> None:
    answer = await generate(house, SEED_INPUT, **{"Idempotency-Key": "unique-request-id-123"})
    assert answer.status_code == 200
    generation = answer.json()["data"]["generate"]
    assert list(generation) == ["id", "status", "type", "provider", "url", "metadata", "creditCost", "createdAt"]
    assert generation["status"] == "processing"
    assert (generation["type"], generation["provider"], generation["url"]) == ("VIDEO", "runway", None)
    assert generation["creditCost"] == 100
    assert generation["metadata"]["width"] == 1280
    assert answer.headers["x-ratelimit-limit"] == "10"
    assert answer.headers["x-ratelimit-remaining"] == "9"
    assert int(answer.headers["x-ratelimit-reset"]) > 0


async def test_the_documented_rest_request_and_its_status(house: House) -> None:
    webhook = "https://93.184.216.34/callback"
    asked = FLAT | {"version": "gen-4", "aspectRatio": "9:16", "webhookUrl": webhook}
    answer = await house.client.post("/v1/text_to_video", json=asked, headers=house.api_key)
    assert answer.status_code == 200
    generation = answer.json()["data"]["generatevideo"]
    assert list(generation)[:6] == ["id", "status", "url", "webhookUrl", "duration", "createdAt"]
    assert (generation["status"], generation["url"], generation["webhookUrl"]) == ("processing", None, webhook)
    status = await house.client.get(f"/v1/generations/{generation['id']}", headers=house.bearer)
    assert status.json()["data"]["generatevideo"]["id"] == generation["id"]
    assert status.headers["x-ratelimit-limit"] == "600"


async def test_generatevideo_and_generation_in_graphql(house: House) -> None:
    query = "mutation M($i: GenerateVideoInput!) { generatevideo(input: $i) { id status url webhookUrl createdAt } }"
    answer = await house.graphql(query, {"i": FLAT})
    generation = answer["data"]["generatevideo"]
    asked = await house.graphql("query($id: ID!) { generation(id: $id) { id stage progress prompt } }", generation)
    assert asked["data"]["generation"] == {
        "id": generation["id"],
        "stage": "queued",
        "progress": 0.0,
        "prompt": FLAT["prompt"],
    }


async def test_the_provider_may_be_left_out_in_graphql_and_not_in_rest(house: House) -> None:
    answer = await generate(house, {"type": "VIDEO", "input": {"text": "A bear"}})
    assert answer.json()["data"]["generate"]["provider"] == "runway"
    refused = await house.client.post("/v1/text_to_video", json={"prompt": "A bear"}, headers=house.bearer)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["extensions"]["parameter"] == "service"


REFUSED = [
    ("duration", 11),
    ("aspectRatio", "4:3"),
    ("version", "gen-5"),
    ("quality", "ultra"),
    ("motionIntensity", "extreme"),
    ("seed", -1),
    ("webhookUrl", "ftp://example.com"),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
async def test_a_value_outside_is_a_400_that_names_it_at_both_doors(house: House, name: str, value: Any) -> None:
    rest = await house.client.post("/v1/text_to_video", json=FLAT | {name: value}, headers=house.bearer)
    options = SEED_INPUT["options"] | {name: value}  # type: ignore[operator]
    nested = await generate(house, SEED_INPUT | {"options": options}, Accept="application/json")
    for answer, shown in ((rest, name), (nested, f"input.options.{name}")):
        assert answer.status_code == 400
        error = answer.json()["errors"][0]
        assert (error["extensions"]["code"], error["extensions"]["parameter"]) == ("INVALID_PARAMETER", shown)
        assert shown in error["message"]
    assert await house.count_generations() == 0


async def test_too_few_credits_are_a_402_with_the_documented_body_at_both_doors(poor_house: House) -> None:
    rest = await poor_house.client.post("/v1/text_to_video", json=FLAT, headers=poor_house.bearer)
    nested = await generate(poor_house, SEED_INPUT)
    for answer in (rest, nested):
        assert answer.status_code == 402
        error = answer.json()["errors"][0]
        assert error["message"] == "Insufficient credits for this operation"
        assert error["extensions"] == {
            "code": "INSUFFICIENT_CREDITS",
            "creditsRequired": 100,
            "creditsAvailable": 0,
        }


async def test_no_key_is_a_401_everywhere_and_introspection_needs_none(house: House) -> None:
    rest = await house.client.post("/v1/text_to_video", json=FLAT)
    nested = await house.client.post("/graphql", json={"query": "{ credits { available } }"})
    for answer in (rest, nested):
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["message"] == "Missing or invalid API key"
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await house.client.post("/graphql", json={"query": "{ __schema { queryType { name } } }"})).is_success
    assert (await house.client.get("/v1/services")).is_success


async def test_idempotency_replays_at_both_doors(house: House) -> None:
    once = {"Idempotency-Key": "k-1"}
    first = await house.client.post("/v1/text_to_video", json=FLAT, headers=house.bearer | once)
    again = await house.client.post("/v1/text_to_video", json=FLAT, headers=house.bearer | once)
    assert again.content == first.content
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    other = await house.client.post("/v1/text_to_video", json=FLAT | {"duration": 6}, headers=house.bearer | once)
    assert (other.status_code, other.json()["errors"][0]["extensions"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert await house.count_generations() == 1


async def test_one_idempotency_key_does_not_cover_two_submissions(house: House) -> None:
    query = (
        "mutation M($i: GenerateVideoInput!) { a: generatevideo(input: $i) { id } b: generateVideo(input: $i) { id } }"
    )
    body = {"query": query, "variables": {"i": FLAT}}
    refused = await house.client.post("/graphql", json=body, headers=house.bearer | {"Idempotency-Key": "k"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["extensions"]["parameter"] == "Idempotency-Key"
    assert await house.count_generations() == 0
    both = await house.client.post("/graphql", json=body, headers=house.bearer)
    assert both.json()["data"]["a"]["id"] != both.json()["data"]["b"]["id"]
    assert both.headers["x-ratelimit-remaining"] == "8"


async def test_ten_aliases_cost_ten_and_a_refused_one_hides_nothing(house: House) -> None:
    fields = " ".join(f"g{n}: generatevideo(input: $i) {{ id }}" for n in range(11))
    body = {"query": f"mutation M($i: GenerateVideoInput!) {{ {fields} }}", "variables": {"i": FLAT}}
    answer = await house.client.post("/graphql", json=body, headers=house.bearer)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert [name for name, value in data.items() if value is None] == ["g10"]
    assert answer.json()["errors"][0]["path"] == ["g10"]
    assert await house.count_generations() == 10


async def test_over_the_limit_is_a_429_with_its_headers(house: House) -> None:
    for _ in range(10):
        assert (await house.client.post("/v1/text_to_video", json=FLAT, headers=house.bearer)).is_success
    rest = await house.client.post("/v1/text_to_video", json=FLAT, headers=house.bearer)
    nested = await generate(house, SEED_INPUT)
    for answer in (rest, nested):
        assert answer.status_code == 429
        assert answer.json()["errors"][0]["extensions"]["code"] in ("RATE_LIMITED", "BACKLOG_FULL")
        assert int(answer.headers["retry-after"]) > 0
        assert answer.headers["x-ratelimit-remaining"] == "0"


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "MALFORMED_REQUEST"),
        (b"[]", "application/json", 400, "MALFORMED_REQUEST"),
        (b"", "application/json", 400, "MALFORMED_REQUEST"),
        (b"service=runway", "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (json.dumps(FLAT | {"colour": 1}).encode(), "application/json", 400, "INVALID_PARAMETER"),
        (json.dumps(FLAT | {"prompt": "\u0000"}).encode(), "application/json", 400, "INVALID_PARAMETER"),
        (json.dumps(FLAT | {"provider": "runway"}).encode(), "application/json", 400, "INVALID_PARAMETER"),
    ],
)
async def test_a_rest_body_that_is_none_is_refused(
    house: House, body: bytes, content_type: str, status: int, code: str
) -> None:
    headers = house.bearer | {"Content-Type": content_type}
    answer = await house.client.post("/v1/text_to_video", content=body, headers=headers)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)


async def test_cancel_once(house: House) -> None:
    made = await house.client.post("/v1/text_to_video", json=FLAT, headers=house.bearer)
    address = f"/v1/generations/{made.json()['data']['generatevideo']['id']}"
    canceled = await house.client.post(f"{address}/cancel", headers=house.bearer)
    assert canceled.json()["data"]["generatevideo"]["status"] == "canceled"
    again = await house.client.post(f"{address}/cancel", headers=house.bearer)
    assert (again.status_code, again.json()["errors"][0]["extensions"]["code"]) == (409, "GENERATION_FINISHED")
    credits = await house.client.get("/v1/credits", headers=house.bearer)
    assert credits.json() == {"data": {"credits": {"available": 1000, "held": 0}}}


async def test_a_quote_is_honoured(house: House) -> None:
    quote = await house.client.post("/v1/quotes", json=FLAT | {"quality": "pro"}, headers=house.bearer)
    assert quote.json()["data"]["quote"]["creditCost"] == 300
    quoted = FLAT | {"quality": "pro", "quoteId": quote.json()["data"]["quote"]["id"]}
    made = await house.client.post("/v1/text_to_video", json=quoted, headers=house.bearer)
    assert made.json()["data"]["generatevideo"]["creditCost"] == 300
    refused = await house.client.post("/v1/text_to_video", json=quoted | {"duration": 9}, headers=house.bearer)
    assert refused.json()["errors"][0]["extensions"]["code"] == "QUOTE_MISMATCH"


async def test_two_places_of_the_webhook_url_must_agree(house: House) -> None:
    url = "https://93.184.216.34/hook"
    options = {"duration": 5, "webhookUrl": url}
    agreed = await generate(house, SEED_INPUT | {"options": options, "webhookUrl": url})
    assert agreed.status_code == 200
    refused = await generate(house, SEED_INPUT | {"options": options, "webhookUrl": url + "2"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["extensions"]["parameter"] == "input.options.webhookUrl"


async def test_messages_follow_the_language_and_codes_do_not(house: House) -> None:
    sl = {"Accept-Language": "sl"}
    rest = await house.client.post("/v1/text_to_video", json=FLAT | {"duration": 99}, headers=house.bearer | sl)
    nested = await generate(house, SEED_INPUT | {"options": {"duration": 99}}, **sl)
    for answer in (rest, nested):
        error = answer.json()["errors"][0]
        assert "mora biti celo število od 5 do 10" in error["message"]
        assert error["extensions"]["code"] == "INVALID_PARAMETER"
