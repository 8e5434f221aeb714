"""Personal invites: one link, one person, once; and lists that are read strictly."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import sqlalchemy as sa

from invigil.api.check_in import GUESSES_PER_MINUTE
from invigil.domain.actor import OPERATOR
from invigil.domain.secrets import hash_token
from invigil.storage import retention
from invigil.storage.database import tables as t
from invigil.storage.database import tables_roster as r
from tests.support.house import Candidate, Json, Proctor, Running, read, refused


@pytest.fixture
async def staff(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def exam(staff: Proctor) -> Json:
    return await staff.open_session()


def path(exam: Json, more: str = "") -> str:
    return f"/api/v1/sessions/{exam['id']}/invites{more}"


async def invite(
    staff: Proctor, exam: Json, text: str = "name\nAda Example\n", **query: str
) -> Any:
    answer = await staff.client.post(path(exam), content=text.encode(), params=query)
    return read(answer, 201)["invites"]


def token_of(invited: Json) -> str:
    return str(invited["link"].rpartition("/")[2])


async def consume(house: Running, token: str, *, compare_face: bool = True) -> Any:
    client = await house.client()
    info = read(await client.get(f"/api/v1/join/{token}"))
    consent = {
        "version": info["consent"]["version"],
        "accepted": True,
        "compare_face": compare_face,
    }
    return await client.post(f"/api/v1/join/{token}", json={"consent": consent})


async def come_in(house: Running, token: str) -> Candidate:
    joined = read(await consume(house, token), 201)
    client = await house.client({"Authorization": f"Bearer {joined['token']}"})
    return Candidate(client, house.clock, joined["candidate"]["id"], joined["token"])


async def test_reading_a_link_uses_nothing_up_and_joining_does(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    (invited,) = await invite(staff, exam)
    token = token_of(invited)
    client = await scripted.client()
    for _ in range(2):  # as mail scanners do
        info = read(await client.get(f"/api/v1/join/{token}"))
        assert info["invite"]["name"] == "Ada Example"
    joined = read(await consume(scripted, token), 201)
    assert joined["candidate"]["name"] == "Ada Example"
    refused(await client.get(f"/api/v1/join/{token}"), 410, "invite_used")
    again = await client.post(
        f"/api/v1/join/{token}",
        json={"consent": {"version": info["consent"]["version"], "accepted": True}},
    )
    refused(again, 410, "invite_used")
    (listed,) = read(await staff.client.get(path(exam)))["invites"]
    assert (listed["state"], listed["candidate_id"]) == ("joined", joined["candidate"]["id"])


async def test_tokens_are_long_and_nowhere_but_in_the_answer(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    names = "\n".join(f"Candidate {n}" for n in range(50))
    tokens = [token_of(each) for each in await invite(staff, exam, f"name\n{names}")]
    assert len(set(tokens)) == 50
    assert all(len(token) >= 43 for token in tokens)  # 256 bits in Base64
    stored = await scripted.everything_stored()
    assert hash_token(tokens[0]).encode() in stored
    assert not any(token.encode() in stored for token in tokens)
    listed = await staff.client.get(path(exam))
    assert not any(token in listed.text for token in tokens)


async def test_a_link_lets_into_its_own_session_only(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    other = await staff.open_session(title="Other")
    (invited,) = await invite(staff, exam)
    ada = await come_in(scripted, token_of(invited))
    assert (await ada.me())["session"]["id"] == exam["id"]
    wrong = path(other, f"/{invited['id']}/revoke")
    refused(await staff.client.post(wrong), 404, "not_found")
    refused(await staff.client.post(wrong.replace("revoke", "reissue")), 404, "not_found")


async def test_the_window_opens_and_closes(scripted: Running, staff: Proctor, exam: Json) -> None:
    start, end = scripted.clock().replace(hour=10), scripted.clock().replace(hour=11)
    (invited,) = await invite(
        staff, exam, f"name;window start;window end\nAda;{start.isoformat()};{end.isoformat()}"
    )
    token = token_of(invited)
    early = await consume(scripted, token)
    refused(early, 409, "invite_not_open")
    scripted.clock.advance((start - scripted.clock()).total_seconds())
    info = read(await (await scripted.client()).get(f"/api/v1/join/{token}"))
    assert info["invite"]["opens_at"] is not None
    scripted.clock.advance(3600)
    over = await (await scripted.client()).get(f"/api/v1/join/{token}")
    assert refused(over, 410, "invite_over")["window"] == {
        "opens_at": start.isoformat().replace("+00:00", "Z"),
        "closes_at": end.isoformat().replace("+00:00", "Z"),
    }
    assert await scripted.rows(t.candidate) == 0


async def test_times_without_a_zone_take_the_given_one_or_are_refused(
    staff: Proctor, exam: Json
) -> None:
    text = "name,window start\nAda,2026-07-01 09:00"
    answer = await staff.client.post(path(exam), content=text.encode())
    assert "Line 2: window start" in refused(answer, 422, "roster_refused")["message"]
    wrong = await staff.client.post(path(exam), content=text.encode(), params={"zone": "Mars/One"})
    refused(wrong, 422, "invalid_request")
    (invited,) = await invite(staff, exam, text, zone="Europe/Berlin")
    assert invited["opens_at"] == "2026-07-01T07:00:00Z"


async def test_guesses_are_slowed_down_and_those_who_join_are_not(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    names = "\n".join(f"Candidate {n}" for n in range(60))
    invited = await invite(staff, exam, f"name\n{names}")
    for each in invited[:40]:  # one address, as a campus has
        assert (await consume(scripted, token_of(each))).status_code == 201
    client = await scripted.client()
    answers = [(await client.get(f"/api/v1/join/{'x' * 40}{n}")).status_code for n in range(1000)]
    assert answers[:GUESSES_PER_MINUTE] == [404] * GUESSES_PER_MINUTE
    # A minute of real time may pass on a slow machine, so that a few more are answered.
    assert answers.count(429) > 800
    refused(await client.get(f"/api/v1/join/{exam['id']}.guess"), 429, "too_many_requests")
    for each in invited[40:]:
        assert (await consume(scripted, token_of(each))).status_code == 201


async def test_a_revoked_link_lets_nobody_in_and_a_new_one_does(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    (invited,) = await invite(staff, exam)
    one = path(exam, f"/{invited['id']}")
    assert read(await staff.client.post(f"{one}/revoke"))["state"] == "revoked"
    client = await scripted.client()
    refused(await client.get(f"/api/v1/join/{token_of(invited)}"), 410, "invite_revoked")
    refused(await staff.client.post(f"{one}/revoke"), 409, "illegal_transition")
    first = read(await staff.client.post(f"{one}/reissue"))
    second = read(await staff.client.post(f"{one}/reissue"))
    refused(await client.get(f"/api/v1/join/{token_of(first)}"), 410, "invite_revoked")
    assert (await consume(scripted, token_of(second))).status_code == 201


async def test_who_has_joined_goes_on_in_another_browser_by_a_new_link(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    (invited,) = await invite(staff, exam)
    old = await come_in(scripted, token_of(invited))
    await old.check_in(b"me")
    read(await old.post("enter"))
    fresh = read(await staff.client.post(path(exam, f"/{invited['id']}/reissue")))
    assert fresh["state"] == "joined"
    new = await come_in(scripted, token_of(fresh))
    assert new.id == old.id
    assert (await new.me())["state"] == "in_room"
    refused(await old.client.get("/api/v1/candidates/me"), 401, "not_signed_in")
    refused(await old.send(b"me"), 401, "not_signed_in")
    assert (await new.send(b"me")).status_code == 200
    assert await scripted.rows(t.candidate) == 1
    client = await scripted.client()
    refused(await client.get(f"/api/v1/join/{token_of(fresh)}"), 410, "invite_used")


async def test_an_invited_only_session_refuses_its_join_link(
    scripted: Running, staff: Proctor
) -> None:
    exam = await staff.open_session(invited_only=True)
    (invited,) = await invite(staff, exam)
    client = await scripted.client()
    code = exam["join_url"].rpartition("/")[2]
    answer = refused(await client.get(f"/api/v1/join/{code}"), 403, "invited_only")
    assert "personal invitation" in answer["message"]
    body = {"name": "Eve", "consent": {"version": "x", "accepted": True}}
    refused(await client.post(f"/api/v1/join/{code}", json=body), 403, "invited_only")
    assert (await consume(scripted, token_of(invited))).status_code == 201
    admission = f"/api/v1/sessions/{exam['id']}/admission"
    opened = read(await staff.client.put(admission, json={"invited_only": False}))
    assert opened["invited_only"] is False
    assert (await client.get(f"/api/v1/join/{code}")).status_code == 200


async def test_the_open_link_asks_for_a_name(scripted: Running, exam: Json) -> None:
    client = await scripted.client()
    code = exam["join_url"].rpartition("/")[2]
    version = read(await client.get(f"/api/v1/join/{code}"))["consent"]["version"]
    body = {"consent": {"version": version, "accepted": True}}
    refused(await client.post(f"/api/v1/join/{code}", json=body), 422, "invalid_request")


async def test_what_the_list_arranges_is_the_candidates(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    (invited,) = await invite(
        staff,
        exam,
        "Name;Detectors off;Picture every (s);Breaks;Break minutes;Extra time\n"
        "Ada;multiple_faces no_face;20;2;10;25 %",
    )
    ada = await come_in(scripted, token_of(invited))
    shown = await staff.candidate(exam, ada.id)
    assert shown["accommodations"]["words"] == (await ada.me())["accommodations"]
    assert shown["accommodations"]["sampling_interval_s"] == 20
    assert len(shown["accommodations"]["words"]) == 5


HARMLESS = {"'=cmd|'/C calc'!A0", "'+1", "'-1", "'@SUM(A1)", "'\tx@x"}


async def test_exports_run_nothing_in_a_spreadsheet(staff: Proctor, exam: Json) -> None:
    rows = [("=cmd|'/C calc'!A0", "1"), ("+1", "2"), ("-1", "3"), ("@SUM(A1)", "4")]
    text = "name,external id\n" + "\n".join(f"{name},={number}" for name, number in rows)
    answer = read(await staff.client.post(path(exam), content=text.encode()), 201)
    listed = await staff.client.get(path(exam, ".csv"))
    assert listed.headers["content-type"].startswith("text/csv")
    assert "attachment" in listed.headers["content-disposition"]
    for exported in (listed.text, answer["csv"]):
        cells = list(csv.reader(io.StringIO(exported)))
        assert {row[0] for row in cells[1:]} == {f"'{name}" for name, _ in rows} <= HARMLESS
        assert {row[2] for row in cells[1:]} == {f"'={number}" for _, number in rows}
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in cells for cell in row)


async def test_the_audit_log_has_every_act_and_no_name(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    (invited,) = await invite(staff, exam)
    one = path(exam, f"/{invited['id']}")
    await staff.client.post(f"{one}/revoke")
    fresh = read(await staff.client.post(f"{one}/reissue"))
    await consume(scripted, token_of(fresh))
    again = read(await staff.client.post(f"{one}/reissue"))
    await consume(scripted, token_of(again))
    await staff.client.get(path(exam, ".csv"))
    await staff.client.put(f"/api/v1/sessions/{exam['id']}/admission", json={"invited_only": True})
    async with scripted.database.engine.connect() as connection:
        audit = (await connection.execute(sa.select(t.audit_entry))).mappings().all()
    acts = [each["action"] for each in audit]
    for action in (
        "roster_imported",
        "invite_revoked",
        "invite_reissued",
        "consent_given",
        "invite_used",
        "roster_exported",
        "admission_changed",
    ):
        assert action in acts
    assert "Ada" not in repr(audit)
    assert next(x for x in audit if x["action"] == "consent_given")["ref"] == invited["id"]


async def test_retention_takes_invites_with_their_people_and_the_unused_after_their_time(
    scripted: Running, staff: Proctor
) -> None:
    exam = await staff.open_session(retention_days=1)
    end = scripted.clock().replace(hour=12).isoformat()
    invited = await invite(
        staff, exam, f"name,window end\nAda,\nLate,{end}\nLater,2027-01-01T00:00Z"
    )
    ada = next(each for each in invited if each["name"] == "Ada")
    await consume(scripted, token_of(ada))
    scripted.clock.advance(3 * 86_400)
    store = scripted.storage.store
    await retention.sweep(scripted.storage.database, store, scripted.clock(), confirmed=True)
    async with scripted.database.engine.connect() as connection:
        left = (await connection.execute(sa.select(r.invite.c.name))).scalars().all()
    assert left == ["Later"]
    await scripted.rooms.sessions.close(OPERATOR, exam["id"])  # the log-in has expired
    scripted.clock.advance(3 * 86_400)
    await retention.sweep(scripted.storage.database, store, scripted.clock(), confirmed=True)
    assert await scripted.rows(r.invite) == await scripted.rows(r.invite_link) == 0


async def test_a_closed_session_takes_no_list_and_nobody(
    scripted: Running, staff: Proctor, exam: Json
) -> None:
    (invited,) = await invite(staff, exam)
    await staff.client.post(f"/api/v1/sessions/{exam['id']}/close")
    refused(await staff.client.post(path(exam), content=b"name\nEve"), 410, "session_closed")
    client = await scripted.client()
    refused(await client.get(f"/api/v1/join/{token_of(invited)}"), 410, "session_closed")
