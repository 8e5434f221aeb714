"""Image, proxy, media servers, service unit: each file by the program that will read it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from invigil.settings import Settings
from tests.deploy import tools
from tests.support.ports import free_port

_VARIABLE = re.compile(r"\b(?:INVIGIL|DB)_[A-Z0-9_]+\b")
_NOT_SETTINGS = {"INVIGIL_TAG", "INVIGIL_PUBLISH"}
"""Variables of compose.yaml alone."""


def files() -> list[Path]:
    return sorted(path for path in tools.DEPLOY.rglob("*") if path.is_file())


def settings() -> set[str]:
    return {
        str(field.validation_alias or f"INVIGIL_{name.upper()}")
        for name, field in Settings.model_fields.items()
    }


def test_every_setting_that_is_named_exists() -> None:
    known = settings() | _NOT_SETTINGS
    seen: set[str] = set()
    for path in files():
        for name in _VARIABLE.findall(path.read_text()):
            if name.endswith("_"):
                continue
            seen.add(name)
            assert name in known, f"{path.relative_to(tools.DEPLOY)}: {name}"
    assert {"INVIGIL_DATABASE_URL", "INVIGIL_FEED_URL", "INVIGIL_DRAIN_SECONDS"} <= seen


def test_the_dockerfile_has_no_fault_that_a_linter_knows(tmp_path: Path) -> None:
    dockerfile = tools.DEPLOY / "Dockerfile"
    tools.passes(tools.hadolint(), "--failure-threshold", "info", dockerfile)
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python\nRUN cd /tmp && sudo pip install x\n")
    code, _ = tools.run(tools.hadolint(), bad)
    assert code != 0, "the linter finds nothing at all"


def test_the_image_runs_as_nobody_in_particular_and_stops_by_sigterm() -> None:
    lines = (tools.DEPLOY / "Dockerfile").read_text().splitlines()
    last = {line.split()[0]: line for line in lines if line and line[0].isupper()}
    assert last["USER"] == "USER 10001:10001"
    assert last["STOPSIGNAL"] == "STOPSIGNAL SIGTERM"
    assert last["CMD"] == 'CMD ["invigil", "serve"]', "no shell in between: it would eat signals"


def test_all_that_the_image_is_built_from_is_let_in_and_nothing_else() -> None:
    root = tools.DEPLOY.parent
    rules = (root / ".dockerignore").read_text().splitlines()
    assert rules.index("*") < rules.index("!src"), "everything is out unless it is named"
    for rule in (line.removeprefix("!") for line in rules if line.startswith("!")):
        assert (root / rule).exists(), rule


def test_caddy_takes_its_file() -> None:
    caddy = tools.of_debian("caddy", "caddy")
    file = tools.DEPLOY / "Caddyfile"
    arguments = ("validate", "--adapter", "caddyfile", "--config")
    env = {"SITE": "proctor.example.edu"}
    assert "Valid configuration" in tools.passes(caddy, *arguments, file, env=env)
    adapted = tools.passes(caddy, "adapt", "--adapter", "caddyfile", "--config", file, env=env)
    assert '"proctor.example.edu"' in adapted
    assert '"livekit.proctor.example.edu"' in adapted
    assert '"/metrics"' in adapted


def test_livekit_takes_its_file(tmp_path: Path) -> None:
    text = (tools.DEPLOY / "livekit.yaml").read_text()
    # Its address on the internet would be asked for out there.
    assert "use_external_ip: true" in text
    local = tmp_path / "livekit.yaml"
    local.write_text(text.replace("use_external_ip: true", "use_external_ip: false"))
    assert yaml.safe_load(text)["webhook"]["urls"]
    env = {"LIVEKIT_KEYS": f"key: {'s' * 32}", "LIVEKIT_WEBHOOK_API_KEY": "key"}
    said = tools.passes(tools.livekit(), "--config", local, "ports", env=env)
    for port in ("7880", "7881", "7882"):
        assert port in said
    local.write_text(local.read_text() + "\nno_such_setting: 1\n")
    _, said = tools.run(tools.livekit(), "--config", local, "ports", env=env)
    assert "field no_such_setting not found" in said, "it takes anything"


SECRET = "north-4711-turn"


@pytest.mark.parametrize(
    ("more", "refused"),
    [((), True), (("--allow-loopback-peers", "--allowed-peer-ip=127.0.0.1"), False)],
)
def test_turn_relays_nothing_into_the_network_behind_it(
    more: tuple[str, ...], refused: bool, tmp_path: Path
) -> None:
    """A real coturn with our file: a peer on a private address is refused with 403."""
    server = tools.installed("turnserver", "coturn")
    client = tools.installed("turnutils_uclient", "coturn")
    port = free_port()
    options = ["--realm=exam", f"--static-auth-secret={SECRET}", "--listening-ip=127.0.0.1"]
    options += ["--relay-ip=127.0.0.1", f"--listening-port={port}", f"--userdb={tmp_path / 'db'}"]
    options += [f"--pidfile={tmp_path / 'pid'}", *more]
    log = tmp_path / "log"
    with log.open("wb") as out:
        running = subprocess.Popen(
            [server, "-c", tools.DEPLOY / "turnserver.conf", *options],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=tmp_path,
        )
    try:
        ask = (client, "-y", "-c", "-n", "1", "-W", SECRET, "-p", str(port), "127.0.0.1")
        deadline = time.monotonic() + 30
        said = ""
        while time.monotonic() < deadline:
            _, said = tools.run("timeout", "8", *ask)
            if "403" in said or "Total transmit time" in said:
                break
            time.sleep(0.2)
    finally:
        running.kill()
        running.wait()
    assert "Bad configuration" not in log.read_text()
    assert ("403" in said) is refused, said + log.read_text()


def test_systemd_takes_the_unit_and_finds_it_confined(tmp_path: Path) -> None:
    analyze = tools.installed("systemd-analyze", "systemd")
    text = (tools.DEPLOY / "systemd" / "invigil.service").read_text()
    # The program of this installation: what is verified has to exist.
    program = Path(sys.executable).with_name("invigil")
    unit = tmp_path / "invigil.service"
    unit.write_text(text.replace("/opt/invigil/bin/invigil", str(program)))
    assert tools.passes(analyze, "verify", "--man=no", unit) == ""
    tools.passes(analyze, "security", "--offline=true", "--threshold=20", unit)
    unit.write_text(unit.read_text().replace("NoNewPrivileges=true", "NoNewPriviledges=true"))
    _, said = tools.run(analyze, "verify", "--man=no", unit)
    assert "NoNewPriviledges" in said


def test_the_unit_gives_the_server_time_to_end() -> None:
    text = (tools.DEPLOY / "systemd" / "invigil.service").read_text()
    found = re.search(r"^TimeoutStopSec=(\d+)$", text, re.MULTILINE)
    assert found
    assert int(found[1]) >= 30
