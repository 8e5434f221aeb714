"""The comparison of what clients remember with what the server kept, on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from invigil.domain.message import Message, MessageKind, Sender
from invigil.domain.secrets import new_id
from invigil.simulate.audit import Audit, audit, doubled
from invigil.simulate.console import Proctor, open_session
from invigil.simulate.place import Place
from invigil.simulate.plan import Ledger, name_of
from invigil.storage.database import tables as t
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Running, read
from tests.support.scripted import ScriptedEngine
from tests.support.server import serving


@pytest.fixture
async def house(tmp_path: Path, clock: Clock) -> AsyncIterator[Running]:
    async with serving(tmp_path / "data", clock, ScriptedEngine()) as up:
        yield up


@asynccontextmanager
async def looking(house: Running) -> AsyncIterator[Proctor]:
    proctor = Proctor(Place(house.base_url), patience_s=0.5)
    await proctor.sign_in(await house.rooms.access.new_sign_in_link())
    yield proctor
    await proctor.close()


async def booked(house: Running, ada: Candidate, proctor: Proctor, session: Json) -> Ledger:
    """Frames, an incident with a photo, a message of a candidate; all of it noted."""
    ledger = Ledger()
    ledger.joined(ada.id)
    for reply in [*await ada.film(b"me", 6), *await ada.film(b"two", 2)]:
        ledger.frames[ada.id].add(reply["observation"]["id"])
    ledger.messages.add(read(await ada.post("messages", {"text": "Hello"}), 201)["id"])
    found = await proctor.ask("GET", f"sessions/{session['id']}/snapshot")
    ledger.incidents.update(each["id"] for each in found["incidents"])
    assert ledger.incidents
    return ledger


async def erase(house: Running, statement: sa.Delete) -> None:
    async with house.database.engine.begin() as connection:
        await connection.execute(statement)


def losses(found: Audit) -> tuple[int, ...]:
    return (
        found.candidates_lost,
        found.frames_lost,
        found.messages_lost,
        found.incidents_lost,
        found.photos_lost,
    )


async def test_what_is_gone_is_counted_by_its_kind(house: Running) -> None:
    async with looking(house) as proctor:
        session = await open_session(proctor, 5)
        assert (session["title"], session["retention_days"]) == ("Rehearsal", 1)
        ada = await house.enter(session, name_of(0), b"me")
        ledger = await booked(house, ada, proctor, session)

        found = await audit(proctor, session["id"], ledger)
        assert found.lost == 0
        assert found.frames_stored == sum(map(len, ledger.frames.values()))
        assert (found.unshown, found.doubled, found.strangers) == (0, 0, 0)
        assert found.by_kind == {"multiple_faces": found.incidents}

        some = next(iter(ledger.frames[ada.id]))
        await erase(house, t.observation.delete().where(t.observation.c.id == some))
        await erase(house, t.message.delete())
        for photo in (house.objects / "evidence").rglob("*.jpg"):
            photo.write_bytes(b"another")
        assert losses(await audit(proctor, session["id"], ledger)) == (0, 1, 1, 0, 1)

        await erase(house, t.incident.delete())
        ledger.joined(new_id())
        assert losses(await audit(proctor, session["id"], ledger)) == (1, 1, 1, 1, 0)


async def test_messages_are_found_however_many_there_are(house: Running) -> None:
    """Snapshots show the newest ones. Many are of one moment."""
    async with looking(house) as proctor:
        session = await open_session(proctor, 5)
        ada = await house.enter(session, name_of(0), b"me")
        ledger = await booked(house, ada, proctor, session)
        said = (Sender.PROCTOR, MessageKind.MESSAGE, "Hello")
        async with house.database.begin() as work:
            for number in range(1200):
                id_, at = new_id(), house.clock.advance(ms=number % 2)
                ledger.messages.add(id_)
                await work.messages.add(Message(id_, session["id"], ada.id, *said, at))
        assert (await audit(proctor, session["id"], ledger)).messages_lost == 0
        ledger.messages.add(new_id())
        assert (await audit(proctor, session["id"], ledger)).messages_lost == 1


async def test_what_no_console_showed_and_who_is_no_simulation_is_counted(house: Running) -> None:
    async with looking(house) as proctor:
        session = await open_session(proctor, 5)
        ada = await house.enter(session, "Ada Example", b"me")
        ledger = await booked(house, ada, proctor, session)
        ledger.incidents.clear()
        found = await audit(proctor, session["id"], ledger)
        assert (found.lost, found.unshown, found.strangers) == (0, found.incidents, 1)


def incident(candidate: str, kind: str, began: str, ended: str | None) -> Json:
    def at(time: str) -> str:
        return f"2026-05-04T09:{time}Z"

    return {
        "candidate_id": candidate,
        "kind": kind,
        "started_at": at(began),
        "ended_at": ended and at(ended),
    }


def test_two_at_the_same_time_are_doubled_and_two_in_a_row_are_not() -> None:
    first = incident("a", "no_face", "00:00", "00:10")
    assert doubled([first, incident("a", "no_face", "00:10", None)]) == 0
    assert doubled([first, incident("a", "no_face", "00:10.5", "00:11")]) == 0
    assert doubled([incident("a", "no_face", "00:09.999", "00:11"), first]) == 1
    assert doubled([first, incident("b", "no_face", "00:05", None)]) == 0
    assert doubled([first, incident("a", "camera_lost", "00:05", None)]) == 0
    still_open = incident("a", "no_face", "00:00", None)
    assert doubled([still_open, incident("a", "no_face", "00:59", None)]) == 1
