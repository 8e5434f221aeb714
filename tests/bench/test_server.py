"""The server benchmark runs against a real server and counts what came back."""

from __future__ import annotations

from invigil.bench.crowd import Sitting
from invigil.bench.latencies import Latencies
from invigil.bench.server import Step, measure
from tests.support.ports import free_port


async def test_a_small_crowd_joins_checks_in_and_is_looked_at() -> None:
    told: list[str] = []
    found = await measure(
        steps=[2], joins=3, interval_s=1, seconds=2, port=free_port(), progress=told.append
    )
    assert found["joins_in_10_s"]["count"] == 3
    assert found["check_in"]["count"] == 2
    (step,) = found["steps"]
    assert step["candidates"] == 2
    assert step["frames"]["errors"] == found["check_in"]["errors"] == 0
    # Two seconds after the warm-up, a frame a second each; a busy machine may ask for fewer.
    assert 1 <= step["frames"]["count"] <= 6
    assert set(step["cores"]) == {"server", "workers", "clients"}
    assert told[0] == "3 joined"


def test_held_means_in_time_without_errors_and_at_the_planned_interval() -> None:
    def step(seconds: list[float], errors: int = 0, skipped: int = 0, longest: float = 5) -> Step:
        sitting = Sitting(Latencies(seconds, errors), skipped, longest)
        return Step(100, 5, sitting, 0.5, 1.0, 0.1)

    fast = [0.1] * 100
    assert step(fast).held
    assert step([*fast, 30.0]).held
    assert not step(fast, errors=1).held
    assert not step(fast, skipped=1).held
    assert not step(fast, longest=6).held
    assert not step([*fast, *[1.1] * 10]).held
