"""Settings of the server itself: where it listens, who signs in, what looks at frames."""

from __future__ import annotations

import ipaddress
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings


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


class LogFormat(StrEnum):
    CONSOLE = "console"
    JSON = "json"


TOKEN_LENGTH = 16


class ServerSettings(BaseSettings):
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
    api_calls_per_minute: int = Field(
        600, ge=1, description="Calls accepted with one API token in a minute."
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

    @field_validator("public_url")
    @classmethod
    def _origin_only(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.netloc or parts.path not in {"", "/"}:
            msg = "must be a scheme and a host, such as https://proctor.example.edu"
            raise ValueError(msg)
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("metrics_token")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < TOKEN_LENGTH:
            msg = f"must have at least {TOKEN_LENGTH} characters, such as of `openssl rand -hex 24`"
            raise ValueError(msg)
        return value

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
    def max_image_bytes(self) -> int:
        return int(self.max_image_mb * 1_000_000)


def _as_browser_host(host: str) -> str:
    # Cameras work only on https or localhost: link to localhost whenever it is this machine.
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.is_loopback or address.is_unspecified:
        return "localhost"
    return f"[{host}]" if address.version == 6 else host  # noqa: PLR2004 - the protocol's number
