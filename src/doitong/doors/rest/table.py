"""Every route of the REST door: its path, who may call it, what it does, and how it is documented."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from doitong.core.errors import Text
from doitong.doors.rest import handlers
from doitong.doors.rest.calls import RestCall
from doitong.doors.rest.shapes import Shape, data, listing, moment, ref, text, whole, words

Handler = Callable[[RestCall], Awaitable[dict[str, Any]]]
PICTURES = ("image/jpeg", "image/png", "image/webp", "application/octet-stream")


class Access(Enum):
    """Who may call, and what it counts against."""

    OPEN = "open"
    READ = "read"  # the allowance of reads
    SUBMIT = "submit"  # counted by the submission itself


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    handler: Handler
    group: str
    summary: Text
    answer: Shape
    access: Access = Access.READ
    description: str = ""
    body: str | None = None  # a component's name
    is_body_required: bool = True
    takes_picture: bool = False
    parameters: tuple[dict[str, Any], ...] = ()
    statuses: tuple[int, ...] = ()
    example: dict[str, Any] | None = None  # of the body


def query(name: str, shape: Shape) -> dict[str, Any]:
    described = {"description": shape["description"]} if "description" in shape else {}
    return {"name": name, "in": "query", "required": False, "schema": shape} | described


_KEY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "Repeating a submission with the same key within 24 hours gives the same answer again.",
}
_PAGE = (
    query("first", whole("Size of the page.", minimum=1, maximum=100, default=20)),
    query("after", text("`endCursor` of the page before.")),
)
_VIDEO = data(generatevideo=ref("Generation"))
_SUBMIT_STATUSES = (400, 402, 409, 413, 415, 422, 503)
_OPERATOR = "Operator"
_OPERATOR_ONLY = "Needs a key with the scope `accounts:write`, which the operator makes on the command line."
_GENERATIONS, _ACCOUNT, _KEYS, _WEBHOOKS = "Generations", "Account", "Keys", "Webhooks"


def _page(**items: Shape) -> Shape:
    return data(**items, pageInfo=ref("PageInfo"))


ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/generations/{id}",
        handlers.get_generation,
        _GENERATIONS,
        Text("Status of a generation", "Stanje generiranja"),
        _VIDEO,
        description="`wait` holds the answer until the generation ends, at most so many seconds.",
        parameters=(query("wait", whole("Seconds.", minimum=0, maximum=60, default=0)),),
        statuses=(400, 404),
    ),
    Route(
        "POST",
        "/v1/text_to_video",
        handlers.text_to_video,
        _GENERATIONS,
        Text("Request a video from text", "Zahtevaj video iz besedila"),
        _VIDEO,
        access=Access.SUBMIT,
        body="TextToVideo",
        example={
            "service": "runway",
            "prompt": "A serene landscape with mountains and a lake at sunset",
            "duration": 5,
        },
        parameters=(_KEY_HEADER,),
        statuses=_SUBMIT_STATUSES,
    ),
    Route(
        "POST",
        "/v1/image_to_video",
        handlers.image_to_video,
        _GENERATIONS,
        Text("Animate a picture", "Animiraj sliko"),
        _VIDEO,
        access=Access.SUBMIT,
        body="ImageToVideo",
        example={"service": "runway-i2v", "imageUrl": "https://example.com/your-image.jpg", "duration": 5},
        parameters=(_KEY_HEADER,),
        statuses=_SUBMIT_STATUSES,
    ),
    Route(
        "GET",
        "/v1/generations",
        handlers.list_generations,
        _GENERATIONS,
        Text("List generations, newest first", "Seznam generiranj, najnovejša najprej"),
        _page(generations=listing(ref("Generation"))),
        parameters=(
            *_PAGE,
            query("status", words(("processing", "completed", "failed", "canceled"))),
            query("service", text()),
            query("kind", words(("text_to_video", "image_to_video"))),
            query("createdAfter", moment()),
            query("createdBefore", moment()),
        ),
        statuses=(400,),
    ),
    Route(
        "POST",
        "/v1/generations/{id}/cancel",
        handlers.cancel_generation,
        _GENERATIONS,
        Text("Cancel a generation", "Prekliči generiranje"),
        _VIDEO,
        description="Its credits are given back. One that has ended is a 409.",
        statuses=(404, 409),
    ),
    Route(
        "DELETE",
        "/v1/generations/{id}",
        handlers.delete_generation,
        _GENERATIONS,
        Text("Delete a generation", "Izbriši generiranje"),
        data(generation={"type": "object", "properties": {"id": text()}, "required": ["id"]}),
        description="It reads as unknown from then on, its files are removed, its share link ends; its credits are "
        "not given back. One that has not ended is a 409.",
        statuses=(404, 409),
    ),
    Route(
        "POST",
        "/v1/quotes",
        handlers.create_quote,
        _GENERATIONS,
        Text("Exact price of a request", "Točna cena zahteve"),
        data(quote=ref("Quote")),
        description="Binding until it expires: send `quoteId` with the same request.",
        body="QuoteRequest",
        example={"service": "runway", "prompt": "A lake", "duration": 10, "quality": "high"},
        statuses=(400, 413, 415),
    ),
    Route(
        "POST",
        "/v1/uploads",
        handlers.create_upload,
        _GENERATIONS,
        Text("Upload a picture", "Naloži sliko"),
        data(upload=ref("Upload")),
        description="The picture as the body, or one file of a multipart form. Its id may stand as `image`.",
        takes_picture=True,
        statuses=(400, 413, 415),
    ),
    Route(
        "GET",
        "/v1/uploads/{id}",
        handlers.get_upload,
        _GENERATIONS,
        Text("Read an upload", "Preberi naloženo sliko"),
        data(upload=ref("Upload")),
        statuses=(404,),
    ),
    Route(
        "GET",
        "/v1/services",
        handlers.list_services,
        _GENERATIONS,
        Text("What can be asked for, and what it costs", "Kaj je mogoče zahtevati in koliko stane"),
        data(services=listing(ref("Service"))),
        access=Access.OPEN,
        description="Needs no key.",
    ),
    Route(
        "GET",
        "/v1/account",
        handlers.get_account,
        _ACCOUNT,
        Text("The account, its limits and their use", "Račun, njegove omejitve in poraba"),
        data(account=ref("Account"), limits=ref("Limits")),
    ),
    Route(
        "GET",
        "/v1/credits",
        handlers.get_credits,
        _ACCOUNT,
        Text("Balance", "Stanje kreditov"),
        data(credits=ref("Credits")),
    ),
    Route(
        "GET",
        "/v1/credits/alerts",
        handlers.list_credit_alerts,
        _ACCOUNT,
        Text("Alerts of low credits", "Opozorila o nizkem stanju kreditov"),
        data(alerts=listing(ref("CreditAlert"))),
    ),
    Route(
        "PUT",
        "/v1/credits/alerts",
        handlers.set_credit_alerts,
        _ACCOUNT,
        Text("Set the alerts of low credits", "Nastavi opozorila o nizkem stanju kreditov"),
        data(alerts=listing(ref("CreditAlert"))),
        description="Each is told once, by mail to the owners and as `credits.low` to endpoints that subscribe to it, "
        "and again after the balance was above it.",
        body="CreditAlertsRequest",
        example={"thresholds": [1000, 200]},
        statuses=(400, 413, 415),
    ),
    Route(
        "GET",
        "/v1/statement",
        handlers.get_statement,
        _ACCOUNT,
        Text("Every movement of credits", "Vsak premik kreditov"),
        _page(statement=listing(ref("StatementLine"))),
        parameters=_PAGE,
        statuses=(400,),
    ),
    Route(
        "GET",
        "/v1/keys",
        handlers.list_keys,
        _KEYS,
        Text("List API keys", "Seznam ključev API"),
        _page(keys=listing(ref("Key"))),
        parameters=_PAGE,
        statuses=(400,),
    ),
    Route(
        "POST",
        "/v1/keys",
        handlers.create_key,
        _KEYS,
        Text("Make an API key", "Ustvari ključ API"),
        data(key=ref("Key"), secret=text("The whole key; shown only here.")),
        body="NewKeyRequest",
        example={"name": "ci", "scopes": ["generations:read", "generations:write"]},
        statuses=(400, 413, 415),
    ),
    Route(
        "PATCH",
        "/v1/keys/{id}",
        handlers.update_key,
        _KEYS,
        Text("Change the name or the budget of an API key", "Spremeni ime ali proračun ključa API"),
        data(key=ref("Key")),
        description="A key and those that replaced it by a rotation share one budget. One that is set in the middle of "
        "a month counts from its first day.",
        body="KeyChange",
        example={"monthlyBudget": 5000},
        statuses=(400, 404, 413, 415),
    ),
    Route(
        "DELETE",
        "/v1/keys/{id}",
        handlers.revoke_key,
        _KEYS,
        Text("Revoke an API key", "Prekliči ključ API"),
        data(key=ref("Key")),
        statuses=(404,),
    ),
    Route(
        "POST",
        "/v1/keys/{id}/rotate",
        handlers.rotate_key,
        _KEYS,
        Text("Replace an API key", "Zamenjaj ključ API"),
        data(key=ref("Key"), secret=text("The whole key; shown only here.")),
        body="RotateKeyRequest",
        is_body_required=False,
        statuses=(400, 404, 409, 413, 415),
    ),
    Route(
        "GET",
        "/v1/webhook_endpoints",
        handlers.list_endpoints,
        _WEBHOOKS,
        Text("List webhook endpoints", "Seznam končnih točk webhookov"),
        data(endpoints=listing(ref("Endpoint"))),
    ),
    Route(
        "POST",
        "/v1/webhook_endpoints",
        handlers.create_endpoint,
        _WEBHOOKS,
        Text("Subscribe a URL to events", "Naroči URL na dogodke"),
        data(endpoint=ref("Endpoint")),
        body="NewEndpointRequest",
        example={"url": "https://example.com/hooks/doitong", "events": ["generation.completed"]},
        statuses=(400, 409, 413, 415),
    ),
    Route(
        "PATCH",
        "/v1/webhook_endpoints/{id}",
        handlers.update_endpoint,
        _WEBHOOKS,
        Text("Change an endpoint", "Spremeni končno točko"),
        data(endpoint=ref("Endpoint")),
        body="EndpointChange",
        statuses=(400, 404, 413, 415),
    ),
    Route(
        "DELETE",
        "/v1/webhook_endpoints/{id}",
        handlers.delete_endpoint,
        _WEBHOOKS,
        Text("Remove an endpoint", "Odstrani končno točko"),
        data(endpoint={"type": "object", "properties": {"id": text()}, "required": ["id"]}),
        statuses=(404,),
    ),
    Route(
        "POST",
        "/v1/webhook_endpoints/{id}/test",
        handlers.send_test_event,
        _WEBHOOKS,
        Text("Send an endpoint an example", "Pošlji končni točki primer"),
        data(delivery=ref("Delivery")),
        statuses=(404, 409),
    ),
    Route(
        "GET",
        "/v1/webhook_secret",
        handlers.get_signing_secret,
        _WEBHOOKS,
        Text("What webhooks are signed with", "S čim so podpisani webhooki"),
        data(signingSecret=ref("SigningSecret")),
    ),
    Route(
        "POST",
        "/v1/webhook_secret/rotate",
        handlers.rotate_signing_secret,
        _WEBHOOKS,
        Text("Replace the signing secret", "Zamenjaj podpisno skrivnost"),
        data(signingSecret=ref("SigningSecret")),
        description="Both secrets are signed with for 24 hours.",
    ),
    Route(
        "GET",
        "/v1/deliveries",
        handlers.list_deliveries,
        _WEBHOOKS,
        Text("List webhook deliveries", "Seznam dostav webhookov"),
        _page(deliveries=listing(ref("Delivery"))),
        parameters=(
            *_PAGE,
            query("generation", text("Of this generation.")),
            query("endpoint", text("To this endpoint.")),
            query("state", words(("pending", "delivered", "failed"))),
        ),
        statuses=(400,),
    ),
    Route(
        "GET",
        "/v1/deliveries/{id}",
        handlers.get_delivery,
        _WEBHOOKS,
        Text("A delivery with every try", "Dostava z vsemi poskusi"),
        data(delivery=ref("Delivery")),
        statuses=(404,),
    ),
    Route(
        "POST",
        "/v1/deliveries/resend",
        handlers.resend_failed,
        _WEBHOOKS,
        Text("Send again what failed in a span of time", "Ponovno pošlji, kar v obdobju ni uspelo"),
        data(resent={"type": "object", "properties": {"count": whole(), "hasMore": {"type": "boolean"}}}),
        body="ResendRequest",
        example={"since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z"},
        statuses=(400, 413, 415),
    ),
    Route(
        "POST",
        "/v1/deliveries/{id}/resend",
        handlers.resend_delivery,
        _WEBHOOKS,
        Text("Send a delivery again", "Ponovno pošlji dostavo"),
        data(delivery=ref("Delivery")),
        description="The same event with the same id, as a new delivery.",
        statuses=(404, 409),
    ),
    Route(
        "GET",
        "/v1/accounts",
        handlers.list_accounts,
        _OPERATOR,
        Text("List accounts", "Seznam računov"),
        _page(accounts=listing(ref("Account"))),
        description=_OPERATOR_ONLY,
        parameters=_PAGE,
        statuses=(400,),
    ),
    Route(
        "POST",
        "/v1/accounts",
        handlers.create_account,
        _OPERATOR,
        Text("Make an account with its first key", "Ustvari račun s prvim ključem"),
        data(account=ref("Account"), key=ref("Key"), secret=text("The whole key; shown only here.")),
        description=_OPERATOR_ONLY,
        body="NewAccountRequest",
        example={"name": "Acme", "plan": "starter"},
        statuses=(400, 413, 415),
    ),
    Route(
        "PATCH",
        "/v1/accounts/{id}",
        handlers.set_plan,
        _OPERATOR,
        Text("Change the plan of an account", "Spremeni paket računa"),
        data(account=ref("Account")),
        description=_OPERATOR_ONLY,
        body="PlanRequest",
        example={"plan": "pro"},
        statuses=(400, 404, 413, 415),
    ),
    Route(
        "POST",
        "/v1/accounts/{id}/keys",
        handlers.create_account_key,
        _OPERATOR,
        Text("Make an API key for an account", "Ustvari ključ API za račun"),
        data(key=ref("Key"), secret=text("The whole key; shown only here.")),
        description=_OPERATOR_ONLY,
        body="NewKeyRequest",
        example={"name": "second key"},
        statuses=(400, 404, 413, 415),
    ),
    Route(
        "POST",
        "/v1/accounts/{id}/grants",
        handlers.grant_credits,
        _OPERATOR,
        Text("Grant credits to an account", "Podeli kredite računu"),
        data(credits=ref("Credits")),
        description=_OPERATOR_ONLY,
        body="GrantRequest",
        example={"credits": 1000, "reason": "invoice 2024-17"},
        statuses=(400, 404, 413, 415),
    ),
    Route(
        "GET",
        "/v1/unknown_submissions",
        handlers.list_unknown,
        _OPERATOR,
        Text("Submissions whose answer was lost", "Oddaje, katerih odgovor se je izgubil"),
        _page(unknownSubmissions=listing(ref("UnknownSubmission"))),
        description=_OPERATOR_ONLY,
        parameters=_PAGE,
        statuses=(400,),
    ),
    Route(
        "POST",
        "/v1/unknown_submissions/{id}/settle",
        handlers.settle_submission,
        _OPERATOR,
        Text("Settle a submission whose answer was lost", "Razreši oddajo, katere odgovor se je izgubil"),
        _VIDEO,
        description=f"Counts once: a second word on the same submission is a 409. {_OPERATOR_ONLY}",
        body="SettleRequest",
        example={"outcome": "not_bought"},
        statuses=(400, 404, 409, 413, 415),
    ),
)
