"""Organisers with a password, and programs with a token."""

from __future__ import annotations

from datetime import timedelta

import pytest
from httpx2 import AsyncClient

from invigil.domain.access_errors import AccountMisconfigured
from invigil.domain.account import LONGEST_PASSWORD
from invigil.domain.actor import Scope
from invigil.storage.database.tables_access import organiser_account
from tests.support.house import ORIGIN, Json, Proctor, Running, read, refused

SIGN_IN = "/api/v1/sign-in/password"
PASSWORD = "four northern lights 7"


async def guess(client: AsyncClient, name: str, password: str) -> tuple[int, Json]:
    answer = await client.post(SIGN_IN, json={"name": name, "password": password})
    return answer.status_code, answer.json()


async def test_an_organiser_signs_in_with_a_password(house: Running) -> None:
    client = await house.client({"Origin": ORIGIN})
    ways = read(await client.get("/api/v1/sign-in/ways"))
    assert ways == {"password": False, "oidc": None}
    await house.rooms.accounts.add("Olga", PASSWORD)
    assert read(await client.get("/api/v1/sign-in/ways"))["password"] is True
    status, me = await guess(client, "Olga", PASSWORD)
    assert (status, me["proctor"]["name"], me["proctor"]["role"]) == (200, "Olga", "organiser")
    assert read(await client.get("/api/v1/me")) == me
    stored = await house.everything_stored()
    assert b"$argon2id$" in stored
    assert PASSWORD.encode() not in stored


async def test_a_wrong_password_and_an_unknown_name_answer_alike(house: Running) -> None:
    await house.rooms.accounts.add("Olga", PASSWORD)
    client = await house.client({"Origin": ORIGIN})
    wrong = await guess(client, "Olga", PASSWORD + "!")
    assert wrong == await guess(client, "Nobody", PASSWORD)
    assert (wrong[0], wrong[1]["error"]["code"]) == (401, "wrong_password")
    (olga,) = await house.rooms.accounts.all()
    async with house.database.read() as work:
        entries = await work.audit.after(0, 100)
    assert [e.ref for e in entries if e.action == "sign_in_refused"] == [olga.id, None]


async def test_guesses_of_one_place_do_not_lock_another_out(house: Running) -> None:
    """The attacker sits at 127.0.0.1; behind a proxy each browser has its own address."""
    await house.rooms.accounts.add("Olga", PASSWORD)
    attacker = await house.client({"Origin": ORIGIN})
    statuses = [(await guess(attacker, "Olga", f"guess number {n}"))[0] for n in range(6)]
    assert statuses == [401] * 5 + [429]
    answer = await attacker.post(SIGN_IN, json={"name": "Olga", "password": PASSWORD})
    refused(answer, 429, "too_many_requests")
    assert answer.headers["Retry-After"] == "10"
    olga = await house.client({"Origin": ORIGIN}, address="203.0.113.7")
    assert (await guess(olga, "Olga", PASSWORD))[0] == 200


@pytest.mark.parametrize("origin", ["https://evil.example", None])
async def test_a_page_of_another_site_signs_nobody_in(house: Running, origin: str | None) -> None:
    await house.rooms.accounts.add("Olga", PASSWORD)
    client = await house.client({} if origin is None else {"Origin": origin})
    answer = await client.post(SIGN_IN, json={"name": "Olga", "password": PASSWORD})
    refused(answer, 403, "foreign_origin")


async def test_a_new_password_and_a_removal_sign_out(house: Running) -> None:
    accounts = house.rooms.accounts
    await accounts.add("Olga", PASSWORD)
    client = await house.client({"Origin": ORIGIN})
    await guess(client, "Olga", PASSWORD)
    await accounts.change_password("Olga", "another five lights")
    refused(await client.get("/api/v1/me"), 401, "not_signed_in")
    assert (await guess(client, "Olga", PASSWORD))[0] == 401
    assert (await guess(client, "Olga", "another five lights"))[0] == 200
    await accounts.remove("Olga")
    refused(await client.get("/api/v1/me"), 401, "not_signed_in")
    assert (await guess(client, "Olga", "another five lights"))[0] == 401
    assert await house.rows(organiser_account) == 0
    async with house.database.read() as work:
        found = [(e.action, e.actor) for e in await work.audit.after(0, 100)]
    by_command = [action for action, actor in found if actor == "command-line"]
    assert by_command == ["organiser_added", "password_changed", "organiser_removed"]
    assert [a for a, _ in found].count("signed_in") == 2


