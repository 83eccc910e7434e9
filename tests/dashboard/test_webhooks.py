"""Guarantee: an account keeps its endpoints and reads its deliveries on the dashboard, and nobody else's."""

from datetime import timedelta
from pathlib import Path

import pytest

from doitong.core.clock import SteppedClock
from doitong.members.model import Role
from doitong.webhooks.model import EndpointChange
from tests.dashboard.conftest import SignedInHouse, signed_in_house

URL = "http://93.184.216.34/hook"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"
FORM = {"url": URL, "events": ["generation.completed", "credits.low"], "description": EVIL}


async def add(house: SignedInHouse) -> str:
    return (await house.application.webhooks.create_endpoint(house.account_id, URL)).id


async def test_an_endpoint_is_made_changed_and_deleted(signed_in: SignedInHouse) -> None:
    webhooks, account_id = signed_in.application.webhooks, signed_in.account_id
    assert (await signed_in.client.post("/dashboard/webhooks", data=FORM)).status_code == 303
    [endpoint] = await webhooks.list_endpoints(account_id)
    assert [event.value for event in endpoint.events] == FORM["events"]
    page = await signed_in.client.get("/dashboard/webhooks")
    assert "&lt;script&gt;" in page.text
    assert "<script>alert" not in page.text
    path = f"/dashboard/webhooks/endpoints/{endpoint.id}"
    change = {"url": URL, "events": "generation.failed", "description": ""}
    assert (await signed_in.client.post(path, data=change)).status_code == 303
    changed = await webhooks.get_endpoint(account_id, endpoint.id)
    assert ([event.value for event in changed.events], changed.description) == (["generation.failed"], "")
    await signed_in.client.post(f"{path}/disable")
    assert not (await webhooks.get_endpoint(account_id, endpoint.id)).is_enabled
    await signed_in.client.post(f"{path}/enable")
    assert (await webhooks.get_endpoint(account_id, endpoint.id)).is_enabled
    await signed_in.client.post(f"{path}/delete")
    assert await webhooks.list_endpoints(account_id) == []


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"url": "ftp://example.com", "events": "generation.failed"}, "url"),
        ({"url": "http://10.0.0.1/", "events": "generation.failed"}, None),
        ({"url": URL}, "events"),
        ({"url": URL, "events": "generation.failed", "description": "x" * 201}, "description"),
    ],
)
async def test_what_was_typed_stays(signed_in: SignedInHouse, form: dict[str, str], field: str | None) -> None:
    answer = await signed_in.client.post("/dashboard/webhooks", data=form)
    assert answer.status_code == 400
    assert f'value="{form["url"]}"' in answer.text
    assert 'class="wrong"' in answer.text if field else True
    assert await signed_in.application.webhooks.list_endpoints(signed_in.account_id) == []


async def test_a_test_leads_to_its_delivery(signed_in: SignedInHouse) -> None:
    endpoint_id = await add(signed_in)
    sent = await signed_in.client.post(f"/dashboard/webhooks/endpoints/{endpoint_id}/test")
    page = await signed_in.client.get(sent.headers["location"])
    assert page.status_code == 200
    assert 'data-delivery="pending"' in page.text


async def test_answers_of_receivers_are_text(signed_in: SignedInHouse) -> None:
    webhooks = signed_in.application.webhooks
    delivery = await webhooks.send_test(signed_in.account_id, await add(signed_in))
    async with signed_in.application.database.transaction() as connection:
        await connection.execute(
            "INSERT INTO delivery_attempt VALUES ($1, 1, now(), 12, 500, $2, $2)", delivery.id, EVIL
        )
    page = await signed_in.client.get(f"/dashboard/webhooks/deliveries/{delivery.id}")
    assert "&lt;script&gt;alert(1)" in page.text
    assert "<script>alert" not in page.text
    assert "&#34;metadata&#34;: {" in page.text


async def test_the_secret_is_shown_when_it_is_asked_for(signed_in: SignedInHouse) -> None:
    accounts = signed_in.application.accounts
    secret = (await accounts.signing_secrets(signed_in.account_id)).current
    html = secret.replace("+", "&#43;")
    hidden = (await signed_in.client.get("/dashboard/webhooks/signing")).text
    assert secret not in hidden
    assert html not in hidden
    shown = (await signed_in.client.get("/dashboard/webhooks/signing?show=secret")).text
    assert secret in shown or html in shown
    assert (await signed_in.client.post("/dashboard/webhooks/signing/rotate")).status_code == 303
    both = (await signed_in.client.get("/dashboard/webhooks/signing?show=secret")).text
    assert secret in both
    assert (await accounts.signing_secrets(signed_in.account_id)).current in both


