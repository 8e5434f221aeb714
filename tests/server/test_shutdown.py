"""SIGTERM: readiness first, then frames in flight, then sockets with 1012."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx2 import AsyncClient, TransportError
from websockets.asyncio.client import connect

from tests.server.test_kill import enter
from tests.support import pictures
from tests.support.house import read
from tests.support.ports import free_port
from tests.support.process import PATIENCE_S, Served, served

RESTART = 1012


async def status(client: AsyncClient, path: str) -> tuple[int, str]:
    answer = await client.get(path)
    return answer.status_code, answer.json()["status"]


async def not_ready(client: AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await status(client, "/readyz") != (503, "stopping"):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def refuses(port: int) -> None:
    """Nobody can connect any more."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.02)


async def test_a_server_that_ends_says_so_first_and_serves_on(tmp_path: Path) -> None:
    chosen = {"INVIGIL_DRAIN_SECONDS": "300", "INVIGIL_ANALYSIS_WORKERS": "1"}
    async with served(tmp_path / "data", free_port(), **chosen) as up, up.client() as client:
        proctor = await up.proctor()
        session = await proctor.open_session()
        ada = await enter(up, session)
        ticket = read(
            await proctor.client.post("/api/v1/tickets", json={"session_id": session["id"]})
        )["ticket"]
        address = up.base_url.replace("http", "ws", 1) + f"/api/v1/live?ticket={ticket}"
        async with connect(
            address, additional_headers={"Origin": up.base_url}, proxy=None
        ) as console:
            assert json.loads(await console.recv())["type"] == "hello"
            assert await status(client, "/readyz") == (200, "ok")
            up.process.send_signal(signal.SIGTERM)
            await not_ready(client)
            # A load balancer has not noticed yet: everything works, on new connections too.
            assert await status(client, "/healthz") == (200, "ok")
            async with up.client() as late:
                assert await status(late, "/readyz") == (503, "stopping")
            assert read(await ada.send(pictures.obama()))["observation"]["faces"] == 1
            await console.ping()
            # A second signal ends the wait of five minutes.
            up.process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(PATIENCE_S):
                await console.wait_closed()
            assert console.close_code == RESTART
        async with asyncio.timeout(PATIENCE_S):
            assert await up.process.wait() in {0, -signal.SIGTERM}
        await proctor.client.aclose()
        await ada.client.aclose()


async def slowly(picture: bytes, go_on: asyncio.Event) -> AsyncIterator[bytes]:
    """A body of which the last part comes when told."""
    yield picture[:1000]
    await go_on.wait()
    yield picture[1000:]


async def test_a_frame_in_flight_is_answered_and_kept(tmp_path: Path) -> None:
    data, port = tmp_path / "data", free_port()
    async with served(data, port, INVIGIL_ANALYSIS_WORKERS="1") as up:
        proctor = await up.proctor()
        session = await proctor.open_session()
        ada = await enter(up, session)
        go_on = asyncio.Event()
        content = slowly(pictures.obama(), go_on)
        sending = asyncio.create_task(
            ada.client.post("/api/v1/candidates/me/frames", content=content)
        )
        await taken_up(up, sending)
        up.process.send_signal(signal.SIGTERM)
        await refuses(port)
        go_on.set()
        reply = read(await sending)
        assert reply["observation"]["faces"] == 1
        async with asyncio.timeout(PATIENCE_S):
            await up.process.wait()
    async with served(data, port, INVIGIL_ANALYSIS_WORKERS="1") as up:
        candidate = await proctor.candidate(session, ada.id)
        assert candidate["last_frame_at"] is not None
        await up.stop()
    await proctor.client.aclose()
    await ada.client.aclose()


async def taken_up(up: Served, sending: asyncio.Task[object]) -> None:
    """Requests that were asked for later are answered, so this one has arrived."""
    async with up.client() as client:
        for _ in range(5):
            await asyncio.sleep(0.05)
            assert await status(client, "/healthz") == (200, "ok")
    assert not sending.done()


async def test_without_a_drain_it_ends_at_once(tmp_path: Path) -> None:
    async with served(tmp_path / "data", free_port(), INVIGIL_ANALYSIS_WORKERS="1") as up:
        await up.stop()
        async with up.client() as client:
            with pytest.raises(TransportError):
                await client.get("/healthz")