async def test_weak_passwords_are_refused(house: Running) -> None:
    weak = ["short", "a" * 18, "Olga-is-here-2026", "x" * LONGEST_PASSWORD + "y"]
    for password in weak:
        with pytest.raises(AccountMisconfigured) as error:
            await house.rooms.accounts.add("Olga", password)
        assert password not in error.value.message + error.value.fix
    await house.rooms.accounts.add("Olga", PASSWORD)
    assert [each.name for each in await house.rooms.accounts.all()] == ["Olga"]


async def test_a_name_is_given_once(house: Running) -> None:
    await house.rooms.accounts.add("Olga", PASSWORD)
    with pytest.raises(AccountMisconfigured):
        await house.rooms.accounts.add("Olga", PASSWORD)
    for action in (
        house.rooms.accounts.remove("Otto"),
        house.rooms.accounts.change_password("Otto", PASSWORD),
    ):
        with pytest.raises(AccountMisconfigured):
            await action


# Tokens of programs ---------------------------------------------------------------------------


async def with_token(
    house: Running, *scopes: Scope, life: timedelta | None = None
) -> tuple[AsyncClient, str]:
    token, secret = await house.rooms.accounts.create_token("Importer", frozenset(scopes), life)
    return await house.client({"Authorization": f"Bearer {secret}"}), token.id


async def test_a_token_does_what_its_scopes_say(
    house: Running, proctor: Proctor, session: Json
) -> None:
    reader, _ = await with_token(house, Scope.SESSIONS_READ)
    writer, _ = await with_token(house, Scope.SESSIONS_WRITE)
    assert len(read(await reader.get("/api/v1/sessions"))["sessions"]) == 1
    refused(await reader.post("/api/v1/sessions", json={"title": "No"}), 404, "not_found")
    address = f"/api/v1/sessions/{session['id']}"
    refused(await writer.get(address), 404, "not_found")
    both, token_id = await with_token(house, Scope.SESSIONS_READ, Scope.SESSIONS_WRITE)
    assert read(await both.post("/api/v1/sessions", json={"title": "Made"}), 201)["title"] == "Made"
    async with house.database.read() as work:
        entry = (await work.audit.after(0, 100))[-1]
    assert (entry.action, entry.actor) == ("session_created", f"api:{token_id}")


async def test_tokens_end_by_time_and_by_revocation(house: Running) -> None:
    short, _ = await with_token(house, Scope.SESSIONS_READ, life=timedelta(days=1))
    long, token_id = await with_token(house, Scope.SESSIONS_READ)
    house.clock.advance(days=1)
    refused(await short.get("/api/v1/sessions"), 401, "not_signed_in")
    read(await long.get("/api/v1/sessions"))
    await house.rooms.accounts.revoke_token(token_id)
    refused(await long.get("/api/v1/sessions"), 401, "not_signed_in")
    with pytest.raises(AccountMisconfigured):
        await house.rooms.accounts.revoke_token(token_id)
    stored = await house.everything_stored()
    assert long.headers["Authorization"].partition(" ")[2].encode() not in stored


async def test_calls_are_counted_for_each_token(house: Running) -> None:
    """A campus shares one address: what one program asks is not counted against another."""
    most = house.config.api_calls_per_minute
    greedy, _ = await with_token(house, Scope.SESSIONS_READ)
    modest, _ = await with_token(house, Scope.SESSIONS_READ)
    statuses = {(await greedy.get("/api/v1/system")).status_code for _ in range(most)}
    assert statuses == {200}
    refused(await greedy.get("/api/v1/system"), 429, "too_many_requests")
    read(await modest.get("/api/v1/system"))
