from __future__ import annotations

import pytest

from invigil.domain.changes import Open, WarningCode
from invigil.domain.incident import Comparison, IncidentDetail, IncidentKind, IncidentState
from invigil.domain.observation import Identity, Unusable
from invigil.rules import judge

from .film import (
    BLURRED,
    DARK,
    DIM,
    EMPTY,
    ME,
    NOT_COMPARED,
    POLICY,
    STRANGER,
    TURNED,
    TWO,
    UNSURE,
    Film,
    Shot,
    at,
    incident,
    record,
)

KIND = IncidentKind.DIFFERENT_PERSON


def test_swap_is_found_by_the_second_frame_at_once() -> None:
    film = Film()
    film.lasts(60, ME)
    assert film.shoot(STRANGER).next_frame == POLICY.first_look
    first = film.seconds
    assert film.incidents == []
    ruling = film.shoot(STRANGER)
    assert ruling.changes == (
        Open(
            kind=KIND,
            started_at=at(first),
            detail=IncidentDetail(comparison=Comparison.DOES_NOT_MATCH),
            with_image=True,
        ),
    )
    assert film.seconds - first == pytest.approx(POLICY.first_look.total_seconds())


def test_swap_while_the_chair_is_empty_for_a_moment_is_found() -> None:
    film = Film()
    film.lasts(30, ME)
    film.shoot(EMPTY, EMPTY, STRANGER, TURNED, STRANGER, BLURRED, STRANGER)
    assert len(film.of(KIND)) == 1


def test_single_mismatches_open_nothing() -> None:
    film = Film()
    for _ in range(200):
        film.shoot(STRANGER, ME)
    assert film.incidents == []


@pytest.mark.parametrize(
    "silent",
    [
        UNSURE,
        NOT_COMPARED,
        TURNED,
        DIM,
        Shot(unusable=Unusable.TOO_DARK, identity=Identity.MISMATCH),
        Shot(unusable=Unusable.FACE_TOO_SMALL, identity=Identity.MISMATCH),
    ],
)
def test_what_cannot_be_compared_never_counts_against_the_candidate(silent: Shot) -> None:
    film = Film()
    film.lasts(120, silent)
    assert film.of(KIND) == []
    film.shoot(STRANGER, silent, silent)
    assert film.of(KIND) == []


@pytest.mark.parametrize("spoilt", [Unusable.BLURRED, Unusable.TURNED_AWAY, Unusable.FACE_CUT_OFF])
def test_a_face_a_little_blurred_turned_or_cut_off_is_recognised_and_never_accused(
    spoilt: Unusable,
) -> None:
    film = Film()
    film.lasts(60, Shot(unusable=spoilt, identity=Identity.MISMATCH))
    assert film.of(KIND) == []
    film.shoot(STRANGER, STRANGER)
    film.lasts(30, Shot(unusable=spoilt, identity=Identity.MATCH))
    assert film.of(KIND)[0].state is IncidentState.CLOSED


@pytest.mark.parametrize(
    "silent",
    [
        UNSURE,
        NOT_COMPARED,
        TURNED,
        EMPTY,
        DARK,
        TWO,
        Shot(unusable=Unusable.TOO_BRIGHT, identity=Identity.MATCH),
    ],
)
def test_what_cannot_be_compared_clears_nobody(silent: Shot) -> None:
    film = Film()
    film.shoot(STRANGER, STRANGER, STRANGER)
    film.lasts(120, silent)
    assert film.of(KIND)[0].state is IncidentState.OPEN


def test_turning_away_opens_nothing() -> None:
    film = Film()
    for _ in range(20):
        film.lasts(30, ME)
        film.lasts(20, TURNED)
    assert film.incidents == []


def test_closes_when_the_candidate_is_back() -> None:
    film = Film()
    film.shoot(STRANGER, STRANGER, STRANGER)
    film.shoot(ME)
    back = film.seconds
    film.shoot(TURNED, ME, ME)
    assert film.of(KIND)[0].ended_at == at(back)


def test_detail_of_an_open_incident_stays_as_it_is() -> None:
    unclear = incident(KIND, 0, detail=IncidentDetail(comparison=Comparison.UNCLEAR))
    frames = [record(STRANGER, seconds) for seconds in (0, 1, 2)]
    assert judge(POLICY, at(2), frames, [unclear]).changes == ()


def test_second_swap_is_a_second_incident() -> None:
    film = Film()
    for _ in range(2):
        film.lasts(30, STRANGER)
        film.lasts(30, ME)
    assert [each.state for each in film.of(KIND)] == [IncidentState.CLOSED] * 2


def test_candidate_is_warned_from_the_second_frame_on_while_it_shows() -> None:
    film = Film()
    shots = [STRANGER, STRANGER, TURNED, STRANGER, ME, STRANGER, ME]
    warned = [WarningCode.DIFFERENT_PERSON in film.shoot(shot).warnings for shot in shots]
    assert warned == [False, True, False, True, False, True, False]


def test_somebody_else_in_front_of_a_poster_is_seen() -> None:
    """The engine compares the main face when it is clearly the nearest."""
    film = Film()
    beside = Shot(face_count=2, unusable=Unusable.SEVERAL_FACES, identity=Identity.MISMATCH)
    film.shoot(ME, beside, beside, beside)
    assert len(film.of(KIND)) == 1


def test_the_same_moment_sent_twice_is_one_frame() -> None:
    film = Film()
    film.shoot(ME)
    film.shoot(STRANGER, STRANGER, every=0.1)
    assert film.incidents == []


def test_first_look_is_given_once() -> None:
    """A page that cannot show the face again is not asked five times a second."""
    film = Film()
    assert film.shoot(STRANGER).next_frame == POLICY.first_look
    assert film.shoot(TURNED).next_frame == POLICY.burst


def test_somebody_else_who_hides_is_reported_until_the_candidate_is_back() -> None:
    """They are still there: a face that nobody recognises is no end of it."""
    film = Film()
    film.lasts(30, ME)
    film.shoot(STRANGER, STRANGER)
    film.lasts(50, UNSURE)
    film.shoot(ME)
    back = film.seconds
    film.lasts(10, ME)
    assert film.of(KIND)[0].ended_at == at(back)
