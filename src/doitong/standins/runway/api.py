"""The operations under `/v1`: who may call, what is asked, what is answered, and which faults strike."""

import hmac
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from doitong.standins.runway import answers
from doitong.standins.runway.assets import Assets, check_film, check_picture
from doitong.standins.runway.catalogue import Offer, output_of, vendor_offer
from doitong.standins.runway.faults import Faults
from doitong.standins.runway.model import (
    CONFORMANCE_KEY,
    CONFORMANCE_TASK,
    Answer,
    Call,
    Dropped,
    Film,
    Json,
    Options,
    Output,
    Refused,
    Status,
    Task,
)
from doitong.standins.runway.organization import Organization
from doitong.standins.runway.rules import snapshot, task_body
from doitong.standins.runway.schema import (
    MISSING,
    Field,
    custom,
    matching,
    no_discriminator,
    option,
    optional,
    record,
    text,
    wrong_type,
)
from doitong.standins.runway.script import CREATE, HEADER, TASK, Fault, number_of, parse_script
from doitong.standins.runway.signing import Signer

VERSION = "2024-11-06"
HANG_SECONDS = 30.0
USAGE_DAYS, USAGE_DAYS_MAXIMUM = 30, 90
DAY = matching(10, 10, r"^\d{4}-\d{2}-\d{2}$")
USAGE = record({"startDate": optional(DAY), "beforeDate": optional(DAY)})
UPLOAD = record({"filename": Field(text(3, 255)), "type": Field(option("ephemeral"))})
ON_BEHALF_OF = "X-Runway-On-Behalf-Of request header was not specified for task creation"
_TASK_PATH = re.compile(r"tasks/([^/]+)")

Handler = Callable[[Call], Awaitable[Answer]]


