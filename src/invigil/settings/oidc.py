"""Settings of sign-in by OpenID Connect, with the accounts that a university has already."""

from __future__ import annotations

from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings

from invigil.settings.live_video import CommaList

_LISTS = ("oidc_emails", "oidc_domains", "oidc_groups")


class OidcSettings(BaseSettings):
    oidc_issuer: str | None = Field(
        None,
        description="Issuer of an OpenID Connect provider, such as `https://login.example.edu`. "
        "Organisers can then sign in with their accounts there. See docs/access.md.",
    )
    oidc_client_id: str | None = Field(
        None, description="What the provider calls this installation."
    )
    oidc_client_secret: SecretStr | None = Field(
        None, description="The secret that the provider gave with `INVIGIL_OIDC_CLIENT_ID`."
    )
    oidc_name: str = Field(
        "university account",
        min_length=1,
        max_length=60,
        description="What the button calls the account: Sign in with your ...",
    )
    oidc_emails: CommaList = Field(
        (), description="E-mail addresses that may sign in as organisers, separated by commas."
    )
    oidc_domains: CommaList = Field(
        (),
        description="Domains of e-mail addresses that may, such as `exams.example.edu`. Everybody "
        "with an address there becomes an organiser: best a domain of the exam office only.",
    )
    oidc_groups: CommaList = Field(
        (),
        description="Groups that may, as the provider puts them into `INVIGIL_OIDC_GROUPS_CLAIM`.",
    )
    oidc_groups_claim: str = Field(
        "groups", min_length=1, description="The claim of the ID token that lists groups."
    )
    oidc_scopes: str = Field(
        "openid email profile", description="Scopes that are asked for, separated by spaces."
    )

    @field_validator(*_LISTS, mode="before")
    @classmethod
    def _split_oidc(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("oidc_issuer")
    @classmethod
    def _oidc_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        local = parts.hostname in {"localhost", "127.0.0.1", "::1"}
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            msg = "must begin with https://, as the provider writes it"
            raise ValueError(msg)
        if not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
            msg = "must be an address such as https://login.example.edu"
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _whole_oidc(self) -> Self:
        names = ("oidc_issuer", "oidc_client_id", "oidc_client_secret")
        missing = [f"INVIGIL_{name.upper()}" for name in names if getattr(self, name) is None]
        if len(missing) == len(names):
            return self
        if missing:
            msg = f"sign-in by OpenID Connect is asked for, and {', '.join(missing)} is not set"
            raise ValueError(msg)
        if not any(getattr(self, name) for name in _LISTS):
            msg = (
                "sign-in by OpenID Connect needs to know who may: set INVIGIL_OIDC_EMAILS, "
                "INVIGIL_OIDC_DOMAINS or INVIGIL_OIDC_GROUPS"
            )
            raise ValueError(msg)
        if "openid" not in self.oidc_scopes.split():
            msg = "INVIGIL_OIDC_SCOPES must contain openid"
            raise ValueError(msg)
        return self
