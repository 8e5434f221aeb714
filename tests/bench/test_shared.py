"""The parts that servers share can be measured, on the real ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from invigil.cli import app
from tests.support.postgres import Cluster
from tests.support.redis import redis_server


def test_shared_costs_are_measured_and_nothing_is_left(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = cluster.create()
    out = tmp_path / "shared.json"
    with redis_server(tmp_path / "redis") as redis:
        monkeypatch.setenv("INVIGIL_DATABASE_URL", url)
        monkeypatch.setenv("INVIGIL_FEED_URL", redis.url)
        for _ in range(2):  # the first one has taken its session away
            done = CliRunner().invoke(
                app, ["bench", "shared", "--seconds", "1", "--json", str(out)]
            )
            assert done.exit_code == 0, done.output
    cluster.drop(url)
    found = json.loads(out.read_text())
    assert found["commit_ms"] > 0
    assert 0 < found["watch_ms"] < 10
    assert 0 < found["hear_ms"] < 50
    assert found["tell_ms"] > 0


def test_without_the_shared_parts_it_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INVIGIL_DATA_DIR", str(tmp_path))
    done = CliRunner().invoke(app, ["bench", "shared"])
    assert done.exit_code == 2
    assert "INVIGIL_FEED_URL" in done.output
