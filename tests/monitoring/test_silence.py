"""A missing frame is a fact with a start, an end and a cause."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

import pytest

from invigil.domain.candidate import CameraClaim
from invigil.domain.candidate import Candidate as StoredCandidate
from invigil.feed.peer import Peer, Role
from invigil.monitoring.silence import RETURN_WITHIN, Silence
from invigil.monitoring.underway import Underway
from invigil.monitoring.watch import Watch
from invigil.storage.database.repositories.candidates import CandidateRepository
from invigil.storage.incident_log import IncidentLog
from tests.support.clock import Clock, wire
from tests.support.house import Candidate, Json, Proctor, Running, read, running
from tests.support.scripted import ScriptedEngine

pytestmark = pytest.mark.usefixtures("dialect")


@pytest.fixture
async def proctor(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def ada(scripted: Running, session: Json) -> Candidate:
    ada = await scripted.enter(session, face=b"me")
    read(await ada.send(b"me"))
    return ada


async def gaps(proctor: Proctor, session: Json) -> list[Json]:
    found: list[Json] = (await proctor.snapshot(session))["gaps"]
    return found


async def test_three_missed_frames_are_a_gap_and_an_incident(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    last = wire(scripted.clock())
    await scripted.tick(14)
    assert await proctor.incidents(session) == await gaps(proctor, session) == []
    await scripted.tick(1)
    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["severity"]) == ("camera_lost", "medium")
    assert (incident["state"], incident["started_at"]) == ("open", last)
    assert incident["detail"]["cause"] == "connection"
    assert (incident["evidence"], incident["evidence_missing"]) == ([], "no_image")
    (gap,) = await gaps(proctor, session)
    assert (gap["candidate_id"], gap["cause"]) == (ada.id, "connection")
    assert (gap["started_at"], gap["ended_at"]) == (last, None)


async def test_a_line_that_fails_for_many_at_once_is_an_incident_of_each(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """More than are looked at together."""
    others = [await scripted.enter(session, name=f"No. {n}", face=b"me") for n in range(11)]
    for each in others:
        read(await each.send(b"me"))
    await scripted.tick(40)
    lost = await proctor.incidents(session)
    assert {each["candidate_id"] for each in lost} == {each.id for each in (ada, *others)}
    assert len(lost) == 12


async def test_the_next_frame_ends_it(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await scripted.tick(40)
    back = wire(scripted.clock())
    read(await ada.send(b"me"))
    (incident,) = await proctor.incidents(session)
    (gap,) = await gaps(proctor, session)
    assert (incident["state"], incident["ended_at"], gap["ended_at"]) == ("closed", back, back)
    for _ in range(13):
        await scripted.tick(5)
        read(await ada.send(b"me"))
    await scripted.tick(15)
    assert len(await proctor.incidents(session)) == len(await gaps(proctor, session)) == 2


async def test_a_line_that_comes_and_goes_is_one_incident_with_many_gaps(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    first = wire(scripted.clock())
    for _ in range(20):
        await scripted.tick(25)
        read(await ada.send(b"me"))
    (incident,) = await proctor.incidents(session)
    assert (incident["state"], incident["started_at"]) == ("closed", first)
    assert incident["ended_at"] == wire(scripted.clock())
    spans = await gaps(proctor, session)
    assert len(spans) == 20
    assert all(gap["ended_at"] and gap["cause"] == "connection" for gap in spans)


async def test_servers_that_notice_it_together_agree_on_it(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """Both have found somebody silent before either records that it goes on again."""
    house = scripted
    rooms, storage = house.rooms, house.storage
    silence = Silence(rooms.presence, Underway(house.clock), house.clock())
    watches = [
        Watch(
            database=storage.database,
            incidents=IncidentLog(storage.store),
            silence=silence,
            health=rooms.health,
            attendance=rooms.attendance,
            clock=house.clock,
            several=True,
        )
        for _ in range(2)
    ]
    await house.tick(20)
    for _ in range(3):
        read(await ada.send(b"me"))
        house.clock.advance(1)
    for watch in watches:
        await watch.start()
    (before,) = await proctor.incidents(session)
    assert before["state"] == "closed"
    looked = asyncio.Barrier(2)
    monitored = CandidateRepository.monitored

    async def together(of: CandidateRepository) -> Sequence[StoredCandidate]:
        found = await monitored(of)
        async with asyncio.timeout(20):
            await looked.wait()
        return found

    with patch.object(CandidateRepository, "monitored", together):
        for _ in range(4):
            house.clock.advance(5)
            await asyncio.gather(*(watch.tick() for watch in watches))
    (after,) = await proctor.incidents(session)
    assert (after["id"], after["state"]) == (before["id"], "open")
    read(await ada.send(b"me"))
    (after,) = await proctor.incidents(session)
    assert (after["state"], after["ended_at"]) == ("closed", wire(house.clock()))


async def test_what_was_decided_on_is_not_opened_again(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await scripted.tick(25)
    read(await ada.send(b"me"))
    (incident,) = await proctor.incidents(session)
    await proctor.decide(incident, "dismissed")
    await scripted.tick(25)
    first, second = await proctor.incidents(session)
    assert (first["id"], first["state"]) == (incident["id"], "closed")
    assert second["state"] == "open"


async def test_a_camera_that_stops_after_the_line_came_back_is_another_incident(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await scripted.tick(25)
    read(await ada.send(b"me"))
    scripted.clock.advance(1)
    await scripted.rooms.check_in.claim_camera(ada.id, CameraClaim.ENDED)
    await scripted.tick(5)
    causes = [each["detail"]["cause"] for each in await proctor.incidents(session)]
    assert causes == ["connection", "camera"]


async def test_silence_is_recorded_once_however_long_it_lasts(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await scripted.tick(120)
    assert len(await proctor.incidents(session)) == len(await gaps(proctor, session)) == 1


async def test_somebody_who_never_sent_a_frame_is_noticed_too(
    scripted: Running, proctor: Proctor, session: Json
) -> None:
    await scripted.enter(session, face=b"me")
    entered = wire(scripted.clock())
    await scripted.tick(15)
    (incident,) = await proctor.incidents(session)
    assert incident["started_at"] == entered


async def test_the_interval_of_the_session_counts(scripted: Running, proctor: Proctor) -> None:
    slow = await proctor.open_session(sampling_interval_s=20)
    ada = await scripted.enter(slow, face=b"me")
    read(await ada.send(b"me"))
    await scripted.tick(59)
    assert await proctor.incidents(slow) == []
    await scripted.tick(1)
    assert len(await proctor.incidents(slow)) == 1


async def test_a_page_that_says_its_camera_ended_is_believed_sooner(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await scripted.tick(1)
    await scripted.rooms.check_in.claim_camera(ada.id, CameraClaim.ENDED)
    assert (await proctor.candidate(session, ada.id))["camera"] == "ended"
    await scripted.tick(2)
    assert await proctor.incidents(session) == []
    await scripted.tick(1)
    (incident,) = await proctor.incidents(session)
    (gap,) = await gaps(proctor, session)
    assert incident["detail"]["cause"] == gap["cause"] == "camera"


async def test_frames_count_more_than_the_pages_word(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await scripted.rooms.check_in.claim_camera(ada.id, CameraClaim.ENDED)
    for _ in range(10):
        await scripted.tick(2)
        read(await ada.send(b"me"))
    assert await proctor.incidents(session) == []


async def test_a_connected_page_without_frames_has_an_unknown_cause(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    scripted.rooms.presence.join(Peer("0" * 32, Role.CANDIDATE, session["id"], ada.id))
    await scripted.tick(15)
    (incident,) = await proctor.incidents(session)
    assert incident["detail"]["cause"] == "unknown"


@pytest.mark.parametrize("end", ["leave", "close"])
async def test_after_the_end_nothing_is_missed(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate, end: str
) -> None:
    if end == "leave":
        await ada.post("leave")
    else:
        await proctor.client.post(f"/api/v1/sessions/{session['id']}/close")
    await scripted.tick(60)
    assert await proctor.incidents(session) == await gaps(proctor, session) == []


async def test_leaving_ends_an_open_gap(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await scripted.tick(20)
    await ada.post("leave")
    (gap,) = await gaps(proctor, session)
    assert gap["ended_at"] == wire(scripted.clock())


async def test_time_without_a_server_is_ours(tmp_path: Path, clock: Clock) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.enter(session, face=b"me")
        read(await ada.send(b"me"))
    last = wire(clock())
    clock.advance(minutes=10)
    async with running(data, clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        (gap,) = await gaps(proctor, session)
        assert (gap["cause"], gap["started_at"], gap["ended_at"]) == ("server", last, None)
        # Pages need a while to come back: that is ours too. Then the usual three intervals.
        back_by = wire(clock() + RETURN_WITHIN)
        await house.tick(29)
        assert await proctor.incidents(session) == []
        # From now on frames could have come: a silence that lasts is a fact of its own.
        await house.tick(1)
        (incident,) = await proctor.incidents(session)
        assert incident["started_at"] == back_by
        ours, theirs = await gaps(proctor, session)
        assert (ours["cause"], ours["ended_at"]) == ("server", back_by)
        assert (theirs["cause"], theirs["started_at"]) == ("connection", back_by)


async def test_a_candidate_who_comes_back_after_a_restart_has_no_incident(
    tmp_path: Path, clock: Clock
) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        session = await (await house.proctor()).open_session()
        ada = await house.enter(session, face=b"me")
        read(await ada.send(b"me"))
    clock.advance(minutes=2)
    async with running(data, clock, ScriptedEngine()) as house:
        await house.tick(5)
        client = await house.client({"Authorization": f"Bearer {ada.token}"})
        back = Candidate(client, clock, ada.id, ada.token)
        read(await back.send(b"me"))
        proctor = await house.proctor()
        (gap,) = await gaps(proctor, session)
        assert (gap["cause"], gap["ended_at"]) == ("server", wire(clock()))
        assert await proctor.incidents(session) == []


async def test_an_outage_is_not_counted_into_what_was_open(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    while not await proctor.incidents(session):
        await ada.frame(b"stranger")
    last = (await proctor.candidate(session, ada.id))["last_frame_at"]
    scripted.clock.advance(30)
    await scripted.watch.tick()
    (card,) = await proctor.incidents(session)
    assert (card["state"], card["ended_at"]) == ("closed", last)

    back = wire(scripted.clock())
    while len(found := await proctor.incidents(session)) < 2:
        await ada.frame(b"stranger")
    before, again = found
    assert before["ended_at"] == last
    assert again["kind"] == before["kind"] == "different_person"
    assert again["started_at"] >= back


async def test_who_is_back_in_the_seat_after_an_outage_has_no_second_card(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    while not await proctor.incidents(session):
        await ada.frame(b"stranger")
    scripted.clock.advance(30)
    await scripted.watch.tick()
    for _ in range(12):
        await ada.frame(b"me")
    (card,) = await proctor.incidents(session)
    assert card["state"] == "closed"


async def test_a_machine_that_slept_blames_nobody(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    scripted.clock.advance(minutes=30)
    await scripted.watch.tick()
    assert await proctor.incidents(session) == []
    (gap,) = await gaps(proctor, session)
    assert gap["cause"] == "server"


async def test_participants_of_the_classic_api_keep_no_rhythm(
    scripted: Running, proctor: Proctor
) -> None:
    client = await scripted.client()
    meeting = read(await client.post("/meetings", json={"title": "Old"}))["data"]
    body = {"name": "Ada", "meeting_id": meeting["id"]}
    joined = await client.post(f"/meetings/{meeting['id']}/participants", json=body)
    candidate_id = read(joined, 201)["data"]["id"]
    await scripted.rooms.check_in.enter(candidate_id)
    await scripted.tick(120)
    assert await proctor.incidents(meeting) == await gaps(proctor, meeting) == []


async def test_time_in_which_the_watch_failed_in_any_way_is_ours(
    scripted: Running,
    proctor: Proctor,
    session: Json,
    ada: Candidate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(_now: datetime) -> None:
        msg = "a defect"
        raise ValueError(msg)

    with monkeypatch.context() as patched:
        patched.setattr(scripted.watch, "_look_for_silence", broken)
        for _ in range(40):
            scripted.clock.advance(1)
            with pytest.raises(ValueError, match="a defect"):
                await scripted.watch.tick()
    await scripted.tick(1)
    assert {gap["cause"] for gap in await gaps(proctor, session)} == {"server"}
    assert await proctor.incidents(session) == []
