"""Guarantee: keys do what they may and end when they are told to; credits are held, captured or given back to
the unit, and the books agree. By the API and by `doitong` commands."""

import time
from typing import Any

import httpx
import pytest

from tests.contract.requests import FLAT, UNKNOWN_ID
from tests.system import Customer, Receiver, System, video_of

SCOPES = ["account:read", "generations:read", "generations:write", "keys:write", "webhooks:write"]


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["errors"][0]["extensions"]["code"])


def new_key(customer: Customer, **wanted: Any) -> dict[str, Any]:
    answer = customer.post("/v1/keys", {"name": "made by a test"} | wanted)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["data"])


def test_an_account_by_command_line_alone(system: System) -> None:
    account_id = system.cli("accounts", "create", "Studio Bled", "--plan", "starter", "--language", "sl")
    customer = system.known(account_id, system.cli("keys", "create", "Studio Bled", "--name", "CI"))
    assert customer.post("/v1/text_to_video", FLAT).status_code == 402
    assert "100 credits available, 0 held" in system.cli("credits", "grant", account_id, "100", "--reason", "gift")
    accepted = customer.submit("#delay=3000")
    assert "0 credits available, 100 held" in system.cli("credits", "balance", account_id)
    customer.post(f"/v1/generations/{accepted['id']}/cancel")
    rows = [line.split("\t") for line in system.cli("credits", "statement", account_id).splitlines()[1:]]
    assert [row[1] for row in rows] == ["release", "hold", "grant"]
    assert rows[2][-1] == "gift"
    refused = customer.post("/v1/text_to_video", FLAT | {"duration": 6})
    assert refused.json()["errors"][0]["message"] == "Premalo kreditov za to operacijo"  # the account's language
    listed = system.cli("keys", "list", account_id)
    assert customer.key[:16] in listed
    assert customer.key not in listed


def test_a_key_is_shown_once_and_kept_as_a_digest(system: System) -> None:
    customer = system.customer(credits=100)
    made = new_key(customer)
    assert made["secret"].startswith(made["key"]["prefix"] + "_")
    secret = made["secret"].split("_")[-1]
    other = system.known(customer.account_id, made["secret"])
    assert other.submit()["status"] == "processing"
    shown = customer.get("/v1/keys").text + str(system.operator.fetch("SELECT * FROM api_key"))
    assert made["key"]["prefix"] in shown
    logs = "".join(path.read_text() for path in (system.data_dir / "logs").glob("*.log"))
    assert len(logs) > 1000
    for text in (shown, logs):
        assert secret not in text


ALLOWED = [
    # operation, the scope that it takes
    ("GET", "/v1/generations", None, "generations:read"),
    ("POST", "/v1/quotes", FLAT, "generations:read"),
    ("POST", "/v1/text_to_video", FLAT, "generations:write"),
    ("POST", f"/v1/generations/{UNKNOWN_ID}/cancel", {}, "generations:write"),
    ("GET", "/v1/credits", None, "account:read"),
    ("GET", "/v1/statement", None, "account:read"),
    ("GET", "/v1/account", None, "account:read"),
    ("GET", "/v1/keys", None, "account:read"),
    ("POST", "/v1/keys", {"name": "a"}, "keys:write"),
    ("DELETE", f"/v1/keys/{UNKNOWN_ID}", None, "keys:write"),
    ("GET", "/v1/webhook_secret", None, "webhooks:write"),
    ("POST", "/v1/deliveries/resend", {"since": "2026-01-01", "until": "2026-01-02"}, "webhooks:write"),
]


def test_a_key_can_do_what_its_scopes_say_and_no_more(system: System) -> None:
    customer = system.customer(credits=1000)
    for scope in SCOPES:
        narrow = system.known(customer.account_id, new_key(customer, scopes=[scope])["secret"])
        for method, path, body, needed in ALLOWED:
            answer = narrow.client.request(method, path, json=body)
            if needed == scope:
                assert answer.status_code in (200, 404), (scope, path, answer.text)
            else:
                assert answer.status_code == 403, (scope, path, answer.text)
                assert answer.json()["errors"][0]["extensions"] == {"code": "FORBIDDEN", "scope": needed}
                assert needed in answer.json()["errors"][0]["message"]


