"""Guarantee: an operation gives the same state and the same code through REST and GraphQL, and another
account's object reads as an unknown one, to the byte, for every operation that takes an id."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, get_named_type

from tests.contract.requests import FLAT, GENERATE, NESTED, SUBMIT, UNKNOWN_ID
from tests.contract.schema import (
    GraphQLOperation,
    graphql_operations_with_id,
    read_sdl,
    rest_routes_with_id,
    select_all,
)
from tests.contract.test_bad_requests import png
from tests.system import Customer, Receiver, System, video_of

# what an id names, by the second part of a REST path and by a GraphQL root field
GRAPHQL_KINDS = {
    "generation": "generations",
    "cancelGeneration": "generations",
    "deleteGeneration": "generations",
    "updateKey": "keys",
    "revokeKey": "keys",
    "rotateKey": "keys",
    "updateEndpoint": "webhook_endpoints",
    "deleteEndpoint": "webhook_endpoints",
    "sendTestEvent": "webhook_endpoints",
    "delivery": "deliveries",
    "resendDelivery": "deliveries",
    "upload": "uploads",
    "setPlan": "accounts",
    "disableAccount": "accounts",
    "enableAccount": "accounts",
    "createAccountKey": "accounts",
    "grantCredits": "accounts",
    "adjustCredits": "accounts",
    "refundCredits": "accounts",
    "settleSubmission": "unknown_submissions",
}
# what a customer may do to no object at all, and what is sent to it
STATUSES = {"accounts": 403, "unknown_submissions": 403}
BODIES = {
    ("PATCH", "/v1/keys/{id}"): {"name": "taken"},
    ("PATCH", "/v1/webhook_endpoints/{id}"): {"description": "taken"},
    ("PATCH", "/v1/accounts/{id}"): {"plan": "enterprise"},
    ("POST", "/v1/accounts/{id}/keys"): {"name": "taken"},
    ("POST", "/v1/accounts/{id}/grants"): {"credits": 1, "reason": "taken"},
    ("POST", "/v1/accounts/{id}/adjustments"): {"amount": -1, "reason": "taken"},
    ("POST", "/v1/accounts/{id}/refunds"): {"generationId": UNKNOWN_ID, "reason": "taken"},
    ("POST", "/v1/unknown_submissions/{id}/settle"): {"outcome": "charge"},
}
CHANGES_EACH_TIME = ("date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset")


@pytest.fixture(scope="module")
def schema(system: System) -> GraphQLSchema:
    return read_sdl(system.url)


@pytest.fixture(scope="module")
def owner(system: System) -> Customer:
    return system.customer(credits=1000)


@pytest.fixture(scope="module")
def owned(system: System, owner: Customer) -> Iterator[dict[str, str]]:
    """The id of one object of each kind."""
    receiver = Receiver()
    endpoint = owner.post("/v1/webhook_endpoints", {"url": f"{receiver.url}/events"}).json()["data"]["endpoint"]
    upload = owner.client.post("/v1/uploads", content=png(), headers={"Content-Type": "image/png"})
    delivery = owner.post(f"/v1/webhook_endpoints/{endpoint['id']}/test").json()["data"]["delivery"]
    receiver.wait_for("/events")
    assert owner.client.put("/v1/credits/alerts", json={"thresholds": [1]}).status_code == 200
    generation = owner.submit("#delay=3000")["id"]
    while owner.get(f"/v1/generations/{generation}").json()["data"]["generatevideo"]["stage"] != "rendering":
        time.sleep(0.05)  # what a stranger could change of it stands still from here on
    yield {
        "generations": generation,
        "unknown_submissions": generation,
        "keys": owner.post("/v1/keys", {"name": "second"}).json()["data"]["key"]["id"],
        "webhook_endpoints": endpoint["id"],
        "deliveries": delivery["id"],
        "accounts": owner.account_id,
        "uploads": upload.json()["data"]["upload"]["id"],
    }
    receiver.close()


@pytest.fixture(scope="module")
def stranger(system: System) -> Customer:
    return system.customer(credits=1000)


def everything_of(owner: Customer) -> list[Any]:
    paths = ("account", "generations", "keys", "webhook_endpoints", "deliveries", "credits", "credits/alerts")
    paths += ("webhook_secret",)
    return [owner.get(f"/v1/{path}").json()["data"] for path in paths]


def without_what_moves(answers: list[Any]) -> str:
    """Keys were used just now, and a film is being rendered."""
    kept = [{**answer, "keys": None} if "keys" in answer else answer for answer in answers]
    for generation in next(answer["generations"] for answer in kept if "generations" in answer):
        generation["progress"] = None
    return json.dumps(kept)


def same(one: httpx.Response, other: httpx.Response, kind: str) -> None:
    assert one.status_code == other.status_code == STATUSES.get(kind, 404), (one.text, other.text)
    assert one.content == other.content
    heads = [{name: text for name, text in answer.headers.items() if name not in CHANGES_EACH_TIME}
             for answer in (one, other)]  # fmt: skip
    assert heads[0] == heads[1]


def test_another_accounts_object_reads_as_unknown_in_rest(
    system: System, owner: Customer, owned: dict[str, str], stranger: Customer
) -> None:
    routes = rest_routes_with_id(system.url)
    assert len(routes) >= 10
    before = everything_of(owner)
    for method, path in routes:
        body = BODIES.get((method, path), {} if method == "POST" else None)
        kind = path.split("/")[2]
        theirs, unknown = (
            stranger.client.request(method, path.replace("{id}", object_id), json=body)
            for object_id in (owned[kind], UNKNOWN_ID)
        )
        same(theirs, unknown, kind)
    assert without_what_moves(everything_of(owner)) == without_what_moves(before)
    print(f"{len(routes)} REST operations")


def test_another_accounts_object_reads_as_unknown_in_graphql(
    schema: GraphQLSchema, owner: Customer, owned: dict[str, str], stranger: Customer
) -> None:
    operations: list[GraphQLOperation] = list(graphql_operations_with_id(schema))
    assert len(operations) >= 8
    before = everything_of(owner)
    for operation in operations:
        kind = GRAPHQL_KINDS[operation.name]
        ids = (owned[kind], UNKNOWN_ID)
        theirs, unknown = (stranger.graphql(operation.document, {"id": object_id}) for object_id in ids)
        same(theirs, unknown, kind)
    assert without_what_moves(everything_of(owner)) == without_what_moves(before)
    print(f"{len(operations)} GraphQL operations")


def test_ids_inside_of_requests_read_as_unknown_too(owner: Customer, owned: dict[str, str], stranger: Customer) -> None:
    quote = owner.post("/v1/quotes", FLAT).json()["data"]["quote"]["id"]
    picture = {"service": "runway-i2v"}
    for path, body, name, theirs in (
        ("/v1/text_to_video", FLAT, "quoteId", quote),
        ("/v1/image_to_video", picture, "image", owned["uploads"]),
    ):
        answers = [stranger.post(path, body | {name: object_id}) for object_id in (theirs, UNKNOWN_ID)]
        assert answers[0].content == answers[1].content
        assert answers[0].status_code in (400, 409)
        accepted = owner.post(path, body | {name: theirs})
        assert accepted.status_code == 200, accepted.text  # the id itself is good
        owner.wait(video_of(accepted)["id"])
    for name, theirs in (("generation", owned["generations"]), ("endpoint", owned["webhook_endpoints"])):
        found = [stranger.get(f"/v1/deliveries?{name}={object_id}").content for object_id in (theirs, UNKNOWN_ID)]
        assert found[0] == found[1]
    after = [stranger.get(f"/v1/generations?after={owned['generations']}").json()["data"]["generations"]]
    assert after == [[]]


READS = [
    # GraphQL root field with its arguments, REST path, key of the REST answer
    ("account", "/v1/account", "account"),
    ("limits", "/v1/account", "limits"),
    ("credits", "/v1/credits", "credits"),
    ("creditAlerts", "/v1/credits/alerts", "alerts"),
    ("services", "/v1/services", "services"),
    ("endpoints", "/v1/webhook_endpoints", "endpoints"),
    ("signingSecret", "/v1/webhook_secret", "signingSecret"),
    ("statement(first: 3)", "/v1/statement?first=3", "statement"),
    ("deliveries", "/v1/deliveries", "deliveries"),
    ("generations(first: 2)", "/v1/generations?first=2", "generations"),
    ('generations(filter: {status: "processing"})', "/v1/generations?status=processing", "generations"),
]


@pytest.mark.usefixtures("owned")
@pytest.mark.parametrize(("field", "path", "key"), READS, ids=[field for field, *_ in READS])
def test_reads_are_equal(schema: GraphQLSchema, owner: Customer, field: str, path: str, key: str) -> None:
    name = field.split("(", maxsplit=1)[0]
    assert schema.query_type is not None
    kind = get_named_type(schema.query_type.fields[name].type)
    by_rest = owner.get(path).json()["data"]
    by_graphql = owner.graphql(f"{{ {field} {select_all(kind)} }}").json()["data"][name]
    if isinstance(by_graphql, dict) and "nodes" in by_graphql:
        assert by_graphql["pageInfo"] == by_rest["pageInfo"]
        by_graphql = by_graphql["nodes"]
    assert by_graphql == by_rest[key]
    assert by_graphql


def test_a_generation_reads_the_same(schema: GraphQLSchema, owner: Customer) -> None:
    selection = select_all(schema.type_map["Generation"])
    for prompt in ("A bear", "#fail"):
        ended = owner.wait(owner.submit(prompt)["id"])
        found = owner.graphql(f"query($id: ID!) {{ generation(id: $id) {selection} }}", {"id": ended["id"]})
        assert found.json()["data"]["generation"] == ended


SUBMISSIONS = [
    ("generate", GENERATE, NESTED | {"options": {"seed": 7, "duration": 6}}),
    ("generatevideo", SUBMIT, FLAT | {"seed": 7, "duration": 6}),
    ("generateVideo", SUBMIT.replace("generatevideo", "generateVideo"), FLAT | {"seed": 7, "duration": 6}),
]


@pytest.mark.parametrize(("field", "document", "asked"), SUBMISSIONS, ids=[field for field, *_ in SUBMISSIONS])
def test_a_submission_is_the_same(
    system: System, schema: GraphQLSchema, field: str, document: str, asked: dict[str, Any]
) -> None:
    customer = system.customer(credits=1000)
    document = document.replace("{ id }", select_all(schema.type_map["Generation"]))
    by_graphql = customer.graphql(document, {"input": asked})
    by_rest = customer.post("/v1/text_to_video", FLAT | {"seed": 7, "duration": 6})
    own = ("id", "createdAt")
    shown = [{name: value for name, value in answer.items() if name not in own}
             for answer in (by_graphql.json()["data"][field], video_of(by_rest))]  # fmt: skip
    assert shown[0] == shown[1]
    rates = [answer.headers["x-ratelimit-limit"] for answer in (by_graphql, by_rest)]
    assert rates[0] == rates[1]
    terms = [system.operator.fetch("SELECT parameters, lane, engine, kind FROM generation WHERE id = $1", identity)
             for identity in (by_graphql.json()["data"][field]["id"], video_of(by_rest)["id"])]  # fmt: skip
    assert terms[0] == terms[1]


def test_one_idempotency_key_holds_across_both_doors(system: System) -> None:
    customer = system.customer(credits=1000)
    key = {"Idempotency-Key": "one"}
    first = video_of(customer.post("/v1/text_to_video", FLAT, **key))
    again = customer.graphql(GENERATE, {"input": NESTED}, **key)
    assert again.json()["data"]["generate"]["id"] == first["id"]
    assert again.headers["idempotency-replayed"] == "true"
    other = customer.graphql(GENERATE, {"input": NESTED | {"options": {"duration": 6}}}, **key)
    assert (other.status_code, code_of(other)) == (422, "IDEMPOTENCY_KEY_REUSED")


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


@pytest.fixture
def refused(system: System) -> dict[str, Customer]:
    """Customers who meet each refusal."""
    reader = system.customer(credits=1000)
    narrow = reader.post("/v1/keys", {"name": "r", "scopes": ["account:read"]}).json()["data"]["secret"]
    busy = system.customer(credits=1000, generations_per_minute=1)
    done = system.customer(credits=1000, generations_per_day=1)
    full = system.customer(credits=1000, job_slots=1, backlog=1)
    for customer, count in ((busy, 1), (done, 1), (full, 2)):
        for _ in range(count):
            customer.submit("#delay=3000")
    return {
        "nobody": system.known("", "dk_live_wrong"),
        "poor": system.customer(),
        "narrow": system.known(reader.account_id, narrow),
        "busy": busy,
        "done": done,
        "full": full,
        "wrong": system.customer(credits=1000),
    }


REFUSALS = [
    ("nobody", {}, 401, "UNAUTHENTICATED"),
    ("narrow", {}, 403, "FORBIDDEN"),
    ("poor", {}, 402, "INSUFFICIENT_CREDITS"),
    ("busy", {}, 429, "RATE_LIMITED"),
    ("done", {}, 429, "DAILY_LIMIT_REACHED"),
    ("full", {}, 429, "BACKLOG_FULL"),
    ("wrong", {"duration": 11}, 400, "INVALID_PARAMETER"),
    ("wrong", {"webhookUrl": "http://10.0.0.1/"}, 400, "ADDRESS_DENIED"),
    ("wrong", {"quoteId": UNKNOWN_ID}, 409, "QUOTE_EXPIRED"),
]


def test_refusals_are_the_same(refused: dict[str, Customer]) -> None:
    for who, change, status, code in REFUSALS:
        by_rest = refused[who].post("/v1/text_to_video", FLAT | change)
        answers = [by_rest]
        for media in ("application/json", "application/graphql-response+json"):
            answers.append(refused[who].graphql(SUBMIT, {"input": FLAT | change}, Accept=media))
            answers.append(refused[who].graphql(GENERATE, {"input": NESTED | {"options": change}}, Accept=media))
        assert [(answer.status_code, code_of(answer)) for answer in answers] == [(status, code)] * 5
        for name in ("retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "www-authenticate"):
            shown = {answer.headers.get(name) for answer in answers}
            assert len(shown) == 1 or name == "retry-after", (who, name, shown)
            assert (None in shown) == (name not in by_rest.headers)


def test_cancelling_is_the_same(system: System) -> None:
    customer = system.customer(credits=1000)
    document = "mutation($id: ID!) { cancelGeneration(id: $id) { id status url creditCost } }"
    first, second = customer.submit("#delay=3000")["id"], customer.submit("#delay=3000")["id"]
    by_rest = video_of(customer.post(f"/v1/generations/{first}/cancel"))
    by_graphql = customer.graphql(document, {"id": second}).json()["data"]["cancelGeneration"]
    for name in ("status", "url", "creditCost"):
        assert by_rest[name] == by_graphql[name]
    again = [customer.post(f"/v1/generations/{first}/cancel"), customer.graphql(document, {"id": second})]
    assert [(answer.status_code, code_of(answer)) for answer in again] == [(409, "GENERATION_FINISHED")] * 2
    assert customer.credits() == {"available": 1000, "held": 0}
