"""Looks of the server at live video, in virtual time."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from invigil.domain.changes import Close, Open
from invigil.domain.incident import Incident, IncidentKind
from invigil.domain.tap import TapLook
from invigil.rules.frames_do_not_match_video import (
    DIFFERS_BELOW,
    MATCHES_FROM,
    judge_looks,
    window,
)

from .film import at, incident

KIND = IncidentKind.FRAMES_DO_NOT_MATCH_VIDEO
EVERY = timedelta(seconds=20)
SAME, OTHER, UNCLEAR, NOTHING = 0.9, 0.1, 0.5, None


class Looks:
    """Feeds looks through the rule, and keeps what it rules as the storage would."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.looks: list[TapLook] = []
        self.open: Incident | None = None
        self.incidents: list[tuple[float, float | None]] = []

    def see(self, *similarities: float | None, every: float = 20) -> Looks:
        for similarity in similarities:
            self.seconds += every
            self.looks.append(TapLook(f"{len(self.looks):05}", at(self.seconds), similarity))
            since = at(self.seconds) - window(EVERY)
            recent = [look for look in self.looks if look.at >= since]
            self._apply(judge_looks(EVERY, recent, self.open))
        return self

    def _apply(self, change: Open | Close | None) -> None:
        if isinstance(change, Open):
            assert self.open is None
            assert change.with_image
            began = (change.started_at - at(0)).total_seconds()
            assert began <= self.seconds
            self.open = incident(change.kind, began)
            self.incidents.append((began, None))
        elif isinstance(change, Close):
            assert change.incident is self.open
            assert change.ended_at > change.incident.started_at
            ended = (change.ended_at - at(0)).total_seconds()
            self.incidents[-1] = (self.incidents[-1][0], ended)
            self.open = None


def test_three_different_looks_open_one_incident_from_the_first_of_them() -> None:
    looks = Looks().see(SAME, OTHER, OTHER)
    assert looks.incidents == []
    assert looks.see(OTHER).incidents == [(40, None)]
    assert looks.open is not None
    assert looks.open.kind is KIND
    assert looks.see(OTHER, OTHER, OTHER).incidents == [(40, None)]


@pytest.mark.parametrize("between", [SAME, UNCLEAR, DIFFERS_BELOW])
def test_a_look_that_does_not_differ_starts_the_count_again(between: float) -> None:
    assert Looks().see(OTHER, OTHER, between, OTHER, OTHER).incidents == []


def test_a_look_that_says_nothing_changes_nothing() -> None:
    looks = Looks().see(OTHER, NOTHING, OTHER, NOTHING)
    assert looks.incidents == []
    assert looks.see(OTHER).incidents == [(20, None)]
    assert looks.see(NOTHING, NOTHING).incidents == [(20, None)]


def test_a_clear_match_closes_and_nothing_less_does() -> None:
    looks = Looks().see(OTHER, OTHER, OTHER, UNCLEAR, NOTHING, OTHER)
    assert looks.incidents == [(20, None)]
    assert looks.see(MATCHES_FROM).incidents == [(20, 140)]
    assert looks.see(OTHER, OTHER).incidents == [(20, 140)]


def test_looks_in_quick_succession_are_not_enough() -> None:
    looks = Looks().see(OTHER, OTHER, OTHER, OTHER, every=5)
    assert looks.incidents == []


def test_looks_with_a_long_pause_between_them_are_no_succession() -> None:
    assert Looks().see(OTHER, OTHER, every=20).see(OTHER, every=101).incidents == []


def test_without_looks_nothing_is_said() -> None:
    assert judge_looks(EVERY, [], None) is None


similarities = st.none() | st.sampled_from([SAME, OTHER, OTHER, UNCLEAR]) | st.floats(-1, 1)
runs = st.lists(
    st.tuples(similarities, st.integers(1, 5), st.floats(1, 150)), min_size=1, max_size=12
)


@given(runs)
def test_incidents_are_sound(script: list[tuple[float | None, int, float]]) -> None:
    """`Looks` refuses a second open one, and the end of what is not open."""
    looks = Looks()
    for similarity, count, every in script:
        looks.see(*[similarity] * count, every=every)
    ends = [end for _, end in looks.incidents]
    assert all(end is not None for end in ends[:-1])
    for (_, end), (start, _) in zip(looks.incidents, looks.incidents[1:], strict=False):
        assert end is not None
        assert end < start


@given(st.lists(st.none() | st.floats(DIFFERS_BELOW, 1), min_size=1, max_size=30))
def test_pictures_that_do_not_clearly_differ_never_open_anything(
    seen: list[float | None],
) -> None:
    assert Looks().see(*seen).incidents == []


@given(st.lists(st.just(NOTHING) | st.just(OTHER), max_size=30))
def test_without_a_match_what_is_open_stays_open(seen: list[float | None]) -> None:
    looks = Looks().see(OTHER, OTHER, OTHER).see(*seen)
    assert looks.incidents == [(20, None)]
