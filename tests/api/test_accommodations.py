"""What is arranged for one candidate holds for this candidate, from the next picture on."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from invigil.storage.database import tables as t
from tests.support.house import Candidate, Json, Proctor, Running, read, refused


async def arrange(staff: Proctor, ada: Candidate, **what: object) -> Json:
    where = f"/api/v1/candidates/{ada.id}/accommodations"
    return read(await staff.client.put(where, json=what))


@pytest.mark.parametrize(
    ("kind", "frame"),
    [
        ("multiple_faces", b"two"),
        ("no_face", b"empty"),
        ("different_person", b"stranger"),
        ("not_recognised", b"turned_away"),
    ],
)
async def test_what_is_switched_off_is_not_reported(
    scripted: Running, kind: str, frame: bytes
) -> None:
    staff = await scripted.proctor()
    exam = await staff.open_session()
    ada, ben = await scripted.enter(exam, face=b"me"), await scripted.enter(exam, "Ben", b"me")
    also = ["not_recognised"] if kind == "different_person" else []
    await arrange(staff, ada, detectors_off=[kind, *also])
    for candidate in (ada, ben):
        replies = await candidate.film(frame, 60)
        warned = any(reply["warnings"] for reply in replies)
        assert not (warned and candidate is ada)
    found = {(each["candidate_id"], each["kind"]) for each in await staff.incidents(exam)}
    assert {each for each in found if each[0] == ada.id} == set()
    assert (ben.id, kind) in found


async def test_an_open_incident_ends_when_its_detector_is_switched_off(scripted: Running) -> None:
    staff = await scripted.proctor()
    exam = await staff.open_session()
    ada = await scripted.enter(exam, face=b"me")
    await ada.film(b"two", 5)
    (incident,) = await staff.incidents(exam)
    assert incident["state"] == "open"
    await arrange(staff, ada, detectors_off=["multiple_faces"])
    await ada.frame(b"two")
    (incident,) = await staff.incidents(exam)
    assert incident["state"] == "closed"
    assert incident["ended_at"] >= incident["started_at"]


async def test_a_longer_interval_is_asked_for_and_its_silence_is_not_held_against_anybody(
    scripted: Running,
) -> None:
    staff = await scripted.proctor()
    exam = await staff.open_session(sampling_interval_s=5)
    ada = await scripted.enter(exam, face=b"me")
    assert (await ada.frame(b"me"))["next_frame_ms"] == 5000
    await arrange(staff, ada, sampling_interval_s=60)
    assert (await ada.me())["session"]["sampling_interval_s"] == 60
    assert read(await ada.send(b"me"))["next_frame_ms"] == 60_000
    await scripted.tick(100)
    assert await staff.incidents(exam) == []
    # Shorter again: the page still waits as long as it was told.
    await arrange(staff, ada)
    await scripted.tick(30)
    assert await staff.incidents(exam) == []
    assert read(await ada.send(b"me"))["next_frame_ms"] == 5000
    await scripted.tick(20)
    assert [each["kind"] for each in await staff.incidents(exam)] == ["camera_lost"]


async def test_an_interval_never_becomes_shorter_than_the_sessions(scripted: Running) -> None:
    staff = await scripted.proctor()
    exam = await staff.open_session(sampling_interval_s=30)
    ada = await scripted.enter(exam, face=b"me")
    await arrange(staff, ada, sampling_interval_s=1)
    assert (await ada.frame(b"me"))["next_frame_ms"] == 30_000


async def test_the_candidate_reads_it_and_the_log_has_the_facts(scripted: Running) -> None:
    staff = await scripted.proctor()
    exam = await staff.open_session()
    ada = await scripted.join(exam)
    assert (await ada.me())["accommodations"] == []
    shown = await arrange(
        staff,
        ada,
        detectors_off=["multiple_faces"],
        breaks=2,
        break_minutes=10,
        extra_time_percent=25,
    )
    words = (await ada.me())["accommodations"]
    assert shown["accommodations"]["words"] == words
    assert any("Somebody may be with you" in each for each in words)
    assert "2 breaks of 10 minutes each: ask the proctor for it." in words
    assert "25 % more time for the exam." in words
    async with scripted.database.engine.connect() as connection:
        entries = sa.select(t.audit_entry.c.detail, t.audit_entry.c.actor).where(
            t.audit_entry.c.action == "accommodations_set"
        )
        detail, actor = (await connection.execute(entries)).one()
    assert '"detectors_off":"multiple_faces"' in detail
    assert actor.startswith("organiser:")


@pytest.mark.parametrize(
    "wrong",
    [
        {"detectors_off": ["camera_lost"]},
        {"detectors_off": ["attention"]},
        {"sampling_interval_s": 0},
        {"sampling_interval_s": 301},
        {"breaks": 1},
        {"break_minutes": 5},
        {"extra_time_percent": -1},
        {"reason": "a diagnosis"},
    ],
)
async def test_what_cannot_be_arranged_is_refused(
    scripted: Running, wrong: dict[str, object]
) -> None:
    staff = await scripted.proctor()
    ada = await scripted.join(await staff.open_session())
    where = f"/api/v1/candidates/{ada.id}/accommodations"
    refused(await staff.client.put(where, json=wrong), 422, "invalid_request")
    assert (await ada.me())["accommodations"] == []
