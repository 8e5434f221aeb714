"""One frame on its way through the house."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from invigil.clock import Clock
from invigil.domain.candidate import Candidate
from invigil.domain.changes import Ruling, WarningCode
from invigil.domain.errors import (
    InvigilError,
    NotFound,
    NotSignedIn,
    StorageFull,
    Unavailable,
)
from invigil.domain.incident import Incident, ObservationRecord
from invigil.domain.observation import Identity, Observation
from invigil.domain.secrets import new_id
from invigil.domain.session import ExamSession
from invigil.domain.telemetry import FrameOutcome, Moment, Step, Telemetry
from invigil.domain.upload import Upload
from invigil.feed.bus import Bus
from invigil.monitoring.admission import require_may_send, watched
from invigil.monitoring.analysis import ManagedAnalysis
from invigil.monitoring.health import Health
from invigil.monitoring.load import NotAnalysed
from invigil.monitoring.pace import Pace
from invigil.monitoring.silence import Silence
from invigil.monitoring.telling import live_json, log_frame, recorded, show_on_tile
from invigil.monitoring.traces import Traces
from invigil.monitoring.underway import Underway
from invigil.monitoring.uploads import answer_again, replays_over
from invigil.rules import judge
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.incident_log import IncidentLog, Photo, end_gaps, photos_wanted
from invigil.storage.opened_templates import Opened, OpenedTemplates
from invigil.storage.stills import Stills
from invigil.vision.look import Looked

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class FrameResult:
    """What the page is told. `observation` is None when the server had no time to look.

    `calm`: nothing is suspected and nothing was; not told.
    """

    observation: ObservationRecord | None
    warnings: tuple[WarningCode, ...]
    next_frame_ms: int
    calm: bool = False


_OURS = 500
"""From this status on an error is the server's and not the sender's."""

OTHER_CLOCKS = timedelta(seconds=30)
"""No frame is longer on its way through the house. What is stored of later than that is of a clock
that was ahead, of another server for one, and must not keep anybody from being judged."""

_NOTHING = Ruling((), (), timedelta(seconds=1))


@dataclass(frozen=True, slots=True)
class _Frame:
    candidate: Candidate
    session: ExamSession
    image: bytes
    received_at: datetime
    began: float  # seconds of the monotonic clock at its receipt
    opened: Opened
    upload: Upload | None

    @property
    def seq(self) -> int:
        return self.upload.seq if self.upload else 0


class _Numbered(Exception):
    """Another frame has, or had, this one's number: nothing new is to be recorded."""


class _PhotosWanted(Exception):
    """The frame opens incidents, and so many photos of it have to be stored before that."""

    def __init__(self, more: int) -> None:
        super().__init__(more)
        self.more = more


