"""What the advisory databases say, and what it means when they say nothing."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    path = Path(__file__).parents[2] / "scripts" / "audit.py"
    spec = importlib.util.spec_from_file_location("audit", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_registry_without_advisories_is_not_called_clean(audit: ModuleType) -> None:
    skipped = {"dependencies": [{"name": "pillow", "skip_reason": "not found on PyPI"}]}
    assert audit.python_verdict(skipped) == (audit.Verdict.UNKNOWN, [])
    assert audit.python_verdict(None) == (audit.Verdict.UNKNOWN, [])
    assert audit.npm_verdict({"error": {"code": "E405"}}) == (audit.Verdict.UNKNOWN, [])
    assert audit.npm_verdict(audit.parsed("405 Method Not Allowed")) == (audit.Verdict.UNKNOWN, [])


def test_a_known_vulnerability_is_named(audit: ModuleType) -> None:
    dependency = {"name": "pillow", "version": "9.0.0", "vulns": [{"id": "CVE-2022-22817"}]}
    fine = {"name": "typer", "version": "1", "vulns": []}
    assert audit.python_verdict({"dependencies": [fine, dependency]}) == (
        audit.Verdict.VULNERABLE,
        ["pillow 9.0.0: CVE-2022-22817"],
    )
    assert audit.python_verdict({"dependencies": [fine]}) == (audit.Verdict.CLEAN, [])
    npm = {"vulnerabilities": {"vite": {"severity": "high"}}}
    assert audit.npm_verdict(npm) == (audit.Verdict.VULNERABLE, ["vite: high"])
    assert audit.npm_verdict({"vulnerabilities": {}}) == (audit.Verdict.CLEAN, [])
