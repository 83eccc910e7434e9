"""Guarantee: answers, errors, headers and webhooks are what the public page prints."""

import calendar
import hashlib
import hmac
import time

import httpx
import pytest

from tests.seed.page import Page
from tests.system import Receiver, System, video_of

FLAT = """mutation M($input: GenerateVideoInput!) {
  generatevideo(input: $input) { id status url webhookUrl createdAt }
}"""
SOME = {"service": "runway", "prompt": "A bear"}


def test_the_accepted_answer(system: System, page: Page, receiver: Receiver) -> None:
    printed = page.json_after("Odgovor ob uspehu")["data"]["generatevideo"]
    customer = system.customer(credits=1000)
    asked = SOME | {"webhookUrl": f"{receiver.url}/accepted"}
    by_rest = video_of(customer.post("/v1/text_to_video", asked))
    by_graphql = customer.graphql(FLAT, {"input": asked}).json()["data"]["generatevideo"]
    assert list(by_graphql) == list(printed)
    for answer in (by_rest, by_graphql):
        assert {name: type(answer[name]) for name in printed} == {name: type(printed[name]) for name in printed}
        assert (answer["status"], answer["url"]) == (printed["status"], printed["url"])
        assert answer["webhookUrl"] == asked["webhookUrl"]
        assert_moment(answer["createdAt"], printed["createdAt"])


def assert_moment(moment: str, printed: str) -> None:
    """The same form as the page's, and true."""
    form = "%Y-%m-%dT%H:%M:%SZ"
    time.strptime(printed, form)
    assert abs(time.time() - calendar.timegm(time.strptime(moment, form))) < 60


def test_the_completed_answer_and_its_film(system: System, page: Page) -> None:
    printed = page.json_after("Odgovor ob dokončanju")["data"]["generatevideo"]
    customer = system.customer(credits=1000)
    accepted = customer.submit()
    ended = customer.wait(accepted["id"])
    assert list(printed) == [name for name in ended if name in printed]
    assert ended["status"] == printed["status"]
    assert ended["duration"] == printed["duration"]
    assert ended["createdAt"] == accepted["createdAt"]
    assert ended["url"] == f"{system.url}/outputs/{ended['id']}.mp4"
    with httpx.Client(trust_env=False) as anyone:  # the page's CDN asks for no key
        film = anyone.get(ended["url"])
        poster = anyone.get(ended["poster"])
    assert (film.headers["content-type"], film.content[4:8]) == ("video/mp4", b"ftyp")
    assert hashlib.sha256(film.content).hexdigest() == ended["metadata"]["sha256"]
    assert (poster.headers["content-type"], poster.content[:3]) == ("image/jpeg", b"\xff\xd8\xff")


@pytest.mark.parametrize("door", ["/v1/text_to_video", "/graphql"])
def test_the_error_body_to_the_letter(system: System, page: Page, door: str) -> None:
    printed = page.json_after("Format odgovora ob napaki")["errors"][0]
    customer = system.customer(credits=50)  # the page: 100 required, 50 available
    if door == "/graphql":
        answer = customer.graphql(FLAT, {"input": SOME}, Accept="application/json")
        shown = answer.json()["errors"][0]
        assert shown.pop("path") == ["generatevideo"]
    else:
        answer = customer.post(door, SOME)
        assert list(answer.json()) == ["errors"]
        shown = answer.json()["errors"][0]
    assert answer.status_code == 402
    assert shown == printed
    assert customer.credits() == {"available": 50, "held": 0}


def test_the_error_table(system: System, page: Page) -> None:
    for status in ("400 | Bad Request", "401 | Unauthorized", "402 | Payment Required", "429 | Too Many Requests"):
        assert status in page.text
    rich, poor, busy = (system.customer(credits=given) for given in (1000, 0, 1000))
    limited = system.customer("enterprise", 1000, generations_per_minute=1)
    limited.submit()
    nobody = httpx.post(f"{system.url}/v1/text_to_video", json=SOME, headers={"X-API-Key": busy.key + "x"})
    assert rich.post("/v1/text_to_video", SOME | {"duration": 4}).status_code == 400
    assert nobody.status_code == 401
    assert poor.post("/v1/text_to_video", SOME).status_code == 402
    assert limited.post("/v1/text_to_video", SOME).status_code == 429


def test_the_webhook(system: System, page: Page, receiver: Receiver) -> None:
    printed = page.json_after("Vsebina webhooka")
    assert "X-Doitong-Signature: sha256=" in page.text
    customer = system.customer(credits=1000)
    asked = {"webhookUrl": f"{receiver.url}/hook", "quality": "high"}
    ended = customer.wait(customer.submit(**asked)["id"])
    arrival = receiver.wait_for("/hook")
    body = arrival.json
    assert list(body) == list(printed)
    assert list(body["metadata"])[:3] == list(printed["metadata"])
    assert {name: body["metadata"][name] for name in printed["metadata"]} == printed["metadata"]
    for name in ("id", "status", "url", "service", "createdAt", "completedAt"):
        assert body[name] == ended[name]
    secret = customer.get("/v1/webhook_secret").json()["data"]["signingSecret"]["secret"]
    signature = "sha256=" + hmac.new(secret.encode(), arrival.body, hashlib.sha256).hexdigest()
    assert arrival.headers["X-Doitong-Signature"] == signature
    assert arrival.method == "POST"
    assert arrival.headers["Content-Type"].startswith("application/json")
    check_standard_webhooks(secret, arrival.headers, arrival.body)


def check_standard_webhooks(secret: str, headers: dict[str, str], body: bytes) -> None:
    """By the published library, not by ours."""
    from standardwebhooks import Webhook, WebhookVerificationError

    library, lowered = Webhook(secret), {name.lower(): value for name, value in headers.items()}
    library.verify(body, lowered)
    with pytest.raises(WebhookVerificationError):
        library.verify(body + b" ", lowered)


@pytest.mark.parametrize(("word", "status"), [("#fail", "failed"), ("#delay=60", "canceled")])
def test_the_webhook_of_a_film_that_never_came(system: System, receiver: Receiver, word: str, status: str) -> None:
    customer = system.customer(credits=1000)
    accepted = customer.submit(word, webhookUrl=f"{receiver.url}/hook")
    if status == "canceled":
        customer.post(f"/v1/generations/{accepted['id']}/cancel")
    body = receiver.wait_for("/hook").json
    assert (body["id"], body["status"], body["url"]) == (accepted["id"], status, None)
    assert customer.credits() == {"available": 1000, "held": 0}


def test_the_limits_in_the_headers(system: System, page: Page) -> None:
    for plan, limit in (("free", "10"), ("starter", "30"), ("pro", "60")):
        name = {"free": "Brezplačno", "starter": "Starter", "pro": "Pro"}[plan]
        assert f"\n| {name} | {limit} |" in page.text
        customer = system.customer(plan, 1000)
        first = customer.post("/v1/text_to_video", SOME)
        second = customer.graphql(FLAT, {"input": SOME})
        read = customer.get(f"/v1/generations/{video_of(first)['id']}")
        assert [answer.headers["X-RateLimit-Limit"] for answer in (first, second)] == [limit, limit]
        assert [int(answer.headers["X-RateLimit-Remaining"]) for answer in (first, second)] == [
            int(limit) - 1,
            int(limit) - 2,
        ]
        assert 0 < int(first.headers["X-RateLimit-Reset"]) - time.time() <= 61
        assert int(read.headers["X-RateLimit-Limit"]) > int(limit)  # reads have their own allowance
