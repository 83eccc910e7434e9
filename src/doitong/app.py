"""The composition root: builds every service from the settings. Nothing else in the house knows them all."""

import os
import random
import shutil
import socket
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from doitong.accounts.service import AccountService
from doitong.alerts.notices import EndpointNotices
from doitong.alerts.service import AlertService
from doitong.audit.service import AuditService
from doitong.catalogue.services import SERVICES
from doitong.core.clock import Clock, SystemClock
from doitong.core.settings import Settings
from doitong.db.embedded import StartProblem, running_dsn
from doitong.db.notifications import Notifications
from doitong.db.pool import DATABASE_ERRORS, Database
from doitong.egress.client import EgressClient
from doitong.egress.model import EgressPolicy
from doitong.engines.port import Engine
from doitong.engines.runway.table import RunwayOffer
from doitong.generations.attempts import AttemptRunner, AttemptSettings
from doitong.generations.films import FilmKeeper
from doitong.generations.leftovers import Leftovers
from doitong.generations.model import Lane
from doitong.generations.poller import Poller
from doitong.generations.routing import Routing, read_routes
from doitong.generations.service import GenerationService
from doitong.generations.settlement import Settlement
from doitong.generations.sweep import Sweeper
from doitong.generations.upstream_store import EngineState, read_states
from doitong.generations.upstreams import Upstreams
from doitong.keys.secret import read_secret
from doitong.keys.service import KeyService
from doitong.ledger.service import LedgerService
from doitong.mail.sender import Mailer
from doitong.mail.service import Mailbox
from doitong.media.picture import PictureCleaner
from doitong.members.closing import Closing
from doitong.members.registration import Registration
from doitong.members.service import MemberService
from doitong.members.single_sign_on import SingleSignOn
from doitong.members.team import Team
from doitong.moderation.service import Moderation, WordScreen
from doitong.outputs.storage import OutputStorage, open_storage
from doitong.oversight.service import Oversight
from doitong.payments.gateway import StripeGateway
from doitong.payments.rules import parse_packs
from doitong.payments.service import PaymentService
from doitong.plans.reads import ReadLimiter
from doitong.pricing.service import Pricing
from doitong.provenance.service import Provenance
from doitong.sharing.service import SharingService
from doitong.telemetry.metrics import Metrics
from doitong.uploads.service import UploadService
from doitong.usage.service import UsageService
from doitong.webhooks.deliver import Deliverer
from doitong.webhooks.service import Webhooks

if TYPE_CHECKING:
    from doitong.members.issuer import Issuer

ENGINE_LANES = {"studio": Lane.RENDER, "scripted": Lane.SUBMIT, "runway": Lane.SUBMIT}
EMBEDDED_RANGES = ("127.0.0.0/8", "::1/128")


