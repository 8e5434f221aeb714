"""Who is asking. Identity comes from the session cookie or the bearer token, from nothing else.

What each may do is in `invigil.domain.authorize`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Role(StrEnum):
    """Of somebody who signs in."""

    ORGANISER = "organiser"
    PROCTOR = "proctor"


class Scope(StrEnum):
    """What a token of an API client is good for."""

    SESSIONS_READ = "sessions:read"
    SESSIONS_WRITE = "sessions:write"
    REVIEW_READ = "review:read"
    REVIEW_WRITE = "review:write"


@dataclass(frozen=True, slots=True)
class Staff:
    """Somebody on this side of the exam. `id` is of the sign-in (or token), stable for its life.

    `account_id`: of the account that signed in; None for who came by a link, or is a program.
    """

    id: str
    name: str
    account_id: str | None = field(default=None, kw_only=True)

    @property
    def person(self) -> str:
        """Who decides: the same for all sign-ins of one account, else each sign-in its own."""
        return self.account_id or self.id


@dataclass(frozen=True, slots=True)
class Organiser(Staff):
    """Runs the installation's exams: every session, and who watches it."""


@dataclass(frozen=True, slots=True)
class Proctor(Staff):
    """Was invited. `sessions`: ids of those that may be watched, as of this request."""

    sessions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ApiClient(Staff):
    """A program with a token of its own, which an organiser made."""

    scopes: frozenset[Scope] = frozenset()


@dataclass(frozen=True, slots=True)
class CandidateActor:
    """The holder of a candidate's token, whose hash is `token_hash`.

    `removed`: taken out of the exam room right now.
    """

    id: str
    session_id: str
    removed: bool = False
    token_hash: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs `invigil` on the server itself, and so has its files."""


OPERATOR = Operator()

Actor = Staff | CandidateActor | Operator


@dataclass(frozen=True, slots=True)
class Ticket:
    """A one-use pass for a socket. `role` is "proctor" or "candidate": the side of the exam.

    `holder`: of a candidate's, once it is taken: the hash of the token with which it was got.
    """

    role: str
    actor_id: str
    session_id: str
    tab: str | None
    expires_at: datetime
    holder: str | None = field(default=None, repr=False)
