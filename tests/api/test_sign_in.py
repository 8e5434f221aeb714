"""Signing in by a one-use link, and staying signed in."""

from __future__ import annotations

import pytest

from tests.support.house import ORIGIN, Json, Proctor, Running, read, refused

SIGN_IN = "/api/v1/sign-in"


async def test_a_link_signs_in_once(house: Running) -> None:
    token = await house.rooms.access.new_sign_in_link()
    first, second = await house.client({"Origin": ORIGIN}), await house.client({"Origin": ORIGIN})
    signed_in = read(await first.post(SIGN_IN, json={"token": token}))
    assert signed_in["proctor"]["name"] == "Organiser"
    assert read(await first.get("/api/v1/me")) == signed_in
    refused(await second.post(SIGN_IN, json={"token": token}), 401, "sign_in_link_used")
    refused(await second.get("/api/v1/me"), 401, "not_signed_in")


async def test_looking_at_the_page_does_not_use_the_link_up(house: Running) -> None:
    """Chats and virus scanners open links before people do."""
    token = await house.rooms.access.new_sign_in_link()
    client = await house.client({"Origin": ORIGIN})
    for _ in range(3):
        await client.get(f"/?token={token}", headers={"Accept": "text/html"})
    read(await client.post(SIGN_IN, json={"token": token}))


async def test_a_link_expires(house: Running) -> None:
    token = await house.rooms.access.new_sign_in_link()
    client = await house.client({"Origin": ORIGIN})
    house.clock.advance(days=1)
    refused(await client.post(SIGN_IN, json={"token": token}), 401, "sign_in_link_unknown")


async def test_a_link_that_was_cut_off_is_not_called_used(house: Running) -> None:
    token = await house.rooms.access.new_sign_in_link()
    client = await house.client({"Origin": ORIGIN})
    cut = await client.post(SIGN_IN, json={"token": token[:-3]})
    assert "not copied whole" in refused(cut, 401, "sign_in_link_unknown")["message"]
    read(await client.post(SIGN_IN, json={"token": token}))


async def test_a_log_in_ends_after_twelve_hours(house: Running, proctor: Proctor) -> None:
    house.clock.advance(minutes=12 * 60 - 1)
    read(await proctor.client.get("/api/v1/me"))
    house.clock.advance(minutes=1)
    refused(await proctor.client.get("/api/v1/me"), 401, "not_signed_in")


async def test_signing_out_ends_the_log_in_on_the_server(house: Running, proctor: Proctor) -> None:
    cookie = dict(proctor.client.cookies)
    other = await house.proctor()
    answer = await proctor.client.post("/api/v1/sign-out")
    assert answer.status_code == 204
    assert 'invigil=""' in answer.headers["set-cookie"]
    thief = await house.client()
    thief.cookies.update(cookie)
    refused(await thief.get("/api/v1/me"), 401, "not_signed_in")
    read(await other.client.get("/api/v1/me"))


async def test_the_cookie_is_hidden_from_scripts_and_other_sites(house: Running) -> None:
    client = await house.client({"Origin": ORIGIN})
    token = await house.rooms.access.new_sign_in_link()
    answer = await client.post(SIGN_IN, json={"token": token})
    name, *flags = answer.headers["set-cookie"].split("; ")
    assert name.startswith("invigil=")
    assert set(flags) == {"HttpOnly", "Path=/", "SameSite=lax", f"Max-Age={12 * 3600}"}


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:8001", None])
async def test_other_sites_cannot_sign_anybody_in(house: Running, origin: str | None) -> None:
    token = await house.rooms.access.new_sign_in_link()
    client = await house.client({} if origin is None else {"Origin": origin})
    refused(await client.post(SIGN_IN, json={"token": token}), 403, "foreign_origin")
    read(await client.post(SIGN_IN, json={"token": token}, headers={"Origin": ORIGIN}))


async def test_guessing_is_slow(house: Running) -> None:
    client = await house.client({"Origin": ORIGIN})
    guesses = [await client.post(SIGN_IN, json={"token": f"guess {n}"}) for n in range(21)]
    assert {answer.status_code for answer in guesses[:20]} == {401}
    refused(guesses[20], 429, "too_many_requests")
    assert guesses[20].headers["Retry-After"] == "10"


async def test_two_proctors_have_log_ins_of_their_own(house: Running, session: Json) -> None:
    one, two = await house.proctor(), await house.proctor()
    ids = {read(await each.client.get("/api/v1/me"))["proctor"]["id"] for each in (one, two)}
    assert len(ids) == 2
    await one.client.post("/api/v1/sign-out")
    assert (await two.snapshot(session))["session"]["id"] == session["id"]


async def test_a_stolen_database_opens_nothing(house: Running, proctor: Proctor) -> None:
    """Only hashes of links, cookies and tokens are in the file."""
    link = await house.rooms.access.new_sign_in_link()
    session = await proctor.open_session()
    candidate = await house.join(session)
    ticket = read(
        await candidate.post("tickets", {"tab": "0f0f0f0f"}),
    )["ticket"]
    stored = await house.everything_stored()
    assert session["id"].encode() in stored
    for secret in (link, proctor.client.cookies["invigil"], candidate.token, ticket):
        assert secret.encode() not in stored