def test_only_an_operators_key_makes_accounts(system: System) -> None:
    customer = system.customer(credits=1000)
    made = {"name": "Made by API", "plan": "free"}
    assert customer.get("/v1/accounts").status_code == 403
    assert customer.post("/v1/accounts", made).status_code == 403
    assert customer.post("/v1/keys", {"name": "a", "scopes": ["accounts:write"]}).status_code == 403
    assert system.known("", system.demo_key).get("/v1/accounts").status_code == 200  # the newcomer is the operator
    home = system.cli("accounts", "create", "Operators")
    operator = system.known(home, system.cli("keys", "create", home, "--scope", "accounts:write"))
    answer = operator.post("/v1/accounts", made)
    assert answer.status_code == 200, answer.text
    account_id = answer.json()["data"]["account"]["id"]
    given = operator.post(f"/v1/accounts/{account_id}/grants", {"credits": 50, "reason": "welcome"})
    assert given.json()["data"]["credits"] == {"available": 1050, "held": 0}
    new = system.known(account_id, answer.json()["data"]["secret"])
    assert new.credits() == {"available": 1050, "held": 0}
    assert new.get("/v1/accounts").status_code == 403
    assert operator.post(f"/v1/accounts/{UNKNOWN_ID}/grants", {"credits": 1, "reason": "a"}).status_code == 404


def test_a_key_makes_no_key_that_may_do_more(system: System) -> None:
    customer = system.customer()
    maker = system.known(customer.account_id, new_key(customer, scopes=["keys:write", "account:read"])["secret"])
    assert maker.post("/v1/keys", {"name": "a", "scopes": ["generations:write"]}).status_code == 403
    whole = next(key for key in customer.get("/v1/keys").json()["data"]["keys"] if len(key["scopes"]) == len(SCOPES))
    assert maker.post(f"/v1/keys/{whole['id']}/rotate").status_code == 403
    assert new_key(maker)["key"]["scopes"] == ["account:read", "keys:write"]


@pytest.mark.parametrize("way", ["api", "graphql", "command line"])
def test_a_revoked_key_is_refused_everywhere_within_a_second(system: System, second_api: str, way: str) -> None:
    customer = system.customer()
    made = new_key(customer)
    at_both = [system.known(customer.account_id, made["secret"], url) for url in (system.url, second_api)]
    assert [holder.get("/v1/credits").status_code for holder in at_both] == [200, 200]  # both remember it now
    key_id = made["key"]["id"]
    if way == "api":
        assert customer.client.delete(f"/v1/keys/{key_id}").status_code == 200
    elif way == "graphql":
        revoked = customer.graphql("mutation($id: ID!) { revokeKey(id: $id) { revokedAt } }", {"id": key_id})
        assert revoked.json()["data"]["revokeKey"]["revokedAt"]
    else:
        assert "is revoked" in system.cli("keys", "revoke", customer.account_id, key_id)
    a_second_later = time.monotonic() + 1.0
    while time.monotonic() < a_second_later:
        if [holder.get("/v1/credits").status_code for holder in at_both] == [401, 401]:
            break
    assert [holder.get("/v1/credits").status_code for holder in at_both] == [401, 401]
    assert customer.get("/v1/credits").status_code == 200  # the other key lives


def test_a_rotated_key_overlaps_as_long_as_asked(system: System, second_api: str) -> None:
    customer = system.customer()
    made = new_key(customer, scopes=["account:read"])
    old = system.known(customer.account_id, made["secret"], second_api)
    successor = customer.post(f"/v1/keys/{made['key']['id']}/rotate", {"overlapSeconds": 3600}).json()["data"]
    new = system.known(customer.account_id, successor["secret"], second_api)
    assert [holder.get("/v1/credits").status_code for holder in (old, new)] == [200, 200]
    assert successor["key"]["scopes"] == ["account:read"]
    last = customer.post(f"/v1/keys/{successor['key']['id']}/rotate").json()["data"]
    time.sleep(1)  # the promise is a second of the real clock
    assert new.get("/v1/credits").status_code == 401
    assert system.known("", last["secret"]).get("/v1/credits").status_code == 200


ENDS = [
    # prompt, how it ends, what it costs
    ("A bear", "completed", 100),
    ("#fail", "failed", 0),
    ("#refuse", "failed", 0),
    ("#transient=1", "completed", 100),
    ("#lost-answer", "completed", 100),
]


@pytest.mark.parametrize(("prompt", "status", "cost"), ENDS, ids=[prompt for prompt, *_ in ENDS])
def test_credits_are_held_then_captured_or_given_back(system: System, prompt: str, status: str, cost: int) -> None:
    customer = system.customer(credits=1000)
    accepted = customer.submit(prompt)
    assert accepted["creditCost"] == 100
    ended = customer.wait(accepted["id"])
    assert (ended["status"], ended["creditCost"]) == (status, cost)
    assert (ended["error"] is None) == (status == "completed")
    assert customer.credits() == {"available": 1000 - cost, "held": 0}
    lines = customer.get("/v1/statement").json()["data"]["statement"]
    assert [line["kind"] for line in lines] == ["capture" if cost else "release", "hold", "grant"]
    assert [line["generationId"] for line in lines] == [accepted["id"], accepted["id"], None]
    assert (lines[0]["availableAfter"], lines[0]["heldAfter"]) == (1000 - cost, 0)


