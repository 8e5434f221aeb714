"""Domain records to wire models, for each sort of reader."""

from __future__ import annotations

from collections.abc import Iterable

from invigil.api import schemas as s
from invigil.domain import candidate as c
from invigil.domain import incident as i
from invigil.domain import message as m
from invigil.domain.actor import Organiser, Role, Staff
from invigil.domain.changes import WarningCode
from invigil.domain.observation import TemplateKind
from invigil.domain.session import ExamSession, SessionCounts
from invigil.domain.system import SystemStatus
from invigil.domain.words import WARNINGS
from invigil.meetings import Meetings
from invigil.monitoring.frames import FrameResult
from invigil.services.check_in import NEEDED_FRAMES

_NO_KINDS: frozenset[TemplateKind] = frozenset()


def proctor(actor: Staff) -> s.Me:
    role = Role.ORGANISER if isinstance(actor, Organiser) else Role.PROCTOR
    return s.Me(proctor=s.ProctorOut(id=actor.id, name=actor.name, role=role))


def media(provider_id: str, meetings: Meetings) -> s.MediaProvider:
    """What a proctor should know of a provider, also of one that is not set up any more."""
    provider = meetings.find(provider_id)
    if provider is None:
        return s.MediaProvider(id=provider_id, isolation=None, talkback=False, max_viewers_hint=0)
    can = provider.capabilities
    return s.MediaProvider(
        id=provider_id,
        isolation=can.isolation,
        talkback=can.talkback,
        max_viewers_hint=can.max_viewers_hint,
    )


def session(
    record: ExamSession, counts: SessionCounts, join_url: str, meetings: Meetings
) -> s.ExamSession:
    return s.ExamSession(
        id=record.id,
        title=record.title,
        sampling_interval_s=record.sampling_interval_s,
        retention_days=record.retention_days,
        exam_url=record.exam_url,
        created_at=record.created_at,
        closed_at=record.closed_at,
        join_url=join_url,
        candidates_in_room=counts.in_room,
        open_incidents=counts.open_incidents,
        unreviewed_incidents=counts.unreviewed_incidents,
        media=media(record.provider, meetings),
    )


def my_session(record: ExamSession) -> s.MySession:
    return s.MySession(
        id=record.id,
        title=record.title,
        sampling_interval_s=record.sampling_interval_s,
        retention_days=record.retention_days,
        exam_url=record.exam_url,
        closed=record.closed,
    )


def live(record: i.ObservationRecord) -> s.LiveFacts:
    return s.LiveFacts(
        faces=record.face_count,
        usable=record.unusable is None,
        reason=record.unusable,
        identity=record.identity,
    )


def observation(record: i.ObservationRecord) -> s.ObservationOut:
    return s.ObservationOut(
        id=record.id, captured_at=record.received_at, **live(record).model_dump()
    )


def candidate(
    record: c.Candidate,
    newest: i.ObservationRecord | None,
    kinds: frozenset[TemplateKind] | None,
    *,
    online: bool,
) -> s.Candidate:
    """For proctors."""
    has = kinds or _NO_KINDS
    return s.Candidate(
        id=record.id,
        name=record.name,
        state=record.state,
        joined_at=record.joined_at,
        last_frame_at=record.last_frame_at,
        live=live(newest) if newest else None,
        online=online,
        camera=record.camera,
        has_reference_photo=record.reference_photo_id is not None,
        has_still=record.has_still,
        template=(
            "session"
            if TemplateKind.SESSION in has
            else "reference"
            if TemplateKind.REFERENCE in has
            else "none"
        ),
        waiting_reason=record.waiting_reason,
        note=record.note,
        next_frame_ms=record.next_frame_ms,
    )


def my_candidate(
    record: c.Candidate, of: ExamSession, messages: Iterable[m.Message]
) -> s.MyCandidate:
    """For the candidate."""
    return s.MyCandidate(
        id=record.id,
        name=record.name,
        state=record.state,
        session=my_session(of),
        has_reference_photo=record.reference_photo_id is not None,
        needed_frames=NEEDED_FRAMES,
        retake_reason=record.retake_reason,
        messages=[message(each) for each in messages],
    )


def message(record: m.Message) -> s.Message:
    return s.Message(
        id=record.id,
        candidate_id=record.candidate_id,
        sender=record.sender,
        kind=record.kind,
        text=record.text,
        sent_at=record.sent_at,
    )


def incident(record: i.Incident, name: str) -> s.Incident:
    decision = record.decision
    return s.Incident(
        id=record.id,
        candidate_id=record.candidate_id,
        candidate_name=name,
        kind=record.kind,
        severity=record.severity,
        state=record.state,
        started_at=record.started_at,
        ended_at=record.ended_at,
        updated_at=record.updated_at,
        detail=s.Detail(
            max_faces=record.detail.max_faces,
            comparison=record.detail.comparison,
            cause=record.detail.cause,
        ),
        evidence=[
            s.EvidenceOut(
                id=each.id,
                url=f"/api/v1/evidence/{each.id}",
                captured_at=each.captured_at,
                sha256=each.sha256,
            )
            for each in record.evidence
        ],
        evidence_missing=record.evidence_missing,
        reference_photo_url=f"/api/v1/candidates/{record.candidate_id}/reference-photo",
        decision=decision
        and s.DecisionOut(
            decision=decision.decision,
            reason=decision.reason,
            by=decision.by,
            decided_at=decision.decided_at,
        ),
        source=record.source,
    )


def gap(record: i.Gap) -> s.Gap:
    return s.Gap(
        id=record.id,
        candidate_id=record.candidate_id,
        started_at=record.started_at,
        ended_at=record.ended_at,
        cause=record.cause,
    )


def system(status: SystemStatus) -> s.SystemStatus:
    return s.SystemStatus(
        storage=status.storage,
        analysis=status.analysis,
        interval_factor=status.interval_factor,
        text=status.text,
    )


def warning(code: WarningCode) -> s.Warning:
    text, fix = WARNINGS[code]
    return s.Warning(code=code, text=text, fix=fix)


def frame_reply(result: FrameResult) -> s.FrameReply:
    record = result.observation
    return s.FrameReply(
        observation=record and observation(record),
        warnings=[warning(code) for code in result.warnings],
        next_frame_ms=result.next_frame_ms,
    )
