"""Who is asking: sign-in links, log-ins, candidates' tokens and socket tickets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from invigil.clock import Clock
from invigil.domain.access_errors import SignInLinkUnknown, SignInLinkUsed
from invigil.domain.actor import CandidateActor, Organiser, Staff, Ticket
from invigil.domain.audit import SERVER, Act, Action, actor_name
from invigil.domain.authorize import InSession, Operation, authorize, may
from invigil.domain.candidate import CandidateState
from invigil.domain.errors import NotFound, NotSignedIn, Removed, SessionClosed, TakenOver
from invigil.domain.secrets import hash_token, new_id, new_token
from invigil.domain.settings_record import changed, record
from invigil.services.candidates import load
from invigil.storage.database import Database, UnitOfWork

TOKENS_REMEMBERED = 10_000
TICKET_LIFE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh log-in. `token` goes into the cookie and is kept nowhere else."""

    staff: Staff
    token: str
    lifetime: timedelta


class Access:
    def __init__(
        self, database: Database, clock: Clock, *, link_life: timedelta, login_life: timedelta
    ) -> None:
        self._database = database
        self._clock = clock
        self._link_life = link_life
        self._login_life = login_life
        self._known_tokens: dict[str, None] = {}  # oldest first

    async def note_start(self, what_runs: Mapping[str, str], settings: Mapping[str, str]) -> None:
        """Put the start of a server on record, with the versions of what runs in it, and which of
        its settings (without secrets) are others than those of the start before."""
        kept = record(settings)
        async with self._database.begin() as work:
            before = await work.audit.last_of([Action.SERVER_STARTED])
            different = changed(json.loads(before.detail) if before else {}, kept)
            detail = {
                **what_runs,
                **kept,
                "settings_changed": different,
                "master": work.keys.vault.newest,
            }
            work.audit.note(Act(Action.SERVER_STARTED, SERVER, self._clock(), detail=detail))

    async def new_sign_in_link(self) -> str:
        """The secret of a link that signs an organiser in once."""
        token = new_token()
        async with self._database.begin() as work:
            await work.access.add_sign_in_link(hash_token(token), self._clock() + self._link_life)
        return token

    async def sign_in(self, token: str) -> Login:
        """Use a link up. Raises `SignInLinkUsed`, or `SignInLinkUnknown` when it has expired or
        never was. Only who holds the whole secret can tell the two apart."""
        now = self._clock()
        organiser = Organiser(new_id(), "Organiser")
        cookie = new_token()
        async with self._database.begin() as work:
            if not await work.access.use_sign_in_link(hash_token(token), now):
                used = await work.access.sign_in_link_was_used(hash_token(token))
                raise SignInLinkUsed if used else SignInLinkUnknown
            await work.access.add_login(organiser, hash_token(cookie), now, now + self._login_life)
            work.audit.note(Act(Action.SIGNED_IN, actor_name(organiser), now))
        return Login(organiser, cookie, self._login_life)

    async def sign_out(self, staff: Staff) -> None:
        async with self._database.begin() as work:
            await work.access.delete_login(staff.id)
            work.audit.note(Act(Action.SIGNED_OUT, actor_name(staff), self._clock()))

    async def staff(self, cookie: str | None) -> Staff:
        """Who has this cookie, with what they may reach right now. Raises `NotSignedIn`."""
        if not cookie:
            raise NotSignedIn
        staff = await self._database.fetch(
            lambda work: work.access.staff_by(hash_token(cookie), self._clock())
        )
        if staff is None:
            raise NotSignedIn
        return staff

    async def may_still_watch(self, ticket: Ticket) -> bool:
        """Whether whoever came with this console's ticket is still signed in, and invited."""
        staff = await self._database.fetch(
            lambda work: work.access.staff(ticket.actor_id, self._clock())
        )
        return staff is not None and may(
            staff, Operation.SESSION_WATCH, InSession(ticket.session_id)
        )

    async def require_place(self, ticket: Ticket) -> None:
        """Whether whoever came with this ticket of a candidate may still be connected.

        Raises `NotSignedIn` where its token is not the candidate's any more, `Removed`,
        `TakenOver` by another tab, and `SessionClosed`.
        """
        try:
            candidate, session = await self._database.fetch(
                lambda work: load(work, ticket.actor_id)
            )
        except NotFound:
            raise NotSignedIn from None
        if candidate.token_hash != ticket.holder:
            raise NotSignedIn
        if candidate.state is CandidateState.REMOVED:
            raise Removed
        if candidate.tab != ticket.tab:
            raise TakenOver
        if session.closed:
            raise SessionClosed

    async def candidate(self, token: str | None) -> CandidateActor:
        """The candidate of a bearer token. Raises `NotSignedIn`."""
        if not token:
            raise NotSignedIn
        candidate = await self._database.fetch(
            lambda work: work.candidates.by_token_hash(hash_token(token))
        )
        if candidate is None:
            raise NotSignedIn
        removed = candidate.state is CandidateState.REMOVED
        return CandidateActor(
            candidate.id, candidate.session_id, removed=removed, token_hash=candidate.token_hash
        )

    async def known_token(self, token: str | None) -> str:
        """The hash of a token that is some candidate's, or was when it was last asked for.

        Enough to let somebody send a picture; whoever takes it looks the candidate up by the
        hash. Raises `NotSignedIn`.
        """
        if not token:
            raise NotSignedIn
        hashed = hash_token(token)
        if hashed not in self._known_tokens:
            await self.candidate(token)
            while len(self._known_tokens) >= TOKENS_REMEMBERED:
                self._known_tokens.pop(next(iter(self._known_tokens)))
            self._known_tokens[hashed] = None
        return hashed

    async def issue_ticket(
        self, actor: Staff | CandidateActor, session_id: str, tab: str | None
    ) -> str:
        """A one-use pass for a socket, valid for `TICKET_LIFE`."""
        token = new_token()
        ticket = Ticket(
            role="proctor" if isinstance(actor, Staff) else "candidate",
            actor_id=actor.id,
            session_id=session_id,
            tab=tab,
            expires_at=self._clock() + TICKET_LIFE,
        )

        async def issue(work: UnitOfWork) -> None:
            session = await work.sessions.get(session_id)
            if isinstance(actor, CandidateActor):
                candidate = await work.candidates.get(actor.id)
                authorize(actor, Operation.EXAM_TAKE, candidate)
                if session is None or candidate is None:
                    raise NotFound
                if candidate.token_hash != actor.token_hash:
                    raise NotSignedIn  # it was replaced a moment ago
            else:
                authorize(actor, Operation.SESSION_WATCH, session)
            await work.access.add_ticket(hash_token(token), ticket)
            if isinstance(actor, Staff):
                now = self._clock()
                work.audit.note(Act(Action.CONSOLE_OPENED, actor_name(actor), now, session_id))

        # At the beginning of an exam everybody wants one.
        await self._database.write(issue)
        return token

    async def take_ticket(self, token: str) -> Ticket | None:
        """The ticket, once; None when it is unknown, used or too old."""
        return await self._database.write(
            lambda work: work.access.take_ticket(hash_token(token), self._clock())
        )

    async def forget_expired(self) -> None:
        async with self._database.begin() as work:
            await work.access.delete_expired(self._clock())
