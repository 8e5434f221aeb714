"""Clocks that are wrong: of a candidate, or of the server. Nobody is ended, and order holds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from invigil.clock import SteadyClock
from tests.support.clock import Clock
from tests.support.house import JPEG, Candidate, Json, Proctor, Running, read, running
from tests.support.invariants import nothing_is_broken
from tests.support.replay import replayed, shown
from tests.support.scripted import ScriptedEngine
from tests.support.server import console, serving

DAY = timedelta(days=1)


@pytest.fixture
async def up(tmp_path: Path, clock: Clock, dialect: object) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
        yield house


@pytest.fixture
async def proctor(up: Running) -> Proctor:
    return await up.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session()


@pytest.fixture
async def ada(up: Running, session: Json) -> Candidate:
    ada = await up.enter(session, face=b"me")
    read(await ada.send(b"me"))
    return ada


@pytest.mark.parametrize("off", [-DAY, DAY], ids=["yesterday", "tomorrow"])
async def test_a_candidates_clock_counts_for_nothing(
    up: Running, proctor: Proctor, session: Json, ada: Candidate, off: timedelta
) -> None:
    """Whatever a browser says of the time: what is stored is the server's."""
    wrong = up.clock.now + off
    headers = JPEG | {"Date": format_datetime(wrong), "X-Captured-At": wrong.isoformat()}
    address = "/api/v1/candidates/me/frames"
    for _ in range(5):
        up.clock.advance(5)
        answer = read(await ada.client.post(address, content=b"me", headers=headers))
        assert answer["observation"]["captured_at"] == up.clock.now.isoformat().replace(
            "+00:00", "Z"
        )
    assert await proctor.incidents(session) == []


@pytest.mark.parametrize("step_s", [30, -30])
async def test_a_server_whose_clock_is_set_ends_nobody_and_blames_nobody(
    up: Running, proctor: Proctor, session: Json, ada: Candidate, step_s: float
) -> None:
    cookie = dict(proctor.client.cookies)
    for _ in range(4):
        await up.tick(5)
        read(await ada.send(b"me"))
    up.clock.advance(step_s)
    await up.watch.tick()
    for _ in range(8):
        read(await ada.send(b"me"))
        await up.tick(5)
    seen = await proctor.snapshot(session)
    assert [each["state"] for each in seen["candidates"]] == ["in_room"]
    assert seen["incidents"] == []
    assert {gap["cause"] for gap in seen["gaps"]} <= {"server"}
    assert dict(proctor.client.cookies) == cookie
    assert (await ada.me())["state"] == "in_room"
    await nothing_is_broken(up)


@pytest.mark.parametrize("step_s", [30, -30])
async def test_a_silence_over_a_step_of_the_clock_is_still_found(
    up: Running, proctor: Proctor, session: Json, ada: Candidate, step_s: float
) -> None:
    up.clock.advance(step_s)
    await up.tick(90)
    (incident,) = await proctor.incidents(session)
    assert incident["kind"] == "camera_lost"
    read(await ada.send(b"me"))
    (incident,) = await proctor.incidents(session)
    assert incident["state"] == "closed"


FAR_BACK_S = 300


