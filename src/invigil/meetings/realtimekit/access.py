"""Where the API is and who we are there. Three generations of it name their resources alike:

https://api.dyte.io/v2                                                 Basic   Dyte
https://api.realtime.cloudflare.com/v2                                 Basic   in between
https://api.cloudflare.com/client/v4/accounts/{}/realtime/kit/{}       Bearer  today's
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import urlsplit

BETWEEN = "https://api.realtime.cloudflare.com/v2"
TODAY = "https://api.cloudflare.com/client/v4"
_KEY_PATH = "/.well-known/webhooks.json"
_GATEWAY, _REALTIME = "api.cloudflare.com", "https://api.realtime.cloudflare.com"


@dataclass(frozen=True, slots=True)
class Basic:
    """`names`: the settings that these came from."""

    org_id: str
    api_key: str = field(repr=False)
    names: tuple[str, ...] = ("INVIGIL_REALTIMEKIT_ORG_ID", "INVIGIL_REALTIMEKIT_API_KEY")

    @property
    def header(self) -> str:
        return "Basic " + base64.b64encode(f"{self.org_id}:{self.api_key}".encode()).decode()

    path = ""


@dataclass(frozen=True, slots=True)
class Bearer:
    account_id: str
    app_id: str
    api_token: str = field(repr=False)
    names: tuple[str, ...] = (
        "INVIGIL_REALTIMEKIT_ACCOUNT_ID",
        "INVIGIL_REALTIMEKIT_APP_ID",
        "INVIGIL_REALTIMEKIT_API_TOKEN",
    )

    @property
    def header(self) -> str:
        return f"Bearer {self.api_token}"

    @property
    def path(self) -> str:
        return f"/accounts/{self.account_id}/realtime/kit/{self.app_id}"


@dataclass(frozen=True, slots=True)
class Access:
    """`base`: as given, without what a generation adds to it; None is the vendor's own."""

    credentials: Basic | Bearer
    base: str | None = None

    @property
    def url(self) -> str:
        base = self.base or (TODAY if isinstance(self.credentials, Bearer) else BETWEEN)
        return base.rstrip("/") + self.credentials.path

    @property
    def key_url(self) -> str:
        """Where the public key of webhooks lies."""
        parts = urlsplit(self.url)
        if parts.hostname == _GATEWAY:
            return _REALTIME + _KEY_PATH
        return f"{parts.scheme}://{parts.netloc}{_KEY_PATH}"

    @property
    def page_domain(self) -> str | None:
        """What pages are told instead of `realtime.cloudflare.com`; None for that itself. The
        vendor's code for pages takes no address of Dyte any more."""
        host = urlsplit(self.url).hostname or ""
        if host == _GATEWAY or host.endswith((".realtime.cloudflare.com", ".dyte.io", ".dyte.in")):
            return None
        return urlsplit(self.url).netloc
