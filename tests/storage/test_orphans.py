"""Images that no row knows go; images of another installation do not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from invigil.clock import system_clock
from invigil.storage.evidence.orphans import FEW, sweep_orphans
from tests.support.clock import Clock
from tests.support.house import Json, Running, files_under, read, running
from tests.support.s3 import gateway
from tests.support.scripted import ScriptedEngine

TWO_HOURS_S = 7200


def lose(house: Running, number: int, age_s: float = TWO_HOURS_S) -> str:
    """Put an image there as a server does that dies before it writes the row."""
    path = house.objects / "evidence" / "s" / "c" / f"lost{number}.jpg"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sealed")
    at = system_clock().timestamp() - age_s
    os.utime(path, (at, at))
    return path.relative_to(house.objects).as_posix()


def age(house: Running) -> None:
    """Let everything that is stored be two hours old."""
    at = system_clock().timestamp() - TWO_HOURS_S
    for path in house.objects.rglob("*.jpg"):
        os.utime(path, (at, at))


async def sweep(house: Running) -> int:
    return await sweep_orphans(house.storage.database, house.storage.store.shelf, system_clock())


async def test_what_no_row_knows_goes_after_an_hour(scripted: Running, session: Json) -> None:
    ada = await scripted.enter(session, face=b"me")
    await ada.film(b"two", 3)
    before = files_under(scripted.objects)
    age(scripted)
    lose(scripted, 1)
    young = lose(scripted, 2, age_s=60)
    assert await sweep(scripted) == 1
    assert files_under(scripted.objects) == sorted([*before, young])
    assert await sweep(scripted) == 0


async def test_the_newest_picture_of_nobody_goes_as_well(scripted: Running, session: Json) -> None:
    """Left by a server that died between a picture and its deletion, or before its record."""
    ada, bob = [await scripted.enter(session, name=name, face=b"me") for name in ("Ada", "Bob")]
    for each in (ada, bob):
        read(await each.send(b"me"))
    stills = scripted.objects / "stills" / session["id"]
    left = (stills / f"{ada.id}.jpg").read_bytes()
    read(await ada.post("leave"))
    kept = files_under(scripted.objects)
    for name in (ada.id, "nobody"):
        (stills / f"{name}.jpg").write_bytes(left)
    assert await sweep(scripted) == 0
    age(scripted)
    assert await sweep(scripted) == 2
    assert files_under(scripted.objects) == kept
    assert f"stills/{session['id']}/{bob.id}.jpg" in kept


async def test_the_store_of_another_installation_is_left_alone(
    scripted: Running, session: Json
) -> None:
    """More than half is unknown: that is no crash, it is another or an older database."""
    ada = await scripted.enter(session, face=b"me")
    await ada.film(b"two", 3)
    age(scripted)
    lost = [lose(scripted, number) for number in range(FEW + 1)]
    assert await sweep(scripted) == 0
    assert set(lost) <= set(files_under(scripted.objects))


async def test_the_same_in_a_bucket(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway(tmp_path / "s3") as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        async with running(
            tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url
        ) as house:
            session = await (await house.proctor()).open_session()
            ada = await house.enter(session, face=b"me")
            await ada.film(b"two", 3)
            before = s3.stored("evidence/")
            await house.storage.store.shelf.put(
                "evidence/s/c/lost.jpg", b"sealed", clock(), replace=False
            )
            database, shelf = house.storage.database, house.storage.store.shelf
            assert await sweep_orphans(database, shelf, system_clock()) == 0
            later = Clock(system_clock())
            assert await sweep_orphans(database, shelf, later.advance(TWO_HOURS_S)) == 1
            assert s3.stored("evidence/") == before
