"""Signing in with accounts of an OpenID Connect provider, which may be down, or lie."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from httpx2 import AsyncClient, Response
from pydantic import ValidationError

from tests.support.clock import Clock
from tests.support.databases import Dialect
from tests.support.house import Json, Running, read, refused, running, settings
from tests.support.oidc import CLIENT_ID, CLIENT_SECRET, Provider, provider
from tests.support.scripted import ScriptedEngine

OLGA = {
    "sub": "4711",
    "name": "Olga Example",
    "email": "olga@exams.example.edu",
    "email_verified": True,
    "groups": ["staff"],
}
NOT_ALLOWED = "/?sign_in=oidc_not_allowed"
START, BACK = "/api/v1/sign-in/oidc", "/api/v1/sign-in/oidc/callback"


@asynccontextmanager
async def set_up(folder: Path, clock: Clock, up: Provider, **chosen: Any) -> AsyncIterator[Running]:
    allowed = chosen or {"oidc_domains": ("exams.example.edu",)}
    async with running(
        folder,
        clock,
        ScriptedEngine(),
        oidc_issuer=up.issuer,
        oidc_client_id=CLIENT_ID,
        oidc_client_secret=CLIENT_SECRET,
        **allowed,
    ) as house:
        yield house


@pytest.fixture
async def elsewhere() -> AsyncIterator[Provider]:
    async with provider(dict(OLGA)) as up:
        yield up


@pytest.fixture
async def office(
    tmp_path: Path, clock: Clock, elsewhere: Provider, dialect: Dialect
) -> AsyncIterator[Running]:
    async with set_up(tmp_path / "data", clock, elsewhere) as house:
        yield house


async def over(browser: AsyncClient, start: Response) -> dict[str, str]:
    """To the provider and to the way back, which is not gone yet: its query."""
    assert start.status_code == 303, start.text
    async with AsyncClient(trust_env=False) as net:
        back = await net.get(start.headers["location"])
    return dict(parse_qsl(urlsplit(back.headers["location"]).query))


async def sign_in(house: Running) -> tuple[AsyncClient, Response]:
    browser = await house.client()
    query = await over(browser, await browser.get(START))
    return browser, await browser.get(BACK, params=query)


async def test_a_person_whom_the_settings_let_in_is_an_organiser(
    office: Running, elsewhere: Provider
) -> None:
    ways = read(await (await office.client()).get("/api/v1/sign-in/ways"))
    assert ways == {"password": False, "oidc": "university account"}
    browser, answer = await sign_in(office)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    me = read(await browser.get("/api/v1/me"))["proctor"]
    assert (me["name"], me["role"]) == ("Olga Example", "organiser")
    asked = elsewhere.asked[0]
    assert asked["redirect_uri"] == f"{office.base_url}{BACK}"
    assert asked["code_challenge_method"] == "S256"
    assert min(len(asked["state"]), len(asked["nonce"])) >= 22
    async with office.database.read() as work:
        entry = (await work.audit.after(0, 100))[-1]
    assert (entry.action, entry.ref and entry.ref[:5]) == ("signed_in", "oidc:")
    assert "Olga" not in str(entry)
    assert "4711" not in str(entry)


@pytest.mark.parametrize(
    ("allowed", "person", "where"),
    [
        ({"oidc_emails": ("Olga@Exams.Example.edu",)}, {}, "/"),
        ({"oidc_emails": ("otto@exams.example.edu",)}, {}, NOT_ALLOWED),
        ({"oidc_domains": ("example.edu",)}, {}, NOT_ALLOWED),
        ({"oidc_domains": ("@exams.example.edu",)}, {}, "/"),
        ({"oidc_domains": ("exams.example.edu",)}, {"email_verified": False}, NOT_ALLOWED),
        ({"oidc_domains": ("exams.example.edu",)}, {"email_verified": "true"}, NOT_ALLOWED),
        ({"oidc_domains": ("exams.example.edu",)}, {"email": None}, NOT_ALLOWED),
        ({"oidc_groups": ("staff",)}, {"email": None}, "/"),
        ({"oidc_groups": ("organisers",)}, {}, NOT_ALLOWED),
        ({"oidc_groups": ("staff",)}, {"groups": "staff"}, NOT_ALLOWED),
    ],
)
async def test_who_may_is_what_the_settings_say(
    tmp_path: Path, elsewhere: Provider, allowed: Json, person: Json, where: str
) -> None:
    elsewhere.person = {**OLGA, **person}
    async with set_up(tmp_path / "data", Clock(), elsewhere, **allowed) as house:
        browser, answer = await sign_in(house)
        assert answer.headers["location"] == where
        assert (await browser.get("/api/v1/me")).status_code == (200 if where == "/" else 401)


def _wrong(**claims: Any) -> Callable[[Provider], None]:
    return lambda up: up.lies.claims.update(claims)


LIES: dict[str, Callable[[Provider], None]] = {
    "another issuer": _wrong(iss="https://evil.example"),
    "another audience": _wrong(aud="somebody-else"),
    "several audiences without azp": _wrong(aud=["somebody-else", CLIENT_ID]),
    "another azp": _wrong(azp="somebody-else"),
    "an old nonce": _wrong(nonce="of another sign-in"),
    "no nonce": _wrong(nonce=None),
    "expired": _wrong(exp=int(time.time()) - 3600),
    "no expiry": _wrong(exp=None),
    "no subject": _wrong(sub=None),
    "of another access token": _wrong(at_hash="AAAAAAAAAAAAAAAAAAAAAA"),
    "signed by somebody else": lambda up: setattr(up.lies, "foreign_key", True),
    "not signed": lambda up: setattr(up.lies, "unsigned", True),
    "signed with a shared secret": lambda up: setattr(up.lies, "shared_secret", True),
}


@pytest.mark.parametrize("lie", LIES)
async def test_a_token_that_is_not_right_signs_nobody_in(
    tmp_path: Path, clock: Clock, elsewhere: Provider, lie: str
) -> None:
    LIES[lie](elsewhere)
    async with set_up(tmp_path / "data", clock, elsewhere) as house:
        browser, answer = await sign_in(house)
        assert answer.headers["location"] == "/?sign_in=oidc_refused"
        refused(await browser.get("/api/v1/me"), 401, "not_signed_in")


async def test_user_info_must_be_of_the_same_person(
    tmp_path: Path, clock: Clock, elsewhere: Provider
) -> None:
    elsewhere.lies.claims = {"email": None, "email_verified": None, "groups": None}
    elsewhere.lies.user_info = {**OLGA, "sub": "somebody else"}
    async with set_up(tmp_path / "data", clock, elsewhere) as house:
        _, answer = await sign_in(house)
        assert answer.headers["location"] == "/?sign_in=oidc_refused"
        elsewhere.lies.user_info = None  # what the ID token leaves out is there
        _, answer = await sign_in(house)
        assert answer.headers["location"] == "/"


async def test_an_answer_works_once_and_in_the_browser_that_asked(
    office: Running, elsewhere: Provider
) -> None:
    mine, thief = await office.client(), await office.client()
    query = await over(mine, await mine.get(START))
    answer = await thief.get(BACK, params=query)
    assert answer.headers["location"] == "/?sign_in=oidc_refused"
    # The attempt is gone with it, and so is any second use.
    answer = await mine.get(BACK, params=query)
    assert answer.headers["location"] == "/?sign_in=oidc_refused"
    assert len(elsewhere.codes) == 1  # nobody has used the code
    refused(await mine.get("/api/v1/me"), 401, "not_signed_in")


async def test_an_answer_comes_too_late(office: Running) -> None:
    browser = await office.client()
    query = await over(browser, await browser.get(START))
    office.clock.advance(minutes=10)
    answer = await browser.get(BACK, params=query)
    assert answer.headers["location"] == "/?sign_in=oidc_refused"


@pytest.mark.parametrize(
    "wrong", [{"iss": "https://evil.example"}, {"code": "guess"}, {"code": ""}]
)
async def test_an_answer_that_was_tampered_with(office: Running, wrong: dict[str, str]) -> None:
    browser = await office.client()
    query = await over(browser, await browser.get(START))
    answer = await browser.get(BACK, params=query | wrong)
    assert answer.headers["location"] == "/?sign_in=oidc_refused"
    refused(await browser.get("/api/v1/me"), 401, "not_signed_in")


async def test_somebody_who_says_no_is_back_at_the_start(
    office: Running, elsewhere: Provider
) -> None:
    elsewhere.person = None
    _, answer = await sign_in(office)
    assert answer.headers["location"] == "/"


async def test_new_keys_of_the_provider_are_fetched(office: Running, elsewhere: Provider) -> None:
    _, answer = await sign_in(office)
    assert answer.headers["location"] == "/"
    elsewhere.change_key()
    _, answer = await sign_in(office)
    assert answer.headers["location"] == "/"


async def test_a_provider_that_is_down_is_said_in_words(
    office: Running, elsewhere: Provider
) -> None:
    elsewhere.lies.down = True
    answer = await (await office.client()).get(START)
    assert answer.headers["location"] == "/?sign_in=oidc_unavailable"
    elsewhere.lies.down = False
    elsewhere.lies.issuer = "https://evil.example"
    answer = await (await office.client()).get(START)
    assert answer.headers["location"] == "/?sign_in=oidc_unavailable"
    elsewhere.lies.issuer = None
    _, answer = await sign_in(office)  # nothing has to be restarted
    assert answer.headers["location"] == "/"


WHOLE = {
    "oidc_issuer": "https://login.example.edu",
    "oidc_client_id": CLIENT_ID,
    "oidc_client_secret": CLIENT_SECRET,
    "oidc_domains": "exams.example.edu, example.org",
}


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"oidc_client_secret": ""}, "INVIGIL_OIDC_CLIENT_SECRET"),
        ({"oidc_client_id": None}, "INVIGIL_OIDC_CLIENT_ID"),
        ({"oidc_issuer": ""}, "INVIGIL_OIDC_ISSUER"),
        ({"oidc_issuer": "http://login.example.edu"}, "https://"),
        ({"oidc_domains": ""}, "INVIGIL_OIDC_DOMAINS"),
        ({"oidc_scopes": "email"}, "INVIGIL_OIDC_SCOPES"),
    ],
)
def test_half_a_setting_ends_the_start(tmp_path: Path, changed: dict[str, Any], named: str) -> None:
    assert settings(tmp_path, **WHOLE).oidc_domains == ("exams.example.edu", "example.org")
    with pytest.raises(ValidationError) as error:
        settings(tmp_path, **{**WHOLE, **changed})
    assert named in str(error.value)
    assert CLIENT_SECRET not in str(error.value)
