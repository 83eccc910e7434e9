"""Guarantee: keys, endpoints, deliveries, credits and lists read the same through REST and GraphQL; what belongs
to another account reads as unknown, to the byte."""

import io
from typing import Any

import pytest
from PIL import Image

from doitong.doors.rest.route import Access
from doitong.doors.rest.table import ROUTES
from tests.doors.house import House

FLAT = {"service": "runway", "prompt": "A serene landscape with mountains and a lake"}
UNKNOWN_ID = "0" * 26
FORM_WITHOUT_FILE = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n'


async def rest(house: House, method: str, path: str, body: Any = None, status: int = 200) -> Any:
    answer = await house.client.request(method, path, json=body, headers=house.bearer)
    assert answer.status_code == status, answer.text
    return answer.json().get("data", answer.json())


async def test_lists_read_the_same_at_both_doors(house: House) -> None:
    for _ in range(3):
        await rest(house, "POST", "/v1/text_to_video", FLAT)
    first = await rest(house, "GET", "/v1/generations?first=2")
    assert first["pageInfo"]["hasNextPage"] is True
    cursor = first["pageInfo"]["endCursor"]
    second = await rest(house, "GET", f"/v1/generations?first=2&after={cursor}&status=processing")
    assert [len(first["generations"]), len(second["generations"])] == [2, 1]
    query = """query($after: String) { generations(first: 2, after: $after, filter: {status: "processing"}) {
        edges { cursor node { id } } nodes { id } pageInfo { endCursor hasNextPage } } }"""
    page = (await house.graphql(query, {"after": cursor}))["data"]["generations"]
    ids = [item["id"] for item in second["generations"]]
    assert [node["id"] for node in page["nodes"]] == ids == [edge["cursor"] for edge in page["edges"]]
    assert page["pageInfo"] == second["pageInfo"]


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("first=0", "first"),
        ("first=101", "first"),
        ("first=x", "first"),
        ("after=%00", "after"),
        ("after=a'b", "after"),
        ("status=done", "status"),
        ("kind=x", "kind"),
        ("service=%00", "service"),
        ("createdAfter=yesterday", "createdAfter"),
    ],
)
async def test_a_bad_page_or_filter_is_a_400_that_names_it(house: House, query: str, parameter: str) -> None:
    answer = await house.client.get(f"/v1/generations?{query}", headers=house.bearer)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["parameter"] == parameter


async def test_listing_a_hundred_generations_takes_at_most_four_queries(house: House) -> None:
    async with house.application.database.transaction() as connection:
        await connection.execute("UPDATE account SET limits = $1", {"generations_per_minute": 1000})
    await house.application.ledger.grant(house.account_id, 100_000)
    fields = " ".join(f"g{n}: generatevideo(input: $i) {{ id }}" for n in range(20))
    for _ in range(5):
        await house.graphql(f"mutation M($i: GenerateVideoInput!) {{ {fields} }}", {"i": FLAT})
    queries: list[str] = []

    def note(record: Any) -> None:
        queries.append(record.query)

    async def listen(connection: Any) -> None:
        connection.add_query_logger(note)  # the same function twice is one listener

    for holder in house.application.database.pool._holders:
        holder._setup = listen
    page = await house.graphql("{ generations(first: 100) { nodes { id queuePosition expectedStartAt } } }")
    assert len(page["data"]["generations"]["nodes"]) == 100
    ours = [query for query in queries if "generation" in query]
    assert 1 <= len(ours) <= 4, ours


async def test_keys_through_both_doors(house: House) -> None:
    made = await rest(house, "POST", "/v1/keys", {"name": "ci", "scopes": ["generations:read"]})
    assert made["secret"].startswith("dk_")
    weak = House(house.application, house.client, house.account_id, made["secret"])
    refused = await weak.client.post("/v1/text_to_video", json=FLAT, headers=weak.bearer)
    assert (refused.status_code, refused.json()["errors"][0]["extensions"]["scope"]) == (403, "generations:write")
    query = "mutation($i: CreateKeyInput!) { createKey(input: $i) { secret key { id prefix name scopes revokedAt } } }"
    new = (await house.graphql(query, {"i": {"name": "two"}}))["data"]["createKey"]
    listed = await rest(house, "GET", "/v1/keys")
    assert {"ci", "two", "test"} == {key["name"] for key in listed["keys"]}
    assert all("secret" not in key for key in listed["keys"])
    rotated = await rest(house, "POST", f"/v1/keys/{new['key']['id']}/rotate")
    assert rotated["key"]["name"] == "two"
    revoked = await house.graphql("mutation($id: ID!) { revokeKey(id: $id) { revokedAt } }", made["key"])
    assert revoked["data"]["revokeKey"]["revokedAt"]
    assert (await weak.client.get("/v1/generations", headers=weak.bearer)).status_code == 401


