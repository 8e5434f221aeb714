"""A frame came under a number that was used before: a captured request was sent again."""

from __future__ import annotations

from datetime import datetime, timedelta

from invigil.domain.changes import Close, Open
from invigil.domain.incident import Incident, IncidentDetail, IncidentKind

_QUIET = timedelta(seconds=60)


def judge_replay(
    now: datetime, open_incident: Incident | None, *, replayed: bool
) -> Open | Close | None:
    """`replayed`: whether the frame was one, or a proper one. `open_incident`: of this kind."""
    if replayed:
        if open_incident is not None:
            return None
        return Open(IncidentKind.FRAME_REPLAYED, now, IncidentDetail(), with_image=False)
    if open_incident is None or now - open_incident.started_at < _QUIET:
        return None
    return Close(incident=open_incident, ended_at=now)
