"""The use cases of generations, for every door: submit, quote, read, list, search, wait, cancel, delete."""

import asyncio
import secrets
from dataclasses import replace
from typing import Any, Protocol

from doitong.audit import store as audit
from doitong.catalogue.model import AspectRatio
from doitong.core.clock import Clock
from doitong.core.errors import DoitongError, InvalidParameter, NotFound, whole_number
from doitong.core.ids import AFTER_EVERY_ID, RandomBits, born_at, is_id, lowest_id, new_id
from doitong.db import queue
from doitong.db.notifications import Notifications
from doitong.db.pool import Database
from doitong.engines.port import Wish
from doitong.generations import lifecycle, quote_store, store
from doitong.generations.model import (
    Found,
    Generation,
    GenerationFilter,
    GenerationRequest,
    Page,
    Quote,
    RawRequest,
    Search,
    Stage,
    Status,
)
from doitong.generations.parsing import motion_pictures, parse_request, with_pictures
from doitong.generations.reading import BatchedReader, Places
from doitong.generations.routing import Route, Routing
from doitong.generations.rules import (
    QUOTE_LIFETIME,
    Ending,
    choose_parameters,
    nearest_aspect_ratio,
    price_credits,
)
from doitong.generations.submission import Application, Submission, SubmissionDesk, new_generation, restore
from doitong.idempotency import store as idempotency
from doitong.idempotency.rules import KEPT_FOR, fingerprint, parse_key
from doitong.keys.model import Caller
from doitong.moderation.service import Moderation
from doitong.plans import store as plans
from doitong.plans.model import plan_of
from doitong.plans.rules import rate_state, shift
from doitong.pricing.service import Pricing
from doitong.telemetry.metrics import Metrics
from doitong.uploads.model import Upload

PAGE_MAXIMUM = 100
SEARCHED_MAXIMUM = 3000
WAIT_SECONDS_MAXIMUM = 60
RECHECK_SECONDS = 5.0


class PictureSource(Protocol):
    """What a submission needs of uploads: a checked picture, before money moves."""

    async def resolve_picture(self, account_id: str, source: str, parameter: str) -> Upload: ...


class AddressChecker(Protocol):
    """What a submission needs of egress."""

    async def check_address(self, url: str, parameter: str) -> object: ...


