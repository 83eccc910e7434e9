"""Guarantee: a delivery is sent at least once, signed, on schedule, and every try is logged.

Duplicates share the event id.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from standardwebhooks import Webhook

from doitong.accounts.service import AccountService
from doitong.core.clock import SteppedClock
from doitong.db.pool import Connection, Database
from doitong.egress.client import EgressClient
from doitong.egress.model import EgressPolicy
from doitong.webhooks.deliver import LEASE, Deliverer
from doitong.webhooks.hosts import HostLanes
from doitong.webhooks.model import (
    Delivery,
    DeliveryAttempt,
    DeliveryFailure,
    DeliveryState,
    DisabledReason,
    EndpointChange,
    EventType,
)

from .conftest import BODY, NO_JITTER, Receiver, World, open_receiver, raw_answer

SCHEDULE_SECONDS = [5, 300, 1800, 7200, 18000, 36000, 36000]
PENDING, DELIVERED, FAILED = DeliveryState.PENDING, DeliveryState.DELIVERED, DeliveryState.FAILED


async def read(world: World, delivery_id: str) -> tuple[Delivery, tuple[DeliveryAttempt, ...]]:
    detail = await world.webhooks.get_delivery(world.account_id, delivery_id)
    return detail.delivery, detail.attempts


async def fail_until_exhausted(world: World, deliverer: Deliverer, delivery_id: str) -> None:
    """Make every try of the schedule, each when it is due."""
    for _ in range(8):
        assert await deliverer.deliver(delivery_id) is None
        delivery, _ = await read(world, delivery_id)
        if delivery.due_at is not None:
            world.clock.advance(delivery.due_at - world.clock.now())


async def test_sent_bytes_are_the_signed_bytes(
    world: World, deliverer: Deliverer, receiver: Receiver, database: Database
) -> None:
    secrets = await AccountService(database, world.clock).signing_secrets(world.account_id)
    [delivery_id] = await world.publish(receiver.url)
    assert await deliverer.deliver(delivery_id) is None
    [request] = receiver.requests
    expected = hmac.new(secrets.current.encode(), request.body, hashlib.sha256).hexdigest()
    assert request.body == BODY.encode()
    assert request.headers["x-doitong-signature"] == f"sha256={expected}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["x-doitong-event"] == "generation.completed"
    standard = Webhook(secrets.current).sign(request.headers["webhook-id"], world.clock.now(), BODY)
    assert request.headers["webhook-signature"] == standard
    delivery, [attempt] = await read(world, delivery_id)
    assert (delivery.state, delivery.attempts, delivery.ended_at) == (DELIVERED, 1, world.clock.now())
    assert (attempt.number, attempt.status, attempt.error, attempt.response) == (1, 200, None, "ok")
    assert request.headers["webhook-id"] == delivery.event_id


@pytest.mark.parametrize(("hours", "signatures"), [(0, 2), (23.9, 2), (24, 1)])
async def test_rotation_signs_twice_for_a_day(
    world: World, deliverer: Deliverer, receiver: Receiver, database: Database, hours: float, signatures: int
) -> None:
    await AccountService(database, world.clock).rotate_signing_secret(world.account_id)
    world.clock.advance(timedelta(hours=hours))
    [delivery_id] = await world.publish(receiver.url)
    await deliverer.deliver(delivery_id)
    [request] = receiver.requests
    assert len(request.headers["webhook-signature"].split(" ")) == signatures
    assert ("x-doitong-signature-previous" in request.headers) == (signatures == 2)


@pytest.mark.parametrize(
    ("answer", "state", "next_seconds"),
    [
        (raw_answer(204, body=b""), DELIVERED, None),
        (raw_answer(299), DELIVERED, None),
        (raw_answer(302, "location: /elsewhere\r\n"), PENDING, 5),
        (raw_answer(404), PENDING, 5),
        (raw_answer(500), PENDING, 5),
        (raw_answer(503, "retry-after: 7\r\n"), PENDING, 7),
        (raw_answer(429, "Retry-After: 900\r\n"), PENDING, 10),
        (raw_answer(503, "retry-after: 1\r\n"), PENDING, 5),
        (raw_answer(410), FAILED, None),
        (b"nonsense\r\n\r\n", PENDING, 5),
        (None, PENDING, 5),
    ],
)
async def test_answers(
    world: World,
    deliverer: Deliverer,
    receiver: Receiver,
    answer: bytes | None,
    state: DeliveryState,
    next_seconds: float | None,
) -> None:
    receiver.script = [answer]
    [delivery_id] = await world.publish(receiver.url)
    assert await deliverer.deliver(delivery_id) is None
    delivery, [attempt] = await read(world, delivery_id)
    assert delivery.state is state
    assert len(receiver.requests) == 1  # a redirect is not followed
    assert attempt.status is not None or attempt.error
    jobs = (await world.jobs())[1:]
    if next_seconds is None:
        assert (delivery.due_at, jobs) == (None, [])
    else:
        assert delivery.due_at == world.clock.now() + timedelta(seconds=next_seconds)
        assert jobs == [(delivery_id, next_seconds)]


async def test_refused_connection_is_a_failed_try(world: World, deliverer: Deliverer) -> None:
    async with open_receiver() as closed:
        url = closed.url
    [delivery_id] = await world.publish(url)
    await deliverer.deliver(delivery_id)
    delivery, [attempt] = await read(world, delivery_id)
    assert (delivery.state, attempt.status) == (PENDING, None)
    assert attempt.error == "the connection could not be made"


async def test_denied_address_is_refused_at_every_send(world: World, database: Database, receiver: Receiver) -> None:
    """An address that was allowed when it was given, and no longer is; nothing of it is told but that."""
    [delivery_id] = await world.publish(receiver.url)
    strict = EgressClient(EgressPolicy())
    await Deliverer(database, strict, world.clock, lambda: NO_JITTER).deliver(delivery_id)
    await strict.close()
    _, [attempt] = await read(world, delivery_id)
    assert receiver.requests == []
    assert attempt.error == "the URL points to an address that this service does not call"


async def test_whole_schedule(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    """Eight tries at the published pauses, then the end; every one is logged and carries the same id."""
    receiver.script = [raw_answer(500, body=b"down")]
    [delivery_id] = await world.publish(receiver.url)
    await fail_until_exhausted(world, deliverer, delivery_id)
    delivery, attempts = await read(world, delivery_id)
    pauses = [(b.started_at - a.started_at).total_seconds() for a, b in pairwise(attempts)]
    assert pauses == SCHEDULE_SECONDS
    assert [a.number for a in attempts] == list(range(1, 9))
    assert (delivery.state, delivery.failure) == (FAILED, DeliveryFailure.EXHAUSTED)
    assert [delay for _, delay in await world.jobs()] == [0, *SCHEDULE_SECONDS]
    assert set(receiver.event_ids) == {delivery.event_id}
    assert await deliverer.deliver(delivery_id) is None
    assert len(receiver.requests) == 8


async def test_not_sent_before_it_is_due(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    """A queue whose clock runs ahead is asked to come back; a try due much later has a job of its own."""
    receiver.script = [raw_answer(500)]
    [delivery_id] = await world.publish(receiver.url)
    await deliverer.deliver(delivery_id)
    assert await deliverer.deliver(delivery_id) == timedelta(seconds=5)
    world.clock.advance(timedelta(seconds=5))
    await deliverer.deliver(delivery_id)
    assert await deliverer.deliver(delivery_id) is None
    assert len(receiver.requests) == 2


async def test_endless_answer_is_cut(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    """A 2xx is success whatever follows; what is kept is bounded and has no byte the database refuses."""
    receiver.script = [b"HTTP/1.1 200 OK\r\n\r\n\x00\xff"]
    receiver.endless = True
    [delivery_id] = await world.publish(receiver.url)
    await deliverer.deliver(delivery_id)
    delivery, [attempt] = await read(world, delivery_id)
    assert delivery.state is DELIVERED
    assert attempt.response is not None
    assert len(attempt.response) <= 2048
    assert "\x00" not in attempt.response


async def test_silent_receiver_is_cut(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    receiver.script = [None]
    [delivery_id] = await world.publish(receiver.url)
    async with asyncio.timeout(5):
        await deliverer.deliver(delivery_id)
    _, [attempt] = await read(world, delivery_id)
    assert (attempt.status, attempt.error) == (None, "no complete answer in time")
    assert 200 <= attempt.duration_ms < 5000


async def start_and_hang(deliverer: Deliverer, receiver: Receiver, delivery_id: str) -> "asyncio.Task[Any]":
    """A worker that has sent and waits for the answer."""
    task: asyncio.Task[Any] = asyncio.create_task(deliverer.deliver(delivery_id))
    await receiver.arrived.wait()
    return task


@pytest.fixture
async def patient_egress() -> AsyncIterator[EgressClient]:
    """With the product's own deadline."""
    client = EgressClient(EgressPolicy.from_ranges([], is_loopback_allowed=True))
    yield client
    await client.close()