@dataclass(frozen=True)
class Application:
    """Every service of one process. Open it with `Application.open`, close it at the end."""

    settings: Settings
    clock: Clock
    database: Database
    notifications: Notifications
    metrics: Metrics
    egress: EgressClient
    accounts: AccountService
    audit: AuditService
    members: MemberService
    registration: Registration
    team: Team
    closing: Closing
    single_sign_on: SingleSignOn | None
    mailbox: Mailbox
    keys: KeyService
    ledger: LedgerService
    pricing: Pricing
    reads: ReadLimiter
    storage: OutputStorage
    provenance: Provenance
    uploads: UploadService
    webhooks: Webhooks
    generations: GenerationService
    routing: Routing
    moderation: Moderation
    settlement: Settlement
    oversight: Oversight
    sharing: SharingService
    usage: UsageService
    alerts: AlertService
    payments: PaymentService
    resources: AsyncExitStack

    @classmethod
    async def open(cls, settings: Settings, clock: Clock | None = None) -> "Application":
        """Connect and build.

        Raises StartProblem for a setting that cannot be used, OSError or asyncpg.PostgresError without a database.
        """
        try:
            return await cls._build(settings, clock or SystemClock())
        except ValueError as error:
            raise StartProblem(f"A setting cannot be used: {error}", "See docs/settings.md.") from error

    @classmethod
    async def _build(cls, settings: Settings, clock: Clock) -> "Application":
        dsn = database_dsn(settings)
        routing, screen = make_routing(settings), make_screen(settings)
        async with AsyncExitStack() as resources:
            database = await Database.connect(dsn, max_connections=settings.database_connections)
            resources.push_async_callback(database.close)
            notifications = Notifications(dsn)
            await notifications.start()
            resources.push_async_callback(notifications.close)
            egress = EgressClient(egress_policy(settings))
            resources.push_async_callback(egress.close)
            storage = open_storage(settings.storage_url, settings.data_dir.resolve())
            uploads = UploadService(database, storage, egress, PictureCleaner(), clock)
            metrics, secret = Metrics(), await read_secret(settings)
            moderation = Moderation(database, clock, screen, settings.moderation_strikes)
            pricing = Pricing(database, clock)
            people = make_people(settings, database, clock)
            if people.single_sign_on is not None:
                resources.push_async_callback(people.single_sign_on.issuer.close)
            generations = GenerationService(
                database,
                notifications,
                clock,
                uploads,
                egress,
                metrics,
                routing=routing,
                moderation=moderation,
                pricing=pricing,
                cdn_base_url=settings.effective_cdn_base_url,
            )
            resources.push_async_callback(generations.close)
            payments = make_payments(settings, database, clock)
            resources.push_async_callback(payments.close)
            return cls(
                settings=settings,
                clock=clock,
                database=database,
                notifications=notifications,
                metrics=metrics,
                egress=egress,
                accounts=people.accounts,
                audit=AuditService(database),
                members=people.members,
                registration=people.registration,
                team=people.team,
                single_sign_on=people.single_sign_on,
                closing=Closing(database, clock, people.members, storage),
                mailbox=Mailbox(database),
                keys=KeyService(database, clock, secret=secret),
                ledger=LedgerService(database, clock),
                pricing=pricing,
                reads=ReadLimiter(clock),
                storage=storage,
                provenance=Provenance(database, secret, SystemClock(), is_on=settings.provenance == "on"),
                uploads=uploads,
                webhooks=Webhooks(database, egress, clock),
                generations=generations,
                routing=routing,
                moderation=moderation,
                oversight=Oversight(database, clock),
                settlement=make_settlement(settings, database, clock, routing),
                sharing=SharingService(database, clock),
                usage=UsageService(database),
                alerts=AlertService(database, clock, f"{settings.effective_public_url}/dashboard/credits"),
                payments=payments,
                resources=resources.pop_all(),
            )

    async def engine_states(self) -> dict[str, EngineState]:
        """How each upstream that serves here stands, as a worker saw it last; nothing while the database is away."""
        names = self.routing.engines() & set(self.routing.offers)
        if not names:
            return {}
        try:
            async with self.database.reading() as connection:
                states = await read_states(connection)
        except DATABASE_ERRORS:
            return {}
        return {state.engine: state for state in states if state.engine in names}

    async def close(self) -> None:
        await self.resources.aclose()


@dataclass(frozen=True)
class Workshop:
    """What a worker process has beside the application: engines, and the steps of the queue's jobs."""

    engines: dict[str, Engine]
    runner: AttemptRunner
    leftovers: Leftovers
    upstreams: Upstreams
    poller: Poller
    sweeper: Sweeper
    deliverer: Deliverer
    mailer: Mailer
    closing: Closing
    members: MemberService
    alerts: AlertService
    payments: PaymentService
    oversight: Oversight

    @classmethod
    def build(cls, app: Application) -> "Workshop":
        settings = app.settings
        work_dir = _own_work_dir(settings.data_dir.resolve() / "work")
        engines = build_engines(settings, work_dir, app.clock)
        lease = timedelta(seconds=settings.lease_seconds)
        timeout = timedelta(seconds=settings.generation_timeout_seconds)
        upstreams = Upstreams(app.database, app.clock, engines, app.routing, app.metrics)
        keeper = FilmKeeper(app.storage, app.uploads, app.provenance)
        runner = AttemptRunner(
            app.database,
            app.notifications,
            app.clock,
            engines,
            keeper,
            app.uploads,
            app.metrics,
            AttemptSettings(lease, timeout, work_dir, settings.effective_cdn_base_url),
            upstreams,
            app.moderation,
        )
        return cls(
            engines=engines,
            runner=runner,
            leftovers=Leftovers(app.database, app.clock, engines, keeper),
            upstreams=upstreams,
            poller=Poller(app.database, app.clock, engines, runner, lease, timeout),
            sweeper=Sweeper(app.database, app.clock, runner, app.storage, settings.effective_cdn_base_url),
            mailer=Mailer(app.database, app.clock, settings, random.random),
            members=app.members,
            closing=app.closing,
            deliverer=Deliverer(
                app.database,
                app.egress,
                app.clock,
                random.random,
                observe=app.metrics.record_delivery,
                tell_owners=EndpointNotices(f"{settings.effective_public_url}/dashboard/webhooks"),
            ),
            alerts=app.alerts,
            payments=app.payments,
            oversight=app.oversight,
        )


def _own_work_dir(parent: Path) -> Path:
    """This process's folder for files of running attempts; those of dead workers of this machine are removed."""
    machine = socket.gethostname()
    for folder in parent.glob(f"{machine}-*"):
        process_id = folder.name.rpartition("-")[2]
        if process_id.isdigit() and not psutil.pid_exists(int(process_id)):
            shutil.rmtree(folder, ignore_errors=True)
    return parent / f"{machine}-{os.getpid()}"


