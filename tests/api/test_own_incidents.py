"""Candidates see their own incidents after the exam, and answer them once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from invigil.storage.database import tables as t
from tests.support.house import Candidate, Json, Proctor, Running, read, refused

MINE = "/api/v1/candidates/me/incidents"


@dataclass(frozen=True)
class Case:
    house: Running
    proctor: Proctor
    session: Json
    ada: Candidate
    incident: Json

    async def listing(self) -> Json:
        return read(await self.ada.client.get(MINE))

    async def finish(self) -> None:
        read(await self.ada.post("leave"))

    async def answer(self, text: str = "It was my cat.", who: Candidate | None = None) -> Any:
        path = f"{MINE}/{self.incident['id']}/answer"
        return await (who or self.ada).client.post(path, json={"text": text})

    async def audited(self, action: str) -> list[str]:
        c = t.audit_entry.c
        async with self.house.database.engine.connect() as connection:
            rows = await connection.execute(sa.select(c.actor).where(c.action == action))
        return list(rows.scalars())


async def build(house: Running, **chosen: object) -> Case:
    proctor = await house.proctor()
    session = await proctor.open_session(**chosen)
    ada = await house.enter(session, face=b"me")
    await ada.film(b"two", 3)
    (incident,) = await proctor.incidents(session)
    return Case(house, proctor, session, ada, incident)


@pytest.fixture
async def case(scripted: Running) -> Case:
    return await build(scripted, own_incidents="after_end", answer_days=3)


async def test_after_the_end_everything_of_ones_own_is_shown(case: Case) -> None:
    during = await case.listing()
    assert (during["ended"], during["incidents"]) == (False, [])
    refused(await case.answer(), 404, "not_found")
    await case.finish()
    after = await case.listing()
    (shown,) = after["incidents"]
    assert (shown["kind"], shown["max_faces"]) == ("multiple_faces", 2)
    assert shown["decision"] is None
    (evidence,) = shown["evidence"]
    image = await case.ada.client.get(evidence["url"])
    assert (image.status_code, image.content) == (200, b"two")
    assert image.headers["cache-control"] == "no-store"
    me = f"candidate:{case.ada.id}"
    assert await case.audited("own_evidence_viewed") == [me]
    assert await case.audited("own_incidents_viewed") == [me]


async def test_no_score_and_no_name_of_a_reviewer_is_shown(case: Case) -> None:
    await case.proctor.decide(case.incident, "confirmed", "Two faces.")
    await case.finish()
    (shown,) = (await case.listing())["incidents"]
    assert set(shown["decision"]) == {"decision", "reason", "decided_at"}
    assert set(shown) == {
        "id",
        "kind",
        "started_at",
        "ended_at",
        "max_faces",
        "comparison",
        "evidence",
        "evidence_missing",
        "decision",
        "answer",
        "answer_until",
    }


async def test_foreign_and_unknown_look_the_same(case: Case) -> None:
    mallory = await case.house.enter(case.session, "Mallory", b"me")
    read(await mallory.post("leave"))
    await case.finish()
    evidence = case.incident["evidence"][0]["id"]
    foreign = [
        await mallory.client.get(f"{MINE}/{case.incident['id']}/evidence/{evidence}"),
        await case.answer(who=mallory),
    ]
    unknown = [
        await mallory.client.get(f"{MINE}/{'0' * 32}/evidence/{'0' * 32}"),
        await mallory.client.post(f"{MINE}/{'0' * 32}/answer", json={"text": "x"}),
    ]
    assert [each.json() for each in foreign] == [each.json() for each in unknown]
    assert {each.status_code for each in (*foreign, *unknown)} == {404}
    assert read(await mallory.client.get(MINE))["incidents"] == []
    # Nor is there a way to a picture that is not of the incident, such as the reference photo.
    async with case.house.database.engine.connect() as connection:
        photo = await connection.scalar(
            sa.select(t.candidate.c.reference_photo_id).where(t.candidate.c.id == case.ada.id)
        )
    answer = await case.ada.client.get(f"{MINE}/{case.incident['id']}/evidence/{photo}")
    refused(answer, 404, "not_found")


async def test_an_answer_is_given_once_and_read_by_the_reviewer(case: Case) -> None:
    await case.finish()
    answered = read(await case.answer())
    assert answered["answer"]["text"] == "It was my cat."
    assert answered["answer_until"] is None
    assert read(await case.answer()) == answered  # a page that asks again
    refused(await case.answer("Something else."), 409, "answer_refused")
    (seen,) = await case.proctor.incidents(case.session)
    assert seen["answer"]["text"] == "It was my cat."
    assert await case.audited("incident_answered") == [f"candidate:{case.ada.id}"]


@pytest.mark.parametrize("text", ["", "   ", "x" * 1001, "\x00"])
async def test_an_answer_is_a_short_plain_text(case: Case, text: str) -> None:
    await case.finish()
    refused(await case.answer(text), 422, "invalid_request")
    (shown,) = (await case.listing())["incidents"]
    assert shown["answer"] is None


async def test_the_time_to_answer_ends_and_a_late_decision_opens_it_anew(case: Case) -> None:
    await case.finish()
    case.house.clock.advance(days=3)
    refused(await case.answer(), 409, "answer_refused")
    (shown,) = (await case.listing())["incidents"]
    assert shown["answer_until"] is None
    proctor = await case.house.proctor()
    await proctor.decide(case.incident, "confirmed")
    case.house.clock.advance(days=2)
    read(await case.answer("I was told only now."))


async def test_never_means_never(scripted: Running) -> None:
    case = await build(scripted)
    await case.finish()
    listing = await case.listing()
    assert (listing["setting"], listing["incidents"]) == ("never", [])
    refused(await case.answer(), 404, "not_found")
    evidence = case.incident["evidence"][0]["id"]
    image = await case.ada.client.get(f"{MINE}/{case.incident['id']}/evidence/{evidence}")
    refused(image, 404, "not_found")
    assert await case.audited("own_incidents_viewed") == []


async def test_after_review_means_after_a_decision_that_stands(scripted: Running) -> None:
    case = await build(scripted, own_incidents="after_review", second_reviewer=True)
    other = await scripted.proctor()
    await case.proctor.decide(case.incident, "confirmed")
    await case.finish()
    listing = await case.listing()
    assert (listing["waiting"], listing["incidents"]) == (1, [])
    await other.decide(case.incident, "confirmed", "So it is.")
    listing = await case.listing()
    assert (listing["waiting"], len(listing["incidents"])) == (0, 1)
    assert listing["incidents"][0]["decision"]["reason"] == "So it is."


async def test_a_proposal_is_not_shown_as_a_decision(scripted: Running) -> None:
    case = await build(scripted, own_incidents="after_end", second_reviewer=True)
    await case.proctor.decide(case.incident, "confirmed")
    await case.finish()
    (shown,) = (await case.listing())["incidents"]
    assert shown["decision"] is None


async def test_who_was_ended_or_removed_sees_them_too(case: Case) -> None:
    read(await case.proctor.act(case.ada.id, "remove", "For now."))
    assert (await case.listing())["ended"] is False  # may be let in again
    read(await case.proctor.client.post(f"/api/v1/sessions/{case.session['id']}/close"))
    listing = await case.listing()
    assert (listing["ended"], len(listing["incidents"])) == (True, 1)
    read(await case.answer("I did not use it."))


async def test_looking_again_is_on_record_once_a_day(case: Case) -> None:
    """The log is never pruned: nobody can fill it by reading."""
    await case.finish()
    (shown,) = (await case.listing())["incidents"]
    picture = shown["evidence"][0]["url"]
    for _ in range(3):
        await case.listing()
        assert (await case.ada.client.get(picture)).status_code == 200
    assert len(await case.audited("own_incidents_viewed")) == 1
    assert len(await case.audited("own_evidence_viewed")) == 1
    case.house.clock.advance(days=1)
    await case.listing()
    assert (await case.ada.client.get(picture)).status_code == 200
    assert len(await case.audited("own_incidents_viewed")) == 2
    assert len(await case.audited("own_evidence_viewed")) == 2


async def test_seeing_more_than_before_is_on_record(scripted: Running) -> None:
    case = await build(scripted, own_incidents="after_review")
    await case.ada.film(b"me", 40)
    await case.ada.film(b"two", 3)
    await case.finish()
    for number, incident in enumerate(await case.proctor.incidents(case.session), 1):
        await case.proctor.decide(incident, "confirmed")
        await case.listing()
        assert len(await case.audited("own_incidents_viewed")) == number
    assert number == 2
