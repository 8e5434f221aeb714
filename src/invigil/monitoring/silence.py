"""Candidates from whom no frames come, and the time in which that was our own fault."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from invigil.domain.candidate import Candidate
from invigil.domain.changes import Change, Close, Open
from invigil.domain.incident import GapCause, Incident, IncidentKind
from invigil.domain.session import Policy
from invigil.feed.presence import Presence as Peers
from invigil.monitoring.underway import Underway
from invigil.rules import SEEN_ON_FRAMES, judge_silence
from invigil.rules.camera_lost import Presence
from invigil.storage.database import UnitOfWork
from invigil.storage.incident_log import IncidentLog, end_gaps, open_gap

RETURN_WITHIN = timedelta(seconds=15)
"""After an outage of ours pages notice, wait a little and come back; that time is ours as well."""

SAME_FAULT_WITHIN = timedelta(seconds=60)
"""A line that comes and goes is one incident with many gaps, not one incident for each gap."""


class Silence:
    """Judges the time since a candidate's last frame.

    `available_since`: beginning of the time in which this server could take frames without a
    break; whatever was before it is ours. `back_at`: the end of the last outage that was noted.
    """

    def __init__(self, peers: Peers, underway: Underway, available_since: datetime) -> None:
        self._peers = peers
        self._underway = underway
        self.available_since = available_since
        self.back_at = datetime.min.replace(tzinfo=UTC)

    def suspect(self, candidate: Candidate, policy: Policy, now: datetime) -> bool:
        """Whether frames are missing, as far as the candidate alone tells."""
        return judge_silence(policy, now, self._presence(candidate, now), None) is not None

    def judge(
        self,
        candidate: Candidate,
        policy: Policy,
        now: datetime,
        incidents: Sequence[Incident],
    ) -> Sequence[Change]:
        """What the camera-lost rule asks for; empty for candidates that keep no rhythm.

        `incidents`: those of the candidate that are open.
        """
        if not candidate.monitored:
            return ()
        lost = next((i for i in incidents if i.kind is IncidentKind.CAMERA_LOST), None)
        change = judge_silence(policy, now, self._presence(candidate, now), lost)
        return () if change is None else (change,)

    def _presence(self, candidate: Candidate, now: datetime) -> Presence:
        # A frame that is still in hand is a sign of life, and its page waits for us.
        held_until = self._underway.held_until(candidate.id, now)
        return Presence(
            last_frame_at=candidate.last_frame_at,
            entered_at=candidate.entered_at or candidate.joined_at,
            expected_every=timedelta(milliseconds=candidate.next_frame_ms),
            camera=candidate.camera,
            camera_claimed_at=candidate.camera_claimed_at,
            server_available_since=max(self.available_since, held_until or self.available_since),
            connected=self._peers.online(candidate.id),
        )

    async def record(
        self,
        work: UnitOfWork,
        incidents: IncidentLog,
        candidate: Candidate,
        changes: Sequence[Change],
        now: datetime,
    ) -> None:
        """Write the changes of a silence, and the gap that goes with them."""
        for change in changes:
            await self._apply(work, incidents, candidate, change, now)
            if isinstance(change, Open):
                # A gap of ours ends where the counted silence begins.
                await end_gaps(work, candidate, change.started_at, now)
                cause = change.detail.cause or GapCause.UNKNOWN
                await open_gap(work, candidate, change.started_at, cause, now)

    async def _apply(
        self,
        work: UnitOfWork,
        incidents: IncidentLog,
        candidate: Candidate,
        change: Change,
        now: datetime,
    ) -> None:
        if isinstance(change, Open):
            since = change.started_at - SAME_FAULT_WITHIN
            before = await work.incidents.newest_ended(candidate.id, change.kind, since)
            if before is not None and self._goes_on(before, change):
                await incidents.reopen(work, before, change.detail, now)
                return
        await incidents.apply(work, candidate, (change,), now)

    async def note_outage(
        self, work: UnitOfWork, incidents: IncidentLog, there_until: datetime, now: datetime
    ) -> None:
        """Record the time without a server as gaps that are ours, for everybody in a room.

        `there_until`: when frames could last have been taken. What frames showed last ends with
        them, and a silence ends then: nobody knows how long they went on. If they still do, the
        next frames, or their absence, say so.
        """
        for candidate in await work.candidates.monitored():
            since = candidate.last_frame_at or candidate.entered_at
            if since is None:
                continue
            known = await work.incidents.open_of(candidate.id)
            lost = [each for each in known if each.kind is IncidentKind.CAMERA_LOST]
            if lost:
                since = max(since, there_until)
                await end_gaps(work, candidate, since, now)
            await open_gap(work, candidate, since, GapCause.SERVER, now)
            ends = [
                Close(each, max(since, each.started_at))
                for each in known
                if each.kind in SEEN_ON_FRAMES or each in lost
            ]
            await incidents.apply(work, candidate, ends, now)
        self.back_at = now
        self.available_since = now + RETURN_WITHIN

    def _goes_on(self, before: Incident, change: Open) -> bool:
        """Whether the silence is the one of before, which nobody has decided on yet. Not over an
        outage of ours: that is no time of the candidate's."""
        ours = before.ended_at is not None and before.ended_at <= self.back_at
        camera = GapCause.CAMERA
        same = (before.detail.cause is camera) == (change.detail.cause is camera)
        return same and before.decision is None and not ours
