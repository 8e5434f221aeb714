"""Every letter that a page can send, from every sort of page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import get_args

import pytest

from invigil.api.events import ClientLetter
from tests.api.access_table import CALLERS, LETTERS
from tests.support.house import Candidate, Json, Proctor, Running, read, refused
from tests.support.server import Page, console, dial, exam_page

NO_SOCKET = 2
"""The first callers of the table, who get no ticket."""


def test_every_letter_has_a_row() -> None:
    union = get_args(ClientLetter)[0]
    types = {get_args(each.model_fields["type"].annotation)[0] for each in get_args(union)}
    assert types == set(LETTERS)
    assert {len(row) for row in LETTERS.values()} == {CALLERS.index("organiser") + 1}


async def test_who_has_no_session_gets_no_ticket(house: Running, session: Json) -> None:
    client = await house.client({"Origin": house.base_url})
    body = {"session_id": session["id"]}
    refused(await client.post("/api/v1/tickets", json=body), 401, "not_signed_in")
    client.cookies.set("invigil", "of a log-in that is over")
    refused(await client.post("/api/v1/tickets", json=body), 401, "not_signed_in")


async def _ping(page: Page, *_: object) -> str:
    await page.send(type="ping")
    return "reaches" if (await page.until("pong"))["type"] == "pong" else "ignored"


async def _signal(page: Page, mine: Page, *_: object) -> str:
    await page.send(type="signal", to=mine.letters[0]["peer"], signal={"epoch": 1})
    await page.all_so_far()  # the server has read it
    came = [each for each in await mine.all_so_far() if each["type"] == "signal"]
    return "reaches" if came else "ignored"


async def _camera(page: Page, _mine: Page, proctor: Proctor, session: Json, ada: Candidate) -> str:
    before = (await proctor.candidate(session, ada.id))["camera"]
    await page.send(type="camera", state="muted")
    await page.all_so_far()
    now = (await proctor.candidate(session, ada.id))["camera"]
    if now != before:
        await _mine.send(type="camera", state="ok")
        await _mine.all_so_far()
        assert read(await ada.client.get("/api/v1/candidates/me"))["id"] == ada.id
    return "reaches" if now != before else "ignored"


EFFECTS: dict[str, Callable[[Page, Page, Proctor, Json, Candidate], Awaitable[str]]] = {
    "ping": _ping,
    "signal": _signal,
    "camera": _camera,
}


@pytest.mark.parametrize("letter", LETTERS)
async def test_what_a_letter_does(
    house: Running, proctor: Proctor, session: Json, ada: Candidate, letter: str
) -> None:
    second = await proctor.open_session(title="Other")
    petra, otto = await house.invited(proctor, session), await house.invited(proctor, second)
    ben = await house.enter(session, "Ben", b"me")
    mallory = await house.enter(second, "Mallory", b"me")
    async with AsyncExitStack() as stack:
        mine = await stack.enter_async_context(await exam_page(house, ada))
        pages = {
            "candidate": mine,
            "neighbour": await stack.enter_async_context(await exam_page(house, ben)),
            "stranger": await stack.enter_async_context(await exam_page(house, mallory)),
            "proctor": await stack.enter_async_context(await console(house, petra, session)),
            "other proctor": await stack.enter_async_context(await console(house, otto, second)),
            "organiser": await stack.enter_async_context(await console(house, proctor, session)),
        }
        found = [
            await EFFECTS[letter](page, mine, proctor, session, ada) for page in pages.values()
        ]
    assert found == list(LETTERS[letter][NO_SOCKET:])
    assert list(pages) == list(CALLERS[NO_SOCKET : CALLERS.index("organiser") + 1])


async def test_a_revoked_proctor_loses_the_socket_without_a_word(
    house: Running, proctor: Proctor, session: Json
) -> None:
    """The page sends nothing: the server itself notices."""
    petra = await house.invited(proctor, session)
    async with (
        await console(house, petra, session) as theirs,
        await console(house, proctor, session) as ours,
    ):
        await proctor.revoke(session, petra)
        assert await theirs.closed_with() == 4401
        assert await ours.all_so_far() == []


async def test_a_ticket_of_a_revoked_proctor_is_not_good_for_long(
    house: Running, proctor: Proctor, session: Json
) -> None:
    petra = await house.invited(proctor, session)
    answer = await petra.client.post("/api/v1/tickets", json={"session_id": session["id"]})
    ticket = read(answer)["ticket"]
    await proctor.revoke(session, petra)
    async with await dial(house, ticket) as page:
        assert await page.closed_with() == 4401
