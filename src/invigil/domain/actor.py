"""Who is asking. Identity comes from the session cookie or the bearer token, from nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Proctor:
    """Somebody who signed in by a one-use link. `id` is of the sign-in, stable for its life."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class CandidateActor:
    """The holder of a candidate's token."""

    id: str
    session_id: str


Actor = Proctor | CandidateActor


@dataclass(frozen=True, slots=True)
class Ticket:
    """A one-use pass for a socket. `role` is "proctor" or "candidate"."""

    role: str
    actor_id: str
    session_id: str
    tab: str | None
    expires_at: datetime
