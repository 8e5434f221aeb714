from __future__ import annotations

from datetime import timedelta

import pytest

from invigil.domain.changes import Open, WarningCode
from invigil.domain.incident import IncidentDetail, IncidentKind, IncidentState
from invigil.domain.session import Policy
from invigil.rules import judge

from .film import (
    BLURRED,
    CUT_OFF,
    DARK,
    EMPTY,
    GLARE,
    ME,
    POLICY,
    STRANGER,
    TURNED,
    TWO,
    Film,
    Shot,
    at,
    incident,
    record,
)

KIND = IncidentKind.NO_FACE


def test_empty_chair_opens_after_six_seconds_and_began_with_the_first_frame() -> None:
    film = Film()
    film.lasts(30, ME)
    film.shoot(EMPTY)
    first = film.seconds
    film.lasts(5.5, EMPTY)
    assert film.incidents == []
    ruling = film.shoot(EMPTY)
    assert ruling.changes == (
        Open(kind=KIND, started_at=at(first), detail=IncidentDetail(), with_image=True),
    )
    assert film.seconds - first == 6


def test_longer_span_of_the_policy_wins() -> None:
    film = Film(Policy(open_span=timedelta(seconds=8)))
    film.shoot(EMPTY)
    film.lasts(7.5, EMPTY)
    assert film.incidents == []
    film.lasts(3, EMPTY)
    assert len(film.incidents) == 1


@pytest.mark.parametrize("seconds", [1, 3, 5])
def test_yawning_drinking_and_looking_down_open_nothing(seconds: float) -> None:
    film = Film()
    for _ in range(50):
        film.shoot(EMPTY)
        film.lasts(seconds, EMPTY)
        film.lasts(20, ME)
    assert film.incidents == []


@pytest.mark.parametrize("blind", [DARK, GLARE])
def test_bad_light_is_not_an_empty_chair(blind: Shot) -> None:
    film = Film()
    film.lasts(600, blind)
    assert film.incidents == []


@pytest.mark.parametrize("blind", [DARK, GLARE])
def test_bad_light_does_not_bring_anybody_back(blind: Shot) -> None:
    film = Film()
    film.lasts(20, EMPTY)
    film.lasts(60, blind)
    assert film.of(KIND)[0].state is IncidentState.OPEN


@pytest.mark.parametrize("face", [ME, STRANGER, TURNED, BLURRED, CUT_OFF, TWO])
def test_any_face_closes(face: Shot) -> None:
    film = Film()
    film.lasts(20, EMPTY)
    film.shoot(face)
    back = film.seconds
    film.lasts(2, face)
    assert film.of(KIND)[0].ended_at == at(back)


@pytest.mark.parametrize("dark_s", [5, 60, 200])
def test_darkness_does_not_make_it_longer(dark_s: float) -> None:
    """Who comes back in the dark was away for as long as could be seen, and no longer."""
    film = Film()
    film.lasts(20, EMPTY)
    film.shoot(DARK)
    fell = film.seconds
    film.lasts(dark_s, DARK)
    film.lasts(15, ME)
    assert film.of(KIND)[0].ended_at == at(fell)


def test_candidate_is_told_long_before_the_proctor() -> None:
    film = Film()
    assert film.shoot(EMPTY).warnings == ()
    assert film.shoot(EMPTY).warnings == (WarningCode.NO_FACE,)
    assert film.incidents == []
    assert film.shoot(ME).warnings == ()


def test_detail_of_an_open_incident_stays_as_it_is() -> None:
    begun = incident(KIND, 0, detail=IncidentDetail(max_faces=0))
    frames = [record(EMPTY, seconds) for seconds in (0, 1, 2)]
    assert judge(POLICY, at(2), frames, [begun]).changes == ()