async def test_endpoints_and_the_signing_secret_through_both_doors(house: House) -> None:
    made = (await rest(house, "POST", "/v1/webhook_endpoints", {"url": "https://93.184.216.34/hook"}))["endpoint"]
    query = "mutation($id: ID!, $i: UpdateEndpointInput!) { updateEndpoint(id: $id, input: $i) { events isEnabled } }"
    change = {"id": made["id"], "i": {"isEnabled": False, "events": ["generation.failed"]}}
    changed = (await house.graphql(query, change))["data"]["updateEndpoint"]
    assert changed == {"events": ["generation.failed"], "isEnabled": False}
    await rest(house, "PATCH", f"/v1/webhook_endpoints/{made['id']}", {"isEnabled": True})
    sent = (await rest(house, "POST", f"/v1/webhook_endpoints/{made['id']}/test"))["delivery"]
    detail = (await rest(house, "GET", f"/v1/deliveries/{sent['id']}"))["delivery"]
    assert detail["body"]["id"] == "test"
    listed = await house.graphql('{ deliveries(filter: {state: "pending"}) { nodes { id event state } } }')
    assert [node["id"] for node in listed["data"]["deliveries"]["nodes"]] == [sent["id"]]
    assert (await rest(house, "DELETE", f"/v1/webhook_endpoints/{made['id']}"))["endpoint"]["id"] == made["id"]
    before = (await rest(house, "GET", "/v1/webhook_secret"))["signingSecret"]
    after = (await house.graphql("mutation { rotateSigningSecret { secret previousSecret } }"))["data"]
    assert after["rotateSigningSecret"]["previousSecret"] == before["secret"]


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "url"),
        ({"url": 7}, "url"),
        ({"url": "https://93.184.216.34/", "events": ["x"]}, "events"),
        ({"url": "https://93.184.216.34/", "events": "x"}, "events"),
        ({"url": "https://93.184.216.34/", "description": 1}, "description"),
        ({"url": "https://93.184.216.34/", "more": 1}, "more"),
    ],
)
async def test_a_bad_endpoint_is_a_400_that_names_it(house: House, body: Any, parameter: str) -> None:
    answer = await house.client.post("/v1/webhook_endpoints", json=body, headers=house.bearer)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["extensions"]["parameter"] == parameter


async def test_the_account_its_credits_and_its_statement(house: House) -> None:
    await rest(house, "POST", "/v1/text_to_video", FLAT)
    account = await rest(house, "GET", "/v1/account")
    assert (account["account"]["plan"], account["limits"]["usedToday"]) == ("free", 1)
    query = """{ account { id plan } limits { usedToday jobSlots } credits { available held }
        statement { nodes { kind amount } } }"""
    data = (await house.graphql(query))["data"]
    assert data["account"] == {"id": house.account_id, "plan": "free"}
    assert data["limits"] == {"usedToday": 1, "jobSlots": 1}
    assert data["credits"] == {"available": 900, "held": 100}
    assert data["statement"]["nodes"] == [{"kind": "hold", "amount": -100}, {"kind": "grant", "amount": 1000}]
    assert (await rest(house, "GET", "/v1/statement"))["statement"][0]["kind"] == "hold"


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 36), (90, 120, 200)).save(file, "PNG")
    return file.getvalue()


async def test_a_picture_as_body_or_form_then_animated(house: House) -> None:
    headers = house.bearer | {"Content-Type": "image/png"}
    made = await house.client.post("/v1/uploads", content=picture(), headers=headers)
    assert made.status_code == 200, made.text
    form = await house.client.post("/v1/uploads", files={"file": ("a.png", picture())}, headers=house.bearer)
    assert form.status_code == 200, form.text
    upload = made.json()["data"]["upload"]
    assert (upload["width"], upload["height"]) == (64, 36)
    assert (await rest(house, "GET", f"/v1/uploads/{upload['id']}"))["upload"] == upload
    asked = {"service": "runway-i2v", "imageUrl": upload["id"], "duration": 5, "motionIntensity": "medium"}
    query = "mutation AnimateImage($input: ImageAnimationInput!) { animateImage(input: $input) { id status url kind } }"
    animated = await house.graphql(query, {"input": asked})
    assert animated["data"]["animateImage"]["kind"] == "image_to_video"
    flat = await rest(house, "POST", "/v1/image_to_video", asked)
    assert flat["generatevideo"]["metadata"]["aspectRatio"] == "16:9"


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"no picture", "image/png", 400),
        (b"", "image/png", 400),
        (b"x", "application/json", 415),
        (b"x", "multipart/form-data", 400),
        (b"x", "multipart/form-data; boundary=b", 400),
        (
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n',
            "multipart/form-data; boundary=b",
            400,
        ),
        (b"x" * (20 * 1024 * 1024 + 1), "image/png", 413),
    ],
    ids=lambda value: str(value)[:24],
)
async def test_what_is_no_picture_is_refused(house: House, content: bytes, content_type: str, status: int) -> None:
    headers = house.bearer | {"Content-Type": content_type}
    answer = await house.client.post("/v1/uploads", content=content, headers=headers)
    assert answer.status_code == status, answer.text


