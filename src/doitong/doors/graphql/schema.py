"""The GraphQL schema: queries and mutations as thin doors onto the operations.

Root fields are nullable, so that one that fails in a request of several hides nothing of the others.
"""

# Strawberry's decorators are untyped, and resolvers give dictionaries that the default resolver reads.
# mypy: disable-error-code="untyped-decorator, no-any-return"

import functools
from collections.abc import Mapping
from typing import Annotated, Any, cast

import strawberry
from strawberry import UNSET
from strawberry.schema.config import StrawberryConfig

from doitong.catalogue.model import Kind
from doitong.doors.graphql import inputs, types
from doitong.doors.graphql.context import Context
from doitong.doors.graphql.scalars import SCALARS
from doitong.doors.http import operations as doors
from doitong.doors.http.values import Values

Info = strawberry.Info[Context, None]
ID = strawberry.ID
First = Annotated[int | None, strawberry.argument(description="Size of the page, 1–100; 20 when left out.")]
After = Annotated[str | None, strawberry.argument(description="`endCursor` of the page before.")]


def _of(info: Info) -> doors.Operations:
    return info.context.operations


def _nodes(page: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {"nodes": page[name], "pageInfo": page["pageInfo"]}


def _values(given: Any, shown: str = "input.") -> Values:
    return Values(inputs.to_json(given) if given else {}, shown)


def _arguments(**given: Any) -> Values:
    return Values({inputs.camel(name): value for name, value in given.items() if value is not UNSET})


def _page(first: int | None, after: str | None) -> Values:
    return _arguments(first=first, after=after)


@strawberry.type
class Query:
    @strawberry.field(description="One generation of the account.")
    async def generation(self, info: Info, id: ID) -> types.Generation | None:
        return cast(Any, await _of(info).generation(id))

    @strawberry.field(description="The account's generations, newest first.")
    async def generations(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        filter: inputs.GenerationFilterInput | None = UNSET,
    ) -> types.GenerationConnection | None:
        found = await _of(info).generations(_page(first, after), _values(filter, "filter."))
        nodes = found["generations"]
        edges = [{"cursor": node["id"], "node": node} for node in nodes]
        return cast(Any, {"edges": edges, "nodes": nodes, "pageInfo": found["pageInfo"]})

    @strawberry.field
    async def account(self, info: Info) -> types.Account | None:
        return cast(Any, await _of(info).account())

    @strawberry.field
    async def limits(self, info: Info) -> types.PlanLimits | None:
        return cast(Any, await _of(info).limits())

    @strawberry.field
    async def credits(self, info: Info) -> types.Credits | None:
        return cast(Any, await _of(info).credits())

    @strawberry.field(description="Thresholds of low credits, the highest first.")
    async def credit_alerts(self, info: Info) -> list[types.CreditAlert] | None:
        return cast(Any, await _of(info).credit_alerts())

    @strawberry.field(description="Every movement of credits, newest first.")
    async def statement(
        self, info: Info, first: First = UNSET, after: After = UNSET
    ) -> types.StatementConnection | None:
        return cast(Any, _nodes(await _of(info).statement(_page(first, after)), "statement"))

    @strawberry.field(description="The catalogue; needs no key.")
    async def services(self, info: Info) -> list[types.Service]:
        return cast(Any, await doors.services(info.context.application))

    @strawberry.field(description="The exact price of a request, binding until it expires.")
    async def quote(self, info: Info, input: inputs.GenerateInput) -> types.Quote | None:
        return cast(Any, await _of(info).quote(inputs.of_generate(input)))

    @strawberry.field(description="Every account, newest first. Needs the scope `accounts:write`.")
    async def accounts(self, info: Info, first: First = UNSET, after: After = UNSET) -> types.AccountConnection | None:
        return cast(Any, _nodes(await _of(info).accounts(_page(first, after)), "accounts"))

    @strawberry.field(description="Submissions whose answer was lost, oldest first. Needs the scope `accounts:write`.")
    async def unknown_submissions(
        self, info: Info, first: First = UNSET, after: After = UNSET
    ) -> types.UnknownSubmissionConnection | None:
        return cast(Any, _nodes(await _of(info).unknown_submissions(_page(first, after)), "unknownSubmissions"))

    @strawberry.field(description="The account's API keys, newest first.")
    async def keys(self, info: Info, first: First = UNSET, after: After = UNSET) -> types.ApiKeyConnection | None:
        return cast(Any, _nodes(await _of(info).keys(_page(first, after)), "keys"))

    @strawberry.field
    async def endpoints(self, info: Info) -> list[types.Endpoint] | None:
        return cast(Any, await _of(info).endpoints())

    @strawberry.field
    async def signing_secret(self, info: Info) -> types.SigningSecret | None:
        return cast(Any, await _of(info).signing_secret())

    @strawberry.field
    async def deliveries(
        self,
        info: Info,
        first: First = UNSET,
        after: After = UNSET,
        filter: inputs.DeliveryFilterInput | None = UNSET,
    ) -> types.DeliveryConnection | None:
        found = await _of(info).deliveries(_page(first, after), _values(filter, "filter."))
        return cast(Any, _nodes(found, "deliveries"))

    @strawberry.field
    async def delivery(self, info: Info, id: ID) -> types.DeliveryDetail | None:
        return cast(Any, await _of(info).delivery(id))


async def _submit(info: Info, raw: Any) -> Any:
    return await _of(info).submit(raw, info.context.call.header("idempotency-key"))


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Request a video. Send an `Idempotency-Key` header to retry safely.")
    async def generate(self, info: Info, input: inputs.GenerateInput) -> types.Generation | None:
        return cast(Any, await _submit(info, inputs.of_generate(input)))

    @strawberry.mutation(description="Request a video with flat parameters.", name="generatevideo")
    async def generatevideo(self, info: Info, input: inputs.GenerateVideoInput) -> types.Generation | None:
        return cast(Any, await _submit(info, inputs.of_flat(input)))

    @strawberry.mutation(description="The same as `generatevideo`.", name="generateVideo")
    async def generate_video(self, info: Info, input: inputs.GenerateVideoInput) -> types.Generation | None:
        return cast(Any, await _submit(info, inputs.of_flat(input)))

    @strawberry.mutation(description="Animate a picture.")
    async def animate_image(self, info: Info, input: inputs.ImageAnimationInput) -> types.Generation | None:
        return cast(Any, await _submit(info, inputs.of_flat(input, Kind.IMAGE_TO_VIDEO)))

    @strawberry.mutation(description="End a generation that has not ended; its credits are given back.")
    async def cancel_generation(self, info: Info, id: ID) -> types.Generation | None:
        return cast(Any, await _of(info).cancel(id))

    @strawberry.mutation(description="Delete one that has ended, with its files; its credits are not given back.")
    async def delete_generation(self, info: Info, id: ID) -> types.Deleted | None:
        return cast(Any, await _of(info).delete(id))

    @strawberry.mutation
    async def create_key(self, info: Info, input: inputs.CreateKeyInput) -> types.NewApiKey | None:
        return cast(Any, await _of(info).create_key(_values(input)))

    @strawberry.mutation(description="A new name or budget; a budget of null takes it away.")
    async def update_key(self, info: Info, id: ID, input: inputs.UpdateKeyInput) -> types.ApiKey | None:
        given: Any = input
        taken_away = {"monthlyBudget": None} if given.get("monthlyBudget", "") is None else {}
        given = Values(inputs.to_json(given) | taken_away, "input.")
        return cast(Any, await _of(info).update_key(id, given))

    @strawberry.mutation(description="All thresholds of low credits anew; at most 5.")
    async def set_credit_alerts(self, info: Info, thresholds: list[int]) -> list[types.CreditAlert] | None:
        return cast(Any, await _of(info).set_credit_alerts(_arguments(thresholds=thresholds)))

    @strawberry.mutation
    async def revoke_key(self, info: Info, id: ID) -> types.ApiKey | None:
        return cast(Any, await _of(info).revoke_key(id))

    @strawberry.mutation(description="A successor; the old key works for `overlapSeconds` more.")
    async def rotate_key(self, info: Info, id: ID, overlap_seconds: int | None = UNSET) -> types.NewApiKey | None:
        return cast(Any, await _of(info).rotate_key(id, _arguments(overlap_seconds=overlap_seconds)))

    @strawberry.mutation(description="A new account and its first key. Needs the scope `accounts:write`.")
    async def create_account(self, info: Info, input: inputs.CreateAccountInput) -> types.NewAccount | None:
        return cast(Any, await _of(info).create_account(_values(input)))

    @strawberry.mutation(description="Needs the scope `accounts:write`.")
    async def set_plan(self, info: Info, account_id: ID, input: inputs.SetPlanInput) -> types.Account | None:
        return cast(Any, await _of(info).set_plan(account_id, _values(input)))

    @strawberry.mutation(description="Its keys are refused within a second. Needs the scope `accounts:write`.")
    async def disable_account(self, info: Info, account_id: ID) -> types.Account | None:
        return cast(Any, await _of(info).disable_account(account_id))

    @strawberry.mutation(description="Needs the scope `accounts:write`.")
    async def enable_account(self, info: Info, account_id: ID) -> types.Account | None:
        return cast(Any, await _of(info).enable_account(account_id))

    @strawberry.mutation(description="A key for any account. Needs the scope `accounts:write`.")
    async def create_account_key(
        self, info: Info, account_id: ID, input: inputs.CreateKeyInput
    ) -> types.NewApiKey | None:
        return cast(Any, await _of(info).create_account_key(account_id, _values(input)))

    @strawberry.mutation(description="Credits into an account. Needs the scope `accounts:write`.")
    async def grant_credits(self, info: Info, account_id: ID, input: inputs.GrantInput) -> types.Credits | None:
        return cast(Any, await _of(info).grant_credits(account_id, _values(input)))

    @strawberry.mutation(description="Correct an account by a signed amount. Needs the scope `accounts:write`.")
    async def adjust_credits(self, info: Info, account_id: ID, input: inputs.AdjustmentInput) -> types.Credits | None:
        return cast(Any, await _of(info).adjust_credits(account_id, _values(input)))

    @strawberry.mutation(description="Give back what a generation was charged. Needs the scope `accounts:write`.")
    async def refund_credits(self, info: Info, account_id: ID, input: inputs.RefundInput) -> types.Credits | None:
        return cast(Any, await _of(info).refund_credits(account_id, _values(input)))

    @strawberry.mutation(description="Say what became of a lost submission, once. Needs the scope `accounts:write`.")
    async def settle_submission(
        self, info: Info, id: ID, input: inputs.SettleSubmissionInput
    ) -> types.Generation | None:
        return cast(Any, await _of(info).settle_submission(id, _values(input)))

    @strawberry.mutation
    async def create_endpoint(self, info: Info, input: inputs.CreateEndpointInput) -> types.Endpoint | None:
        return cast(Any, await _of(info).create_endpoint(_values(input)))

    @strawberry.mutation
    async def update_endpoint(self, info: Info, id: ID, input: inputs.UpdateEndpointInput) -> types.Endpoint | None:
        return cast(Any, await _of(info).update_endpoint(id, _values(input)))

    @strawberry.mutation
    async def delete_endpoint(self, info: Info, id: ID) -> types.Deleted | None:
        return cast(Any, await _of(info).delete_endpoint(id))

    @strawberry.mutation(description="Send an endpoint an example event.")
    async def send_test_event(self, info: Info, endpoint_id: ID) -> types.Delivery | None:
        return cast(Any, await _of(info).send_test_event(endpoint_id))

    @strawberry.mutation
    async def rotate_signing_secret(self, info: Info) -> types.SigningSecret | None:
        return cast(Any, await _of(info).rotate_signing_secret())

    @strawberry.mutation(description="Send a delivery's event again, with the same event id.")
    async def resend_delivery(self, info: Info, id: ID) -> types.Delivery | None:
        return cast(Any, await _of(info).resend_delivery(id))

    @strawberry.mutation(description="Send again what failed in a span of time.")
    async def resend_failed(self, info: Info, since: str, until: str) -> types.ResentRange | None:
        return cast(Any, await _of(info).resend_failed(_arguments(since=since, until=until)))


def _resolve(source: Any, name: str) -> Any:
    """A field of a dictionary of ours, by its public name."""
    return source[inputs.camel(name)] if isinstance(source, Mapping) else getattr(source, name)


@functools.cache
def make_schema() -> strawberry.Schema:
    """The executable schema."""
    config = StrawberryConfig(default_resolver=_resolve, scalar_map=SCALARS)
    return strawberry.Schema(Query, Mutation, config=config)


@functools.cache
def make_sdl() -> str:
    """The schema in its own language, as /graphql/schema.graphql shows it."""
    return make_schema().as_str()
