"""Who is expected in a session: lists of candidates, and the personal links that let them in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from invigil.clock import Clock
from invigil.domain.actor import Actor
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import (
    ConsentRequired,
    IllegalTransition,
    JoinLinkUnknown,
    NotFound,
    SessionClosed,
)
from invigil.domain.invite import Invite, InviteLink
from invigil.domain.invite_errors import InviteNotOpen, InviteOver, InviteRevoked, InviteSpent
from invigil.domain.message import Event, EventKind
from invigil.domain.names import name_key
from invigil.domain.secrets import hash_token, new_id, new_token
from invigil.domain.session import ExamSession
from invigil.services.roster_csv import Row, read, refuse, written
from invigil.storage.database import Database, UnitOfWork

_NO_TAB = ""

HEADER = (
    "name",
    "email",
    "external id",
    "window start",
    "window end",
    "state",
    "joined at",
    "arranged",
)


@dataclass(frozen=True, slots=True)
class Issued:
    """An invite with the secret of its new link, which is kept nowhere."""

    invite: Invite
    token: str


class Roster:
    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def import_list(
        self, actor: Actor, session_id: str, data: bytes, zone: tzinfo | None = None
    ) -> list[Issued]:
        """Invite everybody on a CSV list, or nobody when one line is wrong.

        Raises `RosterRefused` with each wrong line; who is invited already counts as wrong.
        """
        async with self._database.read() as work:  # before a wrong line says anything
            authorize(actor, Operation.ROSTER_IMPORT, await work.sessions.get(session_id))
        now = self._clock()
        # A long list takes a second, in which other requests are answered.
        rows, issued, links = await asyncio.to_thread(_prepared, session_id, data, zone, now)
        async with self._database.begin() as work:
            await _open_session(work, actor, Operation.ROSTER_IMPORT, session_id)
            refuse(_twice(rows, await work.roster.people(session_id)))
            await work.roster.add([each.invite for each in issued], links)
            detail = {"invites": len(issued)}
            work.audit.note(
                Act(Action.ROSTER_IMPORTED, actor_name(actor), now, session_id, detail=detail)
            )
        return issued

    async def of_session(
        self, actor: Actor, session_id: str
    ) -> tuple[ExamSession, Sequence[Invite]]:
        async with self._database.read() as work:
            session = authorize(actor, Operation.INVITES_READ, await work.sessions.get(session_id))
            return session, await work.roster.of_session(session_id)

    async def export(self, actor: Actor, session_id: str) -> str:
        """The list as CSV, without links: those are known only when they are made."""
        _, invites = await self.of_session(actor, session_id)
        async with self._database.begin() as work:
            act = Action.ROSTER_EXPORTED
            work.audit.note(Act(act, actor_name(actor), self._clock(), session_id))
        return written(HEADER, (_cells(each) for each in invites))

    async def revoke(self, actor: Actor, session_id: str, invite_id: str) -> Invite:
        """No link of the invite works any more. Who has joined by it stays in the exam."""
        now = self._clock()
        async with self._database.begin() as work:
            authorize(actor, Operation.INVITES_MANAGE, await work.sessions.get(session_id))
            invite = await _existing(work, session_id, invite_id)
            if not await work.roster.revoke_links(invite_id, now):
                raise IllegalTransition("This invitation has no link that works.")
            self._note(work, actor, Action.INVITE_REVOKED, invite, now)
        return replace(invite, link_works=False)

    async def reissue(self, actor: Actor, session_id: str, invite_id: str) -> Issued:
        """A new link instead of the old one; for somebody who has joined, a way to go on in
        another browser."""
        now, token = self._clock(), new_token()
        async with self._database.begin() as work:
            await _open_session(work, actor, Operation.INVITES_MANAGE, session_id)
            invite = await _existing(work, session_id, invite_id)
            await work.roster.revoke_links(invite_id, now)
            await work.roster.add_link(InviteLink(hash_token(token), invite_id, now))
            self._note(work, actor, Action.INVITE_REISSUED, invite, now)
        return Issued(replace(invite, link_works=True), token)

    async def set_invited_only(self, actor: Actor, session_id: str, *, invited_only: bool) -> None:
        """Whether the join link lets people in that have no invite."""
        now = self._clock()
        async with self._database.begin() as work:
            session = await _open_session(work, actor, Operation.INVITES_MANAGE, session_id)
            if session.invited_only == invited_only:
                return
            await work.sessions.set_invited_only(session_id, invited_only)
            work.events.note(Event(session_id, EventKind.SESSION_CHANGED, session_id, now))
            detail = {"invited_only": int(invited_only)}
            by = actor_name(actor)
            work.audit.note(Act(Action.ADMISSION_CHANGED, by, now, session_id, detail=detail))

    def _note(
        self, work: UnitOfWork, actor: Actor, action: Action, invite: Invite, now: datetime
    ) -> None:
        by, who = actor_name(actor), invite.candidate_id
        work.audit.note(Act(action, by, now, invite.session_id, who, ref=invite.id))

    async def find(self, token: str) -> tuple[Invite, ExamSession]:
        """The invite of a link that still lets somebody in, or will. Looking uses nothing up.

        Raises `JoinLinkUnknown`, a kind of `InviteSpent`, or `SessionClosed`.
        """
        async with self._database.read() as work:
            invite, link = await _linked(work, token)
            session = await work.sessions.get(invite.session_id)
        if session is None:
            raise JoinLinkUnknown
        require_usable(invite, link, self._clock())
        if session.closed:
            raise SessionClosed
        return invite, session

    def require_open(self, invite: Invite) -> None:
        """Raise `InviteNotOpen` before its time."""
        if invite.opens_at is not None and self._clock() < invite.opens_at:
            raise InviteNotOpen

    async def resume(self, token: str, *, accepted: bool) -> tuple[Candidate, str]:
        """By a new link of an invite that was used before: the same candidate goes on here.

        Gives the candidate and its new token; the old browser's stops working.
        """
        if not accepted:
            raise ConsentRequired
        now, fresh = self._clock(), new_token()
        async with self._database.begin() as work:
            invite, link = await _linked(work, token)
            require_usable(invite, link, now)
            _require_open(await work.sessions.get(invite.session_id))
            candidate_id = invite.candidate_id
            candidate = await work.candidates.get(candidate_id) if candidate_id else None
            if candidate is None or candidate.state is CandidateState.FINISHED:
                raise InviteSpent
            if not await work.roster.use(hash_token(token), candidate.id, now):
                raise InviteSpent
            changed = replace(candidate, token_hash=hash_token(fresh), tab=None)
            await work.candidates.save(changed)
            await work.access.delete_tickets(candidate.id)
            # The old browser's live socket hears of it, looks, and ends.
            gone = Event(invite.session_id, EventKind.TAKEN_OVER, _NO_TAB, now, candidate.id)
            work.events.note(gone)
            work.audit.note(
                Act(
                    Action.INVITE_USED,
                    f"candidate:{candidate.id}",
                    now,
                    invite.session_id,
                    candidate.id,
                    ref=invite.id,
                )
            )
        return changed, fresh


def links_csv(issued: Iterable[Issued], address: str) -> str:
    """What an office needs to send the links out. `address`: before the token."""
    return written(
        ("name", "email", "external id", "link"),
        (
            (i.invite.name, i.invite.email or "", i.invite.external_id or "", address + i.token)
            for i in issued
        ),
    )


def require_usable(invite: Invite, link: InviteLink, now: datetime) -> None:
    """Raise the kind of `InviteSpent` that says why the link lets nobody in any more."""
    if link.used_at is not None:
        raise InviteSpent
    if link.revoked_at is not None:
        raise InviteRevoked
    if invite.closes_at is not None and now >= invite.closes_at:
        raise InviteOver(invite.opens_at, invite.closes_at)


def _prepared(
    session_id: str, data: bytes, zone: tzinfo | None, now: datetime
) -> tuple[list[Row], list[Issued], list[InviteLink]]:
    """A list as it is read, and what is to be written. Raises `RosterRefused`."""
    rows = read(data, zone, now)
    issued = [_issue(session_id, row, now) for row in rows]
    links = [InviteLink(hash_token(each.token), each.invite.id, now) for each in issued]
    return rows, issued, links


def _issue(session_id: str, row: Row, now: datetime) -> Issued:
    invite = Invite(
        id=new_id(),
        session_id=session_id,
        name=row.name,
        email=row.email,
        external_id=row.external_id,
        created_at=now,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        accommodations=row.accommodations,
        link_works=True,
    )
    return Issued(invite, new_token())


def _key(external_id: str | None, email: str | None, name: str) -> tuple[str, str]:
    """What tells people of one list apart: the office's own id, else the address, else the name."""
    if external_id:
        return "id", external_id
    if email:
        return "email", email.casefold()
    return "name", name_key(name)


