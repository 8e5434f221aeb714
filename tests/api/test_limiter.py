"""So many calls a minute, counted without a timer."""

from __future__ import annotations

import pytest

from invigil.api import limiter as module
from invigil.api.letters import AT_ONCE, LETTER, PER_S, LetterBudget
from invigil.api.limiter import Limiter
from invigil.domain.errors import TooManyRequests


class Seconds:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


@pytest.fixture
def limiter(seconds: Seconds) -> Limiter:
    return Limiter(seconds)


def allowed(limiter: Limiter, tries: int, per_minute: int, *key: str) -> int:
    count = 0
    for _ in range(tries):
        try:
            limiter.require(per_minute, *key)
        except TooManyRequests:
            continue
        count += 1
    return count


@pytest.mark.parametrize("per_minute", [1, 7, 12, 30, 240, 600, 100_000])
def test_at_once_as_many_as_in_a_minute_and_no_more(limiter: Limiter, per_minute: int) -> None:
    assert allowed(limiter, per_minute + 50, per_minute, "frames", "ada") == per_minute


def test_within_the_minute_nothing_comes_back(limiter: Limiter, seconds: Seconds) -> None:
    assert allowed(limiter, 100, 12, "frames", "ada") == 12
    seconds.now += 59
    assert allowed(limiter, 100, 12, "frames", "ada") == 0


def test_afterwards_they_come_back_evenly(limiter: Limiter, seconds: Seconds) -> None:
    assert allowed(limiter, 100, 12, "frames", "ada") == 12
    seconds.now += 60
    assert allowed(limiter, 100, 12, "frames", "ada") == 1
    for _ in range(4):
        seconds.now += 15
        assert allowed(limiter, 100, 12, "frames", "ada") in {2, 3, 4}
    seconds.now += 86_400
    assert allowed(limiter, 100, 12, "frames", "ada") == 12


def test_the_planned_rhythm_is_never_refused(limiter: Limiter, seconds: Seconds) -> None:
    for _ in range(10_000):
        limiter.require(12, "frames", "ada")
        seconds.now += 5


def test_keys_do_not_share(limiter: Limiter) -> None:
    assert allowed(limiter, 20, 12, "frames", "ada") == 12
    assert allowed(limiter, 20, 12, "frames", "ben") == 12
    assert allowed(limiter, 20, 12, "join", "ada") == 12


def test_who_has_long_been_silent_is_forgotten_and_nobody_else(
    seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_TIDY_FROM", 100)
    limiter = Limiter(seconds)
    for number in range(5_000):
        seconds.now += 1
        limiter.require(60, "join", str(number))
    assert len(limiter._calls) < 500
    assert allowed(limiter, 100, 60, "join", "4999") == 59


def spent(budget: LetterBudget, length: int = 100) -> int:
    """How many letters of this length are taken before one is not."""
    count = 0
    try:
        while count < 10_000:
            budget.spend(length)
            count += 1
    except TooManyRequests:
        pass
    return count


def test_letters_come_in_bursts_and_then_at_their_pace(seconds: Seconds) -> None:
    budget = LetterBudget(seconds)
    assert spent(budget) == AT_ONCE
    assert spent(budget) == 0
    budget = LetterBudget(seconds)
    for _ in range(600):
        for _ in range(int(PER_S)):
            budget.spend(100)
        seconds.now += 1
    seconds.now += 3600
    assert spent(budget) == AT_ONCE


def test_long_letters_count_as_several(seconds: Seconds) -> None:
    assert spent(LetterBudget(seconds), 4 * LETTER) == AT_ONCE // 5
