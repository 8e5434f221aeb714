from __future__ import annotations

from datetime import timedelta

import pytest

from invigil.domain.incident import IncidentKind, IncidentState
from invigil.domain.observation import Identity
from invigil.domain.session import Policy
from invigil.rules import judge

from .film import (
    BLURRED,
    DARK,
    DIM,
    EMPTY,
    ME,
    POLICY,
    SMALL,
    STRANGER,
    TURNED,
    TWO,
    UNSURE,
    Film,
    Shot,
    at,
    record,
)

KIND = IncidentKind.NOT_RECOGNISED


@pytest.mark.parametrize("shot", [UNSURE, TURNED, BLURRED, SMALL])
def test_somebody_whom_no_frame_can_tell_for_half_a_minute(shot: Shot) -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(24, shot)
    assert film.incidents == []
    film.lasts(10, shot)
    assert [each.kind for each in film.incidents] == [KIND]


@pytest.mark.parametrize("sampling", [1, 5, 30, 60])
def test_in_every_rhythm(sampling: int) -> None:
    film = Film(Policy(sampling=timedelta(seconds=sampling)))
    film.lasts(120, ME)
    film.lasts(6 * sampling + 30, TURNED)
    assert len(film.of(KIND)) == 1


@pytest.mark.parametrize("shot", [DIM, DARK, EMPTY, TWO])
def test_what_has_words_of_its_own_is_not_said_twice(shot: Shot) -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(120, shot)
    assert film.of(KIND) == []


def test_turning_away_again_and_again_is_nothing() -> None:
    film = Film()
    for _ in range(30):
        film.lasts(20, TURNED)
        film.lasts(5, ME)
    assert film.incidents == []


@pytest.mark.parametrize("shot", [TURNED, UNSURE, BLURRED])
def test_nobody_is_expected_to_be_recognised_without_a_template(shot: Shot) -> None:
    frames = [record(shot, second) for second in range(0, 61, 5)]
    assert judge(POLICY, at(60), frames, [], compared=False).changes == ()
    assert judge(POLICY, at(60), frames, []).changes != ()


@pytest.mark.parametrize("shot", [TURNED, BLURRED])
def test_who_was_never_recognised_is_reported_as_well(shot: Shot) -> None:
    film = Film()
    film.lasts(40, shot)
    assert [each.kind for each in film.incidents] == [KIND]


def test_darkness_before_changes_nothing() -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(60, DARK)
    film.lasts(40, TURNED)
    assert [each.kind for each in film.incidents] == [KIND]


def test_frames_far_apart_on_a_busy_server_suffice() -> None:
    film = Film()
    film.shoot(*[TURNED] * 3, every=30)
    assert [each.kind for each in film.incidents] == [KIND]


def test_different_person_is_not_also_unknown() -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(120, STRANGER)
    assert [each.kind for each in film.incidents] == [IncidentKind.DIFFERENT_PERSON]


def test_ends_when_recognised_again() -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(60, TURNED)
    film.shoot(ME)
    back = film.seconds
    film.lasts(15, Shot(identity=Identity.MATCH))
    (incident,) = film.of(KIND)
    assert (incident.state, incident.ended_at) == (IncidentState.CLOSED, at(back))


def test_costs_no_frames() -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(300, TURNED)
    assert len(film.records) < 340 / 5 + 15