def test_a_charged_refusal_says_what_it_cost(system: System) -> None:
    customer = system.customer(credits=1000)
    ended = customer.wait(customer.submit("#moderated")["id"])
    assert (ended["status"], ended["error"]["code"]) == ("failed", "CONTENT_POLICY")
    assert customer.credits() == {"available": 1000 - ended["creditCost"], "held": 0}


def test_cancelling_gives_back_the_hold_once(system: System) -> None:
    customer = system.customer(credits=100)
    accepted = customer.submit("#delay=3000")
    assert customer.credits() == {"available": 0, "held": 100}
    canceled = video_of(customer.post(f"/v1/generations/{accepted['id']}/cancel"))
    assert (canceled["status"], canceled["creditCost"], canceled["url"]) == ("canceled", 0, None)
    again = customer.post(f"/v1/generations/{accepted['id']}/cancel")
    assert (again.status_code, code_of(again)) == (409, "GENERATION_FINISHED")
    assert customer.credits() == {"available": 100, "held": 0}
    assert customer.submit()["status"] == "processing"  # what was given back can be spent


def test_the_last_credit_is_spent_once(system: System, second_api: str) -> None:
    """Ten requests at two processes for the credits of three."""
    from concurrent.futures import ThreadPoolExecutor

    first = system.customer(credits=399)
    second = system.known(first.account_id, first.key, second_api)
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda one: one.post("/v1/text_to_video", FLAT), [first, second] * 5))
    assert sorted(answer.status_code for answer in answers) == [200] * 3 + [402] * 7
    for answer in answers:
        if answer.status_code == 200:
            first.wait(video_of(answer)["id"])
    assert first.credits() == {"available": 99, "held": 0}


def test_a_quote_binds_us_and_not_the_customer(system: System) -> None:
    customer = system.customer(credits=1000)
    asked = FLAT | {"duration": 8, "quality": "high"}
    quote = customer.post("/v1/quotes", asked).json()["data"]["quote"]
    assert quote["creditCost"] == 420
    assert customer.credits() == {"available": 1000, "held": 0}
    # the price table has changed since: the quote was for 77
    change = "UPDATE quote SET credits = 77 WHERE id = $1 RETURNING credits"
    assert system.operator.fetch(change, quote["id"]) == [{"credits": 77}]
    accepted = video_of(customer.post("/v1/text_to_video", asked | {"quoteId": quote["id"]}))
    assert accepted["creditCost"] == 77
    customer.wait(accepted["id"])
    assert customer.credits() == {"available": 923, "held": 0}
    for name, value in (("duration", 9), ("quality", "standard"), ("version", "gen-2"), ("aspectRatio", "1:1")):
        refused = customer.post("/v1/text_to_video", asked | {name: value, "quoteId": quote["id"]})
        assert (refused.status_code, code_of(refused)) == (409, "QUOTE_MISMATCH")
        assert name in refused.json()["errors"][0]["message"]
    expire = "UPDATE quote SET expires_at = now() WHERE id = $1 RETURNING id"
    system.operator.fetch(expire, quote["id"])
    late = customer.post("/v1/text_to_video", asked | {"quoteId": quote["id"]})
    assert (late.status_code, code_of(late)) == (409, "QUOTE_EXPIRED")
    assert customer.credits() == {"available": 923, "held": 0}


def test_the_statement_can_be_walked_and_adds_up(system: System) -> None:
    customer = system.customer(credits=1000)
    for _ in range(3):
        customer.wait(customer.submit("#fail")["id"])
    system.cli("credits", "adjust", customer.account_id, "-150", "--reason", "granted twice")
    lines, after = [], ""
    while True:
        page = customer.get(f"/v1/statement?first=2{after}").json()["data"]
        lines += page["statement"]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = f"&after={page['pageInfo']['endCursor']}"
    assert len(lines) == len({line["id"] for line in lines}) == 8
    assert [line["kind"] for line in lines] == ["adjustment", *["release", "hold"] * 3, "grant"]
    balance = customer.credits()
    assert (lines[0]["availableAfter"], lines[0]["heldAfter"]) == (balance["available"], balance["held"]) == (850, 0)
    assert lines[0]["reason"] == "granted twice"


def test_webhooks_can_be_listed_and_sent_again_by_command(system: System, receiver: Receiver) -> None:
    customer = system.customer(credits=100)
    customer.wait(customer.submit(webhookUrl=f"{receiver.url}/one")["id"])
    first = receiver.wait_for("/one")
    delivery_id = system.cli("webhooks", "list", customer.account_id).splitlines()[1].split("\t")[0]
    receiver.arrivals.clear()
    system.cli("webhooks", "resend", customer.account_id, delivery_id)
    again = receiver.wait_for("/one")
    assert again.body == first.body
    assert again.headers["webhook-id"] == first.headers["webhook-id"]


def test_the_ledger_agrees_after_all_of_this(system: System) -> None:
    assert system.cli("ledger", "verify") == "The ledger agrees: 0 differences."
