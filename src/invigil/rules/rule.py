"""What a frame rule is, and how a weighed suspicion becomes its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from invigil.domain.changes import Change, Close, Open, Update, WarningCode
from invigil.domain.incident import Incident, IncidentDetail, IncidentKind, ObservationRecord
from invigil.domain.session import Policy
from invigil.rules.hysteresis import Weighed

LOOK_AGAIN = timedelta(milliseconds=800)
"""Somebody who is no longer recognised is looked at again so soon, while it may tell something."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of one rule to the newest frame.

    `undecided`: more frames, soon, would settle whether an incident begins or ends.
    `urgent`: the very next frame will, so it is wanted at once.
    `look_in`: a frame after just this time would tell more than one at another time.
    """

    change: Change | None = None
    undecided: bool = False
    urgent: bool = False
    look_in: timedelta | None = None
    warning: WarningCode | None = None


class Rule(Protocol):
    """One kind of incident, seen in the frames of one candidate."""

    @property
    def kind(self) -> IncidentKind: ...

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """Judge the last frame of `window` (ordered, without duplicates, not empty).

        `open_incident` is of this rule's kind, or None.
        """
        ...


def newest(policy: Policy, remembered: Sequence[ObservationRecord]) -> list[ObservationRecord]:
    """Those of all that is remembered that lie within the policy's window."""
    since = remembered[-1].received_at - policy.window
    return [frame for frame in remembered if frame.received_at >= since]


def conclude(
    weighed: Weighed,
    open_incident: Incident | None,
    *,
    kind: IncidentKind,
    detail: IncidentDetail,
    warning: WarningCode | None,
) -> Verdict:
    """Turn `weighed` into a verdict. `detail` is what the incident should say from now on."""
    return Verdict(
        change=_change(weighed, open_incident, kind, detail),
        undecided=weighed.undecided,
        warning=warning if weighed.warns else None,
    )


def _change(
    weighed: Weighed,
    open_incident: Incident | None,
    kind: IncidentKind,
    detail: IncidentDetail,
) -> Change | None:
    if open_incident is None:
        if weighed.opens_at is None:
            return None
        return Open(kind=kind, started_at=weighed.opens_at, detail=detail, with_image=True)
    if weighed.closes_at is not None:
        return Close(incident=open_incident, ended_at=weighed.closes_at)
    if detail != open_incident.detail:
        return Update(incident=open_incident, detail=detail)
    return None
