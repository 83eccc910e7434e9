"""What a caller can do, once for all doors: values in, one service called, JSON values out.

GraphQL and REST differ in how a request is written, never in what it does or answers.
"""

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from doitong.accounts.rules import LIMIT_MAX
from doitong.alerts.rules import THRESHOLD_MAX
from doitong.catalogue.model import Kind
from doitong.catalogue.services import SERVICES, describe
from doitong.core.errors import InvalidParameter, NotFound, one_of, rule, text_length, whole_number
from doitong.core.ids import is_id
from doitong.doors.http import bodies
from doitong.doors.http.access import write_rate
from doitong.doors.http.asgi import Call
from doitong.doors.http.values import Values
from doitong.generations.model import Generation, GenerationFilter, RawRequest, Search, Status
from doitong.generations.presentation import present
from doitong.generations.routing import Routing
from doitong.generations.settlement import Outcome
from doitong.generations.upstream_store import EngineState
from doitong.keys.model import CUSTOMER_SCOPES, Caller, KeyChange, Scope
from doitong.keys.rules import BUDGET_MAX
from doitong.plans.model import OVERRIDABLE
from doitong.webhooks.model import ENDED_EVENTS, DeliveryFilter, DeliveryState, EndpointChange
from doitong.webhooks.rules import check_events

if TYPE_CHECKING:
    from doitong.app import Application

_CANONICAL = {"imageUrl": "image", "provider": "service"}
_ONE_OF_TWO = rule("is given twice under two names", "je podan dvakrat pod dvema imenoma")
_ONLY_WHEN_BOUGHT = rule(
    "names the task when the outcome is bought, and stands nowhere else",
    "imenuje nalogo, kadar je izid bought, in drugje ne stoji",
)
_NOT_ZERO = rule("must not be 0", "ne sme biti 0")
REASON_CHARACTERS = 200
GRANT_MAXIMUM = 1_000_000_000
OVERLAP_SECONDS_MAXIMUM = 30 * 24 * 3600


async def services(application: "Application") -> list[dict[str, Any]]:
    """The catalogue as this installation serves it; needs no key."""
    states, prices = await application.engine_states(), await application.pricing.current()
    return [_service_body(describe(service, prices), application.routing, states) for service in SERVICES.values()]


def _service_body(described: dict[str, Any], routing: Routing, states: Mapping[str, EngineState]) -> dict[str, Any]:
    """With the engines that are asked here, what they make of each wish, and which of them cannot work now."""
    engines = [route.engine for route in routing.routes[described["id"]]]
    rows = [row for name in engines if name in routing.offers for row in routing.offers[name].describe()]
    return described | {
        "engines": engines,
        "engineStates": [
            {"engine": name, "problem": states[name].problem if name in states else None} for name in engines
        ],
        "mapping": [row for row in rows if row["kind"] in described["kinds"]],
    }


