"""Letters between peers: only across roles, only in one session, and no page delays another."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from contextlib import AsyncExitStack

import pytest
from websockets.exceptions import ConnectionClosed

from invigil.feed.bus import MAX_LETTERS, MAX_OF_ONE
from invigil.storage.database import tables as t
from tests.support.house import Candidate, Json, Proctor, Running, read
from tests.support.server import Page, candidate_ticket, console, dial, exam_page

BAD_LETTER, LONG_LETTER, TOO_SLOW, TOO_MANY = 1003, 1009, 4008, 4429


def peer(page: Page) -> str:
    found: str = page.letters[0]["peer"]
    return found


async def test_a_signal_reaches_the_peer_of_the_other_role_unchanged(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    signal = {"epoch": 1, "description": {"type": "offer", "sdp": "v=0 … ✓"}}
    async with (
        await console(house, proctor, session) as theirs,
        await exam_page(house, ada) as mine,
    ):
        await mine.send(type="signal", to=peer(theirs), signal=signal)
        received = await theirs.until("signal")
        assert received == {"type": "signal", "from": peer(mine), "signal": signal}
        await theirs.send(type="signal", to=peer(mine), signal={"want": "focus"})
        assert (await mine.until("signal"))["from"] == peer(theirs)


async def test_candidates_never_reach_one_another(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    ben = await house.enter(session, "Ben", b"me")
    async with await exam_page(house, ada) as hers, await exam_page(house, ben) as his:
        assert hers.letters[0]["peers"] == his.letters[0]["peers"] == []
        await hers.send(type="signal", to=peer(his), signal={"epoch": 1})
        await hers.all_so_far()
        assert await his.all_so_far() == []


async def test_proctors_never_reach_one_another(
    house: Running, proctor: Proctor, session: Json
) -> None:
    async with (
        await console(house, proctor, session) as one,
        await console(house, await house.proctor(), session) as two,
    ):
        assert two.letters[0]["peers"] == []
        await one.send(type="signal", to=peer(two), signal={"epoch": 1})
        await one.all_so_far()
        assert await two.all_so_far() == []


async def test_sessions_never_reach_one_another(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    other = await proctor.open_session(title="Biology")
    async with (
        await console(house, proctor, other) as theirs,
        await exam_page(house, ada) as mine,
    ):
        assert mine.letters[0]["peers"] == []
        for page, to in ((mine, theirs), (theirs, mine)):
            await page.send(type="signal", to=peer(to), signal={"epoch": 1})
            await page.all_so_far()
            assert await to.all_so_far() == []


async def test_a_signal_to_somebody_who_left_is_dropped(
    house: Running, session: Json, ada: Candidate
) -> None:
    async with await exam_page(house, ada) as mine:
        await mine.send(type="signal", to="0" * 32, signal={"epoch": 1})
        assert await mine.all_so_far() == []


@pytest.mark.parametrize(
    "letter",
    [
        "not json",
        "[]",
        '{"type":"event"}',
        '{"type":"ping","extra":1}',
        '{"type":"signal","to":"x","signal":"text"}',
        '{"type":"camera","state":"broken"}',
        json.dumps({"type": "signal", "to": "x" * 65, "signal": {}}),
    ],
)
async def test_a_letter_that_is_none_ends_this_connection_only(
    house: Running, proctor: Proctor, session: Json, ada: Candidate, letter: str
) -> None:
    async with (
        await console(house, proctor, session) as theirs,
        await exam_page(house, ada) as mine,
    ):
        await mine.connection.send(letter)
        assert await mine.closed_with() == BAD_LETTER
        await theirs.all_so_far()
        async with await exam_page(house, ada) as again:
            assert await again.all_so_far() == []


@pytest.mark.parametrize("length", [64_001, 1 << 18])
async def test_letters_over_64_kb_end_the_connection(
    house: Running, ada: Candidate, length: int
) -> None:
    async with await exam_page(house, ada) as mine:
        await mine.send(type="signal", to="x", signal={"sdp": "x" * length})
        assert await mine.closed_with() == LONG_LETTER


async def test_bytes_instead_of_text_harm_nobody(house: Running, ada: Candidate) -> None:
    async with await exam_page(house, ada) as mine:
        await mine.connection.send(b"\x00\x01")
        assert await mine.closed_with() == BAD_LETTER
    async with await exam_page(house, ada) as mine:
        assert await mine.all_so_far() == []


async def test_a_page_that_reads_nothing_delays_nobody(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """The slow page is cut off; those who write to it and the other candidate go on meanwhile."""
    ben = await house.enter(session, "Ben", b"me")
    async with AsyncExitStack() as stack:
        ticket = await candidate_ticket(ben)
        slow = await stack.enter_async_context(await dial(house, ticket, narrow=True))
        await slow.until("hello")
        consoles = [
            await stack.enter_async_context(await console(house, proctor, session))
            for _ in range(1 + MAX_LETTERS // MAX_OF_ONE)
        ]
        for _ in range(5):
            for each in consoles:
                for _ in range(20):
                    noise = secrets.token_urlsafe(45_000)  # cannot be compressed away
                    await each.send(type="signal", to=peer(slow), signal={"sdp": noise})
                await each.all_so_far()
        async with asyncio.timeout(5):
            read(await ada.send(b"two"))
            assert (await consoles[0].until("tile"))["candidate_id"] == ada.id
        assert await slow.closed_with() == TOO_SLOW
        assert (await consoles[0].until("peer_left"))["peer"] == peer(slow)


async def test_a_candidates_flood_ends_its_own_socket_and_no_console(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    ben = await house.enter(session, "Ben", b"me")
    async with (
        await console(house, proctor, session) as theirs,
        await exam_page(house, ada) as hers,
        await exam_page(house, ben) as his,
    ):
        text = json.dumps({"type": "signal", "to": peer(theirs), "signal": {}})
        with contextlib.suppress(ConnectionClosed):
            for _ in range(3000):
                await hers.connection.send(text)
        assert await hers.closed_with() == TOO_MANY
        assert hers.connection.close_reason == "Too many requests in a short time."
        await his.send(type="signal", to=peer(theirs), signal={"epoch": 1})
        while (await theirs.until("signal"))["from"] != peer(his):
            pass
        await theirs.all_so_far()  # the console is still there


async def test_ten_consoles_that_open_at_once_are_all_answered(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """An offer and eighteen addresses to each, as fast as they can be written."""
    async with AsyncExitStack() as stack:
        mine = await stack.enter_async_context(await exam_page(house, ada))
        consoles = [
            await stack.enter_async_context(await console(house, proctor, session))
            for _ in range(10)
        ]
        for number in range(19):
            for each in consoles:
                signal = {"epoch": number, "sdp": "v=0"}
                await mine.send(type="signal", to=peer(each), signal=signal)
        for each in consoles:
            came = [(await each.until("signal"))["signal"]["epoch"] for _ in range(19)]
            assert came == list(range(19))


async def test_a_camera_that_is_told_of_without_end_ends_the_socket(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    """And what others found stays in sight of the proctors."""
    before = await house.rows(t.incident)
    async with await exam_page(house, ada) as mine:
        with contextlib.suppress(ConnectionClosed):
            for number in range(600):
                label = "OBS Virtual Camera" if number % 2 else "HD Webcam"
                await mine.send(type="camera", state="ok", device=f"d{number}", label=label)
        assert await mine.closed_with() == TOO_MANY
    kinds = sorted(each["kind"] for each in await proctor.incidents(session))
    assert (before, kinds) == (0, ["camera_changed", "virtual_camera"])
