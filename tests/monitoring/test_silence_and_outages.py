"""A candidate is silent, and then the server is away: each answers for its own time."""

from __future__ import annotations

from pathlib import Path

import pytest

from invigil.monitoring.silence import RETURN_WITHIN
from invigil.monitoring.watch import BEAT_EVERY
from tests.support.clock import Clock, wire
from tests.support.house import Candidate, Running, read, running
from tests.support.scripted import ScriptedEngine

pytestmark = pytest.mark.usefixtures("dialect")


@pytest.mark.parametrize("outage_s", [12, 40, 600])
async def test_an_outage_of_ours_is_no_part_of_a_lost_camera(
    scripted: Running, outage_s: float
) -> None:
    proctor = await scripted.proctor()
    session = await proctor.open_session()
    ada = await scripted.enter(session, face=b"me")
    read(await ada.send(b"me"))
    await scripted.tick(20)
    (lost,) = await proctor.incidents(session)
    assert (lost["kind"], lost["state"]) == ("camera_lost", "open")
    there_until = wire(scripted.clock())
    scripted.clock.advance(outage_s)
    await scripted.watch.tick()
    (lost,) = await proctor.incidents(session)
    assert (lost["state"], lost["ended_at"]) == ("closed", there_until)
    theirs, ours = (await proctor.snapshot(session))["gaps"]
    assert (theirs["cause"], theirs["ended_at"]) == ("connection", there_until)
    assert (ours["cause"], ours["started_at"], ours["ended_at"]) == ("server", there_until, None)

    # It goes on: what is counted begins when pages could have come back.
    back_by = wire(scripted.clock() + RETURN_WITHIN)
    await scripted.tick(30)
    before, after = await proctor.incidents(session)
    assert (before["id"], before["ended_at"]) == (lost["id"], there_until)
    assert (after["kind"], after["state"], after["started_at"]) == ("camera_lost", "open", back_by)
    read(await ada.send(b"me"))
    spans = (await proctor.snapshot(session))["gaps"]
    assert [each["cause"] for each in spans] == ["connection", "server", "connection"]
    assert [each["ended_at"] for each in spans] == [there_until, back_by, wire(scripted.clock())]


async def test_a_lost_camera_that_is_back_after_an_outage_of_ours_is_no_second_card(
    tmp_path: Path, clock: Clock
) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        session = await (await house.proctor()).open_session()
        ada = await house.enter(session, face=b"me")
        read(await ada.send(b"me"))
        await house.tick(20)
    last = clock()
    clock.advance(minutes=10)
    async with running(data, clock, ScriptedEngine()) as house:
        await house.tick(5)
        client = await house.client({"Authorization": f"Bearer {ada.token}"})
        read(await Candidate(client, clock, ada.id, ada.token).send(b"me"))
        await house.tick(10)
        (card,) = await (await house.proctor()).incidents(session)
        assert card["state"] == "closed"
        # A server that is gone is known to have been there until its last beat.
        assert wire(last - BEAT_EVERY) <= card["ended_at"] <= wire(last)