class FramePipeline:
    """vision -> rules -> storage -> feed, for one candidate's frame."""

    def __init__(
        self,
        *,
        database: Database,
        store: EvidenceStore,
        analysis: ManagedAnalysis,
        health: Health,
        bus: Bus,
        silence: Silence,
        underway: Underway,
        telemetry: Telemetry,
        clock: Clock,
    ) -> None:
        self._underway = underway
        self._database = database
        self._telemetry = telemetry
        self._silence = silence
        self._analysis = analysis
        self._health = health
        self._bus = bus
        self._clock = clock
        self._incidents = IncidentLog(store)
        self._stills = Stills(database, store)
        self._pace = Pace(analysis)
        self._traces = Traces()
        self._templates = OpenedTemplates()

    async def handle(
        self, token_hash: str, tab: str | None, image: bytes, upload: Upload | None = None
    ) -> FrameResult:
        """Look at one frame, record it, and say when the next one is wanted.

        `upload`: its number, where it has one; the same frame once more is answered once more.
        Raises an `InvigilError` when the candidate may not send frames, when the bytes are no
        picture, or when nothing can be recorded; then nothing was acknowledged.
        """
        try:
            result = await self._handle(token_hash, tab, image, upload)
        except InvigilError as error:
            refused = error.status < _OURS
            self._telemetry.frame(FrameOutcome.REFUSED if refused else FrameOutcome.FAILED)
            raise
        except Exception:
            self._telemetry.frame(FrameOutcome.FAILED)
            raise
        looked_at = result.observation is not None
        self._telemetry.frame(FrameOutcome.RECORDED if looked_at else FrameOutcome.NOT_LOOKED_AT)
        return result

    async def _handle(
        self, token_hash: str, tab: str | None, image: bytes, upload: Upload | None
    ) -> FrameResult:
        with self._telemetry.step(Step.ADMIT):
            frame = await self._admit(token_hash, tab, image, upload)
        with self._underway.frame(frame.candidate.id):
            return await self._taken(frame, tab)

    async def _taken(self, frame: _Frame, tab: str | None) -> FrameResult:
        upload = frame.upload
        if upload is not None and not upload.is_next(frame.candidate):
            return await self._again(frame, upload, tab)
        try:
            with self._telemetry.step(Step.LOOK):
                looked = await self._look(frame)
        except NotAnalysed:
            return await self._skipped(frame)
        try:
            result = await self._keep(frame, looked)
        except _Numbered:
            return await self._again(frame, _its(upload), tab)
        except StorageFull:
            self._health.database_full(True)
            raise
        self._health.database_full(False)
        if result.calm:
            self._traces.keep(frame.candidate.id, looked.observation.trace, frame.received_at)
        with self._telemetry.step(Step.PUBLISH):
            record = result.observation
            show_on_tile(
                self._bus,
                frame.candidate.session_id,
                frame.candidate.id,
                at=frame.received_at,
                next_frame_ms=result.next_frame_ms,
                live=live_json(record) if record else None,
            )
        return result

    async def _look(self, frame: _Frame) -> Looked:
        who = frame.candidate
        if self._underway.too_many(who.id):
            # One sender's many frames are not to fill the queue, which is everybody's.
            raise NotAnalysed
        trace = self._traces.take(who.id, who.last_frame_at, frame.received_at)
        if frame.opened.lost:
            trace = None
        return await self._analysis.look(frame.image, frame.opened.templates, trace)

    async def _again(self, frame: _Frame, upload: Upload, tab: str | None) -> FrameResult:
        """Answer a frame whose number is not the next one; see `answer_again`."""

        async def answer(work: UnitOfWork) -> ObservationRecord | InvigilError | None:
            return await answer_again(
                work, self._incidents, frame.candidate.id, upload, tab=tab, now=frame.received_at
            )

        found = await self._database.write(answer)
        if isinstance(found, InvigilError):
            raise found
        return FrameResult(found, (), frame.candidate.next_frame_ms)

    async def _admit(
        self, token_hash: str, tab: str | None, image: bytes, upload: Upload | None
    ) -> _Frame:
        received_at, began = self._clock(), time.monotonic()

        async def read(work: UnitOfWork) -> _Frame:
            candidate = await work.candidates.by_token_hash(token_hash)
            if candidate is None:
                raise NotSignedIn
            session = await work.sessions.get(candidate.session_id)
            if session is None:
                raise NotFound
            require_may_send(candidate, session, tab, upload)
            opened = await self._templates.of(work, candidate.id)
            return _Frame(candidate, session, image, received_at, began, opened, upload)

        return await self._database.fetch(read)

    async def _skipped(self, frame: _Frame) -> FrameResult:
        """Busy: the frame counts as a sign of life, and everybody waits a little longer."""
        sampling = frame.candidate.policy(frame.session).sampling
        interval = self._pace.regular(frame.received_at, sampling)

        async def record(work: UnitOfWork) -> None:
            await watched(work, frame.candidate.id)
            incidents = await work.incidents.open_of(frame.candidate.id)
            await self._still_there(work, frame, interval, incidents)

        await self._database.write(record)
        self._health.tell()
        return FrameResult(None, (), interval)

    async def _keep(self, frame: _Frame, looked: Looked) -> FrameResult:
        """Still and record at the same time: they wait for the disk, not for each other."""
        candidate, now = frame.candidate, frame.received_at
        result, kept = await asyncio.gather(
            self._record(frame, looked),
            self._stills.keep(candidate, looked.jpeg, now),
            return_exceptions=True,
        )
        if kept is not True:
            self._health.tell()
        if isinstance(result, BaseException):
            raise result
        if isinstance(kept, BaseException):
            # The observation is on record, and so the frame is answered.
            log.error("still not stored", candidate=candidate.id, exc_info=kept)
        return result

    async def _record(
        self, frame: _Frame, looked: Looked, photos: Sequence[Photo] = ()
    ) -> FrameResult:
        """The one short transaction of a frame; once more when photos must be stored before it."""
        candidate, now = frame.candidate, frame.received_at
        asked = time.monotonic()
        try:
            with self._telemetry.step(Step.COMMIT) as moment:
                result, used = await self._database.write(
                    lambda work: self._judged(work, frame, looked.observation, photos, moment)
                )
        except _PhotosWanted as wanted:
            more = [
                await self._incidents.keep(candidate, looked.jpeg, now) for _ in range(wanted.more)
            ]
            return await self._record(frame, looked, (*photos, *more))
        except Unavailable:
            # Nobody knows whether it was committed: a row may point at the photos. They stay, and
            # go as objects that no row knows.
            raise
        except (InvigilError, _Numbered):
            await self._incidents.drop(photos)
            raise
        now_s = time.monotonic()
        self._telemetry.verdict(now_s - frame.began)
        self._analysis.waited(now_s - asked)
        await self._incidents.drop(photos[used:])
        log_frame(candidate, looked.observation, now)
        return result

    async def _judged(
        self,
        work: UnitOfWork,
        frame: _Frame,
        observed: Observation,
        photos: Sequence[Photo],
        moment: Moment,
    ) -> tuple[FrameResult, int]:
        """The frame's result, and how many of `photos` were used. Raises `_PhotosWanted`."""
        candidate, now = frame.candidate, frame.received_at
        current = await watched(work, candidate.id)
        watched_since = current.entered_at or current.joined_at
        policy = current.policy(frame.session)
        if frame.upload is not None and not frame.upload.is_next(current):
            raise _Numbered
        if not current.compared:
            # Withdrawn while this frame was being looked at: nothing of the comparison is kept.
            observed = observed.without_comparison(Identity.NOT_COMPARED)
        elif frame.opened.lost:
            observed = observed.without_comparison(Identity.CANNOT_COMPARE)
        observation_id = new_id()
        await work.observations.add(observation_id, candidate.id, now, observed, frame.upload)
        # What was before a pause, or an outage of ours, is over; the frame itself is always among
        # the recent ones.
        since = min(now, max(now - policy.memory, watched_since, self._silence.back_at))
        faces_since = now - policy.window
        recent = await work.observations.recent(
            candidate.id, since, faces_since=faces_since, until=now + OTHER_CLOCKS
        )
        incidents = await work.incidents.open_of(candidate.id)
        ruling = _NOTHING
        # Rules judge the newest frame. When a newer one was stored while this one was being
        # looked at, it has been judged already, and this image is not of that frame.
        if recent[-1].id == observation_id:
            # It may be another thread, which knows nothing of this frame's trace.
            with self._telemetry.step(Step.RULES, under=moment):
                compared = bool(frame.opened.templates) and current.compared
                ruling = judge(policy, now, recent, incidents, compared=compared)
        if (wanted := photos_wanted(ruling.changes)) > len(photos):
            raise _PhotosWanted(wanted - len(photos))
        changes = (*ruling.changes, *replays_over(incidents, now))
        await self._incidents.apply(work, candidate, changes, now, photos)
        interval = self._pace.next(frame.received_at, ruling.next_frame, policy)
        await self._still_there(work, frame, interval, incidents)
        calm = not (incidents or changes) and ruling.next_frame >= policy.sampling
        record = recorded(observation_id, now, observed)
        return FrameResult(record, ruling.warnings, interval, calm and current.compared), wanted

    async def _still_there(
        self, work: UnitOfWork, frame: _Frame, interval: int, incidents: Sequence[Incident]
    ) -> None:
        candidate, now = frame.candidate, frame.received_at
        await work.candidates.touch(
            candidate.id, last_frame_at=now, next_frame_ms=interval, seq=frame.seq
        )
        seen = dataclasses.replace(candidate, last_frame_at=now)
        policy = candidate.policy(frame.session)
        ended = self._silence.judge(seen, policy, now, incidents)
        await self._incidents.apply(work, seen, ended, now)
        await end_gaps(work, candidate, now, now)


def _its(upload: Upload | None) -> Upload:
    if upload is None:
        raise ValueError("only a frame with a number can have that of another")
    return upload
