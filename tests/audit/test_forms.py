"""Guarantee: every form of the dashboard that changes something writes exactly one audit row, which names who sent it.

Every POST of the dashboard's table is sent here as it succeeds; one without an entry here fails.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from doitong.doors.dashboard.sections import ROUTES
from doitong.members.model import Role
from tests.audit.world import FLAT, URL, World, picture
from tests.dashboard.conftest import add_member
from tests.payments.standin import event, sign

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")  # Stripe's own library

REASON = {"reason": "a word with the customer", "confirmed": "yes", "once": "0" * 26}
ENDPOINT = {"url": URL, "events": "generation.completed"}
NEW, ANA = "new@example.si", "ana@example.si"
PASSWORD = "many words to keep in mind"

# what writes no row, and why
EXCEPTIONS = {
    "/studio": "the generation's own row says who, what and when: no statement more on the hot path",
    "/studio/samples": "changes nothing: the request as programs make it",
    "/quotes": "a quote holds nothing and expires",
    "/uploads": "the upload's own row; nothing else changes by it",
    "/accounts/{id}/switch": "what one session looks at; nothing of an account or a member changes",
}


@dataclass(frozen=True)
class Form:
    """What is sent to a route, by whom, and how it answers when it is done."""

    fields: dict[str, str] = field(default_factory=dict)
    id: str = ""
    status: int = 303
    by: tuple[str, str] | None = None  # None is the member who is signed in
    is_stranger: bool = False
    more: dict[str, Any] = field(default_factory=dict)  # what is sent in place of fields


Maker = Callable[[World], Awaitable[Form]]


def of(thing: Callable[[World], Awaitable[str]] | None = None, status: int = 303, **fields: str) -> Maker:
    """A form with these fields about a thing that is made for it."""

    async def make(world: World) -> Form:
        return Form(fields, await thing(world) if thing else "", status)

    return make


def json(value: Any) -> Maker:
    async def make(_: World) -> Form:
        return Form(status=200, more={"json": value})

    return make


async def upload(_: World) -> Form:
    return Form(status=200, more={"content": picture(), "headers": {"Content-Type": "image/png"}})


async def unknown(world: World) -> Form:
    return Form({"outcome": "not_bought", "confirmed": "yes"}, await world.generation(stage="unknown"))


async def disabled_endpoint(world: World) -> Form:
    return Form(id=await world.endpoint(is_enabled=False))


async def unshare(world: World) -> Form:
    return Form(id=await world.film(is_shared=True))


async def refund(world: World) -> Form:
    return Form(REASON | {"generation": await world.captured()}, world.house.account_id)


# people


async def invitation(world: World) -> Form:
    return Form(id=await world.invitation(ANA))


async def leave(world: World) -> Form:
    await world.colleague(Role.OWNER)
    return Form(id=world.house.signed_in.member.id)


async def new_email(world: World) -> Form:
    await world.without_password()
    return Form({"email": NEW})


async def new_password(world: World) -> Form:
    return Form({"current_password": await world.with_password(), "new_password": PASSWORD})


async def end_account(world: World) -> Form:
    return Form({"name": "Test", "password": await world.with_password()})


# coming in


async def sign_in(world: World) -> Form:
    return Form({"email": world.email, "password": await world.with_password()}, is_stranger=True)


async def sign_up(_: World) -> Form:
    return Form({"email": NEW, "password": PASSWORD}, by=("member", NEW), is_stranger=True)


async def verify(world: World) -> Form:
    await world.as_stranger("/sign-up", email=NEW, password=PASSWORD)
    return Form({"code": await world.code_for(NEW)}, by=("member", NEW), is_stranger=True)


async def forgot(world: World) -> Form:
    return Form({"email": world.email}, is_stranger=True)


async def forgot_by_nobody(_: World) -> Form:
    return Form({"email": NEW}, by=("member", NEW), is_stranger=True)


async def reset(world: World) -> Form:
    await world.as_stranger("/forgot", email=world.email)
    return Form({"code": await world.code_for(world.email), "password": PASSWORD}, is_stranger=True)


async def confirm_email(world: World) -> Form:
    await world.without_password()
    await world.house.client.post("/dashboard/profile/email", data={"email": NEW})
    return Form({"code": await world.code_for(NEW)}, by=("member", NEW))


async def join_as_new(world: World) -> Form:
    await world.invitation(ANA)
    fields = {"code": await world.code_for(ANA), "password": PASSWORD}
    return Form(fields, by=("member", ANA), is_stranger=True)


async def join_as_member(world: World) -> Form:
    host = await add_member(world.app, await world.other_account(), "h" * 43)
    await world.app.team.invite(host, world.email, Role.VIEWER)
    return Form({"code": await world.code_for(world.email)})


# buying


async def paid(world: World) -> Form:
    await world.house.client.post("/dashboard/credits/buy", data={"credits": "1000"})
    body = event("checkout.session.completed", world.stripe.pay("cs_test_1"))
    sent = {"content": body, "headers": {"Stripe-Signature": sign(body)}}
    return Form(status=200, by=("system", ""), is_stranger=True, more=sent)


async def mismatched(world: World) -> Form:
    """A payment that came with other money, to be granted all the same."""
    await world.house.client.post("/dashboard/credits/buy", data={"credits": "1000"})
    body = event("checkout.session.completed", world.stripe.pay("cs_test_1") | {"amount_total": 1})
    await world.app.payments.hear(body, sign(body))
    [payment] = await world.app.payments.recent(world.house.account_id)
    return Form(REASON | {"word": "grant"}, payment.id)


FORMS: dict[str, tuple[Maker, ...]] = {
    "/keys": (of(status=200, name="ci", scopes="generations:read"),),
    "/keys/{id}": (of(World.key, name="two", monthlyBudget="500"),),
    "/keys/{id}/rotate": (of(World.key, 200, overlap="3600"),),
    "/keys/{id}/revoke": (of(World.key),),
    "/credits/alerts": (of(threshold="100"),),
    "/credits/alerts/remove": (of(threshold="100"),),
    "/credits/buy": (of(status=200, credits="1000"),),
    "/stripe": (paid,),
    "/studio": (of(prompt="A lake", service="runway"), json(FLAT)),
    "/studio/samples": (json(FLAT),),
    "/quotes": (json(FLAT),),
    "/uploads": (upload,),
    "/generations/{id}/cancel": (of(World.generation),),
    "/generations/{id}/delete": (of(World.film),),
    "/generations/{id}/share": (of(World.film),),
    "/generations/{id}/unshare": (unshare,),
    "/sign-in": (sign_in,),
    "/sign-out": (of(),),
    "/sign-up": (sign_up,),
    "/verify": (verify,),
    "/forgot": (forgot, forgot_by_nobody),
    "/reset": (reset,),
    "/confirm-email": (confirm_email,),
    "/invitation": (join_as_new, join_as_member),
    "/account/export": (of(status=200),),
    "/account/delete": (end_account,),
    "/profile": (of(name="Maja", language="sl"),),
    "/profile/email": (new_email,),
    "/profile/password": (new_password,),
    "/profile/sessions/{id}/end": (of(World.other_session),),
    "/profile/sessions/end-others": (of(),),
    "/accounts": (of(name="Second"),),
    "/accounts/{id}/switch": (of(World.second_account),),
    "/team/invitations": (of(email=ANA, role="developer"),),
    "/team/invitations/{id}/revoke": (invitation,),
    "/team/{id}/role": (of(World.colleague, role="viewer"),),
    "/team/{id}/remove": (of(World.colleague), leave),
    "/webhooks": (of(**ENDPOINT),),
    "/webhooks/endpoints/{id}": (of(World.endpoint, **ENDPOINT),),
    "/webhooks/endpoints/{id}/enable": (disabled_endpoint,),
    "/webhooks/endpoints/{id}/disable": (of(World.endpoint),),
    "/webhooks/endpoints/{id}/delete": (of(World.endpoint),),
    "/webhooks/endpoints/{id}/test": (of(World.endpoint),),
    "/webhooks/signing/rotate": (of(),),
    "/webhooks/deliveries/resend": (of(since="2026-01-01", until="2026-01-02"),),
    "/webhooks/deliveries/{id}/resend": (of(World.delivery),),
    "/operator/accounts": (of(name="Acme", plan="free", language="sl"),),
    "/operator/accounts/{id}/plan": (of(World.other_account, plan="pro", confirmed="yes"),),
    "/operator/accounts/{id}/disable": (of(World.other_account, confirmed="yes"),),
    "/operator/accounts/{id}/enable": (of(World.other_account),),
    "/operator/accounts/{id}/grant": (of(World.other_account, credits="50", **REASON),),
    "/operator/accounts/{id}/adjust": (of(World.other_account, amount="-5", **REASON),),
    "/operator/accounts/{id}/refund": (refund,),
    "/operator/prices": (of(quality="high", base_credits="350", credits_per_second="50", **REASON),),
    "/operator/unknown/{id}": (unknown,),
    "/operator/deliveries/{id}/resend": (of(World.delivery),),
    "/operator/payments/{id}": (mismatched,),
}
POSTS = [route.path for route in ROUTES if route.method == "POST"]
ASKED = [path for path in POSTS if path.startswith(("/operator/accounts/{id}/", "/operator/payments/"))]
CASES = [(path, make) for path in POSTS for make in FORMS.get(path, ())]


def test_every_form_is_sent() -> None:
    assert sorted(FORMS) == sorted(POSTS)
    assert set(EXCEPTIONS) <= set(POSTS)


@pytest.mark.parametrize(("path", "make"), CASES, ids=[path for path, _ in CASES])
async def test_a_form_writes_one_row_that_names_who_sent_it(world: World, path: str, make: Maker) -> None:
    form = await make(world)
    sent = form.more or {"data": form.fields}
    before = await world.rows()
    client = world.house.stranger if form.is_stranger else world.house.client
    headers = {"Origin": world.house.client.headers["Origin"]} | sent.pop("headers", {})
    answer = await client.post(f"/dashboard{path.replace('{id}', form.id)}", headers=headers, **sent)
    assert answer.status_code == form.status, answer.text[:2000]
    assert "/sign-in?" not in answer.headers.get("location", "")
    written = [who for row, who in (await world.rows()).items() if row not in before]
    assert written == ([] if path in EXCEPTIONS else [form.by or ("member", world.email)])


@pytest.mark.parametrize("path", ASKED)
async def test_nothing_happens_before_the_question_is_answered(world: World, path: str) -> None:
    if path.endswith("/enable"):
        return  # nothing is lost by it
    form = await FORMS[path][0](world)
    before = await world.count()
    fields = form.fields | {"confirmed": ""}
    answer = await world.house.client.post(f"/dashboard{path.replace('{id}', form.id)}", data=fields)
    assert answer.status_code == 200
    assert 'name="confirmed"' in answer.text
    assert await world.count() == before
