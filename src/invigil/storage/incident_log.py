"""Write what the rules ask for: incidents with their evidence, and the events that tell of them.

Evidence object first, then the rows: photos are stored before the transaction (`keep`) and handed
to it, so that no transaction waits for a file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from invigil.domain.candidate import Candidate
from invigil.domain.changes import Change, Close, Open, Update
from invigil.domain.errors import CannotOpen, StorageFull, Unavailable
from invigil.domain.incident import (
    Evidence,
    EvidenceMissing,
    Gap,
    GapCause,
    Incident,
    IncidentDetail,
    IncidentState,
)
from invigil.domain.message import Event, EventKind
from invigil.domain.secrets import new_id
from invigil.storage.database import UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Photo:
    """Evidence whose object is stored and whose row is not yet, or why there is none."""

    evidence: Evidence | None
    missing: EvidenceMissing | None


_NO_IMAGE = Photo(None, EvidenceMissing.NO_IMAGE)


def photos_wanted(changes: Sequence[Change]) -> int:
    """How many photos `IncidentLog.apply` needs for these changes."""
    return sum(isinstance(change, Open) and change.with_image for change in changes)


class IncidentLog:
    """Applies changes inside the caller's transaction."""

    def __init__(self, store: EvidenceStore) -> None:
        self._store = store

    async def apply(
        self,
        work: UnitOfWork,
        candidate: Candidate,
        changes: Sequence[Change],
        now: datetime,
        photos: Sequence[Photo] = (),
    ) -> None:
        """`photos`: of the frame that is being judged, one for each that is wanted, or none."""
        left = iter(photos)
        for change in changes:
            match change:
                case Open():
                    photo = next(left, _NO_IMAGE) if change.with_image else _NO_IMAGE
                    await self._open(work, candidate, change, now, photo)
                case Update():
                    await self._save(
                        work, replace(change.incident, detail=change.detail, updated_at=now)
                    )
                case Close():
                    await self._save(
                        work,
                        replace(
                            change.incident,
                            state=IncidentState.CLOSED,
                            ended_at=change.ended_at,
                            updated_at=now,
                        ),
                    )

    async def _open(
        self,
        work: UnitOfWork,
        candidate: Candidate,
        change: Open,
        now: datetime,
        photo: Photo,
    ) -> None:
        incident = Incident(
            id=new_id(),
            session_id=candidate.session_id,
            candidate_id=candidate.id,
            kind=change.kind,
            state=IncidentState.OPEN,
            started_at=change.started_at,
            ended_at=None,
            updated_at=now,
            detail=change.detail,
            evidence=() if photo.evidence is None else (photo.evidence,),
            evidence_missing=photo.missing,
        )
        await self.record(work, incident)

    async def record(self, work: UnitOfWork, incident: Incident) -> None:
        """Store a new incident with the rows of its evidence, and tell the consoles."""
        for evidence in incident.evidence:
            await work.evidence.add(evidence)
        await work.incidents.add(incident)
        work.events.note(
            Event(
                incident.session_id,
                EventKind.INCIDENT_OPENED,
                incident.id,
                incident.updated_at,
                opened=incident.kind,
            )
        )
        log.info(
            "incident opened",
            kind=incident.kind.value,
            candidate=incident.candidate_id,
            detected_at=incident.updated_at.isoformat(),
            started_at=incident.started_at.isoformat(),
        )

    async def reopen(
        self, work: UnitOfWork, incident: Incident, detail: IncidentDetail, now: datetime
    ) -> None:
        """The same thing goes on after a short break: one incident, not another one."""
        lasting = replace(incident, state=IncidentState.OPEN, ended_at=None, detail=detail)
        await self._save(work, replace(lasting, updated_at=now))

    async def _save(self, work: UnitOfWork, incident: Incident) -> None:
        await work.incidents.save(incident)
        work.events.note(
            Event(incident.session_id, EventKind.INCIDENT_CHANGED, incident.id, incident.updated_at)
        )
        if incident.state is IncidentState.CLOSED:
            log.info(
                "incident closed",
                kind=incident.kind.value,
                candidate=incident.candidate_id,
                detected_at=incident.updated_at.isoformat(),
                ended_at=incident.ended_at and incident.ended_at.isoformat(),
            )

    async def keep(self, candidate: Candidate, image: bytes, now: datetime) -> Photo:
        """Store a JPEG as evidence, or say why there is none. An incident never waits for it."""
        owner = Owner(candidate.session_id, candidate.id)
        try:
            return Photo(await self._store.put(new_id(), owner, image, now), None)
        except (StorageFull, Unavailable):
            log.warning(
                "evidence could not be stored", candidate=candidate.id, detected_at=now.isoformat()
            )
            return Photo(None, EvidenceMissing.STORAGE_FULL)
        except CannotOpen:
            return Photo(None, EvidenceMissing.KEY_MISSING)  # which the key ring has told

    async def drop(self, photos: Sequence[Photo]) -> None:
        """Delete the objects of photos that no row came to know of.

        One that cannot be deleted now goes later, with other objects that no row knows.
        """
        for photo in photos:
            if photo.evidence is not None:
                try:
                    await self._store.delete(photo.evidence.key)
                except Unavailable as error:
                    log.warning("a photo could not be deleted", reason=error.code)


async def close_all(
    log_: IncidentLog, work: UnitOfWork, candidate: Candidate, now: datetime
) -> None:
    """Close what is open when a candidate is done or the session ends."""
    changes = [Close(incident, now) for incident in await work.incidents.open_of(candidate.id)]
    await log_.apply(work, candidate, changes, now)
    await end_gaps(work, candidate, now, now)


async def open_gap(
    work: UnitOfWork, candidate: Candidate, started_at: datetime, cause: GapCause, now: datetime
) -> None:
    """Record that no frames come from now on; nothing when that is on record already."""
    if await work.incidents.open_gaps(candidate.id):
        return
    gap = Gap(new_id(), candidate.session_id, candidate.id, started_at, None, cause)
    await work.incidents.add_gap(gap)
    work.events.note(Event(candidate.session_id, EventKind.GAP, gap.id, now))


async def end_gaps(
    work: UnitOfWork, candidate: Candidate, ended_at: datetime, now: datetime
) -> None:
    """Record that frames come again, or that the candidate is done."""
    for gap in await work.incidents.open_gaps(candidate.id):
        await work.incidents.end_gap(gap.id, max(ended_at, gap.started_at))
        work.events.note(Event(candidate.session_id, EventKind.GAP, gap.id, now))
