from __future__ import annotations

from datetime import timedelta

import pytest

from invigil.domain.changes import Close, Open, Update, WarningCode
from invigil.domain.incident import IncidentDetail, IncidentKind, IncidentState
from invigil.domain.observation import Box, Unusable
from invigil.domain.session import Policy
from invigil.rules import judge

from .film import (
    DARK,
    DIM,
    EMPTY,
    GLARE,
    ME,
    POLICY,
    STRANGER,
    THREE,
    TURNED,
    TWO,
    Film,
    Shot,
    at,
    incident,
    record,
)

KIND = IncidentKind.MULTIPLE_FACES


def test_opens_at_the_third_frame_and_began_at_the_first() -> None:
    film = Film()
    film.shoot(ME, TWO, TWO)
    assert film.incidents == []
    ruling = film.shoot(TWO)
    assert ruling.changes == (
        Open(kind=KIND, started_at=at(5), detail=IncidentDetail(max_faces=2), with_image=True),
    )
    assert film.seconds == 6


def test_enough_frames_in_too_short_a_time_do_not_open() -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO, TWO, every=0.3)
    assert film.incidents == []
    film.shoot(TWO, every=0.3)
    assert len(film.of(KIND)) == 1


def test_enough_time_with_too_few_frames_does_not_open() -> None:
    film = Film()
    film.shoot(TWO, TWO, every=4)
    assert film.incidents == []


def test_poster_that_flickers_in_single_frames_opens_nothing() -> None:
    film = Film()
    for _ in range(200):
        film.shoot(TWO, ME)
        film.shoot(TWO, TWO, ME)
    assert film.incidents == []
    assert film.seconds > 1000


def test_frames_that_say_nothing_neither_count_nor_break() -> None:
    film = Film()
    film.shoot(TWO, DARK, DARK, TWO, GLARE, every=0.5)
    assert film.incidents == []
    film.shoot(TWO, every=0.5)
    assert film.of(KIND)[0].started_at == at(0.5)


def test_only_a_frame_that_shows_it_opens() -> None:
    """The image of the newest frame becomes the evidence."""
    frames = [record(TWO, 0), record(TWO, 1), record(TWO, 2), record(DARK, 3)]
    assert judge(POLICY, at(3), frames, []).changes == ()
    assert judge(POLICY, at(2), frames[:3], []).changes != ()


def test_only_a_clear_frame_closes() -> None:
    frames = [record(ME, 1), record(ME, 2), record(ME, 3), record(DARK, 4)]
    begun = [incident(KIND, 0, detail=IncidentDetail(max_faces=2))]
    assert judge(POLICY, at(4), frames, begun).changes == ()
    assert judge(POLICY, at(3), frames[:3], begun).changes != ()


@pytest.mark.parametrize(("sampling", "limit"), [(1, 15), (5, 15), (6, 18), (8, 24)])
def test_interrupted_run_must_lie_in_limited_time(sampling: int, limit: float) -> None:
    policy = Policy(sampling=timedelta(seconds=sampling))
    for last, opens in ((limit, True), (limit + 0.1, False)):
        frames = [record(TWO, 0), record(DARK, 1), record(TWO, 2), record(TWO, last)]
        assert bool(judge(policy, at(last), frames, []).changes) is opens


def test_slow_rhythm_of_a_busy_server_still_opens() -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO, every=12)
    assert film.of(KIND)[0].started_at == at(12)


def test_long_span_asked_by_the_policy_is_possible() -> None:
    film = Film(Policy(open_span=timedelta(seconds=20)))
    film.shoot(TWO, DARK, every=1)
    film.shoot(*[TWO] * 10, every=2)
    assert film.of(KIND)[0].started_at == at(1)


def test_closes_at_the_third_clear_frame_and_ended_at_the_first() -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO)
    film.shoot(ME, ME)
    assert film.of(KIND)[0].state is IncidentState.OPEN
    ruling = film.shoot(ME)
    assert [type(change) for change in ruling.changes] == [Close]
    assert film.of(KIND)[0].ended_at == at(6)
    assert film.seconds == 7


def test_clear_frames_in_too_short_a_time_do_not_close() -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO)
    film.shoot(ME, ME, ME, ME, every=0.3)
    assert film.open
    film.shoot(ME, every=0.3)
    assert not film.open


def test_second_face_that_comes_back_soon_is_the_same_incident() -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO)
    for _ in range(20):
        film.shoot(ME, ME, TWO, every=0.5)
    assert len(film.incidents) == 1
    assert film.open


@pytest.mark.parametrize("blind", [DARK, GLARE])
def test_blind_picture_does_not_prove_that_somebody_left(blind: Shot) -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO)
    film.lasts(60, blind)
    assert film.open


@pytest.mark.parametrize("clear", [ME, DIM, STRANGER, EMPTY, TURNED])
def test_one_face_or_none_closes(clear: Shot) -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO)
    film.shoot(clear, clear, clear, every=0.5)
    assert film.of(KIND)[0].state is IncidentState.CLOSED


def test_second_intruder_later_is_a_second_incident() -> None:
    film = Film()
    film.lasts(60, TWO)
    film.lasts(60, ME)
    film.lasts(60, TWO)
    first, second = film.of(KIND)
    assert first.ended_at is not None
    assert first.ended_at < second.started_at
    assert second.state is IncidentState.OPEN


