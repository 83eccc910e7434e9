"""Every setting in one place, read from the environment and checked at start.

`docs/settings.md` is made from this class; a setting that is not here does not exist.
"""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AliasChoices, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

RUNWAY_PAUSE_SECONDS_MINIMUM = 5.6


class Settings(BaseSettings):
    """Settings of an installation; names are those of the environment, in upper case."""

    model_config = SettingsConfigDict(env_prefix="DOITONG_", extra="ignore", populate_by_name=True)

    host: str = Field("127.0.0.1", description="Address that the API listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the API listens on.")
    data_dir: Path = Field(Path("data"), description="Folder of the embedded database, outputs and secrets.")
    public_url: str = Field("", description="Address that customers use; http://HOST:PORT when empty.")
    database_url: str = Field(
        "",
        validation_alias=AliasChoices("DATABASE_URL", "database_url"),
        description="PostgreSQL ≥ 15 to use instead of the embedded server.",
    )
    cdn_base_url: str = Field(
        "",
        validation_alias=AliasChoices("CDN_BASE_URL", "cdn_base_url"),
        description="Address printed before /outputs/ID.mp4 in answers; the public URL when empty.",
    )
    storage_url: str = Field(
        "",
        description="Where outputs and uploads are kept: empty for DATA_DIR/files, or s3://, gs://, az://.",
    )
    secret_key: str = Field(
        "",
        description="Key of API-key digests; made in DATA_DIR/secret.key when empty. Same on every machine.",
    )
    egress_allow: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Address ranges (CIDR, comma-separated) that webhooks and pictures may be fetched from "
        "although they are not public. The embedded default allows loopback.",
    )
    database_connections: int = Field(10, ge=2, le=500, description="Connections a process opens.")
    worker_jobs: int = Field(
        64, ge=1, le=10000, description="Quick jobs that a worker runs at once, and as many deliveries."
    )
    studio_renders: int = Field(0, ge=0, le=256, description="Films rendered at once; 0 for one a core.")
    lease_seconds: float = Field(30.0, ge=1, le=3600, description="A worker silent for this long has lost its job.")
    sweep_seconds: float = Field(10.0, ge=0.1, le=600, description="Pause between sweeps behind the wake-ups.")
    generation_timeout_seconds: int = Field(3600, ge=60, description="A generation fails this long after its start.")
    service_engines: str = Field(
        "",
        description="Engines in order per service, as runway=studio;runway-i2v=studio. Empty for the catalogue's.",
    )
    worker_metrics_port: int = Field(
        0, ge=0, le=65535, description="Loopback port on which a worker serves its own /metrics; 0 for none."
    )
    provenance: Literal["on", "off"] = Field(
        "on", description="Whether films carry a C2PA manifest, signed with the installation's own certificate."
    )
    log_level: str = Field("info", description="debug, info, warning or error.")
    log_format: str = Field("auto", description="json, text, or auto: text on a terminal.")

    moderation_words: Path | None = Field(
        None,
        description="File of phrases, one a line, that are refused before an engine with a content policy is asked.",
    )
    moderation_strikes: int = Field(
        10, ge=0, description="Generations moderated by an engine in 24 hours that stop their account; 0 for no limit."
    )

    runwayml_api_secret: str = Field(
        "",
        validation_alias=AliasChoices("RUNWAYML_API_SECRET", "runwayml_api_secret"),
        description="Secret of Runway's own API: with it, the services runway and runway-i2v are rendered by Runway.",
    )
    runwayml_base_url: str = Field(
        "https://api.dev.runwayml.com",
        validation_alias=AliasChoices("RUNWAYML_BASE_URL", "runwayml_base_url"),
        description="Address of Runway's API, or of a stand-in.",
    )
    studio_fallback: bool = Field(
        False, description="Whether Studio takes what Runway was proven not to have accepted; `metadata.engine` tells."
    )
    runway_stand_ins: Literal["alias", "refuse"] = Field(
        "alias",
        description="What Runway does not offer (gen-2, gen-3, square from text): its nearest, told in "
        "`metadata`, or 400.",
    )
    runway_upscale: Literal["local", "magnific"] = Field(
        "local", description="How `high` gets its 1080 lines: scaled here, or by an upscale task bought at Runway."
    )
    runway_poll_seconds: float = Field(
        6.0, ge=0.05, le=600, description="Pause between two looks at a task; Runway asks for five seconds at least."
    )
    runway_on_behalf_of: bool = Field(
        False, description="Whether calls name the customer by a digest, as some of Runway's accounts have to."
    )
    runway_refusing_statuses: Annotated[frozenset[int], NoDecode] = Field(
        default_factory=frozenset,
        description="Statuses from 500 on (comma-separated) of a create call that Runway has confirmed to you as "
        "refusals. Others leave the submission unknown.",
    )

    sign_up: Literal["open", "closed"] = Field(
        "open", description="Whether strangers may sign up on the dashboard; closed leaves invitations and commands."
    )
    smtp_url: str = Field(
        "",
        repr=False,
        description="Mail server: smtp://USER:PASSWORD@HOST:587 (STARTTLS where offered) or smtps://…:465. Empty: "
        "mails are written to the log and, on loopback, shown at /dashboard/mailbox.",
    )
    mail_from: str = Field("Doitong <doitong@localhost>", description="Sender of mails.")
    oidc_issuer: str = Field("", description="OpenID Connect issuer whose accounts may sign in; empty for none.")
    oidc_client_id: str = Field("", description="Client id at that issuer.")
    oidc_client_secret: str = Field("", repr=False, description="Client secret at that issuer.")
    oidc_name: str = Field("OpenID", description="What the sign-in button calls the issuer.")
    stripe_secret_key: str = Field(
        "", repr=False, description="Secret key of Stripe: with it, credits can be bought on the dashboard."
    )
    stripe_webhook_secret: str = Field(
        "", repr=False, description="Signing secret of Stripe's webhook to /dashboard/stripe; needed to grant credits."
    )
    stripe_base_url: str = Field("https://api.stripe.com", description="Address of Stripe's API, or of a stand-in.")
    credit_packs: str = Field(
        "1000=10.00,5000=45.00,20000=160.00 EUR",
        description="What is for sale: credits=price, comma-separated, and the currency.",
    )

    @field_validator("egress_allow", mode="before")
    @classmethod
    def _split_ranges(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("runway_refusing_statuses", mode="before")
    @classmethod
    def _split_statuses(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("runwayml_base_url")
    @classmethod
    def _check_base_url(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            raise ValueError("must be an http:// or https:// address")
        return value

    @field_validator("runway_poll_seconds")
    @classmethod
    def _check_pace(cls, value: float, info: ValidationInfo) -> float:
        """Runway asks for five seconds between two looks, jitter included; a stand-in over plain http does not."""
        if value < RUNWAY_PAUSE_SECONDS_MINIMUM and info.data.get("runwayml_base_url", "").startswith("https://"):
            raise ValueError(f"must be at least {RUNWAY_PAUSE_SECONDS_MINIMUM} for Runway itself")
        return value

    @property
    def is_embedded(self) -> bool:
        """Whether PostgreSQL runs under the data folder."""
        return not self.database_url

    @property
    def effective_public_url(self) -> str:
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def effective_cdn_base_url(self) -> str:
        return (self.cdn_base_url or self.effective_public_url).rstrip("/")