@pytest.fixture
def patient(database: Database, clock: SteppedClock, patient_egress: EgressClient) -> Deliverer:
    return Deliverer(database, patient_egress, clock, lambda: NO_JITTER)


async def test_crash_between_send_and_commit_repeats_the_event_id(
    world: World, patient: Deliverer, deliverer: Deliverer, receiver: Receiver
) -> None:
    receiver.script = [None, raw_answer(200)]
    [delivery_id] = await world.publish(receiver.url)
    crashed = await start_and_hang(patient, receiver, delivery_id)
    crashed.cancel()
    await asyncio.gather(crashed, return_exceptions=True)
    assert await deliverer.deliver(delivery_id) == LEASE  # the dead worker's lease is respected
    assert await deliverer.sweep(world.clock.now()) == 0
    world.clock.advance(LEASE)
    assert await deliverer.sweep(world.clock.now()) == 1
    assert (await world.jobs())[-1] == (delivery_id, 0)
    assert await deliverer.deliver(delivery_id) is None
    delivery, attempts = await read(world, delivery_id)
    assert (delivery.state, len(attempts)) == (DELIVERED, 1)
    assert receiver.event_ids == [delivery.event_id] * 2


async def test_stale_worker_is_fenced_out(
    world: World, patient: Deliverer, deliverer: Deliverer, receiver: Receiver
) -> None:
    """A worker slept past its lease and fails after another delivered: it writes and queues nothing."""
    receiver.script = [None, raw_answer(200)]
    [delivery_id] = await world.publish(receiver.url)
    sleeper = await start_and_hang(patient, receiver, delivery_id)
    world.clock.advance(LEASE)
    await deliverer.deliver(delivery_id)
    before = await read(world, delivery_id), await world.jobs()
    receiver.released.set()
    assert await sleeper is None
    assert (await read(world, delivery_id), await world.jobs()) == before
    assert before[0][0].state is DELIVERED


