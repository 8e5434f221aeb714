from __future__ import annotations

from datetime import timedelta

import pytest

from invigil.domain.incident import Comparison, IncidentKind, IncidentState
from invigil.domain.observation import Identity
from invigil.domain.session import Policy
from invigil.rules import judge
from invigil.rules.rule import LOOK_AGAIN

from .film import (
    BLURRED,
    CUT_OFF,
    DARK,
    DIM,
    EMPTY,
    LOOKALIKE,
    ME,
    POLICY,
    SMALL,
    STRANGER,
    TURNED,
    TURNED_UNLIKE,
    TWO,
    UNSURE,
    Film,
    Shot,
    at,
    record,
)

KIND = IncidentKind.NOT_RECOGNISED


@pytest.mark.parametrize("shot", [UNSURE, TURNED, BLURRED, SMALL, CUT_OFF])
def test_somebody_whom_no_frame_can_tell_for_half_a_minute(shot: Shot) -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(24, shot)
    assert film.incidents == []
    film.lasts(10, shot)
    assert [each.kind for each in film.incidents] == [KIND]
    assert film.incidents[0].detail.comparison is Comparison.UNCLEAR


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


@pytest.mark.parametrize(
    ("shot", "comparison"),
    # Of a head that is turned it is not said that the face was seen clearly.
    [(LOOKALIKE, Comparison.NEITHER), (TURNED_UNLIKE, Comparison.UNCLEAR)],
)
def test_somebody_who_is_surely_not_recognised_is_reported_within_seconds(
    shot: Shot, comparison: Comparison
) -> None:
    film = Film()
    film.lasts(30, ME)
    film.shoot(shot)
    came = film.seconds
    film.lasts(4.5, shot)
    (incident,) = film.incidents
    assert (incident.kind, incident.started_at) == (KIND, at(came))
    film.lasts(40, UNSURE)
    assert [each.detail.comparison for each in film.incidents] == [comparison]


@pytest.mark.parametrize("shot", [LOOKALIKE, TURNED_UNLIKE])
def test_whoever_sits_down_right_after_a_frame_is_reported_within_eight_seconds(shot: Shot) -> None:
    """Each frame takes 150 ms to the server, and the next one is asked for after its answer."""
    film = Film()
    film.lasts(60, ME)
    film.next_in = POLICY.sampling.total_seconds()
    sat_down = film.seconds
    for _ in range(4):
        film.shoot(shot, every=film.next_in + 0.15)
    assert [each.kind for each in film.incidents] == [KIND]
    assert film.seconds - sat_down <= 8


def test_also_after_an_empty_chair_when_nobody_waits_for_it() -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(60, EMPTY)
    film.shoot(LOOKALIKE)
    came = film.seconds
    film.lasts(5, LOOKALIKE)
    assert [each.started_at for each in film.of(KIND)] == [at(came)]


def test_seconds_count_not_frames() -> None:
    """Many frames of one moment show one moment."""
    film = Film()
    film.shoot(ME)
    film.shoot(*[LOOKALIKE] * 12, every=0.2)
    assert film.incidents == []
    film.shoot(*[LOOKALIKE] * 3, every=0.2)
    assert [each.kind for each in film.incidents] == [KIND]


def test_a_few_frames_far_apart_do_not_count_as_clear() -> None:
    film = Film()
    film.shoot(ME, *[LOOKALIKE] * 3, every=5)
    assert film.incidents == []


@pytest.mark.parametrize("other", [ME, TURNED, UNSURE])
def test_a_moment_of_doubt_is_nothing(other: Shot) -> None:
    """Three clear frames in half a minute, among others, are a glimpse."""
    film = Film()
    for _ in range(12):
        film.lasts(20, ME)
        film.shoot(LOOKALIKE, other, LOOKALIKE, other, LOOKALIKE, every=0.7)
        film.shoot(ME)
    assert film.incidents == []


def test_clear_frames_ask_for_others_until_they_decide_and_no_longer() -> None:
    film = Film()
    film.shoot(*[DARK] * 8, every=5)
    assert film.shoot(LOOKALIKE, every=5).next_frame == LOOK_AGAIN
    assert film.shoot(UNSURE).next_frame == POLICY.sampling
    film.shoot(*[LOOKALIKE] * 4, every=LOOK_AGAIN.total_seconds())
    assert film.of(KIND) != []
    assert film.shoot(LOOKALIKE).next_frame == POLICY.sampling


def test_somebody_who_hovers_is_not_reported_again_and_again() -> None:
    """An old photo, new glasses: clear frames recognise them, and now and then they do not."""
    film = Film()
    for _ in range(60):
        film.lasts(50, ME)
        film.lasts(10, LOOKALIKE)
    assert len(film.of(KIND)) == 1  # the first time nobody could know


def test_somebody_who_hovers_is_reported_after_half_a_minute_all_the_same() -> None:
    film = Film()
    film.lasts(30, ME)
    film.shoot(LOOKALIKE)
    film.lasts(30, ME)
    film.lasts(20, LOOKALIKE)
    assert film.of(KIND) == []
    film.lasts(15, LOOKALIKE)
    (incident,) = film.of(KIND)
    assert incident.detail.comparison is Comparison.NEITHER


def test_what_was_long_ago_is_forgotten() -> None:
    film = Film()
    film.shoot(LOOKALIKE)
    film.lasts(POLICY.memory.total_seconds() + 10, ME)
    film.lasts(10, LOOKALIKE)
    assert len(film.of(KIND)) == 1


def test_it_ends_when_somebody_is_told_apart() -> None:
    film = Film()
    film.lasts(30, ME)
    film.lasts(10, LOOKALIKE)
    assert [each.kind for each in film.open] == [KIND]
    film.lasts(5, STRANGER)
    assert [each.kind for each in film.open] == [IncidentKind.DIFFERENT_PERSON]
    (doubt,) = film.of(KIND)
    assert doubt.ended_at is not None
    film.lasts(60, LOOKALIKE)
    assert len(film.of(KIND)) == 1
