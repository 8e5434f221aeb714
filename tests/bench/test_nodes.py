"""The model of several servers agrees with what can be known without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from invigil.bench.nodes import MEASURED, Costs, held, node_busy, reached, simulate
from invigil.cli import app

FREE = Costs(
    app_ms=10, worker_ms=10, database_ms=0, feed_ms=0, hear_ms=0, watch_ms=0, commit_ms=0
)  # fmt: skip


def test_an_idle_server_takes_its_service_time() -> None:
    times = simulate(replace(FREE, commit_ms=3), 1, 10)
    assert len(times.seconds) >= 70
    assert sum(times.seconds) / len(times.seconds) == pytest.approx(0.023, rel=0.15)


def test_one_server_holds_nearly_what_its_processors_can_do() -> None:
    # 10 ms of each of two processors: 100 pictures a second, 500 candidates at 5 s.
    assert 450 <= reached(FREE, 1).candidates <= 500
    assert not held(FREE, 1, 501)


def test_without_anything_shared_twice_as_many_servers_hold_twice_as_many() -> None:
    one, two, four = (reached(FREE, count).candidates for count in (1, 2, 4))
    assert two == pytest.approx(2 * one, rel=0.05)
    assert four == pytest.approx(4 * one, rel=0.05)


def test_a_database_that_is_full_ends_the_scaling() -> None:
    # 20 ms on two processors: 100 pictures a second, whatever the number of servers.
    costs = replace(FREE, database_ms=20)
    assert reached(costs, 4).candidates <= 500
    assert reached(costs, 4).database_busy > 0.85


def test_the_one_process_of_a_large_server_ends_it() -> None:
    large = replace(FREE, node_cores=64)
    assert 450 <= reached(large, 1).candidates <= 500
    assert reached(large, 1).app_busy > 0.9


def test_what_every_server_does_for_all_costs_each_of_them() -> None:
    costs = replace(FREE, hear_ms=1, watch_ms=0.2)
    assert node_busy(costs, 1, 100) == pytest.approx((20 * 20 + 0.2 * 100) / 2000)
    assert node_busy(costs, 2, 100) == pytest.approx((10 * 20 + 10 * 1 + 0.2 * 100) / 2000)
    one, two = reached(costs, 1).candidates, reached(costs, 2).candidates
    assert 1.5 * one < two < 2 * one


@pytest.mark.parametrize("app_ms", [18.0, MEASURED.app_ms])
def test_two_servers_hold_nine_tenths_more_than_one(app_ms: float) -> None:
    """From end to end of what was measured for one picture."""
    costs = replace(MEASURED, app_ms=app_ms)
    assert reached(costs, 2).candidates / reached(costs, 1).candidates >= 1.9


def test_the_page_has_what_is_computed() -> None:
    page = (Path(__file__).parents[2] / "docs" / "capacity.md").read_text()
    found = [reached(MEASURED, count) for count in (1, 2, 3, 4)]
    for each in found:
        ratio = f"{each.candidates / found[0].candidates:.2f}"
        ratio = f"**{ratio}**" if each.nodes == 2 else ratio
        shares = (each.app_busy, each.database_busy, each.feed_busy)
        percent = " | ".join(f"{share * 100:.0f} %" for share in shares)
        assert f"| {each.nodes} | {each.candidates} | {ratio} | {percent} |" in page


def test_the_command_says_that_it_computes() -> None:
    done = CliRunner().invoke(app, ["bench", "nodes", "--most", "2"])
    assert done.exit_code == 0, done.output
    assert "1.00 x" in done.output
    assert "Computed, not measured" in done.output