class Operations:
    """The operations of one caller in one call."""

    def __init__(self, application: "Application", caller: Caller, call: Call) -> None:
        self._application, self._caller, self._call = application, caller, call

    # generations

    async def submit(self, raw: RawRequest, idempotency_key: str | None) -> dict[str, Any]:
        accepted = await self._application.generations.submit(self._caller, raw, idempotency_key)
        write_rate(self._call, accepted.rate)
        if accepted.is_replay:
            self._call.answer_headers["Idempotency-Replayed"] = "true"
        return self._show(accepted.generation)

    async def quote(self, raw: RawRequest) -> dict[str, Any]:
        return bodies.quote_body(await self._application.generations.quote(self._caller, raw))

    async def generation(self, generation_id: str, wait_seconds: int | None = None) -> dict[str, Any]:
        """The generation now, or once it has ended, at the latest after `wait_seconds`."""
        generations = self._application.generations
        if wait_seconds:
            await self._wait(generations.wait(self._caller, generation_id, wait_seconds))
        return self._show(await generations.get(self._caller, generation_id))

    async def _wait(self, news: Coroutine[Any, Any, object]) -> None:
        """Until the news, or until the server is to end."""
        waiting = asyncio.create_task(news)
        draining = asyncio.create_task(self._call.draining.wait())
        try:
            await asyncio.wait((waiting, draining), return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                waiting.result()
        finally:
            waiting.cancel()
            draining.cancel()

    async def generations(self, page: Values, wanted: Values) -> dict[str, Any]:
        chosen = GenerationFilter(
            status=wanted.choice("status", Status),
            service=wanted.text("service", 64),
            kind=wanted.choice("kind", Kind),
            created_after=wanted.moment("createdAfter"),
            created_before=wanted.moment("createdBefore"),
        )
        found = await self._application.generations.list_page(self._caller, page.first(), page.after(), chosen)
        return {
            "generations": [self._show(item) for item in found.items],
            "pageInfo": bodies.page_info(found.end_cursor, found.has_next_page),
        }

    async def search(self, wanted: Search, page: Values) -> dict[str, Any]:
        """What a gallery shows; `searchedTo` is how far back it looked where it may go on."""
        found = await self._application.generations.search(self._caller, page.first(), page.after(), wanted)
        return {
            "generations": [self._show(item) for item in found.items],
            "pageInfo": bodies.page_info(found.cursor, found.cursor is not None),
            "searchedTo": found.searched_to,
        }

    async def cancel(self, generation_id: str) -> dict[str, Any]:
        return self._show(await self._application.generations.cancel(self._caller, generation_id))

    async def delete(self, generation_id: str) -> dict[str, Any]:
        await self._application.generations.delete(self._caller, generation_id)
        return {"id": generation_id}

    def _show(self, generation: Generation) -> dict[str, Any]:
        cdn = self._application.settings.effective_cdn_base_url
        return present(generation, cdn, self._call.told_language)

    # uploads

    async def create_upload(self, parameter: str, picture: bytes) -> dict[str, Any]:
        self._caller.require(Scope.GENERATIONS_WRITE)
        uploads = self._application.uploads
        return bodies.upload_body(await uploads.create(self._caller.account_id, parameter, picture))

    async def upload(self, upload_id: str) -> dict[str, Any]:
        self._caller.require(Scope.GENERATIONS_READ)
        uploads = self._application.uploads
        return bodies.upload_body(await uploads.get(self._caller.account_id, _known(upload_id)))

    # the account and its credits

    async def account(self) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNT_READ)
        return bodies.account_body(await self._application.accounts.get(self._caller.account_id))

    async def limits(self) -> dict[str, Any]:
        return await self._application.generations.limits(self._caller)

    async def credits(self) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNT_READ)
        return bodies.credits_body(await self._application.ledger.balance(self._caller.account_id))

    async def statement(self, page: Values) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNT_READ)
        found = await self._application.ledger.statement(
            self._caller.account_id, first=page.first(), after=page.after()
        )
        lines = [bodies.statement_line_body(line) for line in found.lines]
        return bodies.page("statement", lines, found.next_after)

    async def credit_alerts(self) -> list[dict[str, Any]]:
        self._caller.require(Scope.ACCOUNT_READ)
        return [bodies.alert_body(alert) for alert in await self._application.alerts.list(self._caller.account_id)]

    async def set_credit_alerts(self, given: Values) -> list[dict[str, Any]]:
        """All thresholds anew; one that stays keeps whether it was told."""
        self._caller.require(Scope.WEBHOOKS_WRITE)
        given.refuse_unknown("thresholds")
        thresholds = given.wholes("thresholds", 1, THRESHOLD_MAX)
        alerts, caller = self._application.alerts, self._caller
        set_now = await alerts.set(caller.account_id, thresholds, actor=caller.actor)
        return [bodies.alert_body(alert) for alert in set_now]

    # keys

    async def keys(self, page: Values) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNT_READ)
        found = await self._application.keys.list(self._caller.account_id, first=page.first(), after=page.after())
        return bodies.page("keys", [bodies.key_body(key) for key in found.keys], found.next_after)

    async def create_key(self, given: Values) -> dict[str, Any]:
        self._caller.require(Scope.KEYS_WRITE)
        given.refuse_unknown("name", "scopes", "expiresAt", "monthlyBudget")
        new = await self._application.keys.create(
            self._caller.account_id,
            given.required_text("name", 100),
            scopes=given.texts("scopes"),
            expires_at=given.moment("expiresAt"),
            monthly_budget=given.whole("monthlyBudget", 1, BUDGET_MAX),
            granter=self._caller.scopes,
            actor=self._caller.actor,
        )
        return bodies.new_key_body(new)

    async def update_key(self, key_id: str, given: Values) -> dict[str, Any]:
        """A new name, a new budget; a budget of null takes it away."""
        self._caller.require(Scope.KEYS_WRITE)
        given.refuse_unknown("name", "monthlyBudget")
        change = KeyChange(
            name=given.text("name", 100),
            monthly_budget=given.whole("monthlyBudget", 1, BUDGET_MAX),
            sets_budget=given.has("monthlyBudget"),
        )
        keys, caller = self._application.keys, self._caller
        return bodies.key_body(await keys.update(caller.account_id, _known(key_id), change, actor=caller.actor))

    async def revoke_key(self, key_id: str) -> dict[str, Any]:
        self._caller.require(Scope.KEYS_WRITE)
        keys, caller = self._application.keys, self._caller
        return bodies.key_body(await keys.revoke(caller.account_id, _known(key_id), actor=caller.actor))

    async def rotate_key(self, key_id: str, given: Values) -> dict[str, Any]:
        self._caller.require(Scope.KEYS_WRITE)
        given.refuse_unknown("overlapSeconds")
        overlap = timedelta(seconds=given.whole("overlapSeconds", 0, OVERLAP_SECONDS_MAXIMUM) or 0)
        new = await self._application.keys.rotate(
            self._caller.account_id,
            _known(key_id),
            overlap=overlap,
            granter=self._caller.scopes,
            actor=self._caller.actor,
        )
        return bodies.new_key_body(new)

    # the operator's

    async def accounts(self, page: Values) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNTS_WRITE)
        found = await self._application.accounts.list(first=page.first(), after=page.after())
        return bodies.page("accounts", [bodies.account_body(item) for item in found.accounts], found.next_after)

    async def create_account(self, given: Values) -> dict[str, Any]:
        """A new account and its first key, whose secret is shown only here."""
        self._caller.require(Scope.ACCOUNTS_WRITE)
        given.refuse_unknown("name", "plan", "email", "language", "limits")
        account = await self._application.accounts.create(
            given.required_text("name", 200),
            given.text("plan", 40) or "free",
            email=given.text("email", 254),
            language=given.text("language", 8) or "en",
            limits=_limits(given),
            actor=self._caller.actor,
        )
        new = await self._application.keys.create(account.id, "first key", actor=self._caller.actor)
        return {"account": bodies.account_body(account), **bodies.new_key_body(new)}

    async def set_plan(self, account_id: str, given: Values) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNTS_WRITE)
        given.refuse_unknown("plan", "limits")
        plan = given.required_text("plan", 40)
        accounts, limits = self._application.accounts, _limits(given)
        return bodies.account_body(await accounts.set_plan(_known(account_id), plan, limits, actor=self._caller.actor))

    async def disable_account(self, account_id: str) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNTS_WRITE)
        accounts, actor = self._application.accounts, self._caller.actor
        return bodies.account_body(await accounts.disable(_known(account_id), actor=actor))

    async def enable_account(self, account_id: str) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNTS_WRITE)
        accounts, actor = self._application.accounts, self._caller.actor
        return bodies.account_body(await accounts.enable(_known(account_id), actor=actor))

    async def create_account_key(self, account_id: str, given: Values) -> dict[str, Any]:
        """A key for any account; the operator's own scope is not given this way."""
        self._caller.require(Scope.ACCOUNTS_WRITE)
        given.refuse_unknown("name", "scopes", "expiresAt", "monthlyBudget")
        new = await self._application.keys.create(
            _known(account_id),
            given.required_text("name", 100),
            scopes=given.texts("scopes"),
            expires_at=given.moment("expiresAt"),
            monthly_budget=given.whole("monthlyBudget", 1, BUDGET_MAX),
            granter=CUSTOMER_SCOPES,
            actor=self._caller.actor,
        )
        return bodies.new_key_body(new)

    async def grant_credits(self, account_id: str, given: Values) -> dict[str, Any]:
        """Credits into an account; the reason stands in its statement."""
        self._caller.require(Scope.ACCOUNTS_WRITE)
        given.refuse_unknown("credits", "reason")
        credits, reason = given.required_whole("credits", 1, GRANT_MAXIMUM), _reason(given)
        account = await self._application.accounts.get(_known(account_id))
        ledger = self._application.ledger
        await ledger.grant(account.id, credits, reason=reason, actor=self._caller.actor)
        return bodies.credits_body(await ledger.balance(account.id))

    async def adjust_credits(self, account_id: str, given: Values) -> dict[str, Any]:
        """A correction by a signed amount; what is not available cannot be taken."""
        self._caller.require(Scope.ACCOUNTS_WRITE)
        given.refuse_unknown("amount", "reason")
        amount, reason = given.required_whole("amount", -GRANT_MAXIMUM, GRANT_MAXIMUM), _reason(given)
        if amount == 0:
            raise given.invalid("amount", _NOT_ZERO)
        ledger, actor = self._application.ledger, self._caller.actor
        return bodies.credits_body(await ledger.adjust(_known(account_id), amount, reason=reason, actor=actor))

    async def refund_credits(self, account_id: str, given: Values) -> dict[str, Any]:
        """What one of the account's generations was charged, or a part of it; never more, however often."""
        self._caller.require(Scope.ACCOUNTS_WRITE)
        given.refuse_unknown("generationId", "credits", "reason")
        generation_id = _known(given.required_text("generationId", 64))
        credits, reason = given.whole("credits", 1, GRANT_MAXIMUM), _reason(given)
        ledger = self._application.ledger
        hold = await ledger.hold(generation_id)
        if hold is None or hold.account_id != account_id:
            raise NotFound
        return bodies.credits_body(await ledger.refund(generation_id, credits, reason=reason, actor=self._caller.actor))

    async def unknown_submissions(self, page: Values) -> dict[str, Any]:
        """Submissions of all accounts whose answer was lost, oldest first."""
        self._caller.require(Scope.ACCOUNTS_WRITE)
        found = await self._application.settlement.list_page(page.first(), page.after())
        items = [bodies.unknown_body(item) for item in found.items]
        return bodies.page("unknownSubmissions", items, found.next_after)

    async def settle_submission(self, generation_id: str, given: Values) -> dict[str, Any]:
        """What became of one of them; counts once."""
        self._caller.require(Scope.ACCOUNTS_WRITE)
        given.refuse_unknown("outcome", "taskId")
        outcome = given.choice("outcome", Outcome)
        task_id = given.text("taskId", 100)
        if outcome is None:
            raise given.invalid("outcome", one_of([item.value for item in Outcome]))
        if (outcome is Outcome.BOUGHT) != bool(task_id):
            raise given.invalid("taskId", _ONLY_WHEN_BOUGHT)
        settlement, actor = self._application.settlement, self._caller.actor
        return self._show(await settlement.settle(_known(generation_id), outcome, task_id, actor))

    # webhooks

    async def endpoints(self) -> list[dict[str, Any]]:
        self._caller.require(Scope.ACCOUNT_READ)
        found = await self._application.webhooks.list_endpoints(self._caller.account_id)
        return [bodies.endpoint_body(endpoint) for endpoint in found]

    async def create_endpoint(self, given: Values) -> dict[str, Any]:
        self._caller.require(Scope.WEBHOOKS_WRITE)
        given.refuse_unknown("url", "events", "description")
        events = given.texts("events")
        endpoint = await self._application.webhooks.create_endpoint(
            self._caller.account_id,
            given.required_text("url", 2048),
            ENDED_EVENTS if events is None else events,
            given.text("description", 200) or "",
            actor=self._caller.actor,
        )
        return bodies.endpoint_body(endpoint)

    async def update_endpoint(self, endpoint_id: str, given: Values) -> dict[str, Any]:
        self._caller.require(Scope.WEBHOOKS_WRITE)
        given.refuse_unknown("url", "events", "description", "isEnabled")
        events = given.texts("events")
        change = EndpointChange(
            url=given.text("url", 2048),
            description=given.text("description", 200),
            events=None if events is None else check_events(events),
            is_enabled=given.boolean("isEnabled"),
        )
        webhooks = self._application.webhooks
        changed = await webhooks.update_endpoint(
            self._caller.account_id, _known(endpoint_id), change, actor=self._caller.actor
        )
        return bodies.endpoint_body(changed)

    async def delete_endpoint(self, endpoint_id: str) -> dict[str, Any]:
        self._caller.require(Scope.WEBHOOKS_WRITE)
        webhooks, caller = self._application.webhooks, self._caller
        await webhooks.delete_endpoint(caller.account_id, _known(endpoint_id), actor=caller.actor)
        return {"id": endpoint_id}

    async def send_test_event(self, endpoint_id: str) -> dict[str, Any]:
        self._caller.require(Scope.WEBHOOKS_WRITE)
        webhooks, caller = self._application.webhooks, self._caller
        sent = await webhooks.send_test(caller.account_id, _known(endpoint_id), actor=caller.actor)
        return bodies.delivery_body(sent)

    async def signing_secret(self) -> dict[str, Any]:
        self._caller.require(Scope.WEBHOOKS_WRITE)
        found = await self._application.accounts.signing_secrets(self._caller.account_id)
        return bodies.signing_secret_body(found, self._application.clock.now())

    async def rotate_signing_secret(self) -> dict[str, Any]:
        self._caller.require(Scope.WEBHOOKS_WRITE)
        found = await self._application.accounts.rotate_signing_secret(
            self._caller.account_id, actor=self._caller.actor
        )
        return bodies.signing_secret_body(found, self._application.clock.now())

    async def deliveries(self, page: Values, wanted: Values) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNT_READ)
        chosen = DeliveryFilter(
            generation_id=wanted.text("generation", 64),
            endpoint_id=wanted.text("endpoint", 64),
            state=wanted.choice("state", DeliveryState),
        )
        found = await self._application.webhooks.list_deliveries(
            self._caller.account_id, chosen, page.after(), page.first()
        )
        items = [bodies.delivery_body(delivery) for delivery in found.items]
        return bodies.page("deliveries", items, found.next_cursor)

    async def delivery(self, delivery_id: str) -> dict[str, Any]:
        self._caller.require(Scope.ACCOUNT_READ)
        webhooks = self._application.webhooks
        return bodies.delivery_detail_body(await webhooks.get_delivery(self._caller.account_id, _known(delivery_id)))

    async def resend_delivery(self, delivery_id: str) -> dict[str, Any]:
        self._caller.require(Scope.WEBHOOKS_WRITE)
        webhooks, caller = self._application.webhooks, self._caller
        sent = await webhooks.resend(caller.account_id, _known(delivery_id), actor=caller.actor)
        return bodies.delivery_body(sent)

    async def resend_failed(self, given: Values) -> dict[str, Any]:
        self._caller.require(Scope.WEBHOOKS_WRITE)
        given.refuse_unknown("since", "until")
        since, until = given.required_moment("since"), given.required_moment("until")
        webhooks, caller = self._application.webhooks, self._caller
        resent = await webhooks.resend_failed(caller.account_id, since, until, actor=caller.actor)
        return {"count": resent.count, "hasMore": resent.has_more}


