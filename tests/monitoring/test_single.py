"""One image alone, as the classic API asks about it."""

from __future__ import annotations

import asyncio
from datetime import datetime
from unittest.mock import patch

import pytest

from invigil.domain.errors import NotInRoom
from invigil.domain.incident import EvidenceState
from tests.support.house import Json, Running, files_under, read

pytestmark = pytest.mark.usefixtures("dialect")


async def test_nobody_waits_for_the_photo_of_somebody_elses_finding(
    scripted: Running, session: Json
) -> None:
    """Were it stored within the transaction, Ben's frame would wait for it here for ever."""
    ada = await scripted.enter(session, face=b"me")
    ben = await scripted.enter(session, name="Ben", face=b"me")
    shelf = scripted.storage.store.shelf
    put, storing, go = shelf.put, asyncio.Event(), asyncio.Event()

    async def slow(key: str, image: bytes, at: datetime, *, replace: bool) -> EvidenceState:
        if not replace:
            storing.set()
            await go.wait()
        return await put(key, image, at, replace=replace)

    with patch.object(shelf, "put", slow):
        single = scripted.rooms.single
        finding = asyncio.create_task(single.several_faces(ada.id, b"two"))
        await storing.wait()
        sent = asyncio.create_task(ben.send(b"me"))
        done, _ = await asyncio.wait({sent}, timeout=20)
        go.set()
        assert done, "the frame waits for the photo"
        read(await sent)
        assert (await finding).evidence_id


async def test_a_photo_that_nothing_came_of_is_deleted(scripted: Running, session: Json) -> None:
    """Two requests find the same thing at once, and one of them is on record first."""
    ada = await scripted.enter(session, face=b"me")
    before = len(files_under(scripted.objects / "evidence"))
    both = await asyncio.gather(
        *(scripted.rooms.single.several_faces(ada.id, b"two") for _ in range(2))
    )
    assert [each.found for each in both] == [True, True]
    assert sum(each.evidence_id is not None for each in both) == 1
    assert len(files_under(scripted.objects / "evidence")) == before + 1


async def test_who_leaves_meanwhile_leaves_no_photo(scripted: Running, session: Json) -> None:
    ada = await scripted.enter(session, face=b"me")
    before = files_under(scripted.objects / "evidence")
    shelf = scripted.storage.store.shelf
    put = shelf.put

    async def leaving(key: str, image: bytes, at: datetime, *, replace: bool) -> EvidenceState:
        read(await ada.post("leave"))
        return await put(key, image, at, replace=replace)

    with patch.object(shelf, "put", leaving), pytest.raises(NotInRoom):
        await scripted.rooms.single.several_faces(ada.id, b"two")
    assert files_under(scripted.objects / "evidence") == before
