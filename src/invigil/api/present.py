"""Domain records to wire models, for each sort of reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from invigil.api import present_acts
from invigil.api import roster_schemas as r
from invigil.api import schemas as s
from invigil.domain import candidate as c
from invigil.domain import incident as i
from invigil.domain import message as m
from invigil.domain.accommodations import Accommodations
from invigil.domain.actor import Organiser, Role, Staff
from invigil.domain.changes import WarningCode
from invigil.domain.invite import Invite
from invigil.domain.observation import TemplateKind
from invigil.domain.session import ExamSession, SessionCounts
from invigil.domain.system import SystemStatus
from invigil.domain.words import WARNINGS
from invigil.meetings import Meetings
from invigil.monitoring.frames import FrameResult
from invigil.services.check_in_steps import NEEDED_FRAMES

_NO_KINDS: frozenset[TemplateKind] = frozenset()


def proctor(actor: Staff) -> s.Me:
    role = Role.ORGANISER if isinstance(actor, Organiser) else Role.PROCTOR
    return s.Me(proctor=s.ProctorOut(id=actor.id, person=actor.person, name=actor.name, role=role))


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
    record: ExamSession,
    counts: SessionCounts,
    join_url: str,
    meetings: Meetings,
    unattended_since: datetime | None,
) -> s.ExamSession:
    return s.ExamSession(
        id=record.id,
        title=record.title,
        sampling_interval_s=record.sampling_interval_s,
        retention_days=record.retention_days,
        exam_url=record.exam_url,
        second_reviewer=record.second_reviewer,
        own_incidents=record.own_incidents,
        answer_days=record.answer_days,
        created_at=record.created_at,
        closed_at=record.closed_at,
        join_url=join_url,
        candidates_in_room=counts.in_room,
        open_incidents=counts.open_incidents,
        unreviewed_incidents=counts.unreviewed_incidents,
        holds=counts.holds,
        unattended_since=unattended_since,
        media=media(record.provider, meetings),
        invited_only=record.invited_only,
        face_matching=record.face_matching,
    )


def my_session(record: ExamSession) -> s.MySession:
    return s.MySession(
        id=record.id,
        title=record.title,
        sampling_interval_s=record.sampling_interval_s,
        retention_days=record.retention_days,
        exam_url=record.exam_url,
        own_incidents=record.own_incidents,
        closed=record.closed,
        closed_at=record.closed_at,
        face_matching=record.face_matching,
    )


def accommodations(arranged: Accommodations) -> r.AccommodationsOut:
    return r.AccommodationsOut(
        detectors_off=sorted(arranged.detectors_off),
        sampling_interval_s=arranged.sampling_interval_s,
        breaks=arranged.breaks,
        break_minutes=arranged.break_minutes,
        extra_time_percent=arranged.extra_time_percent,
        words=list(arranged.in_words()),
    )


def invite(record: Invite, link: str | None = None) -> r.Invite:
    return r.Invite(
        id=record.id,
        name=record.name,
        email=record.email,
        external_id=record.external_id,
        state=record.state,
        link_works=record.link_works,
        opens_at=record.opens_at,
        closes_at=record.closes_at,
        joined_at=record.joined_at,
        candidate_id=record.candidate_id,
        accommodations=list(record.accommodations.in_words()),
        link=link,
    )


def join_invite(record: Invite) -> r.JoinInvite:
    return r.JoinInvite(
        name=record.name,
        opens_at=record.opens_at,
        closes_at=record.closes_at,
        resumes=record.candidate_id is not None,
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
    removed_before: datetime | None,
) -> s.Candidate:
    """For proctors."""
    has = kinds or _NO_KINDS
    return s.Candidate(
        id=record.id,
        name=record.name,
        state=record.state,
        joined_at=record.joined_at,
        removed_before=removed_before,
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
        state_since=record.state_since,
        state_reason=record.state_reason,
        next_frame_ms=record.next_frame_ms,
        identity_check="software" if record.compared else "proctor",
        accommodations=accommodations(record.accommodations),
    )


def my_candidate(
    record: c.Candidate,
    of: ExamSession,
    messages: Iterable[m.Message],
    *,
    has_template: bool,
) -> s.MyCandidate:
    """For the candidate. The interval is the candidate's own, which may be longer."""
    interval = int(record.policy(of).sampling.total_seconds())
    return s.MyCandidate(
        id=record.id,
        name=record.name,
        state=record.state,
        session=my_session(replace(of, sampling_interval_s=interval)),
        has_reference_photo=record.reference_photo_id is not None,
        needed_frames=NEEDED_FRAMES,
        retake_reason=record.retake_reason,
        state_since=record.state_since,
        state_reason=record.state_reason,
        messages=[message(each) for each in messages],
        # Whoever was let in by eye has nothing that pictures could be compared with.
        face_compared=record.compared and (has_template or record.state in c.BEFORE_APPROVAL),
        accommodations=list(record.accommodations.in_words()),
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
        decision=decision and present_acts.decision(decision),
        opinions=[present_acts.decision(each) for each in record.opinions],
        answer=present_acts.answer(record.answer),
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
