"""The clockwork: notices silence, keeps the server's own heartbeat, tells how the server is."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from invigil.clock import Clock
from invigil.domain.candidate import CandidateState
from invigil.domain.changes import Close
from invigil.domain.errors import InvigilError, StorageFull
from invigil.domain.incident import IncidentKind
from invigil.domain.secrets import new_id
from invigil.monitoring.attendance import Attendance
from invigil.monitoring.health import Health
from invigil.monitoring.silence import Silence
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.incident_log import IncidentLog

log = structlog.get_logger(__name__)

TICK_S = 1.0
_AT_ONCE = 8
"""Silent candidates at a time. When the line of many goes, one transaction after another keeps
frames waiting on SQLite, and all together would take every connection to PostgreSQL."""
BEAT_EVERY = timedelta(seconds=5)
STALL = timedelta(seconds=10)
"""A tick so late means that the machine slept or stood still: that time is ours, as is the time
in which ticks failed because the database was away."""


class Watch:
    """Call `start` once, then `run` until it is cancelled."""

    def __init__(
        self,
        *,
        database: Database,
        incidents: IncidentLog,
        silence: Silence,
        health: Health,
        attendance: Attendance,
        clock: Clock,
        several: bool = False,
    ) -> None:
        """`several`: other servers may take the frames while this one cannot."""
        self._database = database
        self._incidents = incidents
        self._silence = silence
        self._health = health
        self._attendance = attendance
        self._clock = clock
        self._several = several
        self._run_id = new_id()
        self._last_beat: datetime | None = None
        self._last_tick: datetime | None = None
        self._interrupted = False
        self._there_until: datetime | None = None

    async def start(self) -> None:
        """Note the start, and the time without a server before it."""
        now = self._clock()
        async with self._database.begin() as work:
            last_beat = await work.runs.last_beat()
            if last_beat is not None and not await self._others(work, now):
                await self._silence.note_outage(work, self._incidents, last_beat, now)
            await work.runs.start(self._run_id, now)
        self._last_beat = self._last_tick = self._there_until = now

    async def run(self) -> None:
        """Tick for ever. A tick that fails is reported and the next one tries again."""
        while True:
            await asyncio.sleep(TICK_S)
            try:
                await self.tick()
            except StorageFull:
                self._health.database_full(True)
            except InvigilError as error:
                log.warning("watch could not work", reason=error.code)
            except Exception:
                log.exception("watch has a defect")

    async def tick(self) -> None:
        try:
            await self._work(self._clock())
        except Exception:
            # Whatever it was: time in which we did not watch is ours.
            self._interrupted = True
            raise

    async def _work(self, now: datetime) -> None:
        late = self._last_tick is not None and now - self._last_tick > STALL
        self._last_tick = now
        if late or self._interrupted:
            async with self._database.begin() as work:
                # The database is away for all servers alike, a stall is one server's own.
                if self._interrupted or not await self._others(work, now):
                    until = self._there_until or now
                    await self._silence.note_outage(work, self._incidents, until, now)
            self._interrupted = False
        await self._look_for_silence(now)
        await self._beat(now)
        self._there_until = now
        self._health.tell()

    async def _others(self, work: UnitOfWork, now: datetime) -> bool:
        """Whether another server was there all the time, so that nothing was missed."""
        if not self._several:
            return False
        beat = await work.runs.last_beat(besides=self._run_id)
        return beat is not None and now - beat <= STALL

    async def _look_for_silence(self, now: datetime) -> None:
        async with self._database.read() as work:
            sessions = {s.id: s for s in await work.sessions.all()}
            known = await work.incidents.candidates_with_open(IncidentKind.CAMERA_LOST)
            monitored = await work.candidates.monitored()
            silent = [
                candidate.id
                for candidate in monitored
                if candidate.id not in known
                and self._silence.suspect(
                    candidate, candidate.policy(sessions[candidate.session_id]), now
                )
            ]
        self._attendance.look({each.session_id for each in monitored}, now)
        for place in range(0, len(silent), _AT_ONCE):
            some = silent[place : place + _AT_ONCE]
            tried = await asyncio.gather(
                *(self._record(candidate_id, now) for candidate_id in some), return_exceptions=True
            )
            for error in tried:
                if error is not None:
                    raise error

    async def _record(self, candidate_id: str, now: datetime) -> None:
        """Judge again inside the transaction: a frame may have come in between."""

        async def record(work: UnitOfWork) -> None:
            candidate = await work.candidates.get(candidate_id)
            if candidate is None or candidate.state is not CandidateState.IN_ROOM:
                return
            session = await work.sessions.get(candidate.session_id)
            if session is None or session.closed:
                return
            incidents = await work.incidents.open_of(candidate.id)
            policy = candidate.policy(session)
            # Only a frame ends a silence. What goes on after a break began before it, so that one
            # that another server has just recorded again would look ended here.
            changes = [
                change
                for change in self._silence.judge(candidate, policy, now, incidents)
                if not isinstance(change, Close)
            ]
            await self._silence.record(work, self._incidents, candidate, changes, now)

        await self._database.write(record)

    async def _beat(self, now: datetime) -> None:
        if self._last_beat is None or now - self._last_beat >= BEAT_EVERY:
            async with self._database.begin() as work:
                await work.runs.beat(self._run_id, now)
            self._last_beat = now
