"""Dashboard and alerts: they use only what `/metrics` really gives."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploy import tools
from tests.support.clock import Clock
from tests.support.house import running
from tests.support.metrics import TOKEN, Scrape, scrape
from tests.support.scripted import ScriptedEngine

_NAME = re.compile(r"\b(?:invigil|process|python)_[a-z_]+\b")
_FILTER = re.compile(r"(\w+)\{([^}]*)\}")
_EQUAL = re.compile(r'(\w+)!?="([^"$]+)"')
RULES = tools.DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = tools.DEPLOY / "grafana" / "invigil.json"


@pytest.fixture
async def given(tmp_path: Path, clock: Clock) -> Scrape:
    async with running(tmp_path / "data", clock, ScriptedEngine(), metrics_token=TOKEN) as house:
        client = await house.client()
        await client.get("/api/v1/sessions")  # a refusal, so that there is one to count
        return await scrape(client)


def dashboard() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return found


def queries() -> list[str]:
    asked = [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]
    asked += [
        variable["query"]["query"]
        for variable in dashboard()["templating"]["list"]
        if variable["type"] == "query"
    ]
    rules = yaml.safe_load(RULES.read_text())["groups"]
    return asked + [rule["expr"] for group in rules for rule in group["rules"]]


def test_every_metric_that_is_asked_for_is_given(given: Scrape) -> None:
    asked = {name for query in queries() for name in _NAME.findall(query)}
    assert len(asked) > 15
    assert asked <= given.names


def test_every_value_that_is_asked_for_can_come(given: Scrape) -> None:
    """A misspelt `outcome="faild"` would be an alert that never comes."""
    checked = 0
    for query in queries():
        for name, filters in _FILTER.findall(query):
            for label, value in _EQUAL.findall(filters):
                if label in {"job", "instance"} or name not in given.names:
                    continue
                values = {dict(labels).get(label) for each, labels in given.series if each == name}
                assert value in values, query
                checked += 1
    assert checked >= 3


def test_every_metric_of_ours_is_shown_or_alerts(given: Scrape) -> None:
    asked = {name for query in queries() for name in _NAME.findall(query)}
    ours = {name for name in given.names if name.startswith("invigil_")}
    ours -= {"invigil_verdict_seconds_sum", "invigil_verdict_seconds_count"}
    assert ours <= asked


def test_panels_lie_side_by_side_and_have_a_name() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard()["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert panel["title"]
        assert max(x for x, _ in cells) < 24
        assert not taken & cells, panel["title"]
        taken |= cells


def test_prometheus_takes_rules_and_configuration(tmp_path: Path) -> None:
    promtool = tools.of_debian("promtool", "prometheus")
    tools.passes(promtool, "check", "rules", RULES)
    token = tmp_path / "token"
    token.write_text(TOKEN)
    text = (RULES.parent / "prometheus.yaml").read_text()
    (tmp_path / "alerts.yaml").write_text(RULES.read_text())
    config = tmp_path / "prometheus.yaml"
    config.write_text(text.replace("/etc/prometheus/invigil-token", str(token)))
    tools.passes(promtool, "check", "config", config)


def test_alerts_come_when_they_should_and_not_before() -> None:
    promtool = tools.of_debian("promtool", "prometheus")
    tools.passes(promtool, "test", "rules", "alerts.test.yaml", cwd=RULES.parent)


def test_every_alert_is_explained() -> None:
    words = (tools.DEPLOY.parent / "docs" / "operations.md").read_text()
    for group in yaml.safe_load(RULES.read_text())["groups"]:
        for rule in group["rules"]:
            assert f"`{rule['alert']}`" in words, rule["alert"]
