"""The JSON of acts on candidates and of fair review. Parts that `schemas` is made of are here too,
so that nothing of it is imported."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from invigil.api.base_schemas import In, Out, Reason, plain
from invigil.domain.acts import ActKind
from invigil.domain.incident import Comparison, Decision, EvidenceMissing, IncidentKind
from invigil.domain.session import OwnIncidents

_Command = Annotated[str, StringConstraints(min_length=8, max_length=64, pattern=r"^[\w-]+$")]


class NewAct(In):
    """`command`: a random word for this act; the same once more does nothing twice."""

    act: ActKind
    reason: Reason
    command: _Command | None = None


class DecisionOut(Out):
    """`proposed`: it waits for a second person. `by_id`: of the sign-in or account; null on old
    records."""

    decision: Decision
    reason: str
    by: str
    by_id: str | None
    decided_at: datetime
    proposed: bool


class AnswerOut(Out):
    """What the candidate says to an incident."""

    text: str
    answered_at: datetime


class KindPrecision(Out):
    """How right one rule was in this installation, as people decided.

    `precision`: confirmed among confirmed and dismissed; `low` and `high`: its 95 % interval
    (Wilson). Null where nothing was settled. `words`: what a reviewer reads before deciding.
    """

    kind: IncidentKind
    opened: int
    reviewed: int
    confirmed: int
    dismissed: int
    inconclusive: int
    precision: float | None
    low: float | None
    high: float | None
    enough: bool
    words: str


class Precision(Out):
    kinds: list[KindPrecision]


class OwnEvidence(Out):
    """`url`: wants the candidate's token, as every route of the candidate's."""

    id: str
    url: str
    captured_at: datetime


class OwnDecision(Out):
    """What was decided. Who did is the exam office's to say."""

    decision: Decision
    reason: str
    decided_at: datetime


class OwnIncident(Out):
    """An incident as the candidate sees it. `decision`: null while no final one stands."""

    id: str
    kind: IncidentKind
    started_at: datetime
    ended_at: datetime | None
    max_faces: int | None
    comparison: Comparison | None
    evidence: list[OwnEvidence]
    evidence_missing: EvidenceMissing | None
    decision: OwnDecision | None
    answer: AnswerOut | None
    answer_until: datetime | None


class OwnIncidentList(Out):
    """`setting`: when this session shows incidents. `ended`: whether the exam is over for the
    candidate. `waiting`: incidents that are shown after people have decided about them."""

    setting: OwnIncidents
    ended: bool
    waiting: int
    incidents: list[OwnIncident]


class NewAnswer(In):
    text: Annotated[str, StringConstraints(min_length=1, max_length=1000), AfterValidator(plain)]


AnswerDays = Annotated[int, Field(ge=1, le=90)]
