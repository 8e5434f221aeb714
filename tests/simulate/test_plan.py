"""Who comes when, who acts, and who is real."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from typer.testing import CliRunner

from invigil.cli import app
from invigil.simulate import commands
from invigil.simulate.page import late
from invigil.simulate.plan import CannotRehearse, Plan, is_simulated, name_of


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


@pytest.mark.parametrize(
    ("options", "jitter"),
    [((), 0.02), (("--jitter", "0"), 0.0), (("--jitter", "50"), 0.5), (("--jitter", "7.5"), 0.075)],
)
def test_the_jitter_that_was_asked_for_is_planned(
    options: tuple[str, ...], jitter: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Plan] = []

    def no_rehearsal(_place: object, plan: Plan, _patience_s: float) -> None:
        seen.append(plan)
        raise CannotRehearse("Not today.")

    monkeypatch.setattr(commands, "Rehearsal", no_rehearsal)
    link = ("--sign-in", "http://localhost/?token=t")
    done = CliRunner().invoke(app, ["simulate", *link, *options])
    assert "Not today." in done.output
    assert [each.jitter for each in seen] == [pytest.approx(jitter)]


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_a_file_that_cannot_be_written_is_told_before_the_rehearsal(
    option: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "Rehearsal", lambda *_: pytest.fail("it began"))
    nowhere = str(tmp_path / "no folder" / "file")
    link = ("--sign-in", "http://localhost/?token=t")
    done = CliRunner().invoke(app, ["simulate", *link, option, nowhere])
    assert done.exit_code == 2
    assert f"{nowhere} cannot be written: No such file or directory." in done.output


@pytest.mark.parametrize(
    ("percent", "why"),
    [("-1", "greater than or equal to 0"), ("50.1", "less than or equal to 50")],
)
def test_a_jitter_that_cannot_be_is_refused(percent: str, why: str) -> None:
    done = CliRunner().invoke(app, ["simulate", "--jitter", percent], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert "--jitter" in done.output
    assert why in done.output


def test_a_timer_is_late_by_up_to_its_jitter_and_never_early() -> None:
    chance = random.Random(1)  # noqa: S311 - no secrets
    times = [late(5.0, 0.2, chance) for _ in range(1000)]
    assert min(times) >= 5.0
    assert max(times) <= 6.0
    assert max(times) - min(times) > 0.9
    assert {late(5.0, 0.0, chance) for _ in range(10)} == {5.0}
