"""A full disk: images stop first, then writing; the exam goes on and everybody is told."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import Pool

from invigil.feed.bus import ALL_PROCTORS
from tests.support.clock import Clock
from tests.support.house import (
    Candidate,
    Json,
    Proctor,
    Running,
    files_under,
    read,
    refused,
    running,
)
from tests.support.scripted import ScriptedEngine

MORE_THAN_ANY_DISK_MB = 1 << 40
# SQLite's limit of pages, and its file on a small disk.
pytestmark = pytest.mark.sqlite_only


@pytest.fixture
async def proctor(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def ada(scripted: Running, session: Json) -> Candidate:
    return await scripted.enter(session, face=b"me")


async def status(proctor: Proctor) -> Json:
    return read(await proctor.client.get("/api/v1/system"))


async def test_an_incident_is_recorded_when_its_photo_cannot_be(
    tmp_path: Path, clock: Clock
) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        session = await (await house.proctor()).open_session()
        token = (await house.enter(session, face=b"me")).token
        before = files_under(house.objects)
    async with running(
        data, clock, ScriptedEngine(), disk_reserve_mb=MORE_THAN_ANY_DISK_MB
    ) as house:
        proctor = await house.proctor()
        client = await house.client({"Authorization": f"Bearer {token}"})
        ada = Candidate(client, clock, "", token)
        replies = await ada.film(b"two", 3)
        assert replies[-1]["warnings"][0]["code"] == "multiple_faces"
        (incident,) = await proctor.incidents(session)
        assert (incident["evidence"], incident["evidence_missing"]) == ([], "storage_full")
        assert files_under(house.objects) == before
        told = await status(proctor)
        assert told["storage"] == "full"
        assert "no more photos can be stored" in told["text"]

        ben = await house.join(session, "Ben")
        answer = await ben.reference_photo(b"me")
        error = refused(answer, 503, "storage_full")
        assert "not counted against you" in error["fix"]
        assert answer.headers["Retry-After"] == "10"


@contextmanager
def no_more_pages(database_pages: int) -> Iterator[None]:
    """Every connection of the pool finds the database full at its present size."""

    def limit(connection: object, _record: object, _proxy: object) -> None:
        cursor = connection.cursor()  # type: ignore[attr-defined]
        cursor.execute(f"PRAGMA max_page_count = {database_pages}")
        cursor.close()

    sa.event.listen(Pool, "checkout", limit)
    try:
        yield
    finally:
        sa.event.remove(Pool, "checkout", limit)


async def pages(house: Running) -> int:
    async with house.database.engine.connect() as connection:
        return int((await connection.exec_driver_sql("PRAGMA page_count")).scalar_one())


async def send_until_full(ada: Candidate) -> Json:
    for number in range(500):
        answer = await ada.send(b"me %d" % number)
        ada.clock.advance(5)
        if answer.status_code != 200:
            assert answer.headers["Retry-After"] == "10"
            return refused(answer, 503, "storage_full")
    raise AssertionError("the database never became full")


async def lift(house: Running, ada: Candidate) -> None:
    """The limit is a setting of each connection: set it back on those that are in the pool."""
    with no_more_pages(1 << 30):
        for address in ("/healthz", "/readyz", "/readyz", "/readyz"):
            await (await house.client()).get(address)
        read(await ada.send(b"me"))  # frames have a connection of their own


async def test_a_full_database_is_said_plainly_and_recovers_by_itself(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    console = scripted.rooms.bus.subscribe(ALL_PROCTORS)
    with no_more_pages(await pages(scripted)):
        error = await send_until_full(ada)
        assert "not counted against you" in error["fix"]
        # The server lives: it is asked, it reads, it says what is wrong.
        read(await (await scripted.client()).get("/healthz"))
        read(await (await scripted.client()).get("/readyz"))
        assert (await status(proctor))["storage"] == "full"
        assert len((await proctor.snapshot(session))["candidates"]) == 1
        _, (told,) = console.take()
        assert (told["type"], told["system"]["storage"]) == ("system", "full")
    await lift(scripted, ada)
    read(await ada.send(b"me"))
    assert (await status(proctor))["storage"] == "ok"
    _, news = console.take()
    assert [each["system"]["storage"] for each in news] == ["ok"]
    assert await proctor.incidents(session) == []


async def test_what_was_refused_left_nothing_behind(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """No event without its object, no number used up: the log goes on where it was."""
    with no_more_pages(await pages(scripted)):
        await send_until_full(ada)
        await ada.send(b"two")
    await lift(scripted, ada)
    before = (await proctor.snapshot(session))["cursor"]
    read(await ada.post("messages", {"text": "I am still here."}), 201)
    async with scripted.database.read() as work:
        events = await work.events.since(session["id"], before, None, 10)
    assert [event.seq for event in events] == [before + 1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes, where this machine lets us make one."""
    where = tmp_path / "small"
    where.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(where)]
    mounted = subprocess.run(command, capture_output=True, check=False, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield where
    subprocess.run(["umount", "-l", str(where)], check=True)


def fill(where: Path) -> None:
    with (where / "filler").open("wb", buffering=0) as filler:
        try:
            while filler.write(bytes(4096)):
                pass
        except OSError:
            return


async def test_a_disk_that_is_really_full(small_disk: Path, clock: Clock) -> None:
    async with running(small_disk / "data", clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.enter(session, face=b"me")
        read(await ada.send(b"me"))
        fill(small_disk)
        await send_until_full(ada)
        read(await (await house.client()).get("/healthz"))
        assert (await status(proctor))["storage"] == "full"
        (small_disk / "filler").unlink()
        read(await ada.send(b"me"))
        assert (await status(proctor))["storage"] == "ok"
