"""Where a second reviewer is asked for, nobody confirms an incident alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from tests.support.house import ORIGIN, Json, Proctor, Running, read, refused

PASSWORD = "four northern lights 7"


@dataclass(frozen=True)
class Case:
    session: Json
    incident: Json
    ann: Proctor
    ben: Proctor
    cleo: Proctor

    def path(self) -> str:
        return f"/api/v1/incidents/{self.incident['id']}/decisions"

    async def now(self) -> Json:
        (incident,) = await self.ann.incidents(self.session)
        return incident

    async def unreviewed(self) -> int:
        found = read(await self.ann.client.get(f"/api/v1/sessions/{self.session['id']}"))
        number: int = found["unreviewed_incidents"]
        return number


@pytest.fixture
async def case(scripted: Running) -> Case:
    ann, ben, cleo = [await scripted.proctor() for _ in range(3)]
    session = await ann.open_session(second_reviewer=True)
    ada = await scripted.enter(session, face=b"me")
    await ada.film(b"two", 3)
    (incident,) = await ann.incidents(session)
    return Case(session, incident, ann, ben, cleo)


async def decide(
    house: Running, proctor: Proctor, incident: Json, decision: str, reason: str = "Seen."
) -> Json:
    house.clock.advance(1)
    return await proctor.decide(incident, decision, reason)


async def test_confirming_is_a_proposal_until_another_person_agrees(
    scripted: Running, case: Case
) -> None:
    one = await decide(scripted, case.ann, case.incident, "confirmed", "Clearly two people.")
    assert (one["decision"]["decision"], one["decision"]["proposed"]) == ("confirmed", True)
    assert await case.unreviewed() == 1

    again = await case.ann.client.post(
        case.path(), json={"decision": "confirmed", "reason": "I am sure."}
    )
    error = refused(again, 409, "needs_another_person")
    assert "second person" in error["message"]

    two = await decide(scripted, case.ben, case.incident, "confirmed", "I see it, too.")
    assert two["decision"]["proposed"] is False
    assert [each["reason"] for each in two["opinions"]] == ["Clearly two people.", "I see it, too."]
    assert len({each["by_id"] for each in two["opinions"]}) == 2
    assert await case.unreviewed() == 0


@pytest.mark.parametrize("decision", ["dismissed", "inconclusive"])
async def test_what_is_not_adverse_needs_no_second(
    scripted: Running, case: Case, decision: str
) -> None:
    one = await decide(scripted, case.ann, case.incident, decision)
    assert one["decision"]["proposed"] is False
    assert await case.unreviewed() == 0


async def test_disagreement_stays_visible_and_the_milder_view_stands(
    scripted: Running, case: Case
) -> None:
    await decide(scripted, case.ann, case.incident, "confirmed", "Two people.")
    after = await decide(scripted, case.ben, case.incident, "dismissed", "A mirror.")
    assert (after["decision"]["decision"], after["decision"]["proposed"]) == ("dismissed", False)
    assert [each["decision"] for each in after["opinions"]] == ["confirmed", "dismissed"]
    # Nor can Ann make Ben's view go away, or outvote it alone.
    refused(
        await case.ann.client.post(case.path(), json={"decision": "confirmed", "reason": "No."}),
        409,
        "needs_another_person",
    )
    third = await decide(scripted, case.cleo, case.incident, "confirmed", "Two people it is.")
    assert (third["decision"]["decision"], third["decision"]["proposed"]) == ("confirmed", False)


async def test_one_takes_back_only_ones_own(scripted: Running, case: Case) -> None:
    await decide(scripted, case.ann, case.incident, "confirmed")
    await decide(scripted, case.ben, case.incident, "confirmed")
    refused(await case.cleo.client.delete(f"{case.path()}/latest"), 409, "not_your_decision")
    back = read(await case.ann.client.delete(f"{case.path()}/latest"))
    # One person is left, which is not enough any more.
    assert (back["decision"]["decision"], back["decision"]["proposed"]) == ("confirmed", True)
    assert await case.unreviewed() == 1
    changed = await decide(scripted, case.ann, case.incident, "dismissed", "A poster after all.")
    assert changed["decision"]["decision"] == "dismissed"


async def test_two_who_confirm_at_once_are_two(scripted: Running, case: Case) -> None:
    body = {"decision": "confirmed", "reason": "Seen."}
    answers = await asyncio.gather(
        *(each.client.post(case.path(), json=body) for each in (case.ann, case.ann, case.ben))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 200, 409]
    found = await case.now()
    assert len(found["opinions"]) == 2
    assert [each["proposed"] for each in found["opinions"]].count(True) <= 1


async def test_without_the_setting_one_person_is_enough_and_a_repeat_is_no_second(
    scripted: Running,
) -> None:
    ann = await scripted.proctor()
    session = await ann.open_session()
    ada = await scripted.enter(session, face=b"me")
    await ada.film(b"two", 3)
    (incident,) = await ann.incidents(session)
    first = await ann.decide(incident, "confirmed")
    assert first["decision"]["proposed"] is False
    assert await decide(scripted, ann, incident, "confirmed", "Looked at it.") == first


async def by_password(house: Running, name: str) -> Proctor:
    client = await house.client({"Origin": ORIGIN})
    body = {"name": name, "password": PASSWORD}
    read(await client.post("/api/v1/sign-in/password", json=body))
    return Proctor(client)


async def test_two_sign_ins_of_one_account_are_one_person(scripted: Running, case: Case) -> None:
    for name in ("Olga", "Otto"):
        await scripted.rooms.accounts.add(name, PASSWORD)
    here, there, otto = [await by_password(scripted, name) for name in ("Olga", "Olga", "Otto")]
    one = await decide(scripted, here, case.incident, "confirmed")
    mine, too, other = [
        read(await each.client.get("/api/v1/me"))["proctor"] for each in (here, there, otto)
    ]
    assert mine["id"] != too["id"]
    assert one["decision"]["by_id"] == mine["person"] == too["person"] != other["person"]
    again = await there.client.post(case.path(), json={"decision": "confirmed", "reason": "Yes."})
    refused(again, 409, "needs_another_person")
    two = await decide(scripted, otto, case.incident, "confirmed")
    assert two["decision"]["proposed"] is False
    assert len({each["by_id"] for each in two["opinions"]}) == 2
    read(await there.client.delete(case.path() + "/latest"))  # the own one, from the other browser
    assert [each["by"] for each in (await case.now())["opinions"]] == ["Otto"]
