"""The benchmark runs, counts what it says, and names what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from invigil.bench.frames import BenchFailed, compose, measure, measure_all
from invigil.cli import app


def test_frames_are_composed(tmp_path: Path) -> None:
    compose(tmp_path)
    assert len(list(tmp_path.glob("*.jpg"))) == 12


def test_one_engine_in_a_process_of_its_own(tmp_path: Path) -> None:
    compose(tmp_path)
    (tmp_path / "notes.txt").write_text("no picture")
    (result,) = measure_all(["default"], tmp_path, 0.1, tmp_path)
    assert result.engine == "default"
    assert len(result.models) == 3
    assert result.frames >= 12
    assert result.compared == 1
    assert 0 < result.cpu_ms <= result.cpu_ms_p95
    assert result.seated_cpu_ms > 0
    assert result.frames_per_s > 1
    assert 50 < result.ready_mb <= result.peak_mb < 400


def test_pictures_without_a_face_cannot_be_measured(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    with pytest.raises(BenchFailed, match="exactly one usable face"):
        measure("default", tmp_path, 0.1, tmp_path)


def test_the_command_writes_what_it_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVIGIL_DATA_DIR", str(tmp_path))
    out = tmp_path / "result.json"
    arguments = ["bench", "frames", "--engine", "default", "--seconds", "0.1", "--json", str(out)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, done.output
    assert "No ratios" in done.output
    assert json.loads(out.read_text())["results"][0]["engine"] == "default"


def test_an_engine_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVIGIL_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["bench", "frames", "--engine", "yunet"])
    assert done.exit_code == 2
    assert "invigil models pull yunet" in done.output