class Api:
    """The service's operations over one organization."""

    def __init__(
        self,
        options: Options,
        organization: Organization,
        offers: dict[str, dict[str, Offer]],
        faults: Faults,
        assets: Assets,
        signer: Signer,
    ) -> None:
        self._options = options
        self._organization = organization
        self._offers = offers
        self._faults = faults
        self._assets = assets
        self._signer = signer
        self._keys = (*options.keys, CONFORMANCE_KEY) if options.is_conformance else options.keys
        self._routes: dict[str, dict[str, Handler]] = {
            **{path: {"POST": self._create} for path in offers},
            "tasks/{id}": {"GET": self._read, "DELETE": self._delete},
            "uploads": {"POST": self._upload},
            "organization": {"GET": self._limits},
            "organization/usage": {"POST": self._usage},
        }

    async def answer(self, call: Call) -> Answer:
        """Raises `Refused`, `Dropped`."""
        handlers = self._routes.get(route_of(call.path))
        if handlers is None:
            return answers.error(404, "Not found")
        if call.method not in handlers:
            return answers.error(405, "Method not allowed")
        self._authenticate(call)
        if call.headers.get("x-runway-version") != VERSION:
            return answers.error(400, f"The X-Runway-Version header must be {VERSION}.")
        return await handlers[call.method](call)

    def _authenticate(self, call: Call) -> None:
        scheme, _, key = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise Refused(answers.error(401, answers.NO_KEY))
        if not any(hmac.compare_digest(key.strip().encode(), known.encode()) for known in self._keys):
            raise Refused(answers.error(401, answers.WRONG_KEY))

    async def _create(self, call: Call) -> Answer:
        body = _json_body(call)
        prompt = _prompt_of(body)
        script = parse_script(prompt) + parse_script(call.headers.get(HEADER, ""))
        strikes = self._faults.due(script, CREATE, prompt)
        _refuse_create(strikes, body)
        offer = self._offer(route_of(call.path), body)
        if self._options.needs_on_behalf_of and not call.headers.get("x-runway-on-behalf-of"):
            raise Refused(answers.error(400, ON_BEHALF_OF, has_docs=False))
        output = await self._look_at_inputs(offer, body, call)
        ends = self._faults.due(script, TASK, prompt)
        task = self._organization.create(offer, body, output, script, ends, call.now)
        answer = answers.json_answer({"id": task.id, "estimatedCost": {"credits": task.estimate}})
        return _spoil_create(strikes, answer)

    def _offer(self, path: str, body: Any) -> Offer:
        """The model that the body names, once the whole body is valid. Raises `Refused`."""
        if not isinstance(body, dict):
            raise Refused(answers.invalid(wrong_type("object", body, ())))
        model = body.get("model", MISSING)
        issues = [] if isinstance(model, str) else [wrong_type("string", model, ("model",))]
        offer = self._offers[path].get(model) if isinstance(model, str) else None
        if offer is None and isinstance(model, str) and self._options.is_conformance:
            return vendor_offer(path, model)
        if offer is None:
            raise Refused(answers.invalid(*issues, no_discriminator("model")))
        fields = {"model": Field(option(offer.model)), **offer.fields}
        issues = record(fields, is_strict=self._options.refuses_unknown_keys)(body, ())
        if issues:
            raise Refused(answers.invalid(*issues))
        return offer

    async def _look_at_inputs(self, offer: Offer, body: Json, call: Call) -> Output:
        film: Film | None = None
        if "videoUri" in offer.fields:
            asset = await self._assets.look(body["videoUri"], ("videoUri",), call)
            film = check_film(asset, ("videoUri",)) if asset else None
        for uri, path in _pictures_of(offer, body):
            asset = await self._assets.look(uri, path, call)
            if asset:
                check_picture(asset, offer.shape_maximum, path)
        return output_of(offer, body, film)

    async def _read(self, call: Call) -> Answer:
        task = self._find(call)

        def read() -> Answer:
            task.reads += 1
            created_at = _milliseconds(task.created_at)
            return answers.json_answer(task_body(task, call.now, created_at, self._urls(task, call)))

        return self._struck(call, "poll", read, task)

    async def _delete(self, call: Call) -> Answer:
        task = self._find(call)

        def delete() -> Answer:
            if not (self._options.is_conformance and task.id == CONFORMANCE_TASK):
                self._organization.delete(task, call.now)
            return Answer(204)

        return self._struck(call, "delete", delete, task)

    def _find(self, call: Call) -> Task:
        match = _TASK_PATH.fullmatch(call.path)
        task = self._organization.find(match[1], call.now) if match else None
        if task is None:
            raise Refused(answers.no_task())
        return task

    def _urls(self, task: Task, call: Call) -> list[str]:
        if snapshot(task, call.now).status is not Status.SUCCEEDED:
            return []
        expires_at = call.now + self._options.url_seconds
        if task.urls_dead_at_birth > 0:
            task.urls_dead_at_birth -= 1
            expires_at = call.now - 1
        path = f"/outputs/{task.id}/{'out.mp4' if isinstance(task.output, Film) else 'out.png'}"
        return [f"{call.base_url}{path}?_jwt={self._signer.sign(path, expires_at)}"]

    async def _upload(self, call: Call) -> Answer:
        body = _json_body(call)

        def upload() -> Answer:
            issues = UPLOAD(body, ())
            if not issues and not re.search(r"\.\w+$", body["filename"]):
                issues = [custom("Filename must have an extension", "filename")]
            if issues:
                raise Refused(answers.invalid(*issues))
            uri, place = self._organization.open_upload(body["filename"], call.now)
            fields = {"key": place.key, "policy": place.policy}
            storage = f"{call.base_url}/_storage/uploads"
            return answers.json_answer({"uploadUrl": storage, "fields": fields, "runwayUri": uri})

        return self._struck(call, "upload", upload)

    async def _limits(self, call: Call) -> Answer:
        return self._struck(call, "organization", lambda: answers.json_answer(self._organization.limits_body(call.now)))

    async def _usage(self, call: Call) -> Answer:
        body = _json_body(call) if call.body else {}

        def usage() -> Answer:
            issues = USAGE(body, ())
            if issues:
                raise Refused(answers.invalid(*issues))
            start, before = _usage_days(body, datetime.fromtimestamp(call.now, UTC).date())
            return answers.json_answer(self._organization.usage_body(start, before, call.now))

        return self._struck(call, "usage", usage)

    def _struck(self, call: Call, spot: str, run: Callable[[], Answer], task: Task | None = None) -> Answer:
        """`run`, unless a fault strikes: a status comes instead of it, everything else after it."""
        asked = parse_script(call.headers.get(HEADER, "")) + (task.faults if task else ())
        due = self._faults.due(asked, spot, task.id if task else spot)
        if not due:
            return run()
        kind, _, value = due[0].value.partition(":")
        if kind.isdigit():
            return answers.refusal(int(kind), task.model if task else "")
        return _spoil(kind, value, run())