def test_ten_minutes_of_one_cause_are_one_change() -> None:
    film = Film()
    film.lasts(600, TWO)
    assert sum(len(ruling.changes) for ruling in film.rulings) == 1


def test_an_incident_that_goes_on_needs_no_burst() -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO)
    for _ in range(10):
        assert film.shoot(TWO).next_frame == POLICY.sampling
        assert film.shoot(DARK).next_frame == POLICY.sampling


def test_policy_may_decide_on_one_frame() -> None:
    instant = timedelta()
    film = Film(Policy(open_frames=1, open_span=instant, close_frames=1, close_span=instant))
    film.shoot(TWO)
    assert film.open
    film.shoot(ME)
    assert not film.open


def test_policy_without_frames_still_needs_one() -> None:
    policy = Policy(close_frames=0, close_span=timedelta())
    begun = [incident(KIND, 2, detail=IncidentDetail(max_faces=2))]
    assert judge(policy, at(1), [record(ME, 1)], begun).changes == ()


def test_detail_counts_the_most_faces_of_the_run() -> None:
    film = Film()
    film.shoot(TWO, THREE, TWO)
    assert film.of(KIND)[0].detail == IncidentDetail(max_faces=3)


def test_update_only_when_more_faces_are_seen() -> None:
    film = Film()
    film.shoot(TWO, TWO, TWO)
    assert film.shoot(TWO).changes == ()
    ruling = film.shoot(THREE)
    assert [type(change) for change in ruling.changes] == [Update]
    assert film.of(KIND)[0].detail == IncidentDetail(max_faces=3)
    film.lasts(60, TWO, THREE)
    film.lasts(60, TWO)
    assert sum(len(each.changes) for each in film.rulings) == 2


def test_candidate_is_warned_from_the_second_frame_on_while_it_shows() -> None:
    film = Film()
    shots = [TWO, TWO, TWO, TWO, DARK, TWO, ME, TWO]
    warned = [WarningCode.MULTIPLE_FACES in film.shoot(shot).warnings for shot in shots]
    assert warned == [False, True, True, True, False, True, False, True]


def seen(*boxes: Box) -> Shot:
    return Shot(face_count=len(boxes), unusable=Unusable.SEVERAL_FACES, boxes=boxes)


def face(left: float, side: float, top: float = 100) -> Box:
    return Box(left, top, side, side)


def test_small_face_that_never_moves_is_a_picture() -> None:
    """The candidate sways, the face on the wall does not."""
    film = Film()
    for second in range(200):
        film.shoot(seen(face(200 + second % 40, 150), face(500 + second % 2, 60)), every=5)
    assert film.incidents == []


def test_candidate_is_told_of_a_picture() -> None:
    film = Film()
    poster = seen(face(200, 150), face(500, 60))
    film.shoot(poster)
    assert film.shoot(poster).warnings == (WarningCode.MULTIPLE_FACES,)


def test_picture_is_watched_for_a_while_and_then_costs_no_more_than_others() -> None:
    film = Film()
    poster = seen(face(200, 150), face(500, 60))
    assert film.shoot(poster).next_frame == POLICY.burst
    for _ in range(20):
        ruling = film.shoot(poster, every=1)
    assert ruling.next_frame == POLICY.sampling


def test_small_face_that_moves_is_somebody() -> None:
    film = Film()
    film.shoot(*(seen(face(200, 150), face(500 + 10 * step, 60)) for step in range(3)))
    assert len(film.of(KIND)) == 1


def test_small_face_that_comes_nearer_is_somebody() -> None:
    film = Film()
    film.shoot(*(seen(face(200, 150), Box(500, 100, side, side)) for side in (50, 57, 64)))
    assert len(film.of(KIND)) == 1


def test_face_as_near_as_the_candidate_need_not_move() -> None:
    film = Film()
    film.shoot(*[seen(face(100, 150), face(400, 120))] * 3)
    assert len(film.of(KIND)) == 1


def test_somebody_beside_a_picture_is_seen() -> None:
    film = Film()
    film.shoot(*[seen(face(200, 150), face(500, 60))] * 10, every=5)
    assert film.incidents == []
    film.shoot(*[seen(face(200, 150), face(20, 70), face(500, 60))] * 3)
    assert film.of(KIND)[0].detail.max_faces == 3


def test_a_moved_camera_moves_no_picture() -> None:
    film = Film()
    film.shoot(*[seen(face(200, 150), face(500, 60))] * 3)
    film.shoot(*[seen(face(160, 150, 130), face(460, 60, 130))] * 3)
    assert film.incidents == []


def test_a_poster_beside_a_candidate_who_is_not_the_main_face_is_a_picture() -> None:
    """Who leans half out of the picture is largest, and comes after the whole faces."""
    film = Film()
    for second in range(60):
        film.shoot(seen(face(120, 40), face(500 + second % 20, 160)), every=2)
    assert film.incidents == []
    film.shoot(*(seen(face(120 + 10 * step, 40), face(500, 160)) for step in range(4)))
    assert len(film.of(KIND)) == 1
