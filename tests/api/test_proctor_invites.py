"""Proctors who come by an invitation, and go when it is taken back."""

from __future__ import annotations

import pytest

from tests.support.house import ORIGIN, Json, Proctor, Running, read, refused, token_of

ACCEPT, SHOW = "/api/v1/proctor-invites/accept", "/api/v1/proctor-invites/show"


async def listed(organiser: Proctor, session: Json) -> list[Json]:
    found: list[Json] = read(
        await organiser.client.get(f"/api/v1/sessions/{session['id']}/proctors")
    )["proctors"]
    return found


async def test_an_invitation_is_shown_and_then_used_once(
    house: Running, proctor: Proctor, session: Json
) -> None:
    made = await proctor.invite(session, "Petra Example")
    token = token_of(made)
    assert len(token) >= 43  # 256 bits
    petra, late = await house.client({"Origin": ORIGIN}), await house.client({"Origin": ORIGIN})
    for _ in range(2):  # looking uses nothing up
        shown = read(await petra.post(SHOW, json={"token": token}))
        assert (shown["name"], shown["title"]) == ("Petra Example", "Algebra")
    assert (await petra.get("/proctor-invite")).status_code in {
        200,
        503,
    }  # 503: pages are not built
    came = read(await petra.post(ACCEPT, json={"token": token}))
    assert came["session_id"] == session["id"]
    assert came["me"]["proctor"]["role"] == "proctor"
    assert read(await petra.get("/api/v1/me")) == came["me"]
    for what in (SHOW, ACCEPT):
        refused(await late.post(what, json={"token": token}), 401, "proctor_invite_used")
    assert token not in (await house.everything_stored()).decode(errors="replace")


async def test_the_list_says_how_each_invitation_stands(
    house: Running, proctor: Proctor, session: Json
) -> None:
    await proctor.invite(session, "Never")
    await house.invited(proctor, session, "Gone")
    house.clock.advance(minutes=70 * 60)
    petra = await house.invited(proctor2 := await house.proctor(), session, "Petra")
    await proctor2.invite(session, "Open", valid_hours=100)
    away = await house.invited(proctor2, session, "Away")
    await proctor2.revoke(session, away)
    house.clock.advance(minutes=180)
    states = {each["name"]: each["state"] for each in await listed(proctor2, session)}
    assert states == {
        "Never": "expired",
        "Gone": "signed_out",
        "Petra": "signed_in",
        "Open": "open",
        "Away": "revoked",
    }
    read(await petra.client.get("/api/v1/me"))


async def test_a_revoked_proctor_is_refused_at_the_next_request(
    house: Running, proctor: Proctor, session: Json
) -> None:
    petra = await house.invited(proctor, session)
    await petra.snapshot(session)
    await proctor.revoke(session, petra)
    await proctor.revoke(session, petra)  # again is fine
    address = f"/api/v1/sessions/{session['id']}/snapshot"
    refused(await petra.client.get(address), 401, "not_signed_in")


async def test_an_open_link_that_is_taken_back_lets_nobody_in(
    house: Running, proctor: Proctor, session: Json
) -> None:
    made = await proctor.invite(session)
    await proctor.revoke(session, Proctor(proctor.client, made["proctor"]["id"]))
    client = await house.client({"Origin": ORIGIN})
    refused(await client.post(ACCEPT, json={"token": token_of(made)}), 401, "proctor_invite_used")


async def test_a_second_invitation_adds_its_session(
    house: Running, proctor: Proctor, session: Json
) -> None:
    petra = await house.invited(proctor, session)
    second = await proctor.open_session(title="Biology")
    made = await proctor.invite(second, "Petra again")
    read(await petra.client.post(ACCEPT, json={"token": token_of(made)}))
    found = read(await petra.client.get("/api/v1/sessions"))["sessions"]
    assert {each["title"] for each in found} == {"Biology", "Algebra"}
    await proctor.revoke(session, petra)  # the first one: the other stays
    refused(await petra.client.get(f"/api/v1/sessions/{session['id']}/snapshot"), 404, "not_found")
    await petra.snapshot(second)


async def test_an_organiser_does_not_use_up_the_own_link(
    house: Running, proctor: Proctor, session: Json
) -> None:
    made = await proctor.invite(session)
    answer = await proctor.client.post(ACCEPT, json={"token": token_of(made)})
    refused(answer, 409, "already_signed_in")
    petra = await house.client({"Origin": ORIGIN})
    read(await petra.post(ACCEPT, json={"token": token_of(made)}))


@pytest.mark.parametrize("fields", [{"name": ""}, {"valid_hours": 0}, {"valid_hours": 10**6}])
async def test_bad_invitations_are_refused(proctor: Proctor, session: Json, fields: Json) -> None:
    address = f"/api/v1/sessions/{session['id']}/proctors"
    answer = await proctor.client.post(address, json={"name": "Petra", **fields})
    refused(answer, 422, "invalid_request")


async def test_everything_about_invitations_is_on_record(
    house: Running, proctor: Proctor, session: Json
) -> None:
    petra = await house.invited(proctor, session)
    await proctor.revoke(session, petra)
    async with house.database.read() as work:
        entries = await work.audit.after(0, 100)
    found = [(e.action, e.actor.partition(":")[0], e.session_id, e.ref) for e in entries[-3:]]
    assert found == [
        ("proctor_invited", "organiser", session["id"], petra.invite_id),
        ("signed_in", "proctor", session["id"], petra.invite_id),
        ("proctor_revoked", "organiser", session["id"], petra.invite_id),
    ]
