"""Pause, resume, remove, let in again, end: what each does, and that each is done once."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
import sqlalchemy as sa

from invigil.domain.acts import ACTS, ActKind
from invigil.domain.candidate import TRANSITIONS, CandidateState
from invigil.storage.database import tables as t
from invigil.storage.database import tables_acts as ta
from tests.support.house import Candidate, Json, Proctor, Running, read, refused


@pytest.fixture
async def proctor(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def ada(scripted: Running, session: Json) -> Candidate:
    return await scripted.enter(session, face=b"me")


async def audited(house: Running) -> Counter[str]:
    """How often each action is on record."""
    async with house.database.engine.connect() as connection:
        rows = await connection.execute(sa.select(t.audit_entry.c.action))
    return Counter(rows.scalars())


async def gaps(proctor: Proctor, session: Json) -> list[Json]:
    found: list[Json] = (await proctor.snapshot(session))["gaps"]
    return found


async def test_a_pause_stops_pictures_incidents_and_blame(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.film(b"two", 3)
    began = scripted.clock()
    shown = read(await proctor.act(ada.id, "pause", "A break, as you asked."))
    assert (shown["state"], shown["state_reason"]) == ("paused", "A break, as you asked.")
    assert shown["has_still"] is False
    mine = await ada.me()
    assert (mine["state"], mine["state_reason"]) == ("paused", "A break, as you asked.")

    (incident,) = await proctor.incidents(session)
    assert (incident["state"], incident["ended_at"]) == ("closed", shown["state_since"])
    error = refused(await ada.send(b"two"), 409, "paused")
    assert "Nothing is recorded or counted" in error["message"]
    await scripted.tick(120)  # a long silence, which nobody holds against Ada
    assert len(await proctor.incidents(session)) == 1
    (gap,) = await gaps(proctor, session)
    assert (gap["cause"], gap["ended_at"]) == ("paused", None)

    read(await proctor.act(ada.id, "resume", "Back."))
    assert scripted.clock() > began
    (gap,) = await gaps(proctor, session)
    assert gap["ended_at"] is not None
    read(await ada.send(b"me"))
    assert (await ada.me())["state"] == "in_room"
    found = await audited(scripted)
    assert (found["candidate_paused"], found["candidate_resumed"]) == (1, 1)


async def test_what_was_seen_before_a_pause_does_not_count_after_it(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.frame(b"two")
    await ada.frame(b"two")
    read(await proctor.act(ada.id, "pause", "A break."))
    scripted.clock.advance(1)
    read(await proctor.act(ada.id, "resume", "Back."))
    await ada.frame(b"two")
    assert await proctor.incidents(session) == []
    await ada.film(b"two", 5)  # but what goes on after it does
    (incident,) = await proctor.incidents(session)
    assert incident["kind"] == "multiple_faces"


async def test_silence_after_a_pause_is_counted_from_its_end(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.frame(b"me")
    read(await proctor.act(ada.id, "pause", "A break."))
    await scripted.tick(300)
    back = scripted.clock()
    read(await proctor.act(ada.id, "resume", "Back."))
    await scripted.tick(10)
    assert await proctor.incidents(session) == []
    await scripted.tick(30)
    (incident,) = await proctor.incidents(session)
    assert incident["kind"] == "camera_lost"
    assert incident["started_at"] >= back.isoformat().replace("+00:00", "Z")


async def test_a_frame_that_was_under_way_is_refused_kindly(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """Both at once, many times: no frame is taken in a pause, and the gap stays whole."""
    for round_ in range(10):
        pause = proctor.act(ada.id, "pause", f"Round {round_}.")
        frames = [ada.send(b"two") for _ in range(3)]
        answers = await asyncio.gather(*frames[:2], pause, frames[2])
        assert {a.status_code for a in answers} <= {200, 409}
        read(await ada.client.get("/api/v1/candidates/me"))
        opened = [each for each in await gaps(proctor, session) if each["ended_at"] is None]
        assert [gap["cause"] for gap in opened] == ["paused"]
        incidents = await proctor.incidents(session)
        assert all(each["state"] == "closed" for each in incidents)
        read(await proctor.act(ada.id, "resume", "On."))
        scripted.clock.advance(1)


async def test_who_is_removed_is_out_until_let_in_again(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.frame(b"me")
    read(await proctor.act(ada.id, "remove", "Please put the phone away first."))
    mine = await ada.me()
    assert (mine["state"], mine["state_reason"]) == ("removed", "Please put the phone away first.")
    to_ada = f"/api/v1/candidates/{ada.id}/messages"
    words = {"kind": "message", "text": "Come to room 3."}
    refused(await proctor.client.post(to_ada, json=words), 409, "candidate_removed")
    refused(await ada.send(b"me"), 403, "removed")
    refused(await ada.post("tickets", {"tab": "tab-0001"}), 403, "removed")
    refused(await ada.post("media"), 403, "removed")
    refused(await ada.post("messages", {"text": "Hello?"}), 403, "removed")
    refused(await ada.post("enter"), 403, "removed")
    refused(await ada.post("leave"), 403, "removed")
    refused(await ada.reference_photo(b"me"), 403, "removed")
    decision = {"decision": "approve"}
    route = f"/api/v1/candidates/{ada.id}/check-in-decision"
    refused(await proctor.client.post(route, json=decision), 409, "illegal_transition")
    assert (
        read(
            await proctor.client.post(
                f"/api/v1/sessions/{session['id']}/messages", json={"text": "To all"}
            ),
            201,
        )["messages"]
        == []
    )

    scripted.clock.advance(60)
    read(await proctor.act(ada.id, "readmit", "Thank you."))
    assert (await ada.me())["state"] == "approved"  # need not check in again
    read(await ada.post("enter"))
    await ada.film(b"me", 3)
    (gap,) = await gaps(proctor, session)
    assert (gap["cause"], gap["ended_at"] is not None) == ("removed", True)
    assert await proctor.incidents(session) == []
    found = await audited(scripted)
    assert (found["candidate_removed"], found["candidate_readmitted"]) == (1, 1)


async def test_who_was_removed_at_check_in_checks_in_again(
    scripted: Running, proctor: Proctor, session: Json
) -> None:
    ben = await scripted.join(session, "Ben")
    read(await proctor.act(ben.id, "remove", "Wrong room."))
    read(await proctor.act(ben.id, "readmit", "Right after all."))
    assert (await ben.me())["state"] == "joined"
    refused(await ben.post("enter"), 409, "illegal_transition")
    assert await gaps(proctor, session) == []  # was never watched


async def test_the_end_by_a_proctor_is_final(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.film(b"two", 3)
    read(await proctor.act(ada.id, "end", "You were told twice."))
    mine = await ada.me()
    assert (mine["state"], mine["state_reason"]) == ("finished", "You were told twice.")
    assert await scripted.rows(t.template) == 0
    for act in ("resume", "readmit", "pause", "remove"):
        refused(await proctor.act(ada.id, act, "No."), 409, "illegal_transition")
    refused(await ada.send(b"me"), 409, "not_in_room")
    assert (await audited(scripted))["candidate_ended"] == 1


async def test_who_went_by_itself_has_no_reason_of_a_proctor(
    proctor: Proctor, ada: Candidate
) -> None:
    read(await proctor.act(ada.id, "pause", "A break."))
    read(await ada.post("leave"))  # one may hand in during a break
    mine = await ada.me()
    assert (mine["state"], mine["state_reason"]) == ("finished", None)
    refused(await proctor.act(ada.id, "end", "Too late."), 409, "illegal_transition")


async def test_the_same_command_again_does_nothing_twice(
    scripted: Running, proctor: Proctor, ada: Candidate
) -> None:
    first = read(await proctor.act(ada.id, "pause", "A break.", "command-1"))
    assert read(await proctor.act(ada.id, "pause", "A break.", "command-1")) == first
    assert read(await proctor.act(ada.id, "pause", "A break.")) == first  # nor without a command
    read(await proctor.act(ada.id, "resume", "Back.", "command-2"))
    # The network delivers the first command late: it was done, and is not done again.
    late = read(await proctor.act(ada.id, "pause", "A break.", "command-1"))
    assert late["state"] == "in_room"
    assert await scripted.rows(ta.candidate_act) == 2
    refused(await proctor.act(ada.id, "end", "x", "command-1"), 409, "illegal_transition")
    assert (await audited(scripted))["candidate_paused"] == 1


async def test_of_two_proctors_one_wins_and_the_other_is_told(
    scripted: Running, proctor: Proctor, ada: Candidate
) -> None:
    other = await scripted.proctor()
    answers = await asyncio.gather(
        proctor.act(ada.id, "pause", "First.", "command-1"),
        other.act(ada.id, "pause", "Second.", "command-2"),
    )
    lost = next(answer for answer in answers if answer.status_code != 200)
    error = refused(lost, 409, "already_done")
    won = (await ada.me())["state_reason"]
    assert error["message"].endswith(f"has done that already, with the reason “{won}”.")
    assert await scripted.rows(ta.candidate_act) == 1
    await asyncio.gather(
        proctor.act(ada.id, "end", "Over.", "command-3"),
        other.act(ada.id, "resume", "Go on.", "command-4"),
    )
    assert (await ada.me())["state"] == "finished"  # in whichever order: a resume ends no end


@pytest.mark.parametrize(
    "body",
    [
        {"act": "pause"},
        {"act": "pause", "reason": "  "},
        {"act": "fail", "reason": "x"},
        {"act": "pause", "reason": "x" * 501},
        {"act": "pause", "reason": "x", "command": "short"},
        {"act": "pause", "reason": "x", "by": "Somebody"},
    ],
)
async def test_an_act_needs_a_reason(proctor: Proctor, ada: Candidate, body: Json) -> None:
    route = f"/api/v1/candidates/{ada.id}/acts"
    refused(await proctor.client.post(route, json=body), 422, "invalid_request")
    assert (await ada.me())["state"] == "in_room"


async def test_nothing_is_done_in_a_closed_session(
    proctor: Proctor, session: Json, ada: Candidate
) -> None:
    read(await proctor.act(ada.id, "pause", "A break.", "command-1"))
    read(await proctor.client.post(f"/api/v1/sessions/{session['id']}/close"))
    assert (await ada.me())["state"] == "finished"  # also who was paused
    refused(await proctor.act(ada.id, "resume", "Back."), 410, "session_closed")
    read(await proctor.act(ada.id, "pause", "A break.", "command-1"))  # told as the first time


def test_only_acts_of_proctors_lead_to_pause_and_removal() -> None:
    by_themselves = {to for ways in TRANSITIONS.values() for to in ways}
    assert by_themselves.isdisjoint({CandidateState.PAUSED, CandidateState.REMOVED})
    assert set(ACTS) == set(ActKind)
    assert set(TRANSITIONS) == set(CandidateState)
    for ways in ACTS.values():
        assert CandidateState.FINISHED not in ways  # nothing follows the end


@pytest.mark.parametrize("again", ["Ada  Example", "ADA EXAMPLE ", "\uff21da Example"])
async def test_a_proctor_reads_that_somebody_of_this_name_was_removed(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate, again: str
) -> None:
    before = await scripted.join(session, "Ada Example")
    scripted.clock.advance(60)
    removed = read(await proctor.act(ada.id, "remove", "Wrong exam."))
    scripted.clock.advance(60)
    same, other = await scripted.join(session, again), await scripted.join(session, "Ada Exampla")
    shown = {each["id"]: each for each in (await proctor.snapshot(session))["candidates"]}
    told = {id_: each["removed_before"] for id_, each in shown.items()}
    # Nothing is said of whom was there already, of others, nor of the removed one.
    assert told == {same.id: removed["state_since"], ada.id: None, before.id: None, other.id: None}
    one = read(await proctor.act(same.id, "remove", "Again."))
    assert one["removed_before"] == removed["state_since"]
    read(await proctor.act(ada.id, "readmit", "It was the right one."))
    assert (await proctor.candidate(session, same.id))["removed_before"] is None
    assert "removed_before" not in await same.me()
