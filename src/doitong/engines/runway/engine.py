"""Runway's own API behind the port: tasks there, films here.

It promises: a create call is made once and its answer is taken as proof or as unknown, never guessed at; what is
bought is known by Runway's ids alone, so any worker can go on with it; the key and the outputs' addresses stay inside.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from doitong.catalogue.model import Quality, Version
from doitong.core.clock import Clock
from doitong.egress.client import EgressClient
from doitong.egress.model import EgressFailed, EgressFailure, EgressLimits, EgressPolicy
from doitong.engines.port import (
    EngineFailure,
    EngineHealth,
    EngineRefused,
    EngineRequest,
    Film,
    PoolState,
    Standing,
    SubmissionUnknown,
    TaskState,
    TaskStatus,
    Wish,
)
from doitong.engines.runway import table
from doitong.engines.runway.account import Account
from doitong.engines.runway.breaker import Breaker
from doitong.engines.runway.client import CreateRefused, KeyRefused, RunwayAway, RunwayClient
from doitong.engines.runway.failures import (
    AWAY,
    CANCELED_THERE,
    CAPPED,
    ELSEWHERE,
    LOST,
    PICTURE_REFUSED,
    STEP_GONE,
    judge_task,
)
from doitong.engines.runway.films import FilmWrong, fit_film
from doitong.engines.runway.pictures import send_picture
from doitong.engines.runway.prompt import write_prompt
from doitong.engines.runway.table import Row, RunwayOffer, Step

FILM_BYTES_MAXIMUM = 512 * 1024 * 1024
FILM_TYPES = ("video/mp4",)
FETCH_TRIES = 3
FITTED_AT_ONCE = 2
WAITING_STATES = {"PENDING", "THROTTLED"}
LOOPBACK = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True, slots=True)
class RunwaySettings:
    """`refusing`: see `judge_answer`. `names_customers`: whether calls carry `X-Runway-On-Behalf-Of`."""

    base_url: str
    secret: str
    poll_seconds: float = 6.0
    names_customers: bool = False
    refusing: frozenset[int] = frozenset()
    egress_ranges: tuple[str, ...] = ()


class RunwayEngine:
    """One operator's account at Runway."""

    name = table.ENGINE
    runs_here = False

    def __init__(self, settings: RunwaySettings, offer: RunwayOffer, clock: Clock) -> None:
        self.poll_seconds = settings.poll_seconds
        self._settings = settings
        self._offer = offer
        self._client = RunwayClient(settings.base_url, settings.secret, Breaker(clock), settings.refusing)
        self._account = Account(self._client, clock)
        self._is_plain = settings.base_url.startswith("http://")
        # over plain http it is a stand-in, whose films may lie on this machine
        ranges = (*settings.egress_ranges, *(LOOPBACK if self._is_plain else ()))
        self._egress = EgressClient(
            EgressPolicy(tuple(ip_network(text) for text in ranges)), limits=EgressLimits(whole_seconds=300.0)
        )
        self._fitting = asyncio.Semaphore(FITTED_AT_ONCE)

    # Submission

    async def prepare(self, request: EngineRequest) -> EngineRequest:
        pool = self._offer.pool(wish_of(request))
        state = self._account.known.pools.get(pool or "", PoolState(None, None))
        if state.left_today == 0:
            raise EngineRefused(replace(CAPPED, detail=f"{pool}: no generation is left in these 24 hours"))
        if request.image_path is None:
            return request
        try:
            return replace(request, picture_uri=await send_picture(request.image_path, self._client, self._egress))
        except KeyRefused as error:
            raise EngineRefused(replace(ELSEWHERE, detail=str(error))) from error
        except RunwayAway as error:
            raise EngineRefused(replace(AWAY, detail=str(error))) from error

    async def submit(self, request: EngineRequest) -> str:
        return await self._buy(request, 0, request.picture_uri)

    async def recover(self, request: EngineRequest) -> str | None:
        raise SubmissionUnknown("Runway has no list of tasks to look in")

    def has_next(self, task_id: str) -> bool:
        return table.has_next(task_id)

    async def can_advance(self, request: EngineRequest, task_id: str) -> bool:
        if table.step_of(task_id) + 1 >= len(self._row(request).steps):
            return False  # bought under other settings
        try:
            return await self._output_of(task_id) is not None
        except RunwayAway as error:
            raise EngineRefused(_again(str(error))) from error

    async def advance(self, request: EngineRequest, task_id: str) -> str:
        reason = ""
        for _ in range(FETCH_TRIES):
            try:
                uri = await self._output_of(task_id)  # new at every asking: an expired address is renewed by it
            except RunwayAway as error:
                raise EngineRefused(_again(str(error))) from error
            if uri is None:
                raise EngineRefused(replace(STEP_GONE, detail=f"{task_id} shows no output any more"))
            try:
                return await self._buy(request, table.step_of(task_id) + 1, uri)
            except EngineRefused as refused:
                if refused.failure.code != PICTURE_REFUSED.code:
                    raise
                reason = refused.failure.detail  # the picture is our own step's: its address had expired
        raise EngineRefused(replace(STEP_GONE, detail=reason))

    async def _buy(self, request: EngineRequest, number: int, source: str | None) -> str:
        row = self._row(request)
        body = body_of(row, number, request, source)
        customer = request.customer if self._settings.names_customers else ""
        try:
            task_id = await self._client.create(row.steps[number].path, body, customer)
        except CreateRefused as refused:
            self._account.note(refused.problem, table.pool_of(row.steps[number].model), refused.failure.detail)
            raise
        return table.mark(task_id, number, len(row.steps))

    # Watching

    async def watch(self, task_id: str) -> TaskStatus:
        task = await self._client.task(table.bare(task_id))
        if task is None:
            return TaskStatus(TaskState.LOST, failure=LOST)
        return status_of(task)

    async def cancel(self, task_id: str) -> bool:
        await self._client.delete(table.bare(task_id))
        return True

    # Films

    async def fetch(self, task_id: str, destination: Path) -> Film:
        raise NotImplementedError("an upstream's films are collected")

    async def collect(self, request: EngineRequest, task_id: str, destination: Path) -> Film:
        reasons = []
        for _ in range(FETCH_TRIES):
            url = await self._output_of(task_id)  # new at every asking: an expired address is renewed by it
            if url is None:
                raise RunwayAway(f"task {table.bare(task_id)} shows no output")
            wrong = await self._download(url, destination)
            if wrong is None:
                try:
                    return await self._fit(request, destination)
                except FilmWrong as error:
                    wrong = str(error)
            reasons.append(wrong)
        raise EngineRefused(EngineFailure("ENGINE_FAILED", "; ".join(reasons)))

    async def _download(self, url: str, destination: Path) -> str | None:
        """Why there is no whole film file, or None when there is. Raises `RunwayAway` where it may come later."""
        schemes = ("http", "https") if self._is_plain else ("https",)
        try:
            answer = await self._egress.save(
                url, destination, maximum_bytes=FILM_BYTES_MAXIMUM, media_types=FILM_TYPES, schemes=schemes
            )
        except EgressFailed as error:
            if error.failure is EgressFailure.TOO_LARGE:
                return f"more than {FILM_BYTES_MAXIMUM} bytes"
            raise RunwayAway(f"output: {error}") from error
        if answer.status >= 500 or answer.status == 429:
            raise RunwayAway(f"output: {answer.status}")
        media_type = answer.headers.get("content-type", "")
        return None if answer.status == 200 and media_type.startswith(FILM_TYPES) else f"{answer.status} {media_type}"

    async def _fit(self, request: EngineRequest, path: Path) -> Film:
        row = self._row(request)
        async with self._fitting:
            is_scaled = await asyncio.to_thread(fit_film, path, request.width, request.height, request.duration_seconds)
        return Film(path, row.model, metadata_of(row, request, is_scaled=is_scaled))

    async def _output_of(self, task_id: str) -> str | None:
        """A new address of what a task has made; None when there is none any more. Raises `RunwayAway`."""
        task = await self._client.task(table.bare(task_id))
        output = [] if task is None else task.get("output")
        return output[0] if isinstance(output, list) and output and isinstance(output[0], str) else None

    # How it stands

    async def standing(self) -> Standing:
        return await self._account.standing()

    async def health(self) -> EngineHealth:
        standing = await self._account.standing()
        return EngineHealth(standing.problem is None, standing.detail)

    def model_name(self, version: Version, quality: Quality) -> str:
        return "gen4.5"

    async def close(self) -> None:
        await self._client.close()
        await self._egress.close()

    def _row(self, request: EngineRequest) -> Row:
        return self._offer.rows[wish_of(request)]


