"""What the candidate's page says of its camera, and the windows in which it numbers its pictures.

A claim opens information for people to look at and nothing else; it is never a fact. Names of
devices can hold names of people, so none is kept: a hash tells one camera from another, and a
label is looked at for the names of programs and forgotten.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from invigil.clock import Clock
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.changes import Change, Close, Open
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
            known = await work.incidents.open_of(candidate_id)
            await self._incidents.apply(
                work, candidate, _virtual(known, now, virtual=looks_virtual(label)), now
            )
            if candidate.camera_device == name:
                return
            await work.candidates.save(replace(candidate, camera_device=name))
            if candidate.camera_device is not None and candidate.state is CandidateState.IN_ROOM:
                await self._note_change(work, candidate, now)

        await self._database.write(record)

    async def _note_change(self, work: UnitOfWork, candidate: Candidate, now: datetime) -> None:
        """It has happened and is over: opened, and closed at once."""
        opened = _open(IncidentKind.CAMERA_CHANGED, now)
        await self._incidents.apply(work, candidate, (opened,), now)
        known = await work.incidents.open_of(candidate.id)
        closed = [Close(i, now) for i in known if i.kind is IncidentKind.CAMERA_CHANGED]
        await self._incidents.apply(work, candidate, closed, now)


def _virtual(known: Sequence[Incident], now: datetime, *, virtual: bool) -> list[Change]:
    present = [each for each in known if each.kind is IncidentKind.VIRTUAL_CAMERA]
    if virtual:
        return [] if present else [_open(IncidentKind.VIRTUAL_CAMERA, now)]
    return [Close(each, now) for each in present]


def _open(kind: IncidentKind, now: datetime) -> Open:
    return Open(kind, now, IncidentDetail(), with_image=False)
