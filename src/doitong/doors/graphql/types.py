"""The object types of the schema. Their values are the dictionaries that every door answers with."""

from enum import Enum

import strawberry

from doitong.doors.graphql.scalars import JSON


@strawberry.enum
class GenerationType(Enum):
    VIDEO = "VIDEO"


@strawberry.type(description="One requested video. `status` is `processing` until it ends.")
class Generation:
    id: strawberry.ID
    status: str = strawberry.field(description="processing, completed, failed or canceled")
    type: GenerationType
    provider: str = strawberry.field(description="The service; the same as `service`.")
    service: str
    url: str | None = strawberry.field(description="The film's address, once it is completed.")
    poster: str | None = strawberry.field(description="The address of a still picture, once completed.")
    preview: str | None = strawberry.field(description="The address of a short animated WebP, once completed.")
    preview_video: str | None = strawberry.field(description="The address of a small silent MP4, once completed.")
    webhook_url: str | None
    duration: int = strawberry.field(description="Seconds.")
    credit_cost: int
    created_at: str
    started_at: str | None
    completed_at: str | None
    stage: str = strawberry.field(description="queued, submitting, rendering, storing, unknown or ended")
    progress: float = strawberry.field(description="From 0 to 1.")
    queue_position: int | None = strawberry.field(description="1 is next; only while queued.")
    expected_start_at: str | None
    error: JSON | None = strawberry.field(description="`{code, message}` of a generation that failed.")
    prompt: str
    kind: str = strawberry.field(description="text_to_video or image_to_video")
    metadata: JSON = strawberry.field(description="Size, frame rate, engine, model, seed, checksum and more.")


@strawberry.type
class PageInfo:
    end_cursor: str | None
    has_next_page: bool


@strawberry.type
class GenerationEdge:
    cursor: str
    node: Generation


@strawberry.type(description="A page, newest first.")
class GenerationConnection:
    edges: list[GenerationEdge]
    nodes: list[Generation]
    page_info: PageInfo


@strawberry.type
class Account:
    id: strawberry.ID
    name: str
    email: str | None
    plan: str
    language: str
    created_at: str
    disabled_at: str | None = strawberry.field(description="When it was switched off.")


@strawberry.type(description="What may be spent, and what open generations reserve.")
class Credits:
    available: int
    held: int


@strawberry.type(description="Told once when fewer credits are available, again after there were more.")
class CreditAlert:
    threshold: int
    fired_at: str | None
    created_at: str


@strawberry.type(description="One transfer of credits.")
class StatementLine:
    id: strawberry.ID
    kind: str = strawberry.field(description="grant, hold, capture, release, expire, refund or adjustment")
    amount: int
    available_after: int
    held_after: int
    generation_id: strawberry.ID | None
    reason: str | None
    created_at: str


@strawberry.type
class StatementConnection:
    nodes: list[StatementLine]
    page_info: PageInfo


@strawberry.type(description="The plan's limits and how much of them is used.")
class PlanLimits:
    plan: str
    generations_per_minute: int
    generations_per_day: int | None = strawberry.field(description="null is unlimited")
    job_slots: int
    backlog: int
    reads_per_minute: int
    used_this_minute: int
    used_today: int
    jobs_running: int
    jobs_waiting: int


@strawberry.type(description="What can be asked for and what it costs.")
class Service:
    id: strawberry.ID
    name: str
    type: GenerationType
    kinds: list[str]
    engines: list[str] = strawberry.field(description="Asked in this order.")
    engine_states: JSON = strawberry.field(description="`{engine, problem}` of each; problem null is none.")
    mapping: JSON = strawberry.field(description="What an upstream engine makes of each combination.")
    versions: list[str]
    qualities: list[str]
    aspect_ratios: list[str]
    duration: JSON
    prompt: JSON
    seed: JSON
    motion_intensities: list[str]
    camera_moves: list[str]
    frames_per_second: int
    frames: JSON
    prices: JSON


@strawberry.type(description="A binding price. Send `id` as `quoteId` with the same request.")
class Quote:
    id: strawberry.ID
    credit_cost: int
    terms: JSON
    created_at: str
    expires_at: str


@strawberry.type(description="An API key, by its public prefix.")
class ApiKey:
    id: strawberry.ID
    prefix: str
    name: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    last_used_at: str | None
    monthly_budget: int | None = strawberry.field(description="Credits a month (UTC); null is without a budget.")
    spent_this_month: int | None = strawberry.field(description="Reserved and spent; null without a budget.")


@strawberry.type
class ApiKeyConnection:
    nodes: list[ApiKey]
    page_info: PageInfo


@strawberry.type(description="A key and its secret, which is shown only here.")
class NewApiKey:
    key: ApiKey
    secret: str


@strawberry.type(description="An account and its first key, whose secret is shown only here.")
class NewAccount:
    account: Account
    key: ApiKey
    secret: str


@strawberry.type
class AccountConnection:
    nodes: list[Account]
    page_info: PageInfo


@strawberry.type(description="A submission whose answer was lost: nobody knows whether it was bought.")
class UnknownSubmission:
    id: strawberry.ID
    account_id: strawberry.ID
    engine: str
    kind: str
    prompt: str
    parameters: JSON
    seed: float = strawberry.field(description="A whole number up to 4294967295.")
    attempt: int
    last_step: str | None
    credit_cost: int
    created_at: str
    sent_at: str | None


@strawberry.type
class UnknownSubmissionConnection:
    nodes: list[UnknownSubmission]
    page_info: PageInfo


@strawberry.type(description="A URL that is told of events.")
class Endpoint:
    id: strawberry.ID
    url: str
    description: str
    events: list[str]
    is_enabled: bool
    disabled_reason: str | None
    failing_since: str | None
    created_at: str


@strawberry.type
class Deleted:
    id: strawberry.ID


@strawberry.type(description="What webhooks are signed with; the previous one counts for 24 hours.")
class SigningSecret:
    secret: str
    previous_secret: str | None
    previous_valid_until: str | None


@strawberry.type(description="One event on its way to one URL.")
class Delivery:
    id: strawberry.ID
    event_id: strawberry.ID
    event: str
    generation_id: strawberry.ID | None
    endpoint_id: strawberry.ID | None
    url: str
    state: str = strawberry.field(description="pending, delivered or failed")
    failure: str | None
    attempts: int
    next_attempt_at: str | None
    created_at: str
    ended_at: str | None


@strawberry.type(description="A delivery with what was sent and every try.")
class DeliveryDetail(Delivery):
    body: JSON
    log: JSON


@strawberry.type
class DeliveryConnection:
    nodes: list[Delivery]
    page_info: PageInfo


@strawberry.type(description="How many failed deliveries were sent again; call again while `hasMore`.")
class ResentRange:
    count: int
    has_more: bool