def raw_request(
    given: Mapping[str, Any],
    *,
    kind: Kind | None,
    requires_service: bool,
    prefix: str = "",
    image_name: str = "image",
) -> RawRequest:
    """A flat request as parameters; `imageUrl`, `provider` are other words for `image`, `service`.

    Errors call a parameter by `prefix` and the caller's own word; a missing picture is called `image_name`.
    """
    values: dict[str, tuple[str, Any]] = {}
    for word, value in given.items():
        name = _CANONICAL.get(word, word)
        if name in values and value is not None and values[name][1] is not None:
            raise InvalidParameter(prefix + word, _ONE_OF_TWO)
        if name not in values or value is not None:
            values[name] = (prefix + word, value)
    if kind is Kind.IMAGE_TO_VIDEO:
        values.setdefault("image", (prefix + image_name, None))
    return RawRequest(values, requires_service=requires_service, kind=kind)


def _known(object_id: str) -> str:
    """An id that could be one of ours; anything else reads as unknown without asking the database."""
    if not is_id(object_id):
        raise NotFound
    return object_id


def _reason(given: Values) -> str:
    """Why an operator moves credits: it stands in the statement, so it says something."""
    reason = given.required_text("reason", REASON_CHARACTERS)
    if not reason.strip():
        raise given.invalid("reason", text_length(1, REASON_CHARACTERS))
    return reason


def _limits(given: Values) -> dict[str, int | None]:
    """Overrides of a plan's limits, from their camelCase names."""
    found: dict[str, int | None] = {}
    for name, value in given.mapping("limits").items():
        snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
        if snake not in OVERRIDABLE:
            raise given.invalid("limits", one_of([_camel(item) for item in OVERRIDABLE]))
        if value is not None and type(value) is not int:
            raise given.invalid(f"limits.{name}", whole_number(1, LIMIT_MAX))
        found[snake] = value
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
