"""What the candidate's page says of its camera, and the windows in which it numbers its pictures.

A claim opens information for people to look at and nothing else; it is never a fact. Names of
devices can hold names of people, so none is kept: a hash tells one camera from another, and a
label is looked at for the names of programs and forgotten.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import datetime, timedelta

from invigil.clock import Clock
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.changes import Close, Open
from invigil.domain.errors import NotFound, NotInRoom, TakenOver
from invigil.domain.incident import Incident, IncidentDetail, IncidentKind
from invigil.domain.secrets import new_id
from invigil.services.candidates import load_open
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.incident_log import IncidentLog

# Programs that offer a camera of their own. Phones that serve as one are among them, and lawful.
_VIRTUAL = re.compile(
    r"\b(virtual|obs|manycam|snap camera|xsplit|v4l2|loopback|dummy video|droidcam|iriun|epoccam"
    r"|ivcam|camo|mmhmm|e2esoft|vcam|unity video|ndi|sparkocam|youcam|chromacam|nvidia broadcast"
    r"|akvcam|webcamoid|splitcam)",
    re.IGNORECASE,
)

ONE_RECORD = timedelta(minutes=1)
"""What a page says again within this time goes on in the same incident: it can say anything as
often as it likes, and what others found must stay in sight."""


def looks_virtual(label: str) -> bool:
    """Whether a camera calls itself like a program. Anybody can call a camera anything."""
    return _VIRTUAL.search(label) is not None


class CameraClaims:
    def __init__(self, database: Database, incidents: IncidentLog, clock: Clock) -> None:
        self._database = database
        self._incidents = incidents
        self._clock = clock

    async def open_window(self, candidate_id: str, tab: str | None) -> str:
        """A new window; frames are numbered in it from 1, and no longer in the one before.

        Raises `TakenOver` for a tab that is not the one in use, and `NotInRoom`.
        """

        async def record(work: UnitOfWork) -> str:
            candidate, _ = await load_open(work, candidate_id)
            if candidate.state is not CandidateState.IN_ROOM:
                raise NotInRoom
            if candidate.tab is not None and tab != candidate.tab:
                raise TakenOver
            window = new_id()
            await work.candidates.save(replace(candidate, frame_window=window, frame_seq=0))
            return window

        return await self._database.write(record)

    async def claim_device(self, candidate_id: str, device: str, label: str) -> None:
        """The page uses the camera that its browser calls `device` and `label`."""
        now = self._clock()
        name = hashlib.sha256(f"{candidate_id} {device}".encode()).hexdigest()[:16]

        async def record(work: UnitOfWork) -> None:
            candidate = await work.candidates.get(candidate_id)
            if candidate is None:
                raise NotFound
            if candidate.state is CandidateState.FINISHED:
                return
            await self._note_virtual(work, candidate, now, virtual=looks_virtual(label))
            if candidate.camera_device == name:
                return
            await work.candidates.save(replace(candidate, camera_device=name))
            if candidate.camera_device is not None and candidate.state is CandidateState.IN_ROOM:
                await self._note_change(work, candidate, now)

        await self._database.write(record)

    async def _note_change(self, work: UnitOfWork, candidate: Candidate, now: datetime) -> None:
        """It has happened and is over: opened, and closed at once. Another one soon after it makes
        that one longer."""
        last = await self._lately(work, candidate, IncidentKind.CAMERA_CHANGED, now)
        if last is not None:
            await self._incidents.apply(work, candidate, (Close(last, now),), now)
            return
        opened = _open(IncidentKind.CAMERA_CHANGED, now)
        await self._incidents.apply(work, candidate, (opened,), now)
        known = await work.incidents.open_of(candidate.id)
        closed = [Close(i, now) for i in known if i.kind is IncidentKind.CAMERA_CHANGED]
        await self._incidents.apply(work, candidate, closed, now)

    async def _note_virtual(
        self, work: UnitOfWork, candidate: Candidate, now: datetime, *, virtual: bool
    ) -> None:
        """Open while a camera calls itself like a program."""
        known = await work.incidents.open_of(candidate.id)
        present = [each for each in known if each.kind is IncidentKind.VIRTUAL_CAMERA]
        if not virtual:
            await self._incidents.apply(work, candidate, [Close(x, now) for x in present], now)
            return
        if present:
            return
        last = await self._lately(work, candidate, IncidentKind.VIRTUAL_CAMERA, now)
        if last is not None:
            await self._incidents.reopen(work, last, last.detail, now)
            return
        opened = _open(IncidentKind.VIRTUAL_CAMERA, now)
        await self._incidents.apply(work, candidate, (opened,), now)

    async def _lately(
        self, work: UnitOfWork, candidate: Candidate, kind: IncidentKind, now: datetime
    ) -> Incident | None:
        """The incident of this kind that goes on; what somebody decided about stays as it is."""
        last = await work.incidents.newest_ended(candidate.id, kind, now - ONE_RECORD)
        return None if last is None or last.decision is not None else last


def _open(kind: IncidentKind, now: datetime) -> Open:
    return Open(kind, now, IncidentDetail(), with_image=False)