async def test_frames_are_judged_on_when_the_clock_is_set_back(
    up: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """What is stored of the time before the step stays in the past."""
    await ada.film(b"me", 20)
    await ada.film(b"two", 4)
    up.clock.set_back(FAR_BACK_S)
    await ada.film(b"me", 10)
    (first,) = await proctor.incidents(session)
    assert (first["kind"], first["state"]) == ("multiple_faces", "closed")
    await ada.film(b"stranger", 4)
    _, second = await proctor.incidents(session)
    assert (second["kind"], second["state"]) == ("different_person", "open")
    await ada.film(b"me", 10)
    incidents = await proctor.incidents(session)
    assert [each["state"] for each in incidents] == ["closed", "closed"]
    times = [at for each in incidents for at in (each["started_at"], each["ended_at"])]
    assert times == sorted(times)


async def test_a_silence_is_found_and_ended_as_ever_when_the_clock_is_set_back(
    up: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await up.tick(20)
    (before,) = await proctor.incidents(session)
    assert (before["kind"], before["state"]) == ("camera_lost", "open")
    up.clock.set_back(FAR_BACK_S)
    await up.tick(2)
    read(await ada.send(b"me"))
    (after,) = await proctor.incidents(session)
    assert after["state"] == "closed"
    assert after["ended_at"] > after["started_at"]
    for _ in range(20):
        await up.tick(5)
        read(await ada.send(b"me"))
    assert len(await proctor.incidents(session)) == 1
    await up.tick(18)
    _, again = await proctor.incidents(session)
    assert (again["kind"], again["state"]) == ("camera_lost", "open")
    await nothing_is_broken(up)


async def test_a_server_that_starts_with_its_clock_set_back_goes_on_from_its_last_time(
    tmp_path: Path, clock: Clock, dialect: object
) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as up:
        session = await (await up.proctor()).open_session()
        ada = await up.enter(session, face=b"me")
        await ada.film(b"two", 10)
        await up.tick(5)
    clock.set_back(FAR_BACK_S)
    async with running(data, clock, ScriptedEngine()) as up:
        proctor = await up.proctor()
        client = await up.client({"Authorization": f"Bearer {ada.token}"})
        back = Candidate(client, clock, ada.id, ada.token)
        await back.film(b"stranger", 10)
        two, stranger = await proctor.incidents(session)
        assert (two["kind"], two["state"]) == ("multiple_faces", "closed")
        assert two["ended_at"] >= two["started_at"]
        assert (stranger["kind"], stranger["state"]) == ("different_person", "open")
        assert stranger["started_at"] > two["started_at"]


async def test_frames_are_judged_by_a_server_whose_clock_is_behind_that_of_another(
    up: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """A candidate who comes over from one whose clock is minutes ahead."""
    ahead = Clock(up.clock.now)
    ahead.advance(minutes=5)
    async with running(up.config.data_dir, ahead, ScriptedEngine(), **_same(up)) as other:
        client = await other.client({"Authorization": f"Bearer {ada.token}"})
        for _ in range(5):
            read(await Candidate(client, ahead, ada.id, ada.token).send(b"me"))
    await ada.film(b"stranger", 4)
    kinds = [each["kind"] for each in await proctor.incidents(session)]
    assert kinds == ["different_person"]


def _same(up: Running) -> dict[str, object]:
    url = up.config.database_url
    return {} if url is None else {"database_url": url}


def test_a_steady_clock_follows_the_machine_and_waits_for_it_when_it_was_set_back() -> None:
    machine = Clock()
    steady = SteadyClock(machine, machine.monotonic)
    machine.advance(10)
    assert steady() == machine.now
    machine.advance(days=1)  # as after a sleep
    before = steady()
    assert before == machine.now
    machine.set_back(60)
    assert steady() == before
    machine.advance(100)
    assert steady() == before + timedelta(seconds=90)
    machine.advance(500)
    assert steady() == machine.now
    machine.advance(1)
    assert steady() == machine.now


def test_a_steady_clock_believes_no_time_of_far_in_the_future() -> None:
    machine = Clock()
    steady = SteadyClock(machine, machine.monotonic)
    steady.not_before(machine.now + timedelta(days=400))
    assert steady() == machine.now
    steady.not_before(machine.now + timedelta(minutes=30))
    assert steady() == machine.now + timedelta(minutes=30)


async def test_events_keep_their_order_when_the_clock_goes_back(
    tmp_path: Path, clock: Clock
) -> None:
    async with serving(tmp_path / "data", clock, ScriptedEngine()) as up:
        proctor = await up.proctor()
        session = await proctor.open_session()
        async with await console(up, proctor, session, since=0) as page:
            ada = await up.enter(session, face=b"me")
            for number in range(6):
                clock.advance(-10 if number % 2 else 5)
                read(await ada.post("messages", {"text": str(number)}), 201)
            found: list[Json] = []
            while sum(each["event"]["kind"] == "message" for each in found) < 6:
                found.append(await page.until("event"))
        assert [each["seq"] for each in found] == sorted({each["seq"] for each in found})
        said = [each["event"]["message"]["text"] for each in found if "message" in each["event"]]
        assert said == [str(number) for number in range(6)]
        assert replayed(found, session) == shown(await proctor.snapshot(session))
