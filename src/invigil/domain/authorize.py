"""Who may do what to which object. One function, one table.

    incident = authorize(actor, Operation.INCIDENT_DECIDE, await work.incidents.get(incident_id))

An object that does not exist and one of somebody else's session are the same `NotFound`, so that
nobody can find out by trying which ids there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from invigil.domain.actor import (
    Actor,
    ApiClient,
    CandidateActor,
    Operator,
    Organiser,
    Proctor,
    Scope,
)
from invigil.domain.candidate import Candidate
from invigil.domain.errors import NotFound
from invigil.domain.session import ExamSession


class Operation(StrEnum):
    """What can be asked for. A new one needs its line in `ALLOWED`."""

    INSTALLATION_READ = "installation_read"
    """How the server is, which providers of live video it has."""
    LOGIN_OWN = "login_own"
    """See, and end, the sign-in that one came with."""
    SESSION_LIST = "session_list"
    """The list holds only what one may read."""
    SESSION_CREATE = "session_create"
    SESSION_READ = "session_read"
    """The session with its candidates, incidents, messages and observations."""
    SESSION_WATCH = "session_watch"
    """The live socket and live video."""
    SESSION_CLOSE = "session_close"
    PICTURE_READ = "picture_read"
    """Evidence, reference photos, newest stills."""
    MESSAGE_SEND = "message_send"
    CHECK_IN_DECIDE = "check_in_decide"
    CANDIDATE_ACT = "candidate_act"
    """Pause, resume, remove, let in again, end."""
    ACCOMMODATE = "accommodate"
    INVITES_READ = "invites_read"
    """Who is expected in a session, with their addresses."""
    INVITES_MANAGE = "invites_manage"
    """New links for candidates, taking them back, and whether the join link lets people in."""
    ROSTER_IMPORT = "roster_import"
    INCIDENT_DECIDE = "incident_decide"
    PRECISION_READ = "precision_read"
    """How right the rules were, over all sessions: sums that name nobody, for whoever decides."""
    HOLDS_READ = "holds_read"
    HOLDS_MANAGE = "holds_manage"
    CANDIDATE_EXPORT = "candidate_export"
    """Everything that is kept about one candidate."""
    CANDIDATE_ERASE = "candidate_erase"
    PROCTORS_MANAGE = "proctors_manage"
    """Invite proctors to a session, see and revoke them."""
    EXAM_TAKE = "exam_take"
    """What a candidate does in its own exam."""


class Who(StrEnum):
    """Sorts of actors. For an API client the scopes of its token decide."""

    ORGANISER = "organiser"
    PROCTOR = "proctor"
    CANDIDATE = "candidate"


_ORGANISER = frozenset({Who.ORGANISER})
_WATCHING = frozenset({Who.ORGANISER, Who.PROCTOR})
_TAKING = frozenset({Who.CANDIDATE})

ALLOWED: Mapping[Operation, tuple[frozenset[Who], Scope | None]] = {
    Operation.INSTALLATION_READ: (_WATCHING, Scope.SESSIONS_READ),
    Operation.LOGIN_OWN: (_WATCHING, None),
    Operation.SESSION_LIST: (_WATCHING, Scope.SESSIONS_READ),
    Operation.SESSION_CREATE: (_ORGANISER, Scope.SESSIONS_WRITE),
    Operation.SESSION_READ: (_WATCHING, Scope.SESSIONS_READ),
    Operation.SESSION_WATCH: (_WATCHING, None),
    Operation.SESSION_CLOSE: (_ORGANISER, Scope.SESSIONS_WRITE),
    Operation.PICTURE_READ: (_WATCHING, Scope.REVIEW_READ),
    Operation.MESSAGE_SEND: (_WATCHING, None),
    Operation.CHECK_IN_DECIDE: (_WATCHING, None),
    Operation.CANDIDATE_ACT: (_WATCHING, None),
    Operation.ACCOMMODATE: (_WATCHING, None),
    Operation.INVITES_READ: (_WATCHING, Scope.SESSIONS_READ),
    Operation.INVITES_MANAGE: (_WATCHING, Scope.SESSIONS_WRITE),
    Operation.ROSTER_IMPORT: (_ORGANISER, Scope.SESSIONS_WRITE),
    Operation.INCIDENT_DECIDE: (_WATCHING, Scope.REVIEW_WRITE),
    Operation.PRECISION_READ: (_WATCHING, Scope.REVIEW_READ),
    Operation.HOLDS_READ: (_ORGANISER, None),
    Operation.HOLDS_MANAGE: (_ORGANISER, None),
    Operation.CANDIDATE_EXPORT: (_ORGANISER, None),
    Operation.CANDIDATE_ERASE: (_ORGANISER, None),
    Operation.PROCTORS_MANAGE: (_ORGANISER, None),
    Operation.EXAM_TAKE: (_TAKING, None),
}
"""Which sorts of people may, and the scope with which a token may; None: no token may."""


@dataclass(frozen=True, slots=True)
class Installation:
    """The object of what concerns no single session."""


INSTALLATION = Installation()


class OfSession(Protocol):
    """Anything that belongs to one session: a candidate, an incident, a piece of evidence, ..."""

    @property
    def session_id(self) -> str: ...


@dataclass(frozen=True, slots=True)
class InSession:
    """For what is known by its session's id alone."""

    session_id: str


T = TypeVar("T", bound=OfSession | ExamSession | Installation)


def authorize(actor: Actor, operation: Operation, thing: T | None) -> T:
    """`thing`, when there is one and `actor` may do this with it. Raises `NotFound` otherwise."""
    if thing is None or not may(actor, operation, thing):
        raise NotFound
    return thing


def may(actor: Actor, operation: Operation, thing: OfSession | ExamSession | Installation) -> bool:
    """The same as an answer, for what the server decides by itself."""
    return _may(actor, operation) and _reaches(actor, thing)


def readable_sessions(actor: Actor) -> frozenset[str] | None:
    """Ids of the sessions that the actor may read; None for all. For filters in queries."""
    if isinstance(actor, Organiser | ApiClient | Operator):
        return None if _may(actor, Operation.SESSION_LIST) else frozenset()
    return actor.sessions if isinstance(actor, Proctor) else frozenset()


def _may(actor: Actor, operation: Operation) -> bool:
    people, scope = ALLOWED[operation]
    match actor:
        case Organiser() | Operator():
            return Who.ORGANISER in people
        case Proctor():
            return Who.PROCTOR in people
        case ApiClient():
            return scope is not None and scope in actor.scopes
        case CandidateActor():
            return Who.CANDIDATE in people
        case _:
            return False


def _reaches(actor: Actor, thing: OfSession | ExamSession | Installation) -> bool:
    """Whether the object is one of the actor's own sessions, or the candidate itself."""
    match actor:
        case Organiser() | ApiClient() | Operator():
            return True
        case Proctor():
            return isinstance(thing, Installation) or _session_of(thing) in actor.sessions
        case CandidateActor():
            return isinstance(thing, Candidate) and thing.id == actor.id
        case _:
            return False


def _session_of(thing: OfSession | ExamSession) -> str:
    return thing.id if isinstance(thing, ExamSession) else thing.session_id
