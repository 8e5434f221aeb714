"""Humans decide, with a reason, and may change their mind on the record."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from invigil.storage.database import tables as t
from tests.support.house import Json, Proctor, Running, read, refused


@pytest.fixture
async def proctor(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def incident(scripted: Running, proctor: Proctor, session: Json) -> Json:
    ada = await scripted.enter(session, face=b"me")
    await ada.film(b"two", 3)
    (incident,) = await proctor.incidents(session)
    return incident


def path(incident: Json) -> str:
    return f"/api/v1/incidents/{incident['id']}/decisions"


@pytest.mark.parametrize("decision", ["confirmed", "dismissed", "inconclusive"])
async def test_a_decision_is_kept_with_reason_person_and_time(
    scripted: Running, proctor: Proctor, session: Json, incident: Json, decision: str
) -> None:
    scripted.clock.advance(60)
    now = scripted.clock().isoformat().replace("+00:00", "Z")
    decided = await proctor.decide(incident, decision, " A poster on the wall. ")
    me = read(await proctor.client.get("/api/v1/me"))["proctor"]
    assert decided["decision"] == {
        "decision": decision,
        "reason": "A poster on the wall.",
        "by": "Organiser",
        "by_id": me["person"],
        "decided_at": now,
        "proposed": False,
    }
    assert await proctor.incidents(session) == [decided]


@pytest.mark.parametrize(
    "body",
    [
        {"decision": "confirmed"},
        {"decision": "confirmed", "reason": ""},
        {"decision": "confirmed", "reason": "   "},
        {"decision": "confirmed", "reason": "x" * 501},
        {"decision": "guilty", "reason": "x"},
        {"reason": "x"},
        {"decision": "confirmed", "reason": "x", "by": "Somebody else"},
    ],
)
async def test_a_decision_needs_a_reason(proctor: Proctor, incident: Json, body: Json) -> None:
    refused(await proctor.client.post(path(incident), json=body), 422, "invalid_request")
    refused(await proctor.client.delete(f"{path(incident)}/latest"), 409, "nothing_to_undo")


async def test_undoing_brings_the_decision_before_back(
    scripted: Running, proctor: Proctor, incident: Json
) -> None:
    await proctor.decide(incident, "confirmed", "First.")
    scripted.clock.advance(1)
    await proctor.decide(incident, "dismissed", "Second.")
    undone = read(await proctor.client.delete(f"{path(incident)}/latest"))
    assert undone["decision"]["reason"] == "First."
    undone = read(await proctor.client.delete(f"{path(incident)}/latest"))
    assert undone["decision"] is None
    refused(await proctor.client.delete(f"{path(incident)}/latest"), 409, "nothing_to_undo")


async def test_an_undone_decision_stays_on_record(
    scripted: Running, proctor: Proctor, incident: Json
) -> None:
    await proctor.decide(incident, "confirmed", "First.")
    await proctor.client.delete(f"{path(incident)}/latest")
    async with scripted.database.engine.connect() as connection:
        columns = sa.select(t.review_decision.c.reason, t.review_decision.c.undone_at)
        assert (await connection.execute(columns)).one() == ("First.", scripted.clock())


async def test_deciding_changes_nothing_of_what_was_observed(
    proctor: Proctor, session: Json, incident: Json
) -> None:
    decided = await proctor.decide(incident, "confirmed")
    same = set(incident) - {"decision", "opinions"}
    assert {name: decided[name] for name in same} == {name: incident[name] for name in same}
    (candidate,) = (await proctor.snapshot(session))["candidates"]
    assert candidate["state"] == "in_room"  # no decision ends an exam


async def test_altered_evidence_is_not_shown(
    scripted: Running, proctor: Proctor, incident: Json
) -> None:
    (file,) = scripted.objects.rglob(f"{incident['evidence'][0]['id']}.jpg")
    file.write_bytes(b"another picture")
    answer = await proctor.client.get(incident["evidence"][0]["url"])
    error = refused(answer, 503, "seal_broken")
    assert "changed after it was stored" in error["message"]


async def test_evidence_that_is_gone_is_not_found(
    scripted: Running, proctor: Proctor, incident: Json
) -> None:
    (file,) = scripted.objects.rglob(f"{incident['evidence'][0]['id']}.jpg")
    file.unlink()
    refused(await proctor.client.get(incident["evidence"][0]["url"]), 404, "not_found")
