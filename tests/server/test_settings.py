"""Settings: what they mean, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from invigil.settings import ClassicApi, Settings
from tests.support.clock import Clock
from tests.support.house import read, running
from tests.support.scripted import ScriptedEngine


def given(**chosen: object) -> Settings:
    return Settings(_env_file=None, **chosen)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("chosen", "base_url"),
    [
        ({}, "http://localhost:8000"),
        ({"host": "0.0.0.0", "port": 9000}, "http://localhost:9000"),  # noqa: S104
        ({"host": "::"}, "http://localhost:8000"),
        ({"host": "192.0.2.7"}, "http://192.0.2.7:8000"),
        ({"host": "2001:db8::7"}, "http://[2001:db8::7]:8000"),
        ({"host": "exam.example"}, "http://exam.example:8000"),
        ({"public_url": "https://exam.example/"}, "https://exam.example"),
        ({"public_url": "https://exam.example:8443"}, "https://exam.example:8443"),
        ({"public_url": ""}, "http://localhost:8000"),
    ],
)
def test_links_are_made_with_an_address_that_browsers_can_use(
    chosen: dict[str, object], base_url: str
) -> None:
    assert given(**chosen).base_url == base_url


@pytest.mark.parametrize(
    "chosen",
    [
        {"public_url": "exam.example"},
        {"public_url": "ftp://exam.example"},
        {"public_url": "https://exam.example/path"},
        {"port": 0},
        {"port": 65536},
        {"disk_reserve_mb": -1},
        {"max_image_mb": 0},
        {"max_image_mb": 51},
        {"frames_per_minute": 11},
        {"turn_minutes": 9},
        {"login_hours": 0},
        {"classic_api": "maybe"},
        {"log_format": "xml"},
    ],
)
def test_what_cannot_work_is_refused(chosen: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        given(**chosen)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVIGIL_STUN_URLS", "stun:a.example:3478, stun:b.example ,")
    monkeypatch.setenv("INVIGIL_CLASSIC_API", "off")
    settings = given()
    assert settings.stun_urls == ("stun:a.example:3478", "stun:b.example")
    assert settings.classic_api is ClassicApi.OFF


def test_settings_come_from_a_file_and_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("INVIGIL_PORT=9000\nINVIGIL_LOGIN_HOURS=3\nOTHER=1\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INVIGIL_LOGIN_HOURS", "4")
    settings = Settings()
    assert (settings.port, settings.login_hours) == (9000, 4)


def variable_of(name: str) -> str:
    return str(Settings.model_fields[name].validation_alias or f"INVIGIL_{name.upper()}")


@pytest.mark.parametrize("blank", ["", " \t"])
@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_that_is_empty_is_not_set(
    name: str, blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset = given()
    assert given(**{name: blank}) == unset
    monkeypatch.setenv(variable_of(name), blank)
    assert given() == unset
    monkeypatch.delenv(variable_of(name))
    (tmp_path / ".env").write_text(f'{variable_of(name)}="{blank}"\n')
    assert Settings(_env_file=tmp_path / ".env") == unset


def test_all_settings_may_be_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    unset = given()
    for name in Settings.model_fields:
        monkeypatch.setenv(variable_of(name), "")
    assert given() == unset


@pytest.mark.parametrize("blank", ["", "  "])
def test_what_the_environment_leaves_empty_comes_from_the_file(
    blank: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("INVIGIL_PORT=9000\nDB_USER=ada\nDB_HOST=db.example\n")
    for variable in ("INVIGIL_PORT", "DB_USER"):
        monkeypatch.setenv(variable, blank)
    settings = Settings(_env_file=file)
    assert (settings.port, settings.db_user) == (9000, "ada")


def test_secrets_are_not_shown() -> None:
    turn = {"turn_urls": "turn:turn.example", "turn_secret": "canary-secret"}
    settings = given(**turn, database_url="sqlite:///canary-secret")
    assert "canary-secret" not in repr(settings)


TURN = "turn:turn.example.edu:3478?transport=udp"


def said_of(**chosen: object) -> str:
    """What is said of settings that are refused."""
    with pytest.raises(ValidationError) as error:
        given(**chosen)
    return str(error.value)


def test_turn_servers_are_taken_in_every_form_that_browsers_take() -> None:
    urls = (
        TURN,
        "turns:turn.example.edu:5349?transport=tcp",
        "turn:192.0.2.7",
        "TURN:[2001:db8::7]:3478",
    )
    settings = given(turn_urls=",".join(urls), turn_secret="north", relay_only=True)
    assert settings.turn_urls == urls
    alone = given(stun_urls="stun:a.example:3478,stuns:[2001:db8::7]", turn_urls="", turn_secret="")
    assert (alone.stun_urls[0], alone.turn_secret) == ("stun:a.example:3478", None)


@pytest.mark.parametrize(
    ("chosen", "named"),
    [
        ({"turn_urls": TURN}, ("INVIGIL_TURN_URLS is set", "INVIGIL_TURN_SECRET is not")),
        (
            {"turn_urls": TURN, "turn_secret": ""},
            ("INVIGIL_TURN_URLS is set", "INVIGIL_TURN_SECRET is not"),
        ),
        (
            {"turn_secret": "canary-secret"},
            ("INVIGIL_TURN_SECRET is set", "INVIGIL_TURN_URLS is not"),
        ),
        ({"relay_only": True}, ("INVIGIL_RELAY_ONLY", "INVIGIL_TURN_URLS is not set")),
        (
            {"relay_only": True, "stun_urls": "stun:a.example"},
            ("INVIGIL_RELAY_ONLY", "INVIGIL_TURN_URLS is not set"),
        ),
    ],
)
def test_half_a_relay_is_refused_and_the_settings_are_named(
    chosen: dict[str, object], named: tuple[str, str]
) -> None:
    said = said_of(**chosen)
    assert all(each in said for each in named)
    assert "canary-secret" not in said


@pytest.mark.parametrize(
    "url",
    [
        "https://turn.example.edu",
        "turn.example.edu:3478",
        "turn://turn.example.edu",
        "turn:",
        "turn:user:canary@turn.example.edu",
        "turn:turn.example.edu:3478?transport=quic",
        f"{TURN},https://turn.example.edu",
    ],
)
def test_an_address_that_is_none_of_turn_is_refused(url: str) -> None:
    said = said_of(turn_urls=url, turn_secret="north")
    assert "turn_urls" in said
    assert "such as turn:turn.example.edu:3478" in said
    assert "canary" not in said


def test_stun_and_turn_are_not_mixed_up() -> None:
    assert "INVIGIL_STUN_URLS" in said_of(turn_urls="stun:a.example", turn_secret="north")
    assert "such as stun:" in said_of(stun_urls="turn:a.example")
    assert "such as stun:" in said_of(stun_urls="http://a.example")


async def test_https_makes_the_cookie_secure_and_asks_browsers_to_stay_with_it(
    tmp_path: Path, clock: Clock
) -> None:
    url = "https://exam.example"
    async with running(tmp_path / "data", clock, ScriptedEngine(), public_url=url) as house:
        client = await house.client({"Origin": url})
        token = await house.rooms.access.new_sign_in_link()
        answer = await client.post("/api/v1/sign-in", json={"token": token})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-invigil=")
        assert "Secure" in cookie
        assert "strict-transport-security" in answer.headers
        read(await client.get("/api/v1/me"))
        session = read(await client.post("/api/v1/sessions", json={"title": "Algebra"}), 201)
        assert session["join_url"].startswith(f"{url}/join/")
        # Its own address behind the proxy is not an origin any more.
        other = await client.post(
            "/api/v1/sessions", json={"title": "x"}, headers={"Origin": "http://localhost:8000"}
        )
        assert other.status_code == 403
