"""Who may join which room of live video, and who must leave it.

Nothing of the exam depends on it: where a provider is away, pages are told so and try again, and
what could not be ended there is ended later.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import structlog

from invigil.clock import Clock
from invigil.domain.actor import CandidateActor, Staff
from invigil.domain.authorize import Operation, authorize, may
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import (
    IllegalTransition,
    InvigilError,
    MediaNotFound,
    MediaUnavailable,
    NotFound,
    Removed,
    SessionClosed,
)
from invigil.domain.secrets import new_id, sign
from invigil.domain.session import ExamSession
from invigil.meetings import JoinGrant, MediaProvider, Meetings
from invigil.meetings.port import (
    MediaEvent,
    MediaEventKind,
    MediaRole,
    Participant,
    Room,
    RoomKey,
)
from invigil.services.candidates import load
from invigil.storage.database import Database
from invigil.storage.database.repositories.media import StoredMediaEvent, StoredRoom

log = structlog.get_logger(__name__)

TIDY_EVERY_S = 10.0
_LONGEST_IDENTITY = 64
_NOT_WELCOME = {CandidateState.REMOVED, CandidateState.FINISHED}


@dataclass(frozen=True, slots=True)
class Greeting:
    """What the hello of the live socket says of live video. `grant`: only where it comes so."""

    provider: str
    grant: JoinGrant | None


class Media:
    def __init__(self, database: Database, meetings: Meetings, clock: Clock, key: bytes) -> None:
        self.meetings = meetings
        self._database = database
        self._clock = clock
        self._key = key
        self.name = self.viewer("server", new_id())
        """What this server is called in rooms that it looks into; like a page's name."""
        # Who could not be removed because the provider was away. A restart forgets them; their
        # pages have left by themselves unless somebody tampered with them.
        self._to_kick: dict[str, Candidate] = {}
        # Consoles' pages that this server has let in: their names in rooms, by session and log-in.
        # Nobody tells of every page that is gone, so what is asked for is each log-in, once.
        self._watching: dict[tuple[str, str], set[str]] = {}
        self._wanted = asyncio.Event()

    def can_see(self, session: ExamSession) -> bool:
        """Whether this server itself is to look at the session's live tracks."""
        return session.provider in self.meetings.taps

    async def look(self, candidate: Candidate) -> bytes | None:
        """A JPEG of the candidate's live camera, as a proctor's page sees it.

        None where there is no such track right now. Raises `MediaUnavailable`.
        """
        async with self._database.read() as work:
            stored = await work.media.room(candidate.session_id, candidate.id)
        tap = None if stored is None else self.meetings.taps.get(stored.provider)
        if stored is None or tap is None:
            return None
        return await tap.look(_room(stored), self.name, candidate.id)

    async def working(self, within_s: float) -> dict[str, bool]:
        """Whether each provider of live video works, and answers within so many seconds."""
        providers = list(self.meetings)
        found = await asyncio.gather(*(_works(each, within_s) for each in providers))
        return {provider.id: works for provider, works in zip(providers, found, strict=True)}

    def viewer(self, proctor_id: str, page: str) -> str:
        """What a proctor's page is called in rooms. Only we can name it, and it names nobody."""
        return "v-" + sign(self._key, "viewer", proctor_id, page)

    async def greet(self, session_id: str, peer_id: str, role: MediaRole) -> Greeting:
        """For one page's live socket."""
        session = await self._database.fetch(lambda work: work.sessions.get(session_id))
        if session is None:
            raise NotFound
        provider = self.meetings.find(session.provider)
        if provider is None or not provider.capabilities.over_socket:
            return Greeting(session.provider, None)
        room = await provider.open(RoomKey(session_id), None)
        grant = await provider.join(room, Participant(peer_id, role), self._clock())
        return Greeting(session.provider, grant)

    async def admit_candidate(self, actor: CandidateActor) -> JoinGrant:
        """Let a candidate's page in. Raises what the provider raises, besides refusals."""
        async with self._database.read() as work:
            candidate, session = await load(work, actor.id)
        authorize(actor, Operation.EXAM_TAKE, candidate)
        if session.closed:
            raise SessionClosed
        if candidate.state is CandidateState.FINISHED:
            raise IllegalTransition("You have finished this exam.")
        if candidate.state is CandidateState.REMOVED:
            raise Removed
        who = Participant(candidate.id, MediaRole.CANDIDATE)
        return await self._admit(session, who, candidate.id)

    async def admit_proctor(
        self, actor: Staff, session_id: str, viewer: str, candidate_id: str | None
    ) -> JoinGrant:
        """Let a console's page in: to the session's room, or to that of one candidate."""
        async with self._database.read() as work:
            session = authorize(actor, Operation.SESSION_WATCH, await work.sessions.get(session_id))
            candidate = await work.candidates.get(candidate_id) if candidate_id else None
        if candidate_id and candidate is None:
            raise NotFound
        if candidate is not None and candidate.session_id != session_id:
            raise NotFound
        if session.closed:
            raise SessionClosed
        self._watching.setdefault((session_id, actor.id), set()).add(viewer)
        return await self._admit(session, Participant(viewer, MediaRole.PROCTOR), candidate_id)

    async def _admit(
        self, session: ExamSession, who: Participant, candidate_id: str | None
    ) -> JoinGrant:
        provider = self.meetings.get(session.provider)
        if not provider.capabilities.room_per_candidate:
            candidate_id = None
        elif candidate_id is None:
            raise NotFound
        room = await self._open(provider, RoomKey(session.id, candidate_id))
        return await provider.join(room, who, self._clock())

    async def _open(self, provider: MediaProvider, key: RoomKey) -> Room:
        async with self._database.read() as work:
            known = await work.media.room(key.session_id, key.candidate_id)
        room = await provider.open(key, known.ref if known else None)
        if known is not None and known.ref == room.ref:
            return room
        async with self._database.begin() as work:
            session = await work.sessions.get_alone(key.session_id)
            if session is None or session.closed:
                raise SessionClosed
            if known is not None:
                await work.media.delete_room(known)
            fresh = StoredRoom(key.session_id, key.candidate_id, provider.id, room.ref)
            stored = await work.media.add_room(fresh, self._clock())
        return Room(key, stored.ref)

    async def dismiss(self, candidate_id: str) -> None:
        """The candidate is done: out of the room, as soon as the provider answers."""
        async with self._database.read() as work:
            candidate, _ = await load(work, candidate_id)
        self._remove(candidate)

    def _remove(self, candidate: Candidate) -> None:
        self._to_kick[candidate.id] = candidate
        self.hurry()

    def hurry(self) -> None:
        """Something has ended: end it at the provider now. Nobody waits for the provider."""
        self._wanted.set()

    async def run(self) -> None:
        """End at the providers what has ended here, for as long as the server runs."""
        while True:
            self._wanted.clear()
            try:
                await self.tidy()
            except InvigilError as error:
                log.warning("rooms of live video could not be tidied", reason=error.code)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wanted.wait(), TIDY_EVERY_S)

    async def _kick(self, session_id: str, identity: str, candidate_id: str | None) -> None:
        """Out of the room of one candidate, or of all. Raises `MediaUnavailable`."""
        async with self._database.read() as work:
            rooms = await work.media.rooms(session_id)
        for stored in rooms:
            provider = self.meetings.find(stored.provider)
            if provider is None or candidate_id not in {None, stored.candidate_id or candidate_id}:
                continue
            with suppress(MediaNotFound):
                await provider.kick(_room(stored), identity)

    async def tidy(self) -> None:
        """End at the providers what has ended here and is not ended there yet.

        A provider that does not answer once is left alone until the next time.
        """
        away: set[str] = set()
        async with self._database.read() as work:
            left = await work.media.rooms_to_close()
        for stored in left:
            await self._unless_away(away, stored.provider, self._close(stored))
        for candidate in list(self._to_kick.values()):
            async with self._database.read() as work:
                session = await work.sessions.get(candidate.session_id)
                current = await work.candidates.get(candidate.id)
            # Who was let in again meanwhile may stay.
            let_in = current is not None and current.state not in _NOT_WELCOME
            if session is None or (let_in and not session.closed):
                self._to_kick.pop(candidate.id, None)
            else:
                await self._unless_away(away, session.provider, self._kick_candidate(candidate))
        for session, login_id in await self._uninvited():
            for viewer in tuple(self._watching.get((session.id, login_id), ())):
                kick = self._kick_viewer(session.id, login_id, viewer)
                await self._unless_away(away, session.provider, kick)

    async def _uninvited(self) -> Sequence[tuple[ExamSession, str]]:
        """Log-ins with pages in our rooms that ended, or were taken off the session.

        Their own pages have left by themselves, unless somebody tampered with them.
        """
        now, found = self._clock(), []
        async with self._database.read() as work:
            for session_id, login_id in list(self._watching):
                session = await work.sessions.get(session_id)
                if session is None or session.closed:  # then the rooms themselves end
                    self._watching.pop((session_id, login_id), None)
                    continue
                staff = await work.access.staff(login_id, now)
                if staff is None or not may(staff, Operation.SESSION_WATCH, session):
                    found.append((session, login_id))
        return found

    async def _kick_candidate(self, candidate: Candidate) -> None:
        await self._kick(candidate.session_id, candidate.id, candidate.id)
        self._to_kick.pop(candidate.id, None)

    async def _kick_viewer(self, session_id: str, login_id: str, viewer: str) -> None:
        await self._kick(session_id, viewer, None)
        pages = self._watching.get((session_id, login_id), set())
        pages.discard(viewer)
        if not pages:
            self._watching.pop((session_id, login_id), None)

    async def _unless_away(
        self, away: set[str], provider_id: str, call: Coroutine[None, None, None]
    ) -> None:
        if provider_id in away:
            call.close()
            return
        try:
            await call
        except MediaUnavailable as error:
            away.add(provider_id)
            log.warning(
                "live video: something is still to be ended",
                provider=provider_id,
                reason=error.code,
            )

    async def _close(self, stored: StoredRoom) -> None:
        """Raises `MediaUnavailable`."""
        provider = self.meetings.find(stored.provider)
        if provider is None:
            return
        with suppress(MediaNotFound):
            await provider.close(_room(stored))
        async with self._database.begin() as work:
            await work.media.delete_room(stored)

    async def take_webhook(self, provider_id: str, headers: Mapping[str, str], raw: bytes) -> int:
        """Note what a provider tells; gives how much of it was news.

        Raises `NotFound` for an unknown provider, `WebhookRefused` for a call of somebody else.
        """
        provider = self.meetings.find(provider_id)
        if provider is None:
            raise NotFound
        news = 0
        for event in provider.parse_webhook(headers, raw):
            news += await self._take(provider, event)
        return news

    async def _take(self, provider: MediaProvider, event: MediaEvent) -> bool:
        async with self._database.read() as work:
            stored = await work.media.room_by_ref(provider.id, event.room_ref)
        if stored is None:
            return False  # the room of another installation, or of a session that is gone
        async with self._database.begin() as work:
            session = await work.sessions.get_alone(stored.session_id)
            if session is None:
                return False
            fresh = await work.media.add_event(_stored(provider.id, stored, event))
            candidate = await work.candidates.get(event.identity)
        if fresh and event.kind is MediaEventKind.JOINED and candidate is not None:
            self._require_still_welcome(session, candidate)
        return fresh

    def _require_still_welcome(self, session: ExamSession, candidate: Candidate) -> None:
        """A grant outlives the exam by minutes: whoever comes back with it is sent away again."""
        if candidate.session_id != session.id:
            return
        if session.closed or candidate.state in _NOT_WELCOME:
            self._remove(candidate)


async def _works(provider: MediaProvider, within_s: float) -> bool:
    try:
        async with asyncio.timeout(within_s):
            await provider.health()
    except (InvigilError, TimeoutError):
        return False
    return True


def _room(stored: StoredRoom) -> Room:
    return Room(RoomKey(stored.session_id, stored.candidate_id), stored.ref)


def _stored(provider_id: str, room: StoredRoom, event: MediaEvent) -> StoredMediaEvent:
    return StoredMediaEvent(
        provider=provider_id,
        event_id=event.id,
        session_id=room.session_id,
        identity=event.identity[:_LONGEST_IDENTITY],
        kind=event.kind.value,
        track=event.track.value if event.track else None,
        at=event.at,
    )
