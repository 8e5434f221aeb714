"""An exam session and the policy that its rules follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from invigil.domain.incident import IncidentKind


class OwnIncidents(StrEnum):
    """When candidates may see the incidents that are about them."""

    NEVER = "never"
    AFTER_END = "after_end"
    AFTER_REVIEW = "after_review"


REPEATS = frozenset({IncidentKind.FEED_LOOPED, IncidentKind.CAMERA_FROZEN})
"""Kinds that a recording in place of a camera leads to, whoever knows of it."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Numbers that turn observations into incidents. All durations are lengths of time.

    `sampling`: time between two frames while nothing is suspected.
    `first_look`: time from the first frame of a suspicion to the next.
    `burst`: time between two frames while something is being decided after that.
    `open_frames` and `open_span`: a suspicion becomes an incident when so many frames in a row
    show it, over at least so long.
    `close_frames` and `close_span`: the same for its end.
    `lost_after`: number of missed sampling intervals after which the camera counts as lost.
    `off`: kinds of incident that are not looked for.
    """

    sampling: timedelta = timedelta(seconds=5)
    first_look: timedelta = timedelta(milliseconds=200)
    burst: timedelta = timedelta(milliseconds=500)
    open_frames: int = 3
    open_span: timedelta = timedelta(seconds=1)
    close_frames: int = 3
    close_span: timedelta = timedelta(seconds=1)
    lost_after: int = 3
    off: frozenset[IncidentKind] = frozenset()

    @property
    def window(self) -> timedelta:
        """How far back the rules look. Older observations never matter."""
        return max(self.sampling * (self.lost_after + 3), timedelta(seconds=60))

    @property
    def memory(self) -> timedelta:
        """How far back pictures are looked for that come again."""
        long = min(max(self.sampling * 60, timedelta(seconds=150)), timedelta(minutes=10))
        return self.window if IncidentKind.FEED_LOOPED in self.off else max(long, self.window)


@dataclass(frozen=True, slots=True)
class ExamSession:
    """One proctored sitting. `join_generation` rises when the join link is renewed.

    `provider`: who carries its live video. `second_reviewer`: an incident is confirmed only when
    two people say so. `answer_days`: for how long candidates may answer what they see.
    `provider`: who carries its live video. `invited_only`: the join link lets nobody in, personal
    invites do. `report_repeats`: False where the cameras are recordings, as in a rehearsal.
    `face_matching`: whether candidates may have their face compared by software.
    """

    id: str
    title: str
    sampling_interval_s: int
    retention_days: int
    exam_url: str | None
    created_at: datetime
    closed_at: datetime | None = None
    join_generation: int = 1
    admin_hash: str | None = field(default=None, repr=False)
    provider: str = "builtin"
    report_repeats: bool = True
    second_reviewer: bool = False
    own_incidents: OwnIncidents = OwnIncidents.NEVER
    answer_days: int = 7
    invited_only: bool = False
    face_matching: bool = True

    @property
    def closed(self) -> bool:
        return self.closed_at is not None

    @property
    def policy(self) -> Policy:
        return Policy(
            sampling=timedelta(seconds=self.sampling_interval_s),
            off=frozenset() if self.report_repeats else REPEATS,
        )


@dataclass(frozen=True, slots=True)
class SessionCounts:
    """How much there is to see in a session. `holds`: legal holds, on it or on candidates."""

    in_room: int
    open_incidents: int
    unreviewed_incidents: int
    holds: int = 0
