"""Letters between peers: only across roles, only in one session, and no page delays another."""

from __future__ import annotations

import asyncio
import json
import secrets

import pytest

from tests.support.house import Candidate, Json, Proctor, Running, read
from tests.support.server import Page, console, dial, exam_page, proctor_ticket

BAD_LETTER, LONG_LETTER, TOO_SLOW = 1003, 1009, 4008


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
    """The slow console is cut off; the quick one and the candidate go on meanwhile."""
    async with (
        await dial(house, await proctor_ticket(proctor, session), narrow=True) as slow,
        await console(house, proctor, session) as quick,
        await exam_page(house, ada) as mine,
    ):
        await slow.until("hello")
        for _ in range(20):
            for _ in range(20):
                noise = secrets.token_urlsafe(45_000)  # cannot be compressed away
                await mine.send(type="signal", to=peer(slow), signal={"sdp": noise})
            await mine.all_so_far()
        async with asyncio.timeout(5):
            read(await ada.send(b"two"))
            assert (await quick.until("tile"))["candidate_id"] == ada.id
        assert await slow.closed_with() == TOO_SLOW
        assert (await mine.until("peer_left"))["peer"] == peer(slow)
