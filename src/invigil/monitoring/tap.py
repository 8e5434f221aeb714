"""The server's own eye: is the live track what the page posts? Beside requests, now and then.

A page that somebody tampered with could post other pictures than those that the proctor sees.
Being unable to look, for whatever reason, says nothing about anybody.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from invigil.clock import Clock
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.changes import Change, Open
from invigil.domain.errors import ImageRefused, InvigilError
from invigil.domain.incident import Incident, IncidentKind
from invigil.domain.secrets import new_id
from invigil.domain.session import ExamSession
from invigil.domain.tap import TapLook
from invigil.feed.peer import Peer, Role
from invigil.feed.presence import Presence
from invigil.rules.frames_do_not_match_video import judge_looks, window
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner
from invigil.storage.incident_log import IncidentLog, Photo
from invigil.vision.same_scene import side_by_side, similarity

log = structlog.get_logger(__name__)

TICK_S = 1.0
AT_ONCE = 2
FRESH = timedelta(seconds=6)
"""How old the posted picture may be, that people are still where the live one shows them."""


class Eye(Protocol):
    """Sees what a proctor's page sees."""

    @property
    def name(self) -> str:
        """What the server is called in rooms."""
        ...

    def can_see(self, session: ExamSession) -> bool: ...

    async def look(self, candidate: Candidate) -> bytes | None:
        """A JPEG of the live camera, or None where there is none. Raises `MediaUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class _Seen:
    """Two pictures of about the same moment, and how alike they are."""

    posted: bytes
    live: bytes
    look: TapLook


class Tap:
    """Call `run`; it goes on until it is cancelled. `every`: from look to look at a candidate."""

    def __init__(
        self,
        *,
        database: Database,
        store: EvidenceStore,
        presence: Presence,
        eye: Eye,
        every: timedelta,
        clock: Clock,
    ) -> None:
        self._database = database
        self._store = store
        self._incidents = IncidentLog(store)
        self._presence = presence
        self._eye = eye
        self._every = every
        self._clock = clock
        self._peers: dict[str, Peer] = {}
        self._tried: dict[str, datetime] = {}

    async def run(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            await self.tick()

    async def tick(self) -> None:
        """Look at everybody who is due, the longest waiting first, a few at once."""
        due = await self._due(self._clock())
        few = asyncio.Semaphore(AT_ONCE)

        async def look(candidate_id: str) -> None:
            async with few:
                await self._look(candidate_id)

        results = await asyncio.gather(*map(look, due), return_exceptions=True)
        wrong = [each for each in results if isinstance(each, BaseException)]
        defects = [each for each in wrong if not isinstance(each, InvigilError)]
        if defects:
            raise defects[0]
        if wrong:
            reasons = sorted({each.code for each in wrong if isinstance(each, InvigilError)})
            log.warning("live video could not be looked at", times=len(wrong), reasons=reasons)

    async def _due(self, now: datetime) -> Sequence[str]:
        async with self._database.read() as work:
            sessions = {
                each.id: each
                for each in await work.sessions.all()
                if not each.closed and self._eye.can_see(each)
            }
            inside = [c for c in await work.candidates.monitored() if c.session_id in sessions]
        self._show_ourselves(sessions)
        known = {candidate.id for candidate in inside}
        self._tried = {id_: at for id_, at in self._tried.items() if id_ in known}
        due = [c for c in inside if self._is_due(c, now)]
        return [c.id for c in sorted(due, key=lambda c: self._tried.get(c.id, c.joined_at))]

    def _show_ourselves(self, sessions: dict[str, ExamSession]) -> None:
        """Pages let those alone see their tracks of whom they are told, and so also of us."""
        for session_id in sessions.keys() - self._peers.keys():
            peer = Peer(new_id(), Role.PROCTOR, session_id, viewer=self._eye.name, page=False)
            self._peers[session_id] = peer
            self._presence.join(peer)
        for session_id in self._peers.keys() - sessions.keys():
            self._presence.leave(self._peers.pop(session_id))

    def _is_due(self, candidate: Candidate, now: datetime) -> bool:
        tried = self._tried.get(candidate.id)
        return _fresh(candidate, now) and (tried is None or now - tried >= self._every)

    async def _look(self, candidate_id: str) -> None:
        """Raises `InvigilError` where that was not possible."""
        async with self._database.read() as work:
            candidate = await work.candidates.get(candidate_id)
        # The turn may have come late.
        if candidate is None or not _fresh(candidate, self._clock()):
            return
        self._tried[candidate_id] = self._clock()
        live = await self._eye.look(candidate)
        if live is None:
            return
        seen = await self._compare(candidate, live)
        if seen is not None:
            await self._note(candidate, seen)

    async def _compare(self, candidate: Candidate, live: bytes) -> _Seen | None:
        """None where the candidate's page has stopped to post meanwhile."""
        now = self._clock()
        async with self._database.read() as work:
            current = await work.candidates.get(candidate.id)
        if current is None or not _fresh(current, now):
            return None
        posted = await self._store.get_still(Owner(candidate.session_id, candidate.id))
        try:
            alike = await asyncio.to_thread(similarity, posted, live)
        except ImageRefused:
            alike = None
        return _Seen(posted, live, TapLook(new_id(), now, alike))

    async def _note(self, candidate: Candidate, seen: _Seen) -> None:
        async with self._database.read() as work:
            expected = await self._judged(work, candidate, seen.look)
        photo: Photo | None = None
        if isinstance(expected, Open):
            both = await asyncio.to_thread(side_by_side, seen.posted, seen.live)
            photo = await self._incidents.keep(candidate, both, seen.look.at)
        used = False
        try:
            async with self._database.begin() as work:
                used = await self._record(work, candidate.id, seen.look, photo)
        finally:
            if photo is not None and not used:
                await self._incidents.drop([photo])

    async def _record(
        self, work: UnitOfWork, candidate_id: str, look: TapLook, photo: Photo | None
    ) -> bool:
        """Whether the photo was used."""
        candidate = await work.candidates.get(candidate_id)
        if candidate is None or candidate.state is not CandidateState.IN_ROOM:
            return False
        change = await self._judged(work, candidate, look)
        await work.tap.add(candidate.id, look)
        # Another server's look made the difference: the next one opens it, with its pictures.
        if change is None or (isinstance(change, Open) and photo is None):
            return False
        photos = [] if photo is None else [photo]
        await self._incidents.apply(work, candidate, [change], look.at, photos)
        return isinstance(change, Open)

    async def _judged(self, work: UnitOfWork, candidate: Candidate, look: TapLook) -> Change | None:
        since = look.at - window(self._every)
        looks = await work.tap.recent(candidate.id, max(since, candidate.entered_at or since))
        open_one = _open_one(await work.incidents.open_of(candidate.id))
        return judge_looks(self._every, [*looks, look], open_one)


def _fresh(candidate: Candidate, now: datetime) -> bool:
    last = candidate.last_frame_at
    in_room = candidate.state is CandidateState.IN_ROOM
    return in_room and candidate.has_still and last is not None and now - last < FRESH


def _open_one(incidents: Sequence[Incident]) -> Incident | None:
    kind = IncidentKind.FRAMES_DO_NOT_MATCH_VIDEO
    return next((each for each in incidents if each.kind is kind), None)
