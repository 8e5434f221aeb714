# ruff: noqa: S311 - dice for films, not secrets
"""Pictures that repeat: a clip that goes round, a still, a covered camera, and what is none."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from invigil.domain.incident import SEVERITY, IncidentKind, Severity
from invigil.domain.observation import Unusable
from invigil.domain.session import REPEATS, Policy
from invigil.rules.sameness import SAME_BITS

from .film import DARK, EMPTY, ME, Film, Shot

LOOPED, FROZEN = IncidentKind.FEED_LOOPED, IncidentKind.CAMERA_FROZEN
COVERED = IncidentKind.CAMERA_COVERED
BLACK = Shot(0, Unusable.TOO_DARK, covered=True)


def live(chance: random.Random) -> Shot:
    """One picture of a sensor; of two of them, a quarter or so of the bits differ."""
    return Shot(identity=ME.identity, fingerprint=chance.randbytes(32))


def nearly(fingerprint: bytes, bits: int, chance: random.Random) -> bytes:
    value = int.from_bytes(fingerprint)
    for bit in chance.sample(range(256), bits):
        value ^= 1 << bit
    return value.to_bytes(32)


class Clip:
    """A recording that goes round: at each moment one of its frames."""

    def __init__(self, seconds: float, rate: float, seed: int) -> None:
        self._chance = random.Random(seed)
        self._frames = [self._chance.randbytes(32) for _ in range(round(seconds * rate))]
        self._rate = rate

    def at(self, seconds: float, bits: int = 0) -> Shot:
        frame = self._frames[int(seconds * self._rate) % len(self._frames)]
        return Shot(identity=ME.identity, fingerprint=nearly(frame, bits, self._chance))


def play(
    film: Film,
    clip: Clip,
    seconds: float,
    late: random.Random,
    bits: int = 0,
    *,
    most: float = 0.03,
) -> None:
    """As a page does: each frame a little later than asked for, by `most` seconds at most."""
    end = film.seconds + seconds
    while film.seconds < end and not film.of(LOOPED):
        gap = film.next_in + late.uniform(most / 6, most)
        film.shoot(clip.at(film.seconds + gap, bits), every=gap)


@pytest.mark.parametrize("seed", range(8))
def test_a_clip_of_ten_seconds_is_found_within_two_minutes(seed: int) -> None:
    film = Film()
    play(film, Clip(10, 15, seed), 120, random.Random(seed))
    (incident,) = film.of(LOOPED)
    assert incident.started_at <= film.records[-1].received_at


@pytest.mark.parametrize("seconds", [5, 7.3, 17, 30, 60])
def test_any_clip_is_found_in_the_end(seconds: float) -> None:
    film = Film()
    play(film, Clip(seconds, 15, 1), 1800, random.Random(1))
    assert film.of(LOOPED)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("seconds", [10, 10.1])
def test_a_clip_is_found_by_a_page_that_is_never_late(seconds: float, seed: int) -> None:
    """Of one that fits the interval the same pictures come at once. Of another, none would come for
    a long time, were there not a shorter wait now and then."""
    film = Film()
    chance = random.Random(seed)
    play(film, Clip(seconds, 10, seed), 60 if seconds == 10 else 600, chance, most=0.004)
    assert film.of(LOOPED)


@pytest.mark.parametrize(("interval", "bits"), [(1, 0), (3, SAME_BITS // 2), (15, 0), (30, 2)])
def test_a_clip_is_found_at_any_interval_and_with_some_bits_turned(
    interval: int, bits: int
) -> None:
    film = Film(Policy(sampling=timedelta(seconds=interval)))
    play(film, Clip(6, 10, 4), 240 * interval, random.Random(4), bits)
    assert film.of(LOOPED)


@settings(max_examples=30)
@given(st.integers(0, 10_000), st.lists(st.none() | st.floats(0.2, 20), min_size=1, max_size=80))
def test_a_live_camera_never_repeats_however_still_the_scene(
    seed: int, rhythm: list[float | None]
) -> None:
    """Nobody moves: only the noise differs, by the least number of bits that was measured."""
    chance = random.Random(seed)
    still = chance.randbytes(32)
    film = Film()
    for gap in rhythm:
        # Two of these differ by up to twice as many bits.
        shot = Shot(identity=ME.identity, fingerprint=nearly(still, 2 * SAME_BITS, chance))
        film.shoot(shot, every=None if gap is None else round(gap, 1))
    assert film.incidents == []


def test_one_repeat_is_no_loop() -> None:
    chance = random.Random(1)
    again = live(chance)
    film = Film()
    film.shoot(again, *[live(chance) for _ in range(4)], again, every=5)
    film.shoot(*[live(chance) for _ in range(30)], every=5)
    assert film.incidents == []


def test_one_repeat_asks_for_the_next_frame_when_it_would_repeat() -> None:
    chance = random.Random(1)
    first, second = live(chance), live(chance)
    film = Film()
    film.shoot(first, every=5)
    film.shoot(second, every=3)
    film.shoot(live(chance), every=5)
    film.shoot(first, every=5)  # 13 s later
    assert film.next_in == pytest.approx(3)


def test_repeats_without_a_period_need_to_be_more() -> None:
    chance = random.Random(5)
    shots = [live(chance) for _ in range(6)]
    film = Film()
    film.shoot(*shots, every=5)
    for place, gap in zip((3, 0, 4, 1, 5), (5.1, 7.9, 11.3, 2.7, 13.9), strict=True):
        assert not film.of(LOOPED)
        film.shoot(shots[place], every=gap)
    assert film.of(LOOPED)


def test_a_loop_ends_when_the_camera_is_live_again() -> None:
    chance = random.Random(2)
    film = Film()
    play(film, Clip(10, 15, 2), 120, chance)
    while film.open and film.seconds < 400:
        film.shoot(live(chance))
    (incident,) = film.of(LOOPED)
    assert incident.ended_at is not None
    film.lasts(120, *[live(chance) for _ in range(100)])
    assert len(film.of(LOOPED)) == 1


def test_a_still_is_frozen_and_not_looped() -> None:
    chance = random.Random(3)
    still = live(chance)
    film = Film()
    film.shoot(live(chance), every=5)
    film.lasts(120, still)
    assert [each.kind for each in film.incidents] == [FROZEN]
    assert film.incidents[0].ended_at is None
    film.lasts(30, *[live(chance) for _ in range(10)])
    assert film.open == []


def test_a_picture_that_hangs_for_fifteen_seconds_is_nothing() -> None:
    chance = random.Random(3)
    hung = live(chance)
    film = Film()
    film.shoot(*[live(chance) for _ in range(3)], *[hung] * 4, every=5)
    film.shoot(*[live(chance) for _ in range(20)], every=5)
    assert film.incidents == []


def test_a_recording_may_be_agreed_on() -> None:
    film = Film(Policy(off=REPEATS))
    play(film, Clip(10, 15, 1), 300, random.Random(1))
    film.lasts(60, live(random.Random(1)))
    assert film.incidents == []


@given(
    st.lists(st.tuples(st.sampled_from([ME, EMPTY, DARK, BLACK]), st.integers(1, 9)), max_size=9)
)
def test_pictures_that_cannot_be_told_apart_never_repeat(scenes: list[tuple[Shot, int]]) -> None:
    film = Film()
    for shot, count in scenes:
        film.shoot(*[shot] * count)
    assert film.of(LOOPED) == film.of(FROZEN) == []


def test_a_covered_camera_is_information_after_half_a_minute_and_no_empty_chair() -> None:
    film = Film()
    film.lasts(22, BLACK)
    assert film.incidents == []
    film.lasts(20, BLACK)
    assert [each.kind for each in film.incidents] == [COVERED]
    assert SEVERITY[COVERED] is Severity.LOW
    film.lasts(10, ME)
    assert film.open == []


def test_covered_in_bright_light_is_no_empty_chair_either() -> None:
    film = Film()
    film.lasts(60, Shot(0, Unusable.NO_FACE, covered=True))
    assert [each.kind for each in film.incidents] == [COVERED]


@given(st.lists(st.sampled_from([BLACK, ME, DARK]), min_size=1, max_size=60))
def test_a_dark_room_with_something_to_see_is_not_covered(shots: list[Shot]) -> None:
    """Nothing opens while, at least every 20 seconds, there was something to see."""
    film = Film()
    for place, shot in enumerate(shots):
        film.shoot(DARK if place % 4 == 0 else shot, every=5)
    assert film.of(COVERED) == []