class GenerationService:
    """Every door's way to a generation."""

    def __init__(
        self,
        database: Database,
        notifications: Notifications,
        clock: Clock,
        pictures: PictureSource,
        egress: AddressChecker,
        metrics: Metrics,
        *,
        routing: Routing,
        moderation: Moderation,
        pricing: Pricing,
        cdn_base_url: str,
        random_bits: RandomBits = secrets.randbits,
    ) -> None:
        self._database = database
        self._notifications = notifications
        self._clock = clock
        self._pictures = pictures
        self._egress = egress
        self._metrics = metrics
        self._routing = routing
        self._moderation = moderation
        self._pricing = pricing
        self._cdn_base_url = cdn_base_url
        self._random_bits = random_bits
        self._desk = SubmissionDesk(database, clock)
        self._places = Places(clock)
        self._reader = BatchedReader(database, self._places)

    async def close(self) -> None:
        await self._desk.close()

    # Submission

    async def submit(self, caller: Caller, raw: RawRequest, idempotency_key: str | None) -> Submission:
        """Accept a generation: when this returns, it is kept, held for and queued.

        `idempotency_key` is the raw header. Raises DoitongError; then nothing was stored and nothing charged.
        """
        caller.require("generations:write")
        key = parse_key(idempotency_key)
        request = parse_request(raw)
        digest = fingerprint(request.to_terms())
        if key is not None and (request.image or request.webhook_url or request.quote_id):
            replay = await self._find_replay(caller, request, key, digest)
            if replay is not None:
                return replay
        await self._admit(caller, request, raw)
        credits = await self._settle_price(caller, request)
        if request.webhook_url is not None:
            shown = raw.values["webhookUrl"][0]
            await self._egress.check_address(request.webhook_url, shown)
        if request.image is not None:
            request = await self._take_pictures(caller, request, raw)
        route = self._routing.first(request.service, _wish(request), _shown(raw))
        generation = self._draft(caller, request, credits, route)
        submission = await self._desk.submit(Application(generation, key, digest))
        if not submission.is_replay:
            self._metrics.record_generation("submitted")
        return submission

    async def _find_replay(
        self, caller: Caller, request: GenerationRequest, key: str, digest: bytes
    ) -> Submission | None:
        """A stored answer, before asking again what may have changed since: a picture, an address, a quote."""
        now = self._clock.now()
        async with self._database.reading() as connection:
            records = await idempotency.find_records(connection, [(caller.account_id, key)], now - KEPT_FOR)
            usage = await plans.read_usage(connection, caller.account_id)
        record = records.get((caller.account_id, key))
        if record is None:
            return None
        if record.fingerprint != digest:
            raise DoitongError("IDEMPOTENCY_KEY_REUSED")
        now_second = int(now.timestamp())
        limit = plan_of(caller.plan, caller.limits).generations_per_minute
        rate = rate_state(shift(usage.window, now_second), limit, now_second)
        ratio = request.aspect_ratio or AspectRatio.WIDE
        route = self._routing.routes[request.service][0]
        draft = self._draft(caller, replace(request, aspect_ratio=ratio), await self._list_price(request), route)
        return Submission(restore(draft, record), True, rate)

    async def _admit(self, caller: Caller, request: GenerationRequest, raw: RawRequest) -> None:
        """Refuse what no engine of the service offers, and what must not go to one that judges content."""
        route = self._routing.first(request.service, _wish(request), _shown(raw))
        if route.engine in self._routing.offers:
            text = f"{request.prompt}\n{request.negative_prompt or ''}"
            await self._moderation.check(caller.account_id, text)

    async def _take_pictures(self, caller: Caller, request: GenerationRequest, raw: RawRequest) -> GenerationRequest:
        """The request with uploads in place of whatever the picture and its motion's maps were given as."""
        assert request.image is not None
        upload = await self._pictures.resolve_picture(caller.account_id, request.image, raw.values["image"][0])
        ratio = request.aspect_ratio or nearest_aspect_ratio(upload.width, upload.height)
        maps = {}
        for place, source in motion_pictures(request.motion).items():
            shown = f"{raw.values['motion'][0]}.{place}"
            maps[place] = (await self._pictures.resolve_picture(caller.account_id, source, shown)).id
        motion = with_pictures(request.motion, maps)
        return replace(request, image=upload.id, aspect_ratio=ratio, motion=motion)

    def _draft(self, caller: Caller, request: GenerationRequest, credits: int, route: Route) -> Generation:
        now = self._clock.now()
        return new_generation(
            new_id(now, self._random_bits),
            caller.account_id,
            now,
            {
                "kind": request.kind,
                "service": request.service,
                "prompt": request.prompt,
                "parameters": choose_parameters(request, self._random_bits(32)),
                "webhook_url": request.webhook_url,
                "credit_cost": credits,
                "key_prefix": caller.key_prefix,
                "lane": route.lane,
                "engine": route.engine,
                "pool": self._routing.pool(route.engine, _wish(request)),
            },
        )

    # Quotes

    async def quote(self, caller: Caller, raw: RawRequest) -> Quote:
        """The exact price of a request, binding until it expires. Nothing is held."""
        caller.require("generations:read")
        request = parse_request(raw)
        self._routing.first(request.service, _wish(request), _shown(raw))
        now = self._clock.now()
        quote = Quote(
            id=new_id(now, self._random_bits),
            credits=await self._list_price(request),
            terms=_priced_terms(request),
            created_at=now,
            expires_at=now + QUOTE_LIFETIME,
        )
        async with self._database.transaction() as connection:
            await quote_store.insert_quote(connection, caller.account_id, quote)
        return quote

    async def _settle_price(self, caller: Caller, request: GenerationRequest) -> int:
        """The quoted price when a quote is named, else the one that holds now."""
        if request.quote_id is None:
            return await self._list_price(request)
        async with self._database.reading() as connection:
            quote = await quote_store.find_quote(connection, caller.account_id, request.quote_id)
        if quote is None or quote.expires_at <= self._clock.now():
            raise DoitongError("QUOTE_EXPIRED")
        for name, value in _priced_terms(request).items():
            if quote.terms[name] != value:
                raise DoitongError("QUOTE_MISMATCH", parameter=name)
        return quote.credits

    async def _list_price(self, request: GenerationRequest) -> int:
        return price_credits(request, await self._pricing.current())

    # Reading

    async def get(self, caller: Caller, generation_id: str) -> Generation:
        """The generation as it stands now. Raises NotFound."""
        caller.require("generations:read")
        if not is_id(generation_id):
            raise NotFound
        generation = await self._reader.find(generation_id)
        if generation is None or not _is_shown_to(caller, generation):
            raise NotFound
        return generation

    async def wait(self, caller: Caller, generation_id: str, seconds: float) -> Generation:
        """Long poll: the generation once it has ended, or as it stands after `seconds` (at most 60)."""
        loop = asyncio.get_running_loop()
        until = loop.time() + min(seconds, WAIT_SECONDS_MAXIMUM)
        while True:
            with self._notifications.expect(lifecycle.ENDED_CHANNEL, generation_id) as end:
                generation = await self.get(caller, generation_id)
                left = until - loop.time()
                if generation.status is not Status.PROCESSING or left <= 0:
                    return generation
                await end.within(min(left, RECHECK_SECONDS))

    async def list_page(self, caller: Caller, first: int, after: str | None, wanted: GenerationFilter) -> Page:
        """A page of the account's generations, newest first. Raises InvalidParameter."""
        caller.require("generations:read")
        if type(first) is not int or not 1 <= first <= PAGE_MAXIMUM:
            raise InvalidParameter("first", whole_number(1, PAGE_MAXIMUM))
        async with self._database.reading() as connection:
            found = await store.list_page(connection, caller.account_id, first + 1, after, wanted)
            items = await self._places.fill(connection, found[:first])
        return Page(items, items[-1].id if items else None, len(found) > first)

    async def search(self, caller: Caller, first: int, after: str | None, wanted: Search) -> Found:
        """Generations of the account that fit, newest first; one call looks at `SEARCHED_MAXIMUM` at most.

        However rare what is looked for and however many there are, an answer comes soon, and says how far it looked.
        """
        caller.require("generations:read")
        if type(first) is not int or not 1 <= first <= PAGE_MAXIMUM:
            raise InvalidParameter("first", whole_number(1, PAGE_MAXIMUM))
        before = min(after or AFTER_EVERY_ID, lowest_id(wanted.until) if wanted.until else AFTER_EVERY_ID)
        oldest = lowest_id(wanted.since) if wanted.since else ""
        async with self._database.reading() as connection:
            end = None
            if wanted.is_narrow:
                end = await store.nth_before(connection, caller.account_id, before, SEARCHED_MAXIMUM)
            end = end if end is not None and end > oldest else None
            found = await store.search(connection, caller.account_id, wanted, first + 1, before, end or oldest)
            items = await self._places.fill(connection, found[:first])
        if len(found) > first:
            return Found(items, items[-1].id, None)
        return Found(items, end, None if end is None else born_at(end))

    async def limits(self, caller: Caller) -> dict[str, Any]:
        """What the plan allows and how much of it is used, as JSON values."""
        caller.require("account:read")
        plan = plan_of(caller.plan, caller.limits)
        now = self._clock.now()
        async with self._database.reading() as connection:
            usage = await plans.read_usage(connection, caller.account_id)
        return {
            "plan": plan.name,
            "generationsPerMinute": plan.generations_per_minute,
            "generationsPerDay": plan.generations_per_day,
            "jobSlots": plan.job_slots,
            "backlog": plan.backlog,
            "readsPerMinute": plan.reads_per_minute,
            "usedThisMinute": sum(shift(usage.window, int(now.timestamp())).counts),
            "usedToday": usage.day_count if usage.day == now.date() else 0,
            "jobsRunning": usage.slots_used,
            "jobsWaiting": usage.backlog,
        }

    async def queue_depths(self) -> dict[str, int]:
        """How many open generations of all accounts are in each stage, for metrics."""
        async with self._database.reading() as connection:
            return await store.count_by_stage(connection)

    # Cancel

    async def cancel(self, caller: Caller, generation_id: str) -> Generation:
        """End an open generation and release its credits.

        Raises NotFound, or GENERATION_FINISHED when it ended first. What already renders is stopped by its
        worker, which sees at its next heartbeat that the generation is no longer its own.
        """
        caller.require("generations:write")
        now = self._clock.now()
        async with self._database.transaction() as connection:
            generation = await store.lock(connection, generation_id) if is_id(generation_id) else None
            if generation is None or not _is_shown_to(caller, generation):
                raise NotFound
            if generation.status is not Status.PROCESSING:
                raise DoitongError("GENERATION_FINISHED", status=generation.status.value)
            if generation.stage is Stage.UNKNOWN:
                raise DoitongError("CONFLICT", reason="an operator has yet to settle whether the engine charged")
            ending = Ending(Status.CANCELED, 0)
            ended = await lifecycle.finish(connection, generation, ending, now, self._cdn_base_url)
            await audit.record(connection, caller.account_id, caller.actor, "generation.cancel", generation.id, {}, now)
        return ended

    # Delete

    async def delete(self, caller: Caller, generation_id: str) -> None:
        """Show an ended generation to nobody any more, and remove its files; its credits stay where they went.

        Raises NotFound, or CONFLICT while it is made. A request that is repeated with its idempotency key is still
        answered as it was; a webhook that was on its way still says what happened.
        """
        caller.require("generations:write")
        now = self._clock.now()
        async with self._database.transaction() as connection:
            generation = await store.lock(connection, generation_id) if is_id(generation_id) else None
            if generation is None or not _is_shown_to(caller, generation):
                raise NotFound
            if generation.status is Status.PROCESSING:
                raise DoitongError("CONFLICT", reason="the generation has not ended; cancel it first")
            await store.set_deleted(connection, generation_id, now)
            for delay in (None, lifecycle.LEFTOVERS_AGAIN):
                await queue.enqueue(connection, queue.DELETE, [generation_id], delay=delay)
            await audit.record(connection, caller.account_id, caller.actor, "generation.delete", generation_id, {}, now)


def _is_shown_to(caller: Caller, generation: Generation) -> bool:
    return generation.account_id == caller.account_id and generation.deleted_at is None


def _priced_terms(request: GenerationRequest) -> dict[str, Any]:
    """What the price was given for."""
    terms = request.to_terms()
    return {name: terms[name] for name in ("service", "kind", "duration", "quality", "version", "aspectRatio")}


def _wish(request: GenerationRequest) -> Wish:
    """What an engine's table is asked by; a picture's ratio may not be known yet, and all of them are offered."""
    return Wish(request.kind, request.version, request.quality, request.aspect_ratio or AspectRatio.WIDE)


def _shown(raw: RawRequest) -> dict[str, str]:
    """Parameters by the names that the caller used."""
    return {name: given[0] for name, given in raw.values.items()}