async def other_accounts_things(house: House) -> dict[str, str]:
    """Objects of `house`'s account by the path they are found under."""
    made = await rest(house, "POST", "/v1/text_to_video", FLAT)
    endpoint = await rest(house, "POST", "/v1/webhook_endpoints", {"url": "https://93.184.216.34/hook"})
    sent = await rest(house, "POST", f"/v1/webhook_endpoints/{endpoint['endpoint']['id']}/test")
    key = await rest(house, "POST", "/v1/keys", {"name": "more"})
    headers = house.bearer | {"Content-Type": "image/png"}
    upload = await house.client.post("/v1/uploads", content=picture(), headers=headers)
    return {
        "generations": made["generatevideo"]["id"],
        "webhook_endpoints": endpoint["endpoint"]["id"],
        "deliveries": sent["delivery"]["id"],
        "keys": key["key"]["id"],
        "uploads": upload.json()["data"]["upload"]["id"],
    }


GRAPHQL_BY_ID = {
    "generations": [
        "query($id: ID!) { generation(id: $id) { id } }",
        "mutation($id: ID!) { cancelGeneration(id: $id) { id } }",
        "mutation($id: ID!) { deleteGeneration(id: $id) { id } }",
    ],
    "webhook_endpoints": [
        "mutation($id: ID!) { deleteEndpoint(id: $id) { id } }",
        "mutation($id: ID!) { updateEndpoint(id: $id, input: {isEnabled: true}) { id } }",
        "mutation($id: ID!) { sendTestEvent(endpointId: $id) { id } }",
    ],
    "deliveries": [
        "query($id: ID!) { delivery(id: $id) { id } }",
        "mutation($id: ID!) { resendDelivery(id: $id) { id } }",
    ],
    "keys": [
        "mutation($id: ID!) { revokeKey(id: $id) { id } }",
        'mutation($id: ID!) { updateKey(id: $id, input: {name: "taken"}) { id } }',
        "mutation($id: ID!) { rotateKey(id: $id) { secret } }",
    ],
}


async def test_another_accounts_object_reads_as_unknown_to_the_byte(house: House) -> None:
    things = await other_accounts_things(house)
    stranger = await house.application.accounts.create("Other", "free")
    key = await house.application.keys.create(stranger.id, "other")
    other = {"Authorization": f"Bearer {key.secret}", "X-Request-Id": "same"}
    routes = [route for route in ROUTES if "{id}" in route.path and route.group != "Operator"]  # those answer 403
    assert {route.path.split("/")[2] for route in routes} == set(things)
    for route in routes:
        thing = things[route.path.split("/")[2]]
        change = {"name": "taken"} if "/keys/" in route.path else {"isEnabled": True}
        body = change if route.method == "PATCH" else None
        answers = [
            await house.client.request(route.method, route.path.replace("{id}", wanted), json=body, headers=other)
            for wanted in (thing, UNKNOWN_ID, "short", "%00", "é")
        ]
        assert {answer.status_code for answer in answers} == {404}, route
        assert len({answer.content for answer in answers}) == 1
    for noun, queries in GRAPHQL_BY_ID.items():
        for query in queries:
            bodies = [{"query": query, "variables": {"id": wanted}} for wanted in (things[noun], UNKNOWN_ID, "\0")]
            found = [await house.client.post("/graphql", json=body, headers=other) for body in bodies]
            assert {answer.status_code for answer in found} == {404}, query
            assert len({answer.content for answer in found}) == 1


async def test_every_route_but_the_open_ones_needs_a_key(house: House) -> None:
    for route in ROUTES:
        answer = await house.client.request(route.method, route.path.replace("{id}", UNKNOWN_ID))
        assert answer.status_code == (200 if route.access is Access.OPEN else 401), route


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/keys", "GET, POST"),
        ("DELETE", "/v1/generations", "GET"),
        ("GET", "/v1/text_to_video", "POST"),
        ("GET", f"/v1/webhook_endpoints/{UNKNOWN_ID}", "DELETE, PATCH"),
    ],
)
async def test_a_method_that_a_path_lacks_is_a_405(house: House, method: str, path: str, allow: str) -> None:
    answer = await house.client.request(method, path, headers=house.bearer)
    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.json()["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("path", ["/v1/", "/v1/nothing", "/v1/keys/", "/v1//generations", "/nothing"])
async def test_an_unknown_path_is_a_404(house: House, path: str) -> None:
    answer = await house.client.get(path, headers=house.bearer)
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


async def test_reads_have_their_own_allowance(house: House) -> None:
    answer = await house.client.get("/v1/credits", headers=house.bearer)
    assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == ("600", "599")
    nested = await house.client.post(
        "/graphql", json={"query": "{ credits { held } account { id } }"}, headers=house.bearer
    )
    assert nested.headers["x-ratelimit-remaining"] == "598"
