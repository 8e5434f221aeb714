"""The table of who may do what, and that forbidden looks like unknown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from invigil.domain.actor import Actor, ApiClient, CandidateActor, Organiser, Proctor, Scope, Staff
from invigil.domain.authorize import (
    ALLOWED,
    INSTALLATION,
    InSession,
    Operation,
    authorize,
    readable_sessions,
)
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import NotFound
from invigil.domain.session import ExamSession

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ORGANISER = Organiser("o", "Olga")
PROCTOR = Proctor("p", "Petra", frozenset({"here"}))
HERE, THERE = InSession("here"), InSession("there")


def candidate(id_: str) -> Candidate:
    return Candidate(
        id=id_,
        session_id="here",
        name="Ada",
        state=CandidateState.JOINED,
        joined_at=NOW,
        token_hash="",
    )


def refused(actor: Actor, operation: Operation, thing: InSession | Candidate | None) -> str:
    with pytest.raises(NotFound) as found:
        authorize(actor, operation, thing)
    return str(found.value)


def test_every_operation_has_its_line() -> None:
    assert set(ALLOWED) == set(Operation)


def test_what_is_authorised_is_given_back() -> None:
    assert authorize(ORGANISER, Operation.SESSION_READ, THERE) is THERE
    assert authorize(PROCTOR, Operation.SESSION_READ, HERE) is HERE


@pytest.mark.parametrize("operation", Operation)
def test_no_proctor_reaches_another_session(operation: Operation) -> None:
    refused(PROCTOR, operation, THERE)


def test_a_proctor_reaches_the_session_itself_by_its_id() -> None:
    session = ExamSession(
        id="here",
        title="Biology",
        sampling_interval_s=5,
        retention_days=30,
        exam_url=None,
        created_at=NOW,
    )
    assert authorize(PROCTOR, Operation.SESSION_READ, session) is session


@pytest.mark.parametrize(
    "operation", [Operation.SESSION_CREATE, Operation.SESSION_CLOSE, Operation.PROCTORS_MANAGE]
)
def test_what_is_for_organisers_alone(operation: Operation) -> None:
    refused(PROCTOR, operation, HERE)
    assert authorize(ORGANISER, operation, HERE) is HERE


def test_whoever_decides_may_know_how_often_a_rule_was_right() -> None:
    for actor in (ORGANISER, PROCTOR):
        assert authorize(actor, Operation.PRECISION_READ, INSTALLATION) is INSTALLATION
    with pytest.raises(NotFound):
        authorize(CandidateActor("c", "here"), Operation.PRECISION_READ, INSTALLATION)


@pytest.mark.parametrize("actor", [ORGANISER, PROCTOR, CandidateActor("c", "here")])
def test_forbidden_reads_like_unknown(actor: Actor) -> None:
    assert refused(actor, Operation.EXAM_TAKE, candidate("other")) == refused(
        actor, Operation.EXAM_TAKE, None
    )


def test_a_candidate_does_only_its_own_exam() -> None:
    me = CandidateActor("c", "here")
    mine = candidate("c")
    assert authorize(me, Operation.EXAM_TAKE, mine) is mine
    refused(me, Operation.EXAM_TAKE, candidate("d"))
    for operation in set(Operation) - {Operation.EXAM_TAKE}:
        refused(me, operation, mine)


@pytest.mark.parametrize("scope", Scope)
def test_a_token_does_what_its_scope_says_and_no_more(scope: Scope) -> None:
    client = ApiClient("t", "Importer", frozenset({scope}))
    for operation, (_, needed) in ALLOWED.items():
        if needed is scope:
            assert authorize(client, operation, THERE) is THERE
        else:
            refused(client, operation, THERE)


def test_a_token_without_scopes_and_an_actor_of_no_sort_do_nothing() -> None:
    for actor in (ApiClient("t", "Nothing"), Staff("s", "Nobody")):
        for operation in Operation:
            refused(actor, operation, HERE)


def test_lists_hold_what_one_may_read() -> None:
    assert readable_sessions(ORGANISER) is None
    assert readable_sessions(PROCTOR) == frozenset({"here"})
    assert readable_sessions(CandidateActor("c", "here")) == frozenset()
    assert readable_sessions(ApiClient("t", "x", frozenset({Scope.REVIEW_WRITE}))) == frozenset()
    assert readable_sessions(ApiClient("t", "x", frozenset({Scope.SESSIONS_READ}))) is None
    with pytest.raises(NotFound):
        authorize(CandidateActor("c", "here"), Operation.SESSION_LIST, INSTALLATION)