def _twice(rows: Sequence[Row], known: Sequence[tuple[str | None, str | None, str]]) -> list[str]:
    """`known`: external id, address and name of those who are invited already."""
    invited = {_key(*each) for each in known}
    lines: dict[tuple[str, str], int] = {}
    wrong = []
    for row in rows:
        key = _key(row.external_id, row.email, row.name)
        if key in invited:
            wrong.append(f"Line {row.line}: {row.name} is invited already.")
        elif key in lines:
            wrong.append(f"Line {row.line}: the same person as in line {lines[key]}.")
        lines.setdefault(key, row.line)
    return wrong


def _cells(invite: Invite) -> tuple[str, ...]:
    return (
        invite.name,
        invite.email or "",
        invite.external_id or "",
        *(each.isoformat() if each else "" for each in (invite.opens_at, invite.closes_at)),
        invite.state.value,
        invite.joined_at.isoformat() if invite.joined_at else "",
        " ".join(invite.accommodations.in_words()),
    )


async def _linked(work: UnitOfWork, token: str) -> tuple[Invite, InviteLink]:
    found = await work.roster.by_link(hash_token(token))
    if found is None:
        raise JoinLinkUnknown
    return found


async def _existing(work: UnitOfWork, session_id: str, invite_id: str) -> Invite:
    invite = await work.roster.get(session_id, invite_id)
    if invite is None:
        raise NotFound
    return invite


async def _open_session(
    work: UnitOfWork, actor: Actor, operation: Operation, session_id: str
) -> ExamSession:
    return _require_open(authorize(actor, operation, await work.sessions.get(session_id)))


def _require_open(session: ExamSession | None) -> ExamSession:
    if session is None:
        raise NotFound
    if session.closed:
        raise SessionClosed
    return session