def wish_of(request: EngineRequest) -> Wish:
    return Wish(request.kind, request.version, request.quality, request.aspect_ratio)


def body_of(row: Row, number: int, request: EngineRequest, source: str | None) -> dict[str, Any]:
    """The body of the create call of one step; `source` is the picture or film that it works on."""
    step = row.steps[number]
    if step.path == "video_upscale":
        return {"videoUri": source, "model": step.model, "resolution": table.UPSCALER_RESOLUTION}
    is_still = step.path == "text_to_image"
    prompt = write_prompt(request, is_still=is_still, is_required=step.model != "gen4_turbo")
    body: dict[str, Any] = {"model": step.model, "ratio": step.ratio, "seed": request.seed}
    if prompt.text:
        body["promptText"] = prompt.text
    if not is_still:
        body["duration"] = request.duration_seconds
    if source is not None and not is_still:
        body["promptImage"] = source
    return body


def metadata_of(row: Row, request: EngineRequest, *, is_scaled: bool) -> dict[str, Any]:
    """What `metadata` says beside the file's facts: what stood in, what was left out, what was scaled."""
    warnings = list(write_prompt(request, is_required=_needs_words(row.film_step)).warnings)
    if row.stand_in:
        warnings.insert(0, row.stand_in)
    said: dict[str, Any] = {"upscaled": row.is_upscaled}
    if is_scaled:
        said["sourceRatio"] = row.film_step.ratio
    return said | ({"standIn": True} if row.stand_in else {}) | ({"warnings": warnings} if warnings else {})