def route_of(path: str) -> str:
    """The path below `/v1/` with what differs from call to call taken out."""
    return "tasks/{id}" if path.startswith("tasks/") else path


def _refuse_create(strikes: list[Fault], body: Any) -> None:
    model = body.get("model", "") if isinstance(body, dict) else ""
    for fault in strikes:
        if fault.name == "http" and fault.value.isdigit():
            raise Refused(answers.refusal(int(fault.value), str(model)))
        if fault.name == "nocredits":
            raise Refused(answers.no_credits())
        if fault.name == "dropbeforeaccept":
            raise Dropped


def _spoil_create(strikes: list[Fault], answer: Answer) -> Answer:
    for fault in strikes:
        if fault.name == "dropafteraccept":
            raise Dropped
        if fault.name in ("nojson", "hang"):
            return _spoil(fault.name, fault.value, answer)
    return answer


def _spoil(kind: str, value: str, answer: Answer) -> Answer:
    """What is left of an answer whose deed is done."""
    match kind:
        case "drop":
            raise Dropped
        case "nojson":
            return answers.html(200, "OK")
        case "hang":
            return answers.delayed(answer, number_of(value, HANG_SECONDS))
    return answer


def _json_body(call: Call) -> Any:
    try:
        return orjson.loads(call.body)
    except orjson.JSONDecodeError as error:
        raise Refused(answers.error(400, "The request body is not valid JSON.")) from error


def _prompt_of(body: Any) -> str:
    prompt = body.get("promptText") if isinstance(body, dict) else None
    return prompt if isinstance(prompt, str) else ""


def _pictures_of(offer: Offer, body: Json) -> list[tuple[str, tuple[str | int, ...]]]:
    """Every picture that a valid body points to, with the path of its address."""
    found: list[tuple[str, tuple[str | int, ...]]] = []
    for name in ("promptImage", "referenceImages"):
        given = body.get(name, []) if name in offer.fields else []
        if isinstance(given, str):
            found.append((given, (name,)))
        else:
            found += [(item["uri"], (name, number, "uri")) for number, item in enumerate(given)]
    return found


def _usage_days(body: Json, today: date) -> tuple[date, date]:
    """The days that are asked for, the second one not included. Raises `Refused`."""
    days: dict[str, date] = {}
    for name, value in body.items():
        try:
            days[name] = date.fromisoformat(value)
        except ValueError as error:
            raise Refused(answers.invalid(custom("Invalid ISO date", name))) from error
    start = days.get("startDate", today - timedelta(days=USAGE_DAYS))
    before = days.get("beforeDate", start + timedelta(days=USAGE_DAYS))
    if not start <= before <= start + timedelta(days=USAGE_DAYS_MAXIMUM):
        raise Refused(answers.invalid(custom("beforeDate must be 0 to 90 days after startDate", "beforeDate")))
    return start, before


def _milliseconds(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