async def test_a_viewer_looks_and_changes_nothing(dsn: str, tmp_path: Path, clock: SteppedClock) -> None:
    async with signed_in_house(dsn, tmp_path, clock, Role.VIEWER) as viewer:
        endpoint_id = await add(viewer)
        secret = (await viewer.application.accounts.signing_secrets(viewer.account_id)).current
        for path in ("", f"/endpoints/{endpoint_id}", "/signing?show=secret", "/deliveries"):
            page = await viewer.client.get(f"/dashboard/webhooks{path}")
            assert page.status_code == 200
            assert secret not in page.text
        for path in ("", "/signing/rotate", f"/endpoints/{endpoint_id}/delete", f"/endpoints/{endpoint_id}/test"):
            answer = await viewer.client.post(f"/dashboard/webhooks{path}", data=FORM)
            assert answer.status_code == 403
        [endpoint] = await viewer.application.webhooks.list_endpoints(viewer.account_id)
        assert endpoint.is_enabled


async def test_what_is_another_accounts_is_not_there(signed_in: SignedInHouse) -> None:
    application = signed_in.application
    other = await application.accounts.create("Other", "free")
    endpoint = await application.webhooks.create_endpoint(other.id, URL)
    delivery = await application.webhooks.send_test(other.id, endpoint.id)
    unknown = await signed_in.client.get(f"/dashboard/webhooks/deliveries/{'0' * 26}")
    for path in (f"deliveries/{delivery.id}", f"endpoints/{endpoint.id}"):
        answer = await signed_in.client.get(f"/dashboard/webhooks/{path}")
        assert answer.status_code == 404
        assert answer.text == unknown.text
    for path in (
        f"deliveries/{delivery.id}/resend",
        f"endpoints/{endpoint.id}/delete",
        f"endpoints/{endpoint.id}/test",
    ):
        assert (await signed_in.client.post(f"/dashboard/webhooks/{path}")).status_code == 404
    page = await signed_in.client.get("/dashboard/webhooks/deliveries", params={"endpoint": endpoint.id})
    assert delivery.id not in page.text


async def test_the_log_goes_on_by_cursor_with_its_filters(signed_in: SignedInHouse, clock: SteppedClock) -> None:
    webhooks, endpoint_id = signed_in.application.webhooks, await add(signed_in)
    sent = []
    for _ in range(32):
        clock.advance(timedelta(seconds=1))
        sent.append((await webhooks.send_test(signed_in.account_id, endpoint_id)).id)
    first = (await signed_in.client.get(f"/dashboard/webhooks/deliveries?endpoint={endpoint_id}&state=pending")).text
    assert f"endpoint={endpoint_id}&amp;after={sent[2]}" in first
    assert sent[31] in first
    assert sent[1] not in first
    rest = (await signed_in.client.get(f"/dashboard/webhooks/deliveries?state=pending&after={sent[2]}")).text
    assert sent[1] in rest
    assert sent[0] in rest
    assert "data-more" not in rest
    none = (await signed_in.client.get("/dashboard/webhooks/deliveries?state=failed")).text
    assert sent[31] not in none


async def test_failed_ones_of_whole_days_are_sent_again(signed_in: SignedInHouse, clock: SteppedClock) -> None:
    webhooks, account_id = signed_in.application.webhooks, signed_in.account_id
    delivery = await webhooks.send_test(account_id, await add(signed_in))
    async with signed_in.application.database.transaction() as connection:
        await connection.execute("UPDATE delivery SET state = 'failed', failure = 'exhausted', due_at = NULL")
    day = clock.now().date().isoformat()
    answer = await signed_in.client.post("/dashboard/webhooks/deliveries/resend", data={"since": day, "until": day})
    assert answer.status_code == 303
    items = (await webhooks.list_deliveries(account_id)).items
    assert [item.event_id for item in items] == [delivery.event_id] * 2
    wrong = await signed_in.client.post("/dashboard/webhooks/deliveries/resend", data={"since": "x", "until": day})
    assert wrong.status_code == 400
    assert 'id="e-since"' in wrong.text


async def test_an_endpoint_that_is_off_says_why(signed_in: SignedInHouse) -> None:
    endpoint_id = await add(signed_in)
    webhooks = signed_in.application.webhooks
    await webhooks.update_endpoint(signed_in.account_id, endpoint_id, EndpointChange(is_enabled=False))
    page = await signed_in.client.get(f"/dashboard/webhooks/endpoints/{endpoint_id}")
    assert "Switched off by hand." in page.text
