from __future__ import annotations

from datetime import timedelta

import pytest

from invigil.domain.changes import Close, Ruling, WarningCode
from invigil.domain.incident import IncidentKind, IncidentState
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
    GLARE,
    ME,
    NOT_COMPARED,
    POLICY,
    SMALL,
    STRANGER,
    TURNED,
    TWO,
    Film,
    Shot,
    at,
    incident,
    record,
)

SECOND = timedelta(seconds=1)


def test_without_frames_nothing_is_ruled() -> None:
    nothing = Ruling(changes=(), warnings=(), next_frame=POLICY.sampling)
    assert judge(POLICY, at(0), [], []) == nothing
    old = [record(TWO, seconds) for seconds in (0, 1, 2)]
    assert judge(POLICY, at(2 + 61), old, []) == nothing


def test_frames_older_than_the_window_do_not_matter() -> None:
    frames = [record(TWO, 0), record(TWO, 0.5), record(TWO, 60.5)]
    assert judge(POLICY, at(60.5), frames, []).changes == ()
    assert judge(POLICY, at(60), [*frames[:2], record(TWO, 60)], []).changes != ()


def test_order_is_by_time_and_then_by_id() -> None:
    frames = [record(TWO, 0, "a"), record(TWO, 0.5, "b"), record(ME, 1, "c"), record(TWO, 1, "d")]
    assert judge(POLICY, at(1), frames, []).warnings == ()
    renamed = [*frames[:2], record(ME, 1, "d"), record(TWO, 1, "c")]
    assert judge(POLICY, at(1), renamed, []).changes == ()
    assert judge(POLICY, at(1), renamed[::-1], []).next_frame == POLICY.sampling


def test_the_same_frame_twice_is_one_frame() -> None:
    frames = [record(TWO, 0), record(TWO, 1), record(TWO, 1)]
    assert judge(POLICY, at(1), frames, []).changes == ()


def test_incidents_without_a_frame_rule_are_left_alone() -> None:
    frames = [record(ME, seconds) for seconds in (1, 2, 3)]
    lost = incident(IncidentKind.CAMERA_LOST, 0)
    assert judge(POLICY, at(3), frames, [lost]).changes == ()


def test_closed_incidents_are_left_alone() -> None:
    frames = [record(ME, seconds) for seconds in (1, 2, 3)]
    done = incident(IncidentKind.MULTIPLE_FACES, 0, state=IncidentState.CLOSED, ended_at=at(0))
    assert judge(POLICY, at(3), frames, [done]).changes == ()


def test_frames_from_before_an_incident_do_not_end_it() -> None:
    frames = [record(ME, seconds) for seconds in (0, 1, 2, 3)]
    begun = incident(IncidentKind.MULTIPLE_FACES, 1)
    assert judge(POLICY, at(3), frames, [begun]).changes == ()


def test_of_two_open_incidents_of_one_kind_the_older_is_judged() -> None:
    frames = [record(ME, seconds) for seconds in (3, 4, 5)]
    kind = IncidentKind.MULTIPLE_FACES
    pair = [incident(kind, 0, "older"), incident(kind, 1, "younger")]
    for given in (pair, pair[::-1]):
        assert judge(POLICY, at(5), frames, given).changes == (Close(pair[0], at(3)),)


def test_two_causes_are_two_incidents() -> None:
    film = Film()
    film.shoot(STRANGER, STRANGER, STRANGER)
    film.shoot(TWO, TWO, TWO)
    assert {each.kind for each in film.open} == {
        IncidentKind.DIFFERENT_PERSON,
        IncidentKind.MULTIPLE_FACES,
    }


@pytest.mark.parametrize(
    ("shot", "warning"),
    [
        (DIM, WarningCode.TOO_DARK),
        (DARK, WarningCode.TOO_DARK),
        (GLARE, WarningCode.TOO_BRIGHT),
        (SMALL, WarningCode.FACE_TOO_SMALL),
        (BLURRED, WarningCode.BLURRED),
        (CUT_OFF, WarningCode.FACE_CUT_OFF),
    ],
)
def test_quality_warning_when_three_frames_share_the_trouble(
    shot: Shot, warning: WarningCode
) -> None:
    film = Film()
    warnings = [film.shoot(each).warnings for each in (shot, shot, shot, shot, ME, shot)]
    assert warnings == [(), (), (warning,), (warning,), (), ()]


