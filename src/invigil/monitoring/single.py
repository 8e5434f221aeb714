"""Judging one image alone, as the classic API does: no burst, no hysteresis.

One incident per candidate and kind in ten minutes; what comes inside that time is answered but
not stored again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from invigil.clock import Clock
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import (
    InvigilError,
    NotFound,
    NotInRoom,
    SessionClosed,
    Unavailable,
)
from invigil.domain.incident import (
    Comparison,
    Incident,
    IncidentDetail,
    IncidentKind,
    IncidentState,
    Source,
)
from invigil.domain.observation import Identity, Observation, Template, TemplateKind
from invigil.domain.secrets import new_id
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.incident_log import IncidentLog, Photo
from invigil.storage.stills import Stills
from invigil.vision.look import Analysis, Looked

QUIET = timedelta(minutes=10)
_SEVERAL = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """`evidence_id` is None when nothing was found, or when it was stored minutes ago already."""

    found: bool
    evidence_id: str | None


@dataclass(frozen=True, slots=True)
class _Found:
    """What one image showed. `detail`: of the incident that it is, None when it is none."""

    candidate_id: str
    observation: Observation
    kind: IncidentKind
    detail: IncidentDetail | None
    now: datetime


class _PhotoWanted(Exception):
    """The image is an incident, and has to be stored before that is put on record."""

    def __init__(self, candidate: Candidate) -> None:
        super().__init__(candidate.id)
        self.candidate = candidate


class SingleImage:
    def __init__(
        self, database: Database, store: EvidenceStore, analysis: Analysis, clock: Clock
    ) -> None:
        self._database = database
        self._analysis = analysis
        self._clock = clock
        self._incidents = IncidentLog(store)
        self._stills = Stills(database, store)

    async def several_faces(self, candidate_id: str, image: bytes) -> Finding:
        """Whether more than one face is on the image."""
        async with self._database.read() as work:
            await _require_open(work, candidate_id)
        looked = await self._analysis.look(image)
        observed = looked.observation
        found = observed.face_count >= _SEVERAL
        detail = IncidentDetail(max_faces=observed.face_count)
        return await self._note(
            candidate_id, looked, IncidentKind.MULTIPLE_FACES, detail if found else None
        )

    async def different_person(self, candidate_id: str, image: bytes) -> Finding:
        """Whether the one usable face on the image contradicts the reference photo."""
        templates = await self._templates(candidate_id)
        looked = await self._analysis.look(image, templates)
        observed = looked.observation
        found = observed.identity is Identity.MISMATCH
        detail = IncidentDetail(comparison=Comparison.DOES_NOT_MATCH)
        return await self._note(
            candidate_id, looked, IncidentKind.DIFFERENT_PERSON, detail if found else None
        )

    async def _templates(self, candidate_id: str) -> tuple[Template, ...]:
        """Raises `CannotOpen`: whoever asks for the comparison alone is told that there is none."""
        async with self._database.read() as work:
            await _require_open(work, candidate_id)
            templates = await work.templates.of_candidate(candidate_id)
        return tuple(x for x in templates if x.kind is TemplateKind.REFERENCE)

    async def _note(
        self,
        candidate_id: str,
        looked: Looked,
        kind: IncidentKind,
        detail: IncidentDetail | None,
    ) -> Finding:
        now = self._clock()
        found = _Found(candidate_id, looked.observation, kind, detail, now)
        try:
            candidate, evidence_id = await self._record(found, None)
        except _PhotoWanted as wanted:
            # With no transaction open: nobody else waits for a slow store.
            photo = await self._incidents.keep(wanted.candidate, looked.jpeg, now)
            candidate, evidence_id = await self._record(found, photo)
        await self._stills.keep(candidate, looked.jpeg, now)
        return Finding(detail is not None, evidence_id)

    async def _record(self, found: _Found, photo: Photo | None) -> tuple[Candidate, str | None]:
        """The candidate, and the id of the evidence if there is some.

        Raises `_PhotoWanted` where an incident opens and there is no `photo` yet.
        """
        try:
            async with self._database.begin() as work:
                candidate = await _in_room(work, found.candidate_id)
                await work.observations.add(new_id(), candidate.id, found.now, found.observation)
                await work.candidates.touch(
                    candidate.id, last_frame_at=found.now, next_frame_ms=candidate.next_frame_ms
                )
                opened = await self._open(work, candidate, found, photo)
        except Unavailable:
            # Nobody knows whether it was committed: a row may point at the photo.
            raise
        except InvigilError:
            await self._incidents.drop([photo] if photo else [])
            raise
        if photo is not None and not opened:
            await self._incidents.drop([photo])
        used = photo.evidence if photo is not None and opened else None
        return candidate, used.id if used else None

    async def _open(
        self, work: UnitOfWork, candidate: Candidate, found: _Found, photo: Photo | None
    ) -> bool:
        """A closed incident of this moment, unless there is one of the last ten minutes."""
        now = found.now
        if found.detail is None or await work.incidents.newest_of_kind(
            candidate.id, found.kind, Source.CLASSIC, now - QUIET
        ):
            return False
        if photo is None:
            raise _PhotoWanted(candidate)
        incident = Incident(
            id=new_id(),
            session_id=candidate.session_id,
            candidate_id=candidate.id,
            kind=found.kind,
            state=IncidentState.CLOSED,
            started_at=now,
            ended_at=now,
            updated_at=now,
            detail=found.detail,
            evidence=() if photo.evidence is None else (photo.evidence,),
            evidence_missing=photo.missing,
            source=Source.CLASSIC,
        )
        await self._incidents.record(work, incident)
        return True


async def _require_open(work: UnitOfWork, candidate_id: str) -> None:
    candidate = await work.candidates.get(candidate_id)
    if candidate is None:
        raise NotFound
    session = await work.sessions.get(candidate.session_id)
    if session is None or session.closed:
        raise SessionClosed
    if candidate.state is not CandidateState.IN_ROOM:
        raise NotInRoom


async def _in_room(work: UnitOfWork, candidate_id: str) -> Candidate:
    candidate = await work.candidates.get(candidate_id)
    if candidate is None:
        raise NotFound
    if candidate.state is not CandidateState.IN_ROOM:
        raise NotInRoom
    return candidate
