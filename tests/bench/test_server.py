"""The server benchmark runs against a real server and counts what came back."""

from __future__ import annotations

from pathlib import Path

import pytest

from invigil.bench.crowd import Sitting
from invigil.bench.latencies import Latencies
from invigil.bench.server import Step, measure
from tests.support.ports import free_port
from tests.support.postgres import Cluster
from tests.support.redis import redis_server


async def test_candidates_hold_live_sockets_beside_a_database_and_a_feed(
    cluster: Cluster, migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = cluster.create(template=migrated)
    with redis_server(tmp_path / "redis") as redis:
        monkeypatch.setenv("INVIGIL_DATABASE_URL", url)
        monkeypatch.setenv("INVIGIL_FEED_URL", redis.url)
        found = await measure(
            steps=[2],
            joins=2,
            interval_s=1,
            seconds=3,
            port=free_port(),
            progress=lambda _: None,
            sockets=True,
        )
    cluster.drop(url)
    (step,) = found["steps"]
    assert step["frames"]["errors"] == 0
    assert step["cores"]["database"] > 0
    assert step["cores"]["feed"] >= 0


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
    used = {"server", "workers", "clients", "machine"}
    assert set(step["cores"]) == used | {"load_average", "server_mb", "workers_mb"}
    assert step["cores"]["server_mb"] > 20
    assert step["cores"]["machine"] >= step["cores"]["server"] > 0
    assert told[0] == "3 joined"


def test_held_means_in_time_without_errors_and_at_the_planned_interval() -> None:
    def step(
        seconds: list[float],
        errors: int = 0,
        skipped: int = 0,
        longest: float = 5,
        there: int = 100,
    ) -> Step:
        sitting = Sitting(there, Latencies(seconds, errors), skipped, longest)
        return Step(100, 5, 10, sitting, 0.5, 1.0, 0.1)

    fast = [0.1] * 200
    assert step(fast).held
    assert step([*fast, 30.0]).held
    assert not step(fast, errors=1).held
    assert not step(fast, skipped=1).held
    assert not step(fast, longest=6).held
    assert not step([*fast, *[1.1] * 20]).held


def test_a_crowd_that_is_not_there_holds_nothing() -> None:
    nobody = Step(500, 5, 60, Sitting(), 0.0, 0.0, 0.0)
    assert not nobody.held
    some = Sitting(400, Latencies([0.1] * 6000), 0, 5)
    assert not Step(500, 5, 60, some, 0.5, 1.0, 0.1).held
    idle = Sitting(500, Latencies([0.1] * 500), 0, 5)
    assert not Step(500, 5, 60, idle, 0.5, 1.0, 0.1).held
