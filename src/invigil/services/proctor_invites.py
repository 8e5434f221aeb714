"""Inviting proctors to a session by a link, and taking the invitation back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from invigil.clock import Clock
from invigil.domain.access_errors import AlreadySignedIn, ProctorInviteUsed
from invigil.domain.actor import Organiser, Proctor, Staff
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.errors import NotFound
from invigil.domain.proctor_invite import ProctorInvite, ProctorInviteState
from invigil.domain.secrets import hash_token, new_id, new_token
from invigil.domain.session import ExamSession
from invigil.services.access import Login
from invigil.storage.database import Database, UnitOfWork


@dataclass(frozen=True, slots=True)
class Accepted:
    """`login`: None where the browser goes on with the cookie that it has."""

    staff: Staff
    login: Login | None
    session_id: str


class ProctorInvites:
    """`login_life`: how long whoever used a link stays signed in."""

    def __init__(self, database: Database, clock: Clock, *, login_life: timedelta) -> None:
        self._database = database
        self._clock = clock
        self._login_life = login_life

    def now(self) -> datetime:
        return self._clock()

    async def of_session(self, actor: Staff, session_id: str) -> Sequence[ProctorInvite]:
        """Newest first."""
        async with self._database.read() as work:
            session = await work.sessions.get(session_id)
            authorize(actor, Operation.PROCTORS_MANAGE, session)
            return await work.proctor_invites.of_session(session_id)

    async def invite(
        self, actor: Staff, session_id: str, name: str, life: timedelta
    ) -> tuple[ProctorInvite, str]:
        """A new invitation, and its secret, which is shown this once."""
        now, token = self._clock(), new_token()
        async with self._database.begin() as work:
            session = await work.sessions.get(session_id)
            authorize(actor, Operation.PROCTORS_MANAGE, session)
            invite = ProctorInvite(new_id(), session_id, name, now, now + life)
            await work.proctor_invites.add(invite, hash_token(token))
            act = Action.PROCTOR_INVITED
            work.audit.note(Act(act, actor_name(actor), now, session_id, ref=invite.id))
        return invite, token

    async def revoke(self, actor: Staff, session_id: str, invite_id: str) -> None:
        """From now on the link, and whoever used it, is refused. Done already is fine."""
        now = self._clock()
        async with self._database.begin() as work:
            found = await work.proctor_invites.get(session_id, invite_id)
            authorize(actor, Operation.PROCTORS_MANAGE, found)
            if await work.proctor_invites.revoke(invite_id, now):
                act = Action.PROCTOR_REVOKED
                work.audit.note(Act(act, actor_name(actor), now, session_id, ref=invite_id))

    async def show(self, token: str) -> tuple[ProctorInvite, ExamSession]:
        """What the link is for; looking does not use it up. Raises `ProctorInviteUsed`."""
        async with self._database.read() as work:
            return await self._open(work, token)

    async def accept(self, token: str, already: Staff | None) -> Accepted:
        """Use the link up. `already`: the proctor whose browser it is, who gets the session too.

        Raises `ProctorInviteUsed`, or `AlreadySignedIn` for an organiser, who needs no invitation.
        """
        now, cookie = self._clock(), new_token()
        until = now + self._login_life
        async with self._database.begin() as work:
            invite, _ = await self._open(work, token)
            if isinstance(already, Organiser):
                raise AlreadySignedIn
            proctor = already or Proctor(new_id(), invite.name)
            if not await work.proctor_invites.use(invite.id, proctor.id, now):
                raise ProctorInviteUsed
            if already is None:
                await work.access.add_login(proctor, hash_token(cookie), now, until)
            else:
                await work.access.prolong_login(already.id, until)
            act = Act(Action.SIGNED_IN, actor_name(proctor), now, invite.session_id, ref=invite.id)
            work.audit.note(act)
        login = Login(proctor, cookie, self._login_life) if already is None else None
        return Accepted(proctor, login, invite.session_id)

    async def _open(self, work: UnitOfWork, token: str) -> tuple[ProctorInvite, ExamSession]:
        invite = await work.proctor_invites.by_token(hash_token(token))
        if invite is None or invite.state(self._clock()) is not ProctorInviteState.OPEN:
            raise ProctorInviteUsed
        session = await work.sessions.get(invite.session_id)
        if session is None:
            raise NotFound
        return invite, session
