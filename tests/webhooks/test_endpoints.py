"""Guarantee: an account's endpoints and deliveries are its own, bounded, and checked when given."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from doitong.core.errors import DoitongError, InvalidParameter, NotFound
from doitong.webhooks.deliver import Deliverer
from doitong.webhooks.model import (
    ENDED_EVENTS,
    DeliveryFailure,
    DeliveryFilter,
    DeliveryState,
    DisabledReason,
    EndpointChange,
    EventType,
)
from doitong.webhooks.service import Webhooks

from .conftest import Receiver, World, raw_answer

URL = "http://127.0.0.1:8999/hook"


async def test_endpoint_lives(webhooks: Webhooks, account_id: str) -> None:
    made = await webhooks.create_endpoint(account_id, URL, description="ours")
    assert made == await webhooks.get_endpoint(account_id, made.id)
    assert made.events == ENDED_EVENTS
    change = EndpointChange(url=URL + "2", events=(EventType.CREDITS_LOW,), is_enabled=False)
    changed = await webhooks.update_endpoint(account_id, made.id, change)
    assert changed == await webhooks.get_endpoint(account_id, made.id)
    assert (changed.url, changed.description, changed.events) == (URL + "2", "ours", (EventType.CREDITS_LOW,))
    assert changed.disabled_reason is DisabledReason.BY_CUSTOMER
    enabled = await webhooks.update_endpoint(account_id, made.id, EndpointChange(is_enabled=True))
    assert (enabled.is_enabled, enabled.disabled_reason) == (True, None)
    assert await webhooks.list_endpoints(account_id) == [enabled]
    await webhooks.delete_endpoint(account_id, made.id)
    assert await webhooks.list_endpoints(account_id) == []
    with pytest.raises(NotFound):
        await webhooks.delete_endpoint(account_id, made.id)


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://10.0.0.1/hook", "ADDRESS_DENIED"),
        ("http://169.254.169.254/latest", "ADDRESS_DENIED"),
        ("ftp://127.0.0.1/hook", "INVALID_PARAMETER"),
        ("http://user:secret@127.0.0.1/hook", "INVALID_PARAMETER"),
        ("hook", "INVALID_PARAMETER"),
    ],
)
async def test_address_is_checked_at_create_and_at_update(
    webhooks: Webhooks, account_id: str, url: str, code: str
) -> None:
    with pytest.raises(DoitongError) as at_create:
        await webhooks.create_endpoint(account_id, url)
    endpoint = await webhooks.create_endpoint(account_id, URL)
    with pytest.raises(DoitongError) as at_update:
        await webhooks.update_endpoint(account_id, endpoint.id, EndpointChange(url=url))
    for caught in (at_create, at_update):
        assert (caught.value.code, caught.value.details["parameter"]) == (code, "url")
    assert (await webhooks.get_endpoint(account_id, endpoint.id)).url == URL


async def test_endpoints_are_bounded(webhooks: Webhooks, account_id: str) -> None:
    for _ in range(20):
        await webhooks.create_endpoint(account_id, URL)
    with pytest.raises(DoitongError) as caught:
        await webhooks.create_endpoint(account_id, URL)
    assert caught.value.code == "CONFLICT"


@pytest.mark.parametrize(
    "operation",
    [
        lambda webhooks, account, endpoint, delivery: webhooks.get_endpoint(account, endpoint),
        lambda webhooks, account, endpoint, delivery: webhooks.update_endpoint(
            account, endpoint, EndpointChange(description="mine")
        ),
        lambda webhooks, account, endpoint, delivery: webhooks.delete_endpoint(account, endpoint),
        lambda webhooks, account, endpoint, delivery: webhooks.send_test(account, endpoint),
        lambda webhooks, account, endpoint, delivery: webhooks.get_delivery(account, delivery),
        lambda webhooks, account, endpoint, delivery: webhooks.resend(account, delivery),
    ],
)
async def test_another_accounts_objects_read_as_unknown(
    world: World, other_account_id: str, operation: Callable[..., Awaitable[object]]
) -> None:
    endpoint = await world.webhooks.create_endpoint(world.account_id, URL)
    [delivery_id] = await world.publish()
    jobs = await world.jobs()
    with pytest.raises(NotFound):
        await operation(world.webhooks, other_account_id, endpoint.id, delivery_id)
    assert await world.webhooks.get_endpoint(world.account_id, endpoint.id) == endpoint
    assert (await world.webhooks.list_deliveries(other_account_id)).items == ()
    assert await world.jobs() == jobs


@pytest.mark.parametrize("strange", ["", "\x00", "1' OR '1'='1", "x" * 10_000, "\ud800"])
async def test_strange_ids_read_as_unknown(webhooks: Webhooks, account_id: str, strange: str) -> None:
    for operation in (webhooks.get_endpoint, webhooks.get_delivery, webhooks.resend, webhooks.delete_endpoint):
        with pytest.raises(NotFound):
            await operation(account_id, strange)
    for wanted in (DeliveryFilter(generation_id=strange), DeliveryFilter(endpoint_id=strange)):
        assert (await webhooks.list_deliveries(account_id, wanted)).items == ()
    assert (await webhooks.list_deliveries(account_id, after=strange)).items == ()


async def test_deliveries_are_paged_newest_first(world: World) -> None:
    made = []
    for _ in range(5):
        world.clock.advance(timedelta(seconds=1))
        made += await world.publish(URL)
    seen, after = [], None
    for _ in range(3):
        page = await world.webhooks.list_deliveries(world.account_id, after=after, limit=2)
        seen += [delivery.id for delivery in page.items]
        after = page.next_cursor
    assert (seen, after) == (made[::-1], None)
    for limit in (0, 101):
        with pytest.raises(InvalidParameter):
            await world.webhooks.list_deliveries(world.account_id, limit=limit)


async def test_deliveries_are_filtered(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    endpoint = await world.webhooks.create_endpoint(world.account_id, URL, ["generation.failed"])
    [sent] = await world.publish(receiver.url)
    [waiting] = await world.publish(None, EventType.GENERATION_FAILED)
    await deliverer.deliver(sent)

    async def ids(wanted: DeliveryFilter) -> list[str]:
        return [d.id for d in (await world.webhooks.list_deliveries(world.account_id, wanted)).items]

    assert await ids(DeliveryFilter(state=DeliveryState.DELIVERED)) == [sent]
    assert await ids(DeliveryFilter(endpoint_id=endpoint.id)) == [waiting]
    assert await ids(DeliveryFilter(generation_id="unknown")) == []
    both = DeliveryFilter(endpoint_id=endpoint.id, state=DeliveryState.DELIVERED)
    assert await ids(both) == []


async def test_resend_keeps_the_event_id(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    """A new delivery of the same event; the old one stays as it ended."""
    [first] = await world.publish(receiver.url)
    await deliverer.deliver(first)
    again = await world.webhooks.resend(world.account_id, first)
    assert again.id != first
    assert (await world.jobs())[-1] == (again.id, 0)
    await deliverer.deliver(again.id)
    old = await world.webhooks.get_delivery(world.account_id, first)
    assert receiver.event_ids == [old.delivery.event_id] * 2
    assert receiver.requests[0].body == receiver.requests[1].body == old.body.encode()
    assert (old.delivery.attempts, len(old.attempts)) == (1, 1)


async def test_resend_of_a_pending_delivery_brings_it_forward(
    world: World, deliverer: Deliverer, receiver: Receiver
) -> None:
    receiver.script = [raw_answer(500), raw_answer(200)]
    [delivery_id] = await world.publish(receiver.url)
    await deliverer.deliver(delivery_id)
    again = await world.webhooks.resend(world.account_id, delivery_id)
    assert (again.id, again.due_at) == (delivery_id, world.clock.now())
    await deliverer.deliver(delivery_id)
    assert (await world.webhooks.get_delivery(world.account_id, delivery_id)).delivery.attempts == 2


async def test_range_is_resent_once(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    """Only what failed within [since, until), and what was sent again already is left alone."""
    receiver.script = [raw_answer(410), raw_answer(410), raw_answer(410), raw_answer(200)]
    started, made = world.clock.now(), []
    for _ in range(4):
        made += await world.publish(receiver.url)
        await deliverer.deliver(made[-1])
        world.clock.advance(timedelta(minutes=1))
    since, until = started + timedelta(minutes=1), started + timedelta(minutes=4)
    resent = await world.webhooks.resend_failed(world.account_id, since, until)
    assert (resent.count, resent.has_more) == (2, False)
    new = [payload for payload, _ in (await world.jobs())[4:]]
    for delivery_id in new:
        await deliverer.deliver(delivery_id)
    assert sorted(receiver.event_ids[4:]) == sorted(receiver.event_ids[1:3])
    assert (await world.webhooks.resend_failed(world.account_id, since, until)).count == 0
    with pytest.raises(InvalidParameter):
        await world.webhooks.resend_failed(world.account_id, until, since)


async def test_disabled_endpoint_is_not_sent_to(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    receiver.script = [raw_answer(410)]
    endpoint = await world.webhooks.create_endpoint(world.account_id, receiver.url)
    [delivery_id] = await world.publish()
    await deliverer.deliver(delivery_id)
    for attempt in (
        world.webhooks.resend(world.account_id, delivery_id),
        world.webhooks.send_test(world.account_id, endpoint.id),
    ):
        with pytest.raises(DoitongError) as caught:
            await attempt
        assert caught.value.code == "CONFLICT"
    soon = world.clock.now() + timedelta(seconds=1)
    assert (await world.webhooks.resend_failed(world.account_id, endpoint.created_at, soon)).count == 0


async def test_test_event_reaches_only_its_endpoint(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    """Signed and sent as a real one, whatever the endpoint subscribes to."""
    await world.webhooks.create_endpoint(world.account_id, URL)
    endpoint = await world.webhooks.create_endpoint(world.account_id, receiver.url, ["credits.low"])
    delivery = await world.webhooks.send_test(world.account_id, endpoint.id)
    assert await world.jobs() == [(delivery.id, 0)]
    await deliverer.deliver(delivery.id)
    [request] = receiver.requests
    assert b'"id":"test"' in request.body
    assert request.headers["x-doitong-signature"].startswith("sha256=")


async def test_deleted_endpoint_ends_its_pending_deliveries(world: World, deliverer: Deliverer) -> None:
    endpoint = await world.webhooks.create_endpoint(world.account_id, URL)
    [delivery_id] = await world.publish()
    await world.webhooks.delete_endpoint(world.account_id, endpoint.id)
    await deliverer.deliver(delivery_id)
    detail = await world.webhooks.get_delivery(world.account_id, delivery_id)
    assert (detail.delivery.failure, detail.attempts) == (DeliveryFailure.ENDPOINT_DISABLED, ())
