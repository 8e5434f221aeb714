"""The Compose files: loaded by Compose's own loader, with and without what they need."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import tools

ALONE = ("compose.yaml",)
FULL = ("compose.yaml", "compose.full.yaml")
_REQUIRED = re.compile(r"\$\{(\w+):\?([^}]*)\}")
_SECRETS = {
    "POSTGRES_PASSWORD",
    "VALKEY_PASSWORD",
    "S3_ACCESS_KEY",
    "S3_SECRET_KEY",
    "LIVEKIT_API_KEY",
    "LIVEKIT_API_SECRET",
    "TURN_SECRET",
    "INVIGIL_METRICS_TOKEN",
}


def required() -> set[str]:
    text = (tools.DEPLOY / "compose.full.yaml").read_text()
    return {name for name, _ in _REQUIRED.findall(text)}


def given() -> dict[str, str]:
    return {name: f"given-{name.lower().replace('_', '-')}" for name in required()}


def load(files: tuple[str, ...], env: dict[str, str]) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(tools.passes(tools.compose(), *files, env=env))
    return loaded


def test_alone_it_is_the_server_with_one_volume_and_needs_no_setting() -> None:
    project = load(ALONE, {})
    (server,) = project["services"].values()
    assert list(project["volumes"]) == ["data"]
    assert server["environment"].get("INVIGIL_DATABASE_URL") is None
    (port,) = server["ports"]
    assert port["host_ip"] == "127.0.0.1", "plain http is for this computer alone"


def test_everything_loads_once_all_is_given() -> None:
    project = load(FULL, given())
    assert set(project["services"]) == {
        *("invigil", "postgres", "valkey", "rustfs", "bucket", "livekit", "coturn", "caddy"),
    }
    environment = project["services"]["invigil"]["environment"]
    assert environment["INVIGIL_DATABASE_URL"].startswith("postgresql://invigil:given-postgres")
    assert environment["INVIGIL_LOG_FORMAT"] == "json", "the plain file's settings stay"


@pytest.mark.parametrize("name", sorted(_SECRETS | {"SITE", "PUBLIC_IP"}))
@pytest.mark.parametrize("value", [None, ""])
def test_nothing_starts_without_it(name: str, value: str | None) -> None:
    env = given()
    del env[name]
    code, said = tools.run(tools.compose(), *FULL, env=env if value is None else env | {name: ""})
    assert code != 0
    assert f"set {name} in .env" in said


def test_the_example_names_all_that_is_needed_and_gives_away_nothing() -> None:
    lines = (tools.DEPLOY / ".env.example").read_text().splitlines()
    named = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(named) - {"COMPOSE_FILE"} == required() == _SECRETS | {"SITE", "PUBLIC_IP"}
    assert named.pop("COMPOSE_FILE") == ":".join(FULL)
    assert set(named.values()) == {""}


def services() -> list[tuple[str, dict[str, Any]]]:
    return list(load(FULL, given())["services"].items())


def test_every_service_is_confined() -> None:
    for name, service in services():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name


def test_every_service_is_watched_and_pinned() -> None:
    for name, service in services():
        if name != "invigil":  # its image has the check
            assert "healthcheck" in service, name
            assert re.search(r":v?\d", service["image"]), f"{name}: {service['image']}"
    assert "HEALTHCHECK" in (tools.DEPLOY / "Dockerfile").read_text()


def test_database_feed_and_store_cannot_be_reached_from_outside() -> None:
    project = load(FULL, given())
    assert project["networks"]["back"]["internal"] is True
    for name in ("postgres", "valkey", "rustfs", "bucket"):
        service = project["services"][name]
        assert list(service["networks"]) == ["back"], name
        assert "ports" not in service, name


def test_volumes_have_names_and_files_exist() -> None:
    project = load(FULL, given())
    for name, service in project["services"].items():
        for volume in service.get("volumes", ()):
            if volume["type"] == "bind":
                assert Path(volume["source"]).is_file(), name
                assert volume["read_only"] is True, name
            else:
                assert volume["source"] in project["volumes"], name
