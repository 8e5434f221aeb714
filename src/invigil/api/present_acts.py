"""Records of review and of candidates' own incidents to wire models."""

from __future__ import annotations

from invigil.api import acts_schemas as s
from invigil.domain import incident as i
from invigil.domain.precision import ENOUGH, KindTally
from invigil.services.own_incidents import Listing, Shown


def decision(record: i.ReviewDecision) -> s.DecisionOut:
    return s.DecisionOut(
        decision=record.decision,
        reason=record.reason,
        by=record.by,
        by_id=record.by_id,
        decided_at=record.decided_at,
        proposed=record.proposed,
    )


def answer(record: i.Answer | None) -> s.AnswerOut | None:
    if record is None:
        return None
    return s.AnswerOut(text=record.text, answered_at=record.answered_at)


def precision(record: KindTally) -> s.KindPrecision:
    low, high = record.interval or (None, None)
    return s.KindPrecision(
        kind=record.kind,
        opened=record.opened,
        reviewed=record.reviewed,
        confirmed=record.confirmed,
        dismissed=record.dismissed,
        inconclusive=record.inconclusive,
        precision=record.precision,
        low=low,
        high=high,
        enough=record.reviewed >= ENOUGH,
        words=record.words,
    )


def own_incidents(listing: Listing) -> s.OwnIncidentList:
    return s.OwnIncidentList(
        setting=listing.setting,
        ended=listing.ended,
        waiting=listing.waiting,
        incidents=[own_incident(each) for each in listing.incidents],
    )


def own_incident(shown: Shown) -> s.OwnIncident:
    """For the candidate: no score, and nobody's name."""
    record = shown.incident
    made = record.decision
    return s.OwnIncident(
        id=record.id,
        kind=record.kind,
        started_at=record.started_at,
        ended_at=record.ended_at,
        max_faces=record.detail.max_faces,
        comparison=record.detail.comparison,
        evidence=[
            s.OwnEvidence(
                id=each.id,
                url=f"/api/v1/candidates/me/incidents/{record.id}/evidence/{each.id}",
                captured_at=each.captured_at,
            )
            for each in record.evidence
        ],
        evidence_missing=record.evidence_missing,
        decision=None
        if made is None or made.proposed
        else s.OwnDecision(decision=made.decision, reason=made.reason, decided_at=made.decided_at),
        answer=answer(record.answer),
        answer_until=shown.answer_until,
    )