def _needs_words(step: Step) -> bool:
    return step.model != "gen4_turbo"


def status_of(task: Mapping[str, Any]) -> TaskStatus:
    """A task as Runway shows it. Raises `RunwayAway` for a status that is none of its own."""
    cost = task.get("cost")
    credits = cost.get("credits") if isinstance(cost, dict) else None
    cost_credits = float(credits) if isinstance(credits, int | float) else None
    match task.get("status"):
        case "RUNNING":
            progress = task.get("progress")
            shown = min(max(float(progress), 0.0), 1.0) if isinstance(progress, int | float) else 0.0
            return TaskStatus(TaskState.RENDERING, shown)
        case "SUCCEEDED":
            return TaskStatus(TaskState.SUCCEEDED, 1.0, cost_credits=cost_credits)
        case "FAILED":
            failure = judge_task(task.get("failureCode"), task.get("failure"), cost_credits)
            return TaskStatus(TaskState.FAILED, failure=failure, cost_credits=cost_credits)
        case "CANCELLED":
            return TaskStatus(TaskState.CANCELED, failure=CANCELED_THERE, cost_credits=cost_credits)
        case status if status in WAITING_STATES:
            return TaskStatus(TaskState.WAITING)
        case status:
            raise RunwayAway(f"unknown status {status!r}")


def _again(detail: str) -> EngineFailure:
    return EngineFailure("ENGINE_UNAVAILABLE", detail, wait=timedelta(seconds=30))
