"""Numbers of frames: what a network does to them harms nobody, and a replay is found."""

from __future__ import annotations

import asyncio

import pytest
from httpx2 import Response

from tests.support import pictures
from tests.support.house import Candidate, Json, Proctor, Running, read, refused

ME = pictures.obama()
TAB = "tab-0001"


class Page:
    """Numbers what it sends."""

    def __init__(self, candidate: Candidate, nonce: str, tab: str) -> None:
        self.candidate, self.nonce, self.tab = candidate, nonce, tab

    @classmethod
    async def opened(cls, candidate: Candidate, tab: str = TAB) -> Page:
        tickets = "/api/v1/candidates/me/tickets"
        read(await candidate.client.post(tickets, json={"tab": tab}))
        window = read(
            await candidate.client.post(
                "/api/v1/candidates/me/frame-windows", headers={"X-Invigil-Tab": tab}
            ),
            201,
        )
        assert window["next_seq"] == 1
        return cls(candidate, window["nonce"], tab)

    async def send(self, seq: int, image: bytes = ME) -> Response:
        return await self.candidate.client.post(
            "/api/v1/candidates/me/frames",
            content=image,
            headers={
                "Content-Type": "image/jpeg",
                "X-Invigil-Tab": self.tab,
                "X-Frame-Nonce": self.nonce,
                "X-Frame-Seq": str(seq),
            },
        )


@pytest.fixture
async def ada(house: Running, session: Json) -> Candidate:
    return await house.enter(session)


@pytest.fixture
async def page(ada: Candidate) -> Page:
    return await Page.opened(ada)


async def count(page: Page, proctor: Proctor) -> int:
    route = f"/api/v1/candidates/{page.candidate.id}/observations"
    return len(read(await proctor.client.get(route))["observations"])


async def test_the_same_frame_again_is_answered_again_and_kept_once(
    house: Running, proctor: Proctor, session: Json, page: Page
) -> None:
    first = read(await page.send(1))
    house.clock.advance(100)
    again = read(await page.send(1))
    assert again["observation"] == first["observation"]
    assert await count(page, proctor) == 1
    assert await proctor.incidents(session) == []


async def test_a_frame_that_comes_twice_at_once_is_kept_once(
    proctor: Proctor, session: Json, page: Page
) -> None:
    both = await asyncio.gather(page.send(1), page.send(1))
    one, other = (read(each)["observation"] for each in both)
    assert one == other
    assert await count(page, proctor) == 1
    assert await proctor.incidents(session) == []


async def test_a_delayed_frame_behind_the_next_one_accuses_nobody(
    proctor: Proctor, session: Json, page: Page
) -> None:
    read(await page.send(1))
    read(await page.send(2, pictures.obama_speaking()))
    read(await page.send(1))
    assert await count(page, proctor) == 2
    assert await proctor.incidents(session) == []


async def test_another_picture_under_a_used_number_is_a_replay_once(
    house: Running, proctor: Proctor, session: Json, page: Page
) -> None:
    read(await page.send(1))
    for _ in range(2):
        refused(await page.send(1, pictures.biden()), 409, "frame_replayed")
    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["severity"]) == ("frame_replayed", "high")
    assert incident["state"] == "open"
    assert await count(page, proctor) == 1
    house.clock.advance(61)
    read(await page.send(2))
    (incident,) = await proctor.incidents(session)
    assert incident["state"] == "closed"


async def test_a_captured_trace_is_refused_and_reported_also_after_a_take_over(
    house: Running, proctor: Proctor, session: Json, page: Page
) -> None:
    trace = [ME, pictures.obama_speaking()]
    for seq, image in enumerate(trace, start=1):
        read(await page.send(seq, image))
        house.clock.advance(5)
    later = await Page.opened(page.candidate, "tab-0002")
    house.clock.advance(130)
    for seq, image in enumerate(trace, start=1):
        refused(await page.send(seq, image), 409, "frame_replayed")
    assert [each["kind"] for each in await proctor.incidents(session)] == ["frame_replayed"]
    read(await later.send(1))


async def test_a_tab_that_was_taken_over_is_told_so_and_not_accused(
    proctor: Proctor, session: Json, page: Page
) -> None:
    read(await page.send(1))
    await Page.opened(page.candidate, "tab-0002")
    refused(await page.send(2), 409, "taken_over")
    refused(await page.send(1), 409, "taken_over")
    assert await proctor.incidents(session) == []


async def test_a_page_must_number_and_in_its_own_window(
    proctor: Proctor, session: Json, page: Page
) -> None:
    refused(await page.candidate.send(ME, tab=TAB), 409, "frame_not_numbered")
    stranger = Page(page.candidate, "f" * 32, TAB)
    refused(await stranger.send(1), 409, "frame_not_numbered")
    wrong_tab = await page.candidate.client.post(
        "/api/v1/candidates/me/frame-windows", headers={"X-Invigil-Tab": "tab-0009"}
    )
    refused(wrong_tab, 409, "taken_over")
    assert await proctor.incidents(session) == []


async def test_a_refused_picture_leaves_a_hole_and_nothing_else(
    proctor: Proctor, session: Json, page: Page
) -> None:
    assert (await page.send(1, b"no picture")).status_code == 415
    read(await page.send(2))
    refused(await page.send(1, b"no picture"), 409, "frame_not_numbered")
    assert await proctor.incidents(session) == []
