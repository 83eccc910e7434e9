"""The studio: one page to ask for a film, see it made and watch it; and what its script asks for on the way."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse

from doitong.catalogue.model import Kind
from doitong.catalogue.services import PROMPT_MAX_CHARACTERS, SEED_MAXIMUM, SERVICES, first_service_for
from doitong.core.errors import DoitongError, NotFound
from doitong.doors.dashboard import film_words
from doitong.doors.dashboard.form import Form
from doitong.doors.dashboard.route import Route
from doitong.doors.dashboard.samples import TERMS, make_samples, tidy_motion
from doitong.doors.dashboard.studio_data import EXAMPLES, page_data
from doitong.doors.dashboard.visit import Visit
from doitong.doors.http.body import read_json_object
from doitong.doors.http.negotiation import is_json
from doitong.doors.http.operations import raw_request, services
from doitong.doors.http.pictures import read_picture
from doitong.doors.http.values import Values
from doitong.generations.model import Generation
from doitong.keys.model import Scope
from doitong.outputs.storage import FileMissing, upload_name

KEYS_SHOWN = 20
_TEXTS = ("service", "prompt", "image", "aspectRatio", "version", "quality", "motionIntensity", "negativePrompt")
_NUMBERS = ("duration", "seed")


def default_terms() -> dict[str, Any]:
    """What is chosen before anybody chooses: the catalogue's own defaults."""
    service = first_service_for(Kind.TEXT_TO_VIDEO)
    return {
        "service": service.id,
        "duration": service.duration_seconds_default,
        "aspectRatio": service.aspect_ratios[0].value,
        "version": service.versions[-1].value,
        "quality": service.qualities[0].value,
        "motionIntensity": "medium",
        "audio": True,
    }


def terms_of(generation: Generation) -> dict[str, Any]:
    """A generation as the request that would make it again, the seed that was chosen included."""
    parameters = generation.parameters
    names = ("image", "duration", "aspectRatio", "version", "quality", "motionIntensity", "motion", "seed")
    terms = {name: parameters.get(name) for name in (*names, "negativePrompt")}
    terms |= {"service": generation.service, "prompt": generation.prompt, "audio": parameters.get("audio", True)}
    terms["motion"] = tidy_motion(terms["motion"])
    return {name: value for name, value in terms.items() if value is not None}


async def show_studio(visit: Visit) -> Response:
    """The page, filled in as the generation `from` was, or with `prompt`."""
    query = visit.query()
    again = query.text("from", 64)
    terms = default_terms()
    if again is not None:
        terms |= terms_of(await visit.application.generations.get(visit.caller, again))
    prompt = visit.request.query_params.get("prompt", "")[:PROMPT_MAX_CHARACTERS]
    return await _page(visit, terms | ({"prompt": prompt} if prompt.strip() else {}))


async def _page(visit: Visit, terms: Mapping[str, Any], problem: DoitongError | None = None) -> Response:
    credits = await visit.operations.credits()
    keys = await visit.operations.keys(Values({"first": KEYS_SHOWN}))
    offered = await services(visit.application)
    samples = _samples(visit, terms)
    return visit.page(
        "studio.html",
        problem.status if problem else 200,
        problem=problem,
        terms=dict.fromkeys(TERMS) | dict(terms),
        data=page_data(terms, offered, credits["available"], visit.words),
        services=offered,
        credits=credits,
        samples=samples,
        key_prefixes=[(key["prefix"], key["name"]) for key in keys["keys"] if key["revokedAt"] is None],
        examples=EXAMPLES,
        labels=film_words,
        may_write=Scope.GENERATIONS_WRITE in visit.caller.scopes,
        prompt_maximum=PROMPT_MAX_CHARACTERS,
        seed_maximum=SEED_MAXIMUM,
        press=f"studio-{visit.call.request_id}",
    )


async def submit(visit: Visit) -> Response:
    """A request from the page's script (JSON in and out), or from the bare form, which leads to the film's page."""
    if is_json(visit.call.header("content-type")):
        given = await read_json_object(visit.call, visit.receive)
        raw = raw_request(given, kind=None, requires_service=False)
        made = await visit.operations.submit(raw, visit.call.header("idempotency-key"))
        return visit.json({"generation": made})
    form = await visit.form()
    terms = terms_of_form(form)
    try:
        raw = raw_request(terms, kind=None, requires_service=False)
        made = await visit.operations.submit(raw, form.get("press") or None)
    except DoitongError as error:
        return await _page(visit, default_terms() | terms, error)
    return visit.go(f"/gallery/{made['id']}", "generation_started")


def terms_of_form(form: Form) -> dict[str, Any]:
    """What was filled in, as the API would be told; what is no number stays text, for the rules to refuse by name."""
    terms: dict[str, Any] = {name: form.get(name) for name in _TEXTS if form.get(name).strip()}
    for name in _NUMBERS:
        text = form.get(name).strip()
        if text:
            terms[name] = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else text
    if form.get("motion").strip():
        try:
            terms["motion"] = orjson.loads(form.get("motion"))
        except orjson.JSONDecodeError:
            terms["motion"] = form.get("motion")
    return terms | {"audio": form.is_ticked("audio")}


async def quote(visit: Visit) -> Response:
    """The binding price of what is filled in."""
    given = await read_json_object(visit.call, visit.receive)
    return visit.json({"quote": await visit.operations.quote(raw_request(given, kind=None, requires_service=False))})


async def write_samples(visit: Visit) -> Response:
    """The same request as programs make it."""
    given = await read_json_object(visit.call, visit.receive)
    return visit.json({"samples": {sample.name: sample.code for sample in _samples(visit, given)}})


def _samples(visit: Visit, terms: Mapping[str, Any]) -> Any:
    """Of a request without a prompt, the first example's, so that what is shown can be run."""
    prompt = terms.get("prompt") or ("" if terms.get("image") else visit.words.say(EXAMPLES[0].prompt))
    service = terms.get("service") or next(iter(SERVICES))
    filled = dict(terms) | {"prompt": prompt, "service": service}
    return make_samples(filled, visit.application.settings.effective_public_url)


async def upload(visit: Visit) -> Response:
    """A picture or a brush's mask, as REST takes it."""
    visit.caller.require(Scope.GENERATIONS_WRITE)
    parameter, picture = await read_picture(visit.call, visit.receive)
    return visit.json({"upload": await visit.operations.create_upload(parameter, picture)})


async def show_upload(visit: Visit) -> Response:
    """A picture of this account, for its own members only: to see it, and to paint on it."""
    found = await visit.operations.upload(visit.id())
    storage, name = visit.application.storage, upload_name(found["id"])
    try:
        await storage.stat(name)
    except FileMissing as error:
        raise NotFound from error

    async def pieces() -> AsyncGenerator[bytes]:
        async with aclosing(storage.read_range(name, 0, found["bytes"])) as stream:
            async for piece in stream:
                yield piece

    return StreamingResponse(pieces(), media_type=found["mediaType"])


ROUTES = (
    Route("GET", "/studio", show_studio),
    Route("POST", "/studio", submit),
    Route("POST", "/studio/samples", write_samples),
    Route("POST", "/quotes", quote),
    Route("POST", "/uploads", upload),
    Route("GET", "/uploads/{id}", show_upload),
)
