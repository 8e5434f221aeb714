"""Accounts of organisers, and tokens of programs. Neither holds its secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from invigil.domain.actor import Scope

SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 200


@dataclass(frozen=True, slots=True)
class Account:
    """`password_hash`: Argon2id with its parameters, as the library writes it."""

    id: str
    name: str
    password_hash: str = field(repr=False)
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    """`expires_at` None: good until it is revoked."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def good(self, now: datetime) -> bool:
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)
