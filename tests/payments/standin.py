"""A stand-in of Stripe Checkout on a loopback socket: sessions with idempotency keys, and signed webhooks.

After Stripe's documentation: form-encoded bodies, `Idempotency-Key` (same body: the first answer again; another body:
400), `Stripe-Signature: t=…,v1=HMAC-SHA256("t.body")`.
"""

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.served import served

SECRET_KEY = "sk_test_standin"
WEBHOOK_SECRET = "whsec_standin"


class StripeStandIn:
    def __init__(self) -> None:
        self.sessions: dict[str, dict[str, Any]] = {}
        self.created = 0
        self.is_down = False
        self._answers: dict[str, tuple[bytes, dict[str, Any]]] = {}
        self.base_url = ""

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/v1/checkout/sessions", self._create, methods=["POST"]),
                Route("/v1/checkout/sessions/{id}", self._read, methods=["GET"]),
                Route("/v1/checkout/sessions/{id}/expire", self._expire, methods=["POST"]),
            ]
        )

    async def _create(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        body, key = await request.body(), request.headers.get("idempotency-key", "")
        if key in self._answers:
            first, answer = self._answers[key]
            if first != body:
                return _error(400, "idempotency_error", "Keys for idempotent requests can only be used with the same")
            return JSONResponse(answer)
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        self.created += 1
        identifier = f"cs_test_{self.created}"
        session = {
            "id": identifier,
            "object": "checkout.session",
            "mode": form["mode"],
            "status": "open",
            "payment_status": "unpaid",
            "client_reference_id": form["client_reference_id"],
            "amount_total": int(form["line_items[0][price_data][unit_amount]"]) * int(form["line_items[0][quantity]"]),
            "currency": form["line_items[0][price_data][currency]"],
            "metadata": {"payment": form["metadata[payment]"]},
            "payment_intent": None,
            "charge_metadata": {"payment": form["payment_intent_data[metadata][payment]"]},
            "success_url": form["success_url"],
            "cancel_url": form["cancel_url"],
            "url": f"{self.base_url}/pay/{identifier}",
        }
        self.sessions[identifier] = session
        self._answers[key] = (body, session)
        return JSONResponse(session)

    async def _read(self, request: Request) -> Response:
        if refused := self._refuse(request):
            return refused
        session = self.sessions.get(request.path_params["id"])
        return JSONResponse(session) if session else _error(404, "invalid_request_error", "No such checkout.session")

    async def _expire(self, request: Request) -> Response:
        session = self.sessions[request.path_params["id"]]
        if session["status"] != "open":
            return _error(400, "invalid_request_error", "Only open sessions can be expired")
        session["status"] = "expired"
        return JSONResponse(session)

    def _refuse(self, request: Request) -> Response | None:
        if self.is_down:
            return _error(503, "api_error", "down")
        if request.headers.get("authorization") != f"Bearer {SECRET_KEY}":
            return _error(401, "invalid_request_error", "Invalid API Key provided")
        return None

    def pay(self, identifier: str) -> dict[str, Any]:
        session = self.sessions[identifier]
        intent = identifier.replace("cs_", "pi_")
        session |= {"status": "complete", "payment_status": "paid", "payment_intent": intent}
        return session

    def charge(self, identifier: str, refunded: int) -> dict[str, Any]:
        """The charge of a paid session, of which so much was refunded."""
        session = self.sessions[identifier]
        return {
            "id": identifier.replace("cs_", "ch_"),
            "object": "charge",
            "amount": session["amount_total"],
            "amount_refunded": refunded,
            "currency": session["currency"],
            "payment_intent": session["payment_intent"],
            "metadata": session["charge_metadata"],
        }

    def dispute(self, identifier: str, amount: int, number: int = 1, movements: Sequence[int] = ()) -> dict[str, Any]:
        """A dispute of a paid session; `movements` are what Stripe booked for it, in dollars' cents."""
        session = self.sessions[identifier]
        return {
            "id": f"du_{identifier}_{number}",
            "object": "dispute",
            "amount": amount,
            "currency": session["currency"],
            "payment_intent": session["payment_intent"],
            "metadata": {},
            "status": "lost",
            "balance_transactions": [{"amount": moved, "currency": "usd"} for moved in movements],
        }


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"error": {"type": kind, "message": message}}, status)


def event(kind: str, session: dict[str, Any]) -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": session}}).encode()


def sign(body: bytes, secret: str = WEBHOOK_SECRET, at: float | None = None) -> str:
    moment = int(time.time() if at is None else at)
    digest = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={moment},v1={digest}"


@asynccontextmanager
async def stripe_standin() -> AsyncIterator[StripeStandIn]:
    standin = StripeStandIn()
    config = uvicorn.Config(standin.app(), log_level="error", lifespan="off")
    async with served(uvicorn.Server(config)) as standin.base_url:
        yield standin
