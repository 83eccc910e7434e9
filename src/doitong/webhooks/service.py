"""The use cases of webhooks: publish an event, keep endpoints, read deliveries, send them again.

`publish` runs inside the caller's transaction: the event, its deliveries and their jobs are committed with
the fact that they tell of, or not at all.
"""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol, TypeVar

from doitong.audit import store as audit
from doitong.audit.model import SYSTEM, Actor
from doitong.core.clock import Clock, to_iso
from doitong.core.errors import DoitongError, InvalidParameter, NotFound, rule, whole_number
from doitong.core.ids import RandomBits, new_id
from doitong.db.pool import Connection, Database
from doitong.db.queue import DELIVER, enqueue
from doitong.webhooks import rules, store
from doitong.webhooks.body import EndedGeneration, build_body
from doitong.webhooks.model import (
    ENDED_EVENTS,
    Delivery,
    DeliveryDetail,
    DeliveryFilter,
    DeliveryPage,
    DeliveryState,
    DisabledReason,
    Endpoint,
    EndpointChange,
    Event,
    EventType,
    ResentRange,
)

_T = TypeVar("_T")

MAX_PAGE = 100
RESEND_BATCH = 500


class AddressChecker(Protocol):
    """What endpoints need of `EgressClient`: a URL's normal form, or an error that names `parameter`."""

    async def check_address(self, url: str, parameter: str) -> str: ...


async def publish(
    connection: Connection,
    event_type: EventType,
    account_id: str,
    generation_id: str | None,
    body: str,
    webhook_url: str | None,
    now: datetime,
    random_bits: RandomBits = secrets.randbits,
) -> None:
    """Write an event, with a delivery and a job for the one-off URL and each subscribed endpoint.

    Runs in the caller's transaction: one round trip when nobody listens, two otherwise.
    """
    event = Event(new_id(now, random_bits), account_id, event_type, generation_id, body, now)
    drawn = [new_id(now, random_bits) for _ in range(rules.MAX_ENDPOINTS + 1)]
    await enqueue(connection, DELIVER, await store.insert_event(connection, event, webhook_url, drawn))