async def test_two_workers_send_once(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    [delivery_id] = await world.publish(receiver.url)
    await asyncio.gather(*(deliverer.deliver(delivery_id) for _ in range(8)))
    assert len(receiver.requests) == 1


async def test_sweep_finds_lost_jobs_in_batches(world: World, deliverer: Deliverer) -> None:
    """A delivery long due with no lease has lost its job; batches are bounded; none is queued twice."""
    lost = [(await world.publish("http://127.0.0.1:8999/hook"))[0] for _ in range(5)]
    assert await deliverer.sweep(world.clock.now()) == 0
    world.clock.advance(timedelta(seconds=61))
    batches = [await deliverer.sweep(world.clock.now(), 2) for _ in range(4)]
    assert batches == [2, 2, 1, 0]
    assert sorted(payload for payload, _ in (await world.jobs())[5:]) == sorted(lost)


async def test_gone_disables_the_endpoint_and_ends_what_waits(
    world: World, deliverer: Deliverer, receiver: Receiver
) -> None:
    receiver.script = [raw_answer(410)]
    endpoint = await world.webhooks.create_endpoint(world.account_id, receiver.url)
    [first], [second] = await world.publish(), await world.publish()
    await deliverer.deliver(first)
    await deliverer.deliver(second)
    endpoint = await world.webhooks.get_endpoint(world.account_id, endpoint.id)
    assert endpoint.disabled_reason is DisabledReason.GONE
    assert (await read(world, first))[0].failure is DeliveryFailure.GONE
    waiting, attempts = await read(world, second)
    assert (waiting.failure, attempts) == (DeliveryFailure.ENDPOINT_DISABLED, ())
    assert len(receiver.requests) == 1
    assert await world.publish() == []


async def test_five_days_of_only_failures_disable(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    receiver.script = [raw_answer(500)]
    endpoint = await world.webhooks.create_endpoint(world.account_id, receiver.url)
    began = world.clock.now()
    while world.clock.now() - began < timedelta(days=5):
        current = await world.webhooks.get_endpoint(world.account_id, endpoint.id)
        assert current.is_enabled
        [delivery_id] = await world.publish()
        await fail_until_exhausted(world, deliverer, delivery_id)
    endpoint = await world.webhooks.get_endpoint(world.account_id, endpoint.id)
    assert (endpoint.disabled_reason, endpoint.failing_since) == (DisabledReason.FAILING, began)


async def test_a_disabled_endpoint_is_told_of_once(
    world: World, database: Database, egress: EgressClient, receiver: Receiver
) -> None:
    """By an event to the endpoints that are left, to the owners, and by an audit row: all in one transaction."""
    told: list[tuple[str, str]] = []

    async def tell_owners(connection: Connection, account_id: str, url: str, now: datetime) -> None:
        told.append((account_id, url))

    deliverer = Deliverer(database, egress, world.clock, lambda: NO_JITTER, tell_owners=tell_owners)
    receiver.script = [raw_answer(410)]
    gone = await world.webhooks.create_endpoint(world.account_id, receiver.url)
    left = await world.webhooks.create_endpoint(world.account_id, "http://127.0.0.1:8999/left", ["endpoint.disabled"])
    [first], [second] = await world.publish(), await world.publish()
    await deliverer.deliver(first)
    await deliverer.deliver(second)
    assert told == [(world.account_id, receiver.url)]
    page = await world.webhooks.list_deliveries(world.account_id)
    [news] = [delivery for delivery in page.items if delivery.event_type is EventType.ENDPOINT_DISABLED]
    body = json.loads((await world.webhooks.get_delivery(world.account_id, news.id)).body)
    assert (news.endpoint_id, body["endpointId"], body["reason"]) == (left.id, gone.id, "gone")
    async with database.reading() as connection:
        rows = await connection.fetch("SELECT actor_kind FROM audit WHERE action = 'endpoint.disable'")
    assert [row["actor_kind"] for row in rows] == ["system"]


async def test_one_success_forgets_failures(world: World, deliverer: Deliverer, receiver: Receiver) -> None:
    receiver.script = [raw_answer(500), raw_answer(200)]
    endpoint = await world.webhooks.create_endpoint(world.account_id, receiver.url)
    [delivery_id] = await world.publish()
    await deliverer.deliver(delivery_id)
    assert (await world.webhooks.get_endpoint(world.account_id, endpoint.id)).failing_since == world.clock.now()
    world.clock.advance(timedelta(seconds=5))
    await deliverer.deliver(delivery_id)
    assert (await world.webhooks.get_endpoint(world.account_id, endpoint.id)).failing_since is None


async def test_corrected_url_is_used_by_waiting_deliveries(
    world: World, deliverer: Deliverer, receiver: Receiver
) -> None:
    endpoint = await world.webhooks.create_endpoint(world.account_id, "http://127.0.0.1:8999/wrong")
    [delivery_id] = await world.publish()
    await world.webhooks.update_endpoint(world.account_id, endpoint.id, EndpointChange(url=receiver.url))
    await deliverer.deliver(delivery_id)
    delivery, _ = await read(world, delivery_id)
    assert (delivery.url, delivery.state, len(receiver.requests)) == (receiver.url, DELIVERED, 1)


async def test_busy_host_gives_its_place_back(
    world: World, database: Database, receiver: Receiver, patient_egress: EgressClient
) -> None:
    """Over the bound of one host a delivery is queued again with a pause; no try is counted."""
    receiver.script = [None, raw_answer(200)]
    lanes = HostLanes(lambda: NO_JITTER, max_sends=1)
    crowded = Deliverer(database, patient_egress, world.clock, lambda: NO_JITTER, lanes)
    [first], [second] = await world.publish(receiver.url), await world.publish(receiver.url)
    hanging = await start_and_hang(crowded, receiver, first)
    pause = await crowded.deliver(second)
    assert pause == timedelta(seconds=1)
    delivery, attempts = await read(world, second)
    assert (delivery.due_at, attempts) == (world.clock.now() + pause, ())
    hanging.cancel()
    await asyncio.gather(hanging, return_exceptions=True)
    world.clock.advance(pause)
    await crowded.deliver(second)
    assert (await read(world, second))[0].state is DELIVERED
