"""Secrets that anybody could guess are no secrets: a server for others does not start with them."""

from __future__ import annotations

import base64
import binascii
import ipaddress
from typing import Self
from urllib.parse import urlsplit

from pydantic import SecretStr, model_validator

from invigil.settings.live_video import LiveVideoSettings
from invigil.settings.oidc import OidcSettings
from invigil.settings.retention import RetentionSettings
from invigil.settings.server import ServerSettings
from invigil.settings.storage import StorageSettings

SHORTEST = {
    "metrics_token": 16,
    "livekit_api_secret": 32,
    "turn_secret": 16,
    "oidc_client_secret": 16,
    "realtimekit_api_token": 16,
    "realtimekit_api_key": 16,
    "db_password": 8,
}
"""In characters, by the setting."""
_FEWEST_DIFFERENT = 6
_KNOWN = (
    "changeme",
    "change-me",
    "change_me",
    "change this",
    "example",
    "default",
    "password",
    "passw0rd",
    "secret",
    "insecure",
    "devkey",
    "12345678",
    "your-",
    "your_",
    "replace",
)
"""Texts of documentation and examples: a secret that holds one has not been chosen."""


def weakness(secret: str, shortest: int) -> str | None:
    """What is wrong with a secret, without repeating it; None when nothing is."""
    if len(secret) < shortest:
        return f"must have at least {shortest} characters"
    if len(set(secret)) < _FEWEST_DIFFERENT:
        return "has hardly any different characters"
    lower = secret.lower()
    if any(word in lower for word in _KNOWN):
        return "is a word of an example, not a secret"
    return None


def _weak_master_key(text: str) -> bool:
    """Of which the bytes are no random ones: all alike, or readable text."""
    for word in text.replace("\n", ",").split(","):
        try:
            key = base64.b64decode(word.strip(), validate=True)
        except (binascii.Error, ValueError):
            continue  # refused where it is read, with its own words
        if key and (len(set(key)) < 2 * _FEWEST_DIFFERENT or key.isascii()):
            return True
    return False


def _is_local(host: str | None) -> bool:
    if host is None or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class StrongSettings(
    LiveVideoSettings, RetentionSettings, StorageSettings, OidcSettings, ServerSettings
):
    @property
    def local(self) -> bool:
        """Whether only this machine itself can reach the server."""
        own = _is_local(self.host) and not self.tls_self_signed
        return own and _is_local(urlsplit(self.base_url).hostname)

    @model_validator(mode="after")
    def _no_weak_secrets(self) -> Self:
        if self.local:
            return self
        wrong = []
        for name, shortest in SHORTEST.items():
            secret: SecretStr | None = getattr(self, name)
            if secret is None:
                continue
            fault = weakness(secret.get_secret_value(), shortest)
            if fault is not None:
                variable = name.upper() if name.startswith("db_") else f"INVIGIL_{name.upper()}"
                wrong.append(f"{variable} {fault}")
        if self.master_key and _weak_master_key(self.master_key.get_secret_value()):
            wrong.append("INVIGIL_MASTER_KEY is not made of random bytes")
        if wrong:
            msg = (
                "; ".join(wrong)
                + ". Others can reach this server: make secrets with `openssl rand -hex 32` "
                "(INVIGIL_MASTER_KEY with `openssl rand -base64 32`)"
            )
            raise ValueError(msg)
        return self
