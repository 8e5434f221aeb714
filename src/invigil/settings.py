"""Every setting, read from `INVIGIL_*` in the environment or `.env`."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class ClassicApi(StrEnum):
    """How the routes of the published tutorial behave."""

    TOKEN = "token"  # noqa: S105 - a mode, no password
    OPEN = "open"
    OFF = "off"


class Vision(StrEnum):
    """Which models look at the frames; docs/models.md compares them."""

    DEFAULT = "default"
    YUNET = "yunet"
    YUNET_SFACE = "yunet-sface"
    DLIB = "dlib"


class LiveVideo(StrEnum):
    """Who carries live video, by the id of the provider."""

    BUILTIN = "builtin"
    LIVEKIT = "livekit"
    REALTIMEKIT = "realtimekit"


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


DATABASE_SCHEMES = (
    "postgresql://",
    "postgres://",
    "postgresql+psycopg://",
    "sqlite+aiosqlite:///",
    "sqlite:///",
)

IMGUR = "imgur:"
"""The value of `evidence_url` that stands for Imgur."""

TOKEN_LENGTH = 16

CommaList = Annotated[tuple[str, ...], NoDecode]


class Settings(BaseSettings):
    """Defaults are for one machine and a first try; docs/configuration.md lists them all."""

    model_config = SettingsConfigDict(
        env_prefix="INVIGIL_",
        env_file=".env",
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        # A URL holds a password: errors name the setting, not its value.
        hide_input_in_errors=True,
    )

    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8000, ge=1, le=65535, description="Port to listen on.")
    public_url: str | None = Field(
        None,
        description="The address that browsers use, such as `https://proctor.example.edu`. Needed "
        "behind a proxy: links are made with it, and requests from other origins are refused.",
    )
    tls_self_signed: bool = Field(
        False,
        description="Serve https with a certificate that this machine signs for itself, for a "
        "trial on a local network; `invigil serve --tls-self-signed` does the same. Browsers warn "
        "once. See docs/operations.md.",
    )
    data_dir: Path = Field(
        Path("invigil-data"),
        description="Folder of the database, the evidence images and the key of this installation.",
    )
    database_url: SecretStr | None = Field(
        None,
        description="`postgresql://user:password@host:5432/name`. Default: a SQLite file in the "
        "data folder. See docs/postgresql.md.",
    )
    db_user: str | None = Field(
        None,
        validation_alias="DB_USER",
        description="User of PostgreSQL, as the published tutorial names it. "
        "`INVIGIL_DATABASE_URL` wins over these.",
    )
    db_password: SecretStr | None = Field(
        None, validation_alias="DB_PASSWORD", description="Password of `DB_USER`."
    )
    db_host: str | None = Field(
        None,
        validation_alias="DB_HOST",
        description="Host of PostgreSQL, as the published tutorial names it.",
    )
    db_port: int = Field(
        5432, validation_alias="DB_PORT", ge=1, le=65535, description="Port at `DB_HOST`."
    )
    db_name: str | None = Field(
        None,
        validation_alias="DB_NAME",
        description="Database at `DB_HOST`. Default: the one named as `DB_USER`.",
    )
    master_key: SecretStr | None = Field(
        None,
        description="32 random bytes in Base64 (`openssl rand -base64 32`) that encrypt photos and "
        "templates; to change it give the new one, a comma and the old one, and run "
        "`invigil keys rewrap`. Default: `master.key` in the data folder, made the first time.",
    )
    disk_reserve_mb: int = Field(
        200,
        ge=0,
        description="Free disk space in MB below which no more images are stored, so that the "
        "database can go on. The console warns from four times this on.",
    )
    evidence_url: str | None = Field(
        None,
        description="Where images are kept: `file:///folder`, `s3://bucket/prefix`, "
        "`gs://bucket/prefix` or `az://account/container/prefix`. Default: the folder `objects` in "
        "the data folder. Credentials come from the environment, see docs/real-parts.md. `imgur:` "
        "is the published tutorial's store: it makes the pictures PUBLIC, do not use it for exams.",
    )
    imgur_client_id: SecretStr | None = Field(
        None,
        validation_alias="IMGUR_CLIENT_ID",
        description="Client id of an application at Imgur, for `INVIGIL_EVIDENCE_URL=imgur:`.",
    )
    imgur_url: str | None = Field(
        None,
        description="For tests alone: a server that answers as Imgur does, for both its API and "
        "its pictures. Default: Imgur.",
    )
    evidence_spool_mb: int = Field(
        1000,
        ge=1,
        description="Most MB of images that wait in the data folder while the store of "
        "`INVIGIL_EVIDENCE_URL` is away. Beyond it incidents are recorded without photos.",
    )
    feed_url: SecretStr | None = Field(
        None,
        description="Redis or Valkey through which several servers share one feed: "
        "`redis://user:password@host:6379/0`, `rediss://` with TLS. They also need one database "
        "and one image store, see docs/real-parts.md. Default: one server.",
    )
    sign_in_link_minutes: int = Field(
        24 * 60, ge=1, description="How long the printed sign-in link stays valid, in minutes."
    )
    login_hours: int = Field(12, ge=1, description="How long a proctor stays signed in, in hours.")
    max_image_mb: float = Field(
        5.0, gt=0, le=50, description="Largest picture that is accepted, in MB."
    )
    vision: Vision = Field(
        Vision.DEFAULT,
        description="Models that look at the frames: `default`; `yunet` or `yunet-sface` (first "
        "run `invigil models pull`); `dlib` (needs the extra `dlib`; slow). Templates of one are "
        "not compared by another: choose before candidates check in.",
    )
    analysis_workers: int = Field(
        0, ge=0, description="Processes that analyse frames, 0 for one a processor core."
    )
    frames_per_minute: int = Field(
        240, ge=12, description="Frames accepted from one candidate in a minute."
    )
    joins_per_minute: int = Field(
        600,
        ge=1,
        description="Joins accepted from one network address in a minute (a campus shares one).",
    )
    meetings: LiveVideo = Field(
        LiveVideo.BUILTIN,
        description="Who carries the live video of new sessions when nothing else is chosen: "
        "`builtin` (from browser to browser), `livekit` or `realtimekit` (Cloudflare). See "
        "docs/live-video.md.",
    )
    livekit_url: str | None = Field(
        None,
        description="Address of a LiveKit server for browsers, such as "
        "`wss://live.example.edu`. Sessions can then choose it for their live video.",
    )
    livekit_api_url: str | None = Field(
        None,
        description="Address of the same LiveKit server for this one, such as "
        "`http://livekit:7880`. Default: as `INVIGIL_LIVEKIT_URL`.",
    )
    livekit_api_key: str | None = Field(
        None, description="Name of a pair of the `keys` in LiveKit's configuration."
    )
    livekit_api_secret: SecretStr | None = Field(
        None, description="The secret of `INVIGIL_LIVEKIT_API_KEY`, at least 32 characters."
    )
    realtimekit_base_url: str | None = Field(
        None,
        description="API of RealtimeKit, such as `https://api.dyte.io/v2` for an old account of "
        "Dyte. Default: Cloudflare's, by the credentials that are set.",
    )
    realtimekit_account_id: str | None = Field(
        None, description="Account at Cloudflare, with `INVIGIL_REALTIMEKIT_API_TOKEN`."
    )
    realtimekit_app_id: str | None = Field(
        None, description="Application of RealtimeKit, with `INVIGIL_REALTIMEKIT_API_TOKEN`."
    )
    realtimekit_api_token: SecretStr | None = Field(
        None, description="Token of Cloudflare's API with the permission Realtime Admin."
    )
    realtimekit_org_id: str | None = Field(
        None, description="Organization of the older API, with `INVIGIL_REALTIMEKIT_API_KEY`."
    )
    realtimekit_api_key: SecretStr | None = Field(
        None, description="Key of the older API. The three of Cloudflare's own win over these two."
    )
    dyte_org_id: str | None = Field(
        None,
        validation_alias="DYTE_ORG_ID",
        description="`INVIGIL_REALTIMEKIT_ORG_ID` as the published tutorial names it.",
    )
    dyte_api_key: SecretStr | None = Field(
        None,
        validation_alias="DYTE_API_KEY",
        description="`INVIGIL_REALTIMEKIT_API_KEY` as the published tutorial names it.",
    )
    realtimekit_candidate_preset: str = Field(
        "group_call_participant", min_length=1, description="Preset of candidates in RealtimeKit."
    )
    realtimekit_proctor_preset: str = Field(
        "group_call_host",
        min_length=1,
        description="Preset of proctors in RealtimeKit; best one that is hidden and sends nothing.",
    )
    stun_urls: CommaList = Field(
        (),
        description="STUN servers for live video, separated by commas, such as "
        "`stun:stun.example.edu:3478`. None are needed on one network.",
    )
    turn_urls: CommaList = Field(
        (), description="TURN servers for live video, separated by commas."
    )
    turn_secret: SecretStr | None = Field(
        None, description="The `static-auth-secret` shared with coturn (`use-auth-secret`)."
    )
    turn_minutes: int = Field(
        360, ge=10, description="How long a TURN credential stays valid, in minutes."
    )
    relay_only: bool = Field(
        False, description="Send all video through TURN, so that no side sees the other's address."
    )
    classic_api: ClassicApi = Field(
        ClassicApi.TOKEN,
        description="Routes of the published tutorial: `token` (each candidate's own token is "
        "needed), `open` (as published, unsafe: anybody can post as anybody), `off`.",
    )
    log_format: LogFormat = Field(LogFormat.CONSOLE, description="`console` or `json` log lines.")
    metrics_token: SecretStr | None = Field(
        None,
        description="Secret of at least 16 characters with which Prometheus reads `/metrics`, as "
        "`Authorization: Bearer <token>`. Default: there is no `/metrics`. See docs/operations.md.",
    )
    traces: bool = Field(
        False,
        description="`on` sends traces of the frame calls by OpenTelemetry (needs the extra "
        "`otel`), to where OTEL_EXPORTER_OTLP_ENDPOINT says. See docs/operations.md.",
    )
    drain_seconds: float = Field(
        0,
        ge=0,
        le=300,
        description="How long a server that is told to end still serves while `/readyz` says 503, "
        "so that a load balancer has taken it out before connections close.",
    )

    @field_validator("stun_urls", "turn_urls", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"}:
            msg = "must be a scheme and a host, such as https://proctor.example.edu"
            raise ValueError(msg)
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("database_url", "db_user", "db_password", "db_host", "db_name", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        # The value is a secret and is not repeated.
        if value is not None and not value.get_secret_value().startswith(DATABASE_SCHEMES):
            msg = "must begin with postgresql:// (or sqlite+aiosqlite:///)"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _whole_tutorial(self) -> Self:
        if self.database_url is None and (self.db_host is None) != (self.db_user is None):
            given, missing = ("DB_HOST", "DB_USER") if self.db_host else ("DB_USER", "DB_HOST")
            msg = f"{given} is set and {missing} is not; both are needed for PostgreSQL"
            raise ValueError(msg)
        return self

    @field_validator("livekit_url", "livekit_api_url", "livekit_api_key", "livekit_api_secret")
    @classmethod
    def _empty_is_not_set(cls, value: object) -> object:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        return value if text else None

    @field_validator("livekit_url")
    @classmethod
    def _websocket(cls, value: str | None) -> str | None:
        return _address(value, {"ws", "wss"}, "wss://live.example.edu")

    @field_validator("livekit_api_url")
    @classmethod
    def _http(cls, value: str | None) -> str | None:
        return _address(value, {"http", "https"}, "http://livekit:7880")

    @model_validator(mode="after")
    def _whole_livekit(self) -> Self:
        names = ("livekit_url", "livekit_api_key", "livekit_api_secret")
        missing = [name for name in names if getattr(self, name) is None]
        wanted = self.meetings is LiveVideo.LIVEKIT or len(missing) < len(names)
        if wanted and missing:
            lacking = ", ".join(f"INVIGIL_{name.upper()}" for name in missing)
            msg = f"live video by LiveKit is asked for, and {lacking} is not set"
            raise ValueError(msg)
        return self

    @field_validator("evidence_url")
    @classmethod
    def _known_store(cls, value: str | None) -> str | None:
        if not value:
            return None
        if value in {IMGUR, IMGUR.rstrip(":")}:
            return IMGUR
        parts = urlsplit(value)
        if parts.scheme == "file" and not parts.netloc and parts.path.strip("/"):
            return value
        if parts.scheme in {"s3", "gs", "az"} and parts.netloc and "@" not in parts.netloc:
            return value
        msg = (
            "must be file:///folder, s3://bucket/prefix, gs://bucket/prefix or "
            "az://account/container/prefix; credentials go into the environment"
        )
        raise ValueError(msg)

    @model_validator(mode="after")
    def _whole_imgur(self) -> Self:
        if self.evidence_url != IMGUR:
            return self
        if self.imgur_client_id is None or not self.imgur_client_id.get_secret_value():
            msg = "IMGUR_CLIENT_ID is not set; INVIGIL_EVIDENCE_URL=imgur: needs it"
            raise ValueError(msg)
        if self.feed_url is not None:
            msg = (
                "INVIGIL_EVIDENCE_URL=imgur: is for one server alone: only the server that "
                "uploaded a picture can delete it. Use a bucket, or remove INVIGIL_FEED_URL"
            )
            raise ValueError(msg)
        return self

    @field_validator("metrics_token")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        if len(value.get_secret_value()) < TOKEN_LENGTH:
            msg = f"must have at least {TOKEN_LENGTH} characters, such as of `openssl rand -hex 24`"
            raise ValueError(msg)
        return value

    @field_validator("feed_url")
    @classmethod
    def _known_feed(cls, value: SecretStr | None) -> SecretStr | None:
        if value is None or not value.get_secret_value():
            return None
        parts = urlsplit(value.get_secret_value())
        if parts.scheme in {"redis", "rediss", "valkey", "valkeys"} and parts.hostname:
            return value
        # The value may hold a password and is not repeated.
        msg = "must be redis://host:6379/0, or rediss:// with TLS"
        raise ValueError(msg)

    @property
    def public_pictures(self) -> bool:
        """Whether evidence lies where anybody with a link can see it."""
        return self.evidence_url == IMGUR

    @property
    def base_url(self) -> str:
        """The address that links are made with, without a slash at the end."""
        if self.public_url:
            return self.public_url
        return f"{self.scheme}://{_as_browser_host(self.host)}:{self.port}"

    @property
    def scheme(self) -> str:
        """What this server itself speaks; a proxy in front may speak another."""
        return "https" if self.tls_self_signed else "http"

    @property
    def secure(self) -> bool:
        """Whether browsers come over HTTPS."""
        return self.base_url.startswith("https://")

    @property
    def models_dir(self) -> Path:
        """Where downloaded models lie."""
        return self.data_dir / "models"

    @property
    def max_image_bytes(self) -> int:
        return int(self.max_image_mb * 1_000_000)


def _address(value: str | None, schemes: set[str], example: str) -> str | None:
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in schemes or not parts.hostname or "@" in parts.netloc or parts.query:
        msg = f"must be an address such as {example}"
        raise ValueError(msg)
    return value.rstrip("/")


def _as_browser_host(host: str) -> str:
    # Cameras work only on https or localhost: link to localhost whenever it is this machine.
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_loopback or address.is_unspecified:
        return "localhost"
    return f"[{host}]" if address.version == 6 else host  # noqa: PLR2004 - the protocol's number