class Webhooks:
    """Endpoints and deliveries of accounts. Another account's object reads as unknown."""

    def __init__(
        self,
        database: Database,
        egress: AddressChecker,
        clock: Clock,
        random_bits: RandomBits = secrets.randbits,
    ) -> None:
        self._database = database
        self._egress = egress
        self._clock = clock
        self._random_bits = random_bits

    # endpoints

    async def create_endpoint(
        self,
        account_id: str,
        url: str,
        events: object = ENDED_EVENTS,
        description: str = "",
        *,
        actor: Actor = SYSTEM,
    ) -> Endpoint:
        """Subscribe a URL. Raises InvalidParameter, ADDRESS_DENIED, or CONFLICT over 20 endpoints."""
        checked_url = await self._egress.check_address(url, "url")
        endpoint = Endpoint(
            id=self._new_id(),
            account_id=account_id,
            url=checked_url,
            description=rules.check_description(description),
            events=rules.check_events(events),
            created_at=self._clock.now(),
        )
        async with self._database.transaction() as connection:
            await store.lock_account(connection, account_id)
            if await store.count_endpoints(connection, account_id) >= rules.MAX_ENDPOINTS:
                raise DoitongError("CONFLICT", reason=f"an account has at most {rules.MAX_ENDPOINTS} endpoints")
            await store.insert_endpoint(connection, endpoint)
            await self._record(connection, account_id, actor, "endpoint.create", endpoint.id, _terms(endpoint))
        return endpoint

    async def list_endpoints(self, account_id: str) -> list[Endpoint]:
        """Every endpoint, oldest first, the disabled ones too."""
        async with self._database.reading() as connection:
            return await store.list_endpoints(connection, account_id)

    async def get_endpoint(self, account_id: str, endpoint_id: str) -> Endpoint:
        async with self._database.reading() as connection:
            endpoint = await store.find_endpoint(connection, account_id, endpoint_id)
        return _found(endpoint)

    async def update_endpoint(
        self, account_id: str, endpoint_id: str, change: EndpointChange, *, actor: Actor = SYSTEM
    ) -> Endpoint:
        """Change what `change` names. Enabling forgets earlier failures; disabling ends what is pending."""
        if change.url is not None:
            change = replace(change, url=await self._egress.check_address(change.url, "url"))
        async with self._database.transaction() as connection:
            found = await store.find_endpoint(connection, account_id, endpoint_id, for_update=True)
            endpoint = _change(_found(found), change, self._clock.now())
            await store.update_endpoint(connection, endpoint)
            await self._record(connection, account_id, actor, "endpoint.update", endpoint_id, _terms(endpoint))
        return endpoint

    async def delete_endpoint(self, account_id: str, endpoint_id: str, *, actor: Actor = SYSTEM) -> None:
        """Its deliveries stay readable; those still pending end as failed, unsent."""
        async with self._database.transaction() as connection:
            if not await store.delete_endpoint(connection, account_id, endpoint_id, self._clock.now()):
                raise NotFound
            await self._record(connection, account_id, actor, "endpoint.delete", endpoint_id, {})

    async def send_test(self, account_id: str, endpoint_id: str, *, actor: Actor = SYSTEM) -> Delivery:
        """Send the endpoint an example, signed as real ones are; its `id` and its metadata say `test`."""
        now = self._clock.now()
        event = Event(self._new_id(), account_id, EventType.GENERATION_COMPLETED, None, _example_body(now), now)
        async with self._database.transaction() as connection:
            found = await store.find_endpoint(connection, account_id, endpoint_id, for_update=True)
            endpoint = _require_enabled(_found(found))
            await store.insert_bare_event(connection, event)
            delivery = await self._queue_new(connection, account_id, event.id, endpoint.id, endpoint.url)
            details = {"delivery": delivery.id}
            await self._record(connection, account_id, actor, "endpoint.test", endpoint_id, details)
        return delivery

    # deliveries

    async def list_deliveries(
        self,
        account_id: str,
        wanted: DeliveryFilter | None = None,
        after: str | None = None,
        limit: int = 20,
    ) -> DeliveryPage:
        """One page, newest first. `after` is the previous page's `next_cursor`."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidParameter("limit", whole_number(1, MAX_PAGE))
        async with self._database.reading() as connection:
            found = await store.list_deliveries(connection, account_id, wanted or DeliveryFilter(), after, limit + 1)
        items = tuple(found[:limit])
        return DeliveryPage(items, items[-1].id if len(found) > limit else None)

    async def list_failed(self, after: str | None = None, limit: int = 20) -> DeliveryPage:
        """What was not delivered, of all accounts; for the operator."""
        if not 1 <= limit <= MAX_PAGE:
            raise InvalidParameter("limit", whole_number(1, MAX_PAGE))
        async with self._database.reading() as connection:
            found = await store.list_failed(connection, after, limit + 1)
        items = tuple(found[:limit])
        return DeliveryPage(items, items[-1].id if len(found) > limit else None)

    async def get_delivery(self, account_id: str, delivery_id: str) -> DeliveryDetail:
        """The delivery with the body that is sent and every try."""
        async with self._database.reading() as connection:
            delivery = _found(await store.find_delivery(connection, account_id, delivery_id))
            body = await store.find_body(connection, delivery.event_id)
            attempts = await store.list_attempts(connection, delivery_id)
        return DeliveryDetail(delivery, body, tuple(attempts))

    async def resend(self, account_id: str, delivery_id: str, *, actor: Actor = SYSTEM) -> Delivery:
        """Send an ended delivery's event again, as a new delivery with the same event id.

        A delivery that is still pending is brought forward instead, and given back itself. Raises NotFound,
        or CONFLICT when its endpoint is disabled.
        """
        async with self._database.transaction() as connection:
            found = await store.find_delivery(connection, account_id, delivery_id, for_update=True)
            delivery, now = _found(found), self._clock.now()
            url = delivery.url
            if delivery.endpoint_id is not None:
                endpoint = await store.find_endpoint(connection, account_id, delivery.endpoint_id)
                url = _require_enabled(endpoint).url
            await self._record(connection, account_id, actor, "delivery.resend", delivery_id, {"url": _bare(url)})
            if delivery.state is not DeliveryState.PENDING:
                return await self._queue_new(connection, account_id, delivery.event_id, delivery.endpoint_id, url)
            await store.bring_forward(connection, delivery_id, now)
            await enqueue(connection, DELIVER, [delivery_id])
            return _found(await store.find_delivery(connection, account_id, delivery_id))

    async def resend_failed(
        self, account_id: str, since: datetime, until: datetime, *, actor: Actor = SYSTEM
    ) -> ResentRange:
        """Send again what failed among the deliveries created in [since, until), oldest first, 500 a call.

        What has been sent again already, and what goes to a disabled endpoint, is left out; so calling until
        `has_more` is False sends each once.
        """
        if since >= until:
            raise InvalidParameter("until", rule("must be later than since", "mora biti pozneje kot since"))
        now = self._clock.now()
        async with self._database.transaction() as connection:
            await store.lock_account(connection, account_id)
            failed = await store.list_failed_to_resend(connection, account_id, since, until, RESEND_BATCH + 1)
            batch = failed[:RESEND_BATCH]
            new_ids = [new_id(now, self._random_bits) for _ in batch]
            await store.copy_deliveries(connection, batch, new_ids, now)
            await enqueue(connection, DELIVER, new_ids)
            details = {"since": to_iso(since), "until": to_iso(until), "count": len(batch)}
            await self._record(connection, account_id, actor, "delivery.resend_failed", None, details)
        return ResentRange(len(batch), has_more=len(failed) > RESEND_BATCH)

    async def _queue_new(
        self, connection: Connection, account_id: str, event_id: str, endpoint_id: str | None, url: str
    ) -> Delivery:
        delivery_id, now = self._new_id(), self._clock.now()
        await store.insert_delivery(connection, delivery_id, account_id, event_id, endpoint_id, url, now)
        await enqueue(connection, DELIVER, [delivery_id])
        return _found(await store.find_delivery(connection, account_id, delivery_id))

    async def _record(
        self,
        connection: Connection,
        account_id: str,
        actor: Actor,
        action: str,
        subject: str | None,
        details: Mapping[str, Any],
    ) -> None:
        now = self._clock.now()
        await audit.record(connection, account_id, actor, action, subject, details, now, self._random_bits)

    def _new_id(self) -> str:
        return new_id(self._clock.now(), self._random_bits)


def _found(thing: _T | None) -> _T:
    if thing is None:
        raise NotFound
    return thing


def _require_enabled(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None or not endpoint.is_enabled:
        raise DoitongError("CONFLICT", reason="the endpoint is disabled")
    return endpoint


def _terms(endpoint: Endpoint) -> dict[str, Any]:
    """What the audit log says of an endpoint."""
    return {
        "url": _bare(endpoint.url),
        "events": [event.value for event in endpoint.events],
        "description": endpoint.description,
        "isEnabled": endpoint.is_enabled,
    }


def _bare(url: str) -> str:
    """A URL without its query, which may carry a secret of the receiver's."""
    return url.partition("?")[0]


def _change(endpoint: Endpoint, change: EndpointChange, now: datetime) -> Endpoint:
    changed = replace(
        endpoint,
        url=endpoint.url if change.url is None else change.url,
        failing_since=endpoint.failing_since if change.url is None else None,
        description=endpoint.description if change.description is None else rules.check_description(change.description),
        events=endpoint.events if change.events is None else rules.check_events(change.events),
    )
    if change.is_enabled is None or change.is_enabled == endpoint.is_enabled:
        return changed
    if change.is_enabled:
        return replace(changed, disabled_at=None, disabled_reason=None, failing_since=None)
    return replace(changed, disabled_at=now, disabled_reason=DisabledReason.BY_CUSTOMER)


def _example_body(now: datetime) -> str:
    return build_body(
        EndedGeneration(
            id="test",
            status="completed",
            url="https://example.com/outputs/test.mp4",
            service="runway",
            created_at=now,
            completed_at=now,
            metadata={"duration": 5, "width": 1280, "height": 720, "test": True},
        )
    )
