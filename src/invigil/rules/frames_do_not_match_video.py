"""The pictures that the page posts are not those of its live video. A reason to look, no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from invigil.domain.changes import Close, Open
from invigil.domain.incident import Incident, IncidentDetail, IncidentKind
from invigil.domain.tap import TapLook

# Measured (docs/live-video.md). In between nothing is clear, and nothing opens or closes.
DIFFERS_BELOW = 0.4
MATCHES_FROM = 0.6

_LOOKS = 3
_INTERVALS = 2
# Looks come a little early or late.
_SLACK = 0.9
# What has no look in between for so many intervals is no succession.
_LONGEST_GAP = 5


def window(every: timedelta) -> timedelta:
    """How far back `judge_looks` has to see: as far as unusable looks may lie in between."""
    return every * _LONGEST_GAP * _LOOKS


def judge_looks(
    every: timedelta, looks: Sequence[TapLook], open_incident: Incident | None
) -> Open | Close | None:
    """Judge the newest of `looks` (ordered by time). `every`: the time from look to look.

    `open_incident`: the open one of this kind, if any. A look that says nothing changes nothing.
    """
    newest = looks[-1] if looks else None
    if newest is None or newest.similarity is None:
        return None
    if open_incident is not None:
        clear = newest.similarity >= MATCHES_FROM and newest.at > open_incident.started_at
        return Close(incident=open_incident, ended_at=newest.at) if clear else None
    run = _different(every, looks)
    if len(run) < _LOOKS or run[-1].at - run[0].at < every * _INTERVALS * _SLACK:
        return None
    return Open(
        kind=IncidentKind.FRAMES_DO_NOT_MATCH_VIDEO,
        started_at=run[0].at,
        detail=IncidentDetail(),
        with_image=True,
    )


def _different(every: timedelta, looks: Sequence[TapLook]) -> list[TapLook]:
    """The newest looks that clearly differ, up to the last one that does not, oldest first."""
    run: list[TapLook] = []
    for look in reversed(looks):
        if look.similarity is None:
            continue
        if look.similarity >= DIFFERS_BELOW or (
            run and run[-1].at - look.at > every * _LONGEST_GAP
        ):
            break
        run.append(look)
    return run[::-1]
