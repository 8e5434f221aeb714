"""What the start makes of a provider of live video that is set up wrongly, or away."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from invigil.clock import system_clock
from invigil.domain.errors import MediaAuthError, MediaConfigError
from invigil.settings import Settings
from invigil.video_wiring import check_meetings, make_meetings
from tests.server.test_real_parts import refusal
from tests.support.ports import free_port
from tests.support.process import served_with_log
from tests.support.realtimekit import ACCOUNT, APP, CANDIDATE, KEY, ORG, PROCTOR, TOKEN, RealtimeKit

STALE = {"DYTE_ORG_ID": "org-of-old", "DYTE_API_KEY": "canary-api-key"}
OURS = {"INVIGIL_REALTIMEKIT_ORG_ID": "org-of-old", "INVIGIL_REALTIMEKIT_API_KEY": "canary-api-key"}
TODAY = {
    "INVIGIL_REALTIMEKIT_ACCOUNT_ID": ACCOUNT,
    "INVIGIL_REALTIMEKIT_APP_ID": APP,
    "INVIGIL_REALTIMEKIT_API_TOKEN": "canary-api-token",
}
AS_DEFAULT = {"INVIGIL_MEETINGS": "realtimekit"}


async def check(monkeypatch: pytest.MonkeyPatch, **chosen: str) -> list[Any]:
    """The start's look at live video, with these in the environment; what it logs."""
    for name in ("DYTE_ORG_ID", "DYTE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    settings = Settings(_env_file=None)
    with capture_logs() as logs:
        await check_meetings(make_meetings(settings, system_clock), settings)
    assert "canary" not in repr(logs)
    return [line for line in logs if line["event"].startswith("live video")]


def base(service: RealtimeKit, path: str = "/v2") -> dict[str, str]:
    return {"INVIGIL_REALTIMEKIT_BASE_URL": f"{service.origin}{path}"}


async def test_stale_keys_are_a_warning_where_nothing_needs_them(
    service: RealtimeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    (line,) = await check(monkeypatch, **STALE, **base(service))
    assert line["log_level"] == "warning"
    assert line["provider"] == "realtimekit"
    assert line["reason"].startswith(" and ".join(STALE))
    assert service.origin.removeprefix("http://") in line["reason"]
    assert "remove them" in line["fix"]


async def test_keys_that_are_ours_are_no_leftovers(
    service: RealtimeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sessions may choose what is set up, also where new ones get something else by themselves."""
    with pytest.raises(MediaAuthError, match=r"^INVIGIL_REALTIMEKIT_ORG_ID and"):
        await check(monkeypatch, **OURS, **base(service))


@pytest.mark.parametrize(("names", "path"), [(STALE, "/v2"), (OURS, "/v2"), (TODAY, "/client/v4")])
async def test_refused_credentials_of_the_chosen_provider_end_the_start_by_name(
    service: RealtimeKit, monkeypatch: pytest.MonkeyPatch, names: dict[str, str], path: str
) -> None:
    with pytest.raises(MediaAuthError) as refused:
        await check(monkeypatch, **AS_DEFAULT, **names, **base(service, path))
    said = refused.value.message
    assert all(name in said for name in names)
    assert ("DYTE" in said) is (names is STALE)
    assert "canary" not in said + refused.value.fix


@pytest.mark.parametrize(
    ("chosen", "path", "named"),
    [
        (
            {**TODAY, "INVIGIL_REALTIMEKIT_APP_ID": "another"},
            "/client/v4",
            ("INVIGIL_REALTIMEKIT_ACCOUNT_ID", "INVIGIL_REALTIMEKIT_APP_ID"),
        ),
        (
            {**TODAY, "INVIGIL_REALTIMEKIT_ACCOUNT_ID": "another"},
            "/client/v4",
            ("INVIGIL_REALTIMEKIT_ACCOUNT_ID", "INVIGIL_REALTIMEKIT_APP_ID"),
        ),
        (TODAY, "/elsewhere", ("INVIGIL_REALTIMEKIT_BASE_URL",)),
        (STALE, "/v3", ("INVIGIL_REALTIMEKIT_BASE_URL", "https://api.dyte.io/v2")),
    ],
)
async def test_a_wrong_account_application_or_address_is_no_outage(
    service: RealtimeKit,
    monkeypatch: pytest.MonkeyPatch,
    chosen: dict[str, str],
    path: str,
    named: tuple[str, ...],
) -> None:
    with pytest.raises(MediaConfigError) as refused:
        await check(monkeypatch, **AS_DEFAULT, **chosen, **base(service, path))
    assert all(name in refused.value.message + refused.value.fix for name in named)


async def test_nothing_is_said_of_a_provider_that_works(
    service: RealtimeKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = {
        **AS_DEFAULT,
        **TODAY,
        "INVIGIL_REALTIMEKIT_API_TOKEN": TOKEN,
        "INVIGIL_REALTIMEKIT_CANDIDATE_PRESET": CANDIDATE,
        "INVIGIL_REALTIMEKIT_PROCTOR_PRESET": PROCTOR,
    }
    assert await check(monkeypatch, **whole, **base(service, "/client/v4")) == []


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:9", "127.0.0.1:9 cannot be used right now: nothing listens there"),
        (
            "http://no-such-host.invalid",
            "no-such-host.invalid cannot be used right now: the name of this host cannot be",
        ),
    ],
)
async def test_an_outage_says_which_host_and_why(
    monkeypatch: pytest.MonkeyPatch, address: str, why: str
) -> None:
    chosen = {"DYTE_ORG_ID": ORG, "DYTE_API_KEY": KEY, "INVIGIL_REALTIMEKIT_BASE_URL": address}
    (line,) = await check(monkeypatch, **AS_DEFAULT, **chosen)
    assert line["reason"].startswith("INVIGIL_REALTIMEKIT_BASE_URL: ")
    assert why in line["reason"]


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (
            {"INVIGIL_LIVEKIT_URL": "ws://no-such-host.invalid:7880"},
            (
                "INVIGIL_LIVEKIT_URL: LiveKit at no-such-host.invalid:7880 cannot be reached: "
                "the name of this host cannot be resolved."
            ),
        ),
        (
            {
                "INVIGIL_LIVEKIT_URL": "wss://live.example.edu",
                "INVIGIL_LIVEKIT_API_URL": "http://127.0.0.1:9",
            },
            (
                "INVIGIL_LIVEKIT_API_URL: LiveKit at 127.0.0.1:9 cannot be reached: "
                "nothing listens there."
            ),
        ),
    ],
)
async def test_a_livekit_that_was_never_reached_is_named(
    monkeypatch: pytest.MonkeyPatch, chosen: dict[str, str], words: str
) -> None:
    pair = {"INVIGIL_LIVEKIT_API_KEY": "exam-key", "INVIGIL_LIVEKIT_API_SECRET": "canary" * 6}
    (line,) = await check(monkeypatch, INVIGIL_MEETINGS="livekit", **pair, **chosen)
    assert "exams go on without it" in line["event"]
    assert line["reason"] == words


async def test_the_tutorials_file_with_keys_of_a_closed_account_starts_the_server(
    tmp_path: Path, service: RealtimeKit
) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in STALE.items()))
    log = tmp_path / "log"
    async with served_with_log(log, tmp_path / "data", free_port(), **base(service)) as up:
        proctor = await up.proctor()
        session = await proctor.open_session()
        assert session["media"]["id"] == "builtin"
        await proctor.client.aclose()
    (said,) = [line for line in log.read_text().splitlines() if "set up wrongly" in line]
    assert "DYTE_ORG_ID and DYTE_API_KEY" in said
    assert "canary" not in log.read_text()


async def test_the_same_file_is_refused_where_new_sessions_are_to_use_it(
    tmp_path: Path, service: RealtimeKit
) -> None:
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in STALE.items()))
    said = await refusal(tmp_path, **AS_DEFAULT, **base(service))
    assert said.startswith("DYTE_ORG_ID and DYTE_API_KEY: RealtimeKit at ")
    assert "canary" not in said
