"""Who comes when, who acts, and who is real."""

from __future__ import annotations

import pytest

from invigil.simulate.plan import Plan, is_simulated, name_of


def plan(**chosen: object) -> Plan:
    given: dict[str, object] = {"candidates": 100, "seconds": 600.0, "join_within_s": 100.0}
    return Plan(**given | chosen)  # type: ignore[arg-type]


def test_candidates_come_evenly() -> None:
    times = plan().arrivals()
    assert len(times) == 100
    assert times == sorted(times)
    assert [sum(begin <= each < begin + 25 for each in times) for begin in (0, 25, 50, 75)] == (
        [25] * 4
    )


def test_a_herd_is_a_fifth_in_the_first_five_seconds() -> None:
    times = plan(herd=True).arrivals()
    assert len(times) == 100
    # Those 20, and the four of the others who come then anyway.
    assert sum(each <= 5 for each in times) == 24
    assert max(times) < 100


@pytest.mark.parametrize(("candidates", "acts"), [(1, 1), (2, 2), (10, 3), (500, 25), (7, 0)])
def test_as_many_act_as_were_asked_for(candidates: int, acts: int) -> None:
    found = plan(candidates=candidates, acts=acts).actors()
    assert len(found) == acts
    assert found <= set(range(candidates))


@pytest.mark.parametrize(
    ("name", "simulated"),
    [
        (name_of(0), True),
        (name_of(12_345), True),
        ("Ada Example", False),
        ("Simulated", False),
        ("Simulated Ada", False),
        ("simulated 0001", False),
        ("", False),
    ],
)
def test_real_people_are_told_from_simulated_ones(name: str, simulated: bool) -> None:
    assert is_simulated(name) is simulated
    assert name_of(0) == "Simulated 0001"
