"""Who is asking. Identity comes from the session cookie or the bearer token, from nothing else.

What each may do is in `invigil.domain.authorize`.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    """Somebody on this side of the exam. `id` is of the sign-in (or token), stable for its life."""

    id: str
    name: str


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
    """The holder of a candidate's token."""

    id: str
    session_id: str


Actor = Staff | CandidateActor


@dataclass(frozen=True, slots=True)
class Ticket:
    """A one-use pass for a socket. `role` is "proctor" or "candidate": the side of the exam."""

    role: str
    actor_id: str
    session_id: str
    tab: str | None
    expires_at: datetime