def test_different_troubles_and_turning_away_give_no_quality_warning() -> None:
    film = Film()
    assert film.shoot(DIM, BLURRED, DIM, SMALL).warnings == ()
    assert film.shoot(TURNED, TURNED, TURNED, TURNED).warnings == ()


def test_each_warning_is_given_once() -> None:
    film = Film()
    film.lasts(30, EMPTY)
    assert film.rulings[-1].warnings == (WarningCode.NO_FACE,)


@pytest.mark.parametrize("suspicious", [TWO, EMPTY])
def test_first_suspicious_frame_asks_for_a_burst_until_it_is_decided(suspicious: Shot) -> None:
    film = Film()
    assert film.shoot(ME).next_frame == POLICY.sampling
    while not film.incidents:
        film.shoot(suspicious)
        decided = bool(film.incidents)
        assert film.rulings[-1].next_frame == (POLICY.sampling if decided else POLICY.burst)
    while film.open:
        film.shoot(ME)
        assert film.rulings[-1].next_frame == (POLICY.burst if film.open else POLICY.sampling)


def test_one_clear_frame_ends_the_burst() -> None:
    film = Film()
    film.shoot(TWO)
    assert film.shoot(ME).next_frame == POLICY.sampling


def test_unusable_frames_do_not_end_the_suspicion() -> None:
    film = Film()
    film.shoot(STRANGER)
    assert film.shoot(TURNED, TURNED).next_frame == POLICY.burst


def test_suspicion_that_stays_undecided_falls_back_to_a_gentler_rhythm() -> None:
    film = Film()
    film.shoot(TWO)
    rhythm = [film.shoot(DARK).next_frame for _ in range(19)]
    assert rhythm == [POLICY.burst] * 19
    assert film.seconds == 9.5
    assert film.shoot(DARK).next_frame == 2 * SECOND
    assert film.shoot(DARK).next_frame == 2 * SECOND
    film.lasts(4, DARK)
    assert film.shoot(DARK).next_frame == POLICY.sampling


def test_burst_is_allowed_again_when_the_last_one_is_half_a_minute_ago() -> None:
    policy = Policy(sampling=10 * SECOND)
    burst = [record(TURNED, frame / 2) for frame in range(21)]
    soon = judge(policy, at(30), [*burst, record(TWO, 30)], [])
    later = judge(policy, at(30.5), [*burst, record(TWO, 30.5)], [])
    assert (soon.next_frame, later.next_frame) == (2 * SECOND, policy.burst)


@pytest.mark.parametrize(("every", "expected"), [(1.2, 2 * SECOND), (1.3, POLICY.burst)])
def test_burst_frames_that_come_late_count_as_burst(every: float, expected: timedelta) -> None:
    frames = [record(TURNED, frame * every) for frame in range(9)]
    frames.append(record(TWO, 9 * every))
    assert judge(POLICY, at(9 * every), frames, []).next_frame == expected


@pytest.mark.parametrize("shots", [(TWO, *[DARK] * 11), (TWO, ME), (EMPTY, DARK, DARK, ME)])
def test_ten_minutes_of_flickering_cost_at_most_one_frame_per_second(
    shots: tuple[Shot, ...],
) -> None:
    film = Film(Policy(open_frames=30))
    film.lasts(600, *shots)
    assert film.incidents == []
    assert len(film.records) <= 620


def test_burst_is_never_slower_than_sampling() -> None:
    film = Film(Policy(sampling=SECOND, burst=3 * SECOND))
    assert film.shoot(TWO).next_frame == SECOND


def test_fast_sampling_is_not_taken_for_a_burst() -> None:
    film = Film(Policy(sampling=SECOND))
    film.lasts(120, ME)
    assert film.shoot(TWO).next_frame == POLICY.burst


@pytest.mark.parametrize("shot", [TURNED, BLURRED, Shot(identity=Identity.UNCERTAIN)])
def test_somebody_who_is_no_longer_recognised_is_looked_at_again_soon(shot: Shot) -> None:
    film = Film()
    film.lasts(30, ME)
    assert film.shoot(shot).next_frame == LOOK_AGAIN
    assert film.shoot(ME).next_frame == POLICY.sampling
    film.lasts(12, shot)
    assert film.shoot(shot).next_frame == POLICY.sampling
    assert film.incidents == []


def test_who_was_never_recognised_is_not_looked_at_more_often() -> None:
    film = Film()
    assert film.shoot(NOT_COMPARED, TURNED).next_frame == POLICY.sampling