def build_engines(settings: Settings, work_dir: Path, clock: Clock) -> dict[str, Engine]:
    """The engines of this installation by name."""
    from doitong.engines.scripted.engine import ScriptedEngine  # noqa: PLC0415  (workers only)
    from doitong.engines.studio.engine import StudioEngine  # noqa: PLC0415

    engines: dict[str, Engine] = {
        "studio": StudioEngine(work_dir / "studio", settings.studio_renders or None),
        "scripted": ScriptedEngine(settings.data_dir.resolve() / "scripted", clock),
    }
    if settings.runwayml_api_secret:
        from doitong.engines.runway.engine import RunwayEngine, RunwaySettings  # noqa: PLC0415

        account = RunwaySettings(
            settings.runwayml_base_url,
            settings.runwayml_api_secret,
            settings.runway_poll_seconds,
            settings.runway_on_behalf_of,
            settings.runway_refusing_statuses,
            tuple(settings.egress_allow),
        )
        engines["runway"] = RunwayEngine(account, make_offer(settings), clock)
    return engines


@dataclass(frozen=True, slots=True)
class People:
    """What is about accounts and their members; they know each other."""

    accounts: AccountService
    members: MemberService
    registration: Registration
    team: Team
    single_sign_on: SingleSignOn | None


def make_people(settings: Settings, database: Database, clock: Clock) -> People:
    """Raises ValueError for an issuer that cannot be used."""
    accounts = AccountService(database, clock)
    url = f"{settings.effective_public_url}/dashboard"
    members = MemberService(database, clock, accounts, url)
    registration = Registration(database, clock, members, url, is_open=settings.sign_up == "open")
    team = Team(database, clock, members, registration, url)
    if not settings.oidc_issuer:
        return People(accounts, members, registration, team, None)
    issuer = make_issuer(settings, clock, f"{url}/sign-in/oidc/callback")
    return People(
        accounts, members, registration, team, SingleSignOn(database, clock, issuer, members, registration, team)
    )


def make_issuer(settings: Settings, clock: Clock, redirect_uri: str) -> "Issuer":
    """The issuer whose members may sign in. Raises ValueError for an address that is not safe."""
    from doitong.members.issuer import Issuer  # noqa: PLC0415  (only where one is set)

    return Issuer(
        clock,
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_name,
        redirect_uri,
    )


def make_settlement(settings: Settings, database: Database, clock: Clock, routing: Routing) -> Settlement:
    timeout = timedelta(seconds=settings.generation_timeout_seconds)
    return Settlement(database, clock, routing, timeout, settings.effective_cdn_base_url)


def make_offer(settings: Settings) -> RunwayOffer:
    return RunwayOffer(settings.runway_stand_ins, settings.runway_upscale)


def make_payments(settings: Settings, database: Database, clock: Clock) -> PaymentService:
    """Credits are for sale with Stripe's key. Raises ValueError for packs that cannot be read."""
    packs = parse_packs(settings.credit_packs)
    key, secret = settings.stripe_secret_key, settings.stripe_webhook_secret
    gateway = StripeGateway(key, secret, settings.stripe_base_url) if key else None
    return PaymentService(database, clock, gateway, packs, f"{settings.effective_public_url}/dashboard")


def make_routing(settings: Settings) -> Routing:
    """Who serves what: with Runway's secret, Runway, and Studio behind it only where the operator allows that."""
    lanes, defaults = dict(ENGINE_LANES), {}
    if settings.runwayml_api_secret:
        order = ("runway", "studio") if settings.studio_fallback else ("runway",)
        defaults = dict.fromkeys(SERVICES, order)
    else:
        del lanes["runway"]
    routes = read_routes(settings.service_engines, lanes, defaults)
    return Routing(routes, {"runway": make_offer(settings)} if settings.runwayml_api_secret else {})


def make_screen(settings: Settings) -> WordScreen:
    """The installation's screen. Raises ValueError for a list that cannot be read."""
    try:
        return WordScreen(settings.moderation_words.read_text() if settings.moderation_words else "")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"DOITONG_MODERATION_WORDS: {error}") from error


def database_dsn(settings: Settings) -> str:
    """The database that runs now: DATABASE_URL, or the embedded one of the data folder. Raises StartProblem."""
    dsn = settings.database_url or running_dsn(settings.data_dir)
    if dsn is None:
        raise StartProblem(
            f"No database runs under {settings.data_dir.absolute()}.",
            "Start one with `doitong up`, or set DATABASE_URL.",
        )
    return dsn


def egress_policy(settings: Settings) -> EgressPolicy:
    """Public addresses, what the operator allows, and loopback on the embedded default."""
    ranges = [*settings.egress_allow, *(EMBEDDED_RANGES if settings.is_embedded else ())]
    return EgressPolicy(allow=tuple(ip_network(text) for text in ranges))
