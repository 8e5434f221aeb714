"""A server that is told to end does end, whatever state its connections are in."""

from __future__ import annotations

import asyncio
import base64
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
from pathlib import Path

from httpx2 import AsyncClient

from tests.support.house import read
from tests.support.ports import free_port
from tests.support.process import PATIENCE_S, Served, served_with_log

GOODBYE = b"\x88\x82\0\0\0\0\x03\xe8"
"""A client's close frame with code 1000."""

HELLO = b'"type":"hello"'


async def ticket_of(up: Served, trusted: ssl.SSLContext, origin: str) -> str:
    async with AsyncClient(base_url=origin, verify=trusted, trust_env=False) as client:
        client.headers["Origin"] = origin
        token = up.link.partition("token=")[2]
        read(await client.post("/api/v1/sign-in", json={"token": token}))
        session = read(await client.post("/api/v1/sessions", json={"title": "Algebra"}), 201)
        answer = await client.post("/api/v1/tickets", json={"session_id": session["id"]})
        ticket: str = read(answer)["ticket"]
        return ticket


class Page:
    """A live socket that reads only what it is asked to read, so TLS is not ended either."""

    def __init__(self, port: int, trusted: ssl.SSLContext) -> None:
        bare = socket.create_connection(("localhost", port), PATIENCE_S)
        self.socket = trusted.wrap_socket(bare, server_hostname="localhost")

    def open(self, origin: str, ticket: str) -> None:
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /api/v1/live?ticket={ticket} HTTP/1.1\r\n"
            f"Host: {origin.partition('//')[2]}\r\nOrigin: {origin}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        said = b""
        while HELLO not in said:
            part = self.socket.recv(1 << 16)
            assert part, said
            said += part

    def leave(self) -> None:
        """Say goodbye; come back once the server has answered, and do not read the answer."""
        self.socket.sendall(GOODBYE)
        answered, _, _ = select.select([self.socket], [], [], PATIENCE_S)
        assert answered


async def test_it_ends_in_order_while_a_page_is_leaving(tmp_path: Path) -> None:
    data, port, log = tmp_path / "data", free_port(), tmp_path / "log"
    chosen = {"INVIGIL_ANALYSIS_WORKERS": "1"}
    async with served_with_log(log, data, port, "--tls-self-signed", **chosen) as up:
        trusted = ssl.create_default_context(cafile=str(data / "tls" / "self-signed.pem"))
        origin = f"https://localhost:{port}"
        page = Page(port, trusted)
        with page.socket:
            await asyncio.to_thread(page.open, origin, await ticket_of(up, trusted, origin))
            await asyncio.to_thread(page.leave)
            async with asyncio.timeout(PATIENCE_S):
                assert await up.end(signal.SIGTERM) in {0, -signal.SIGTERM}
    assert "Traceback" not in log.read_text()


def test_one_that_hangs_is_ended_hard_and_says_where_it_was() -> None:
    code = (
        "import threading\n"
        "from invigil.ending import end_within\n"
        "def stuck():\n"
        "    threading.Event().wait()\n"
        "end_within(0.1)\n"
        "threading.Thread(target=stuck).start()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert ended.returncode == 1
    assert b"in stuck" in ended.stderr


def test_one_that_ends_by_itself_is_left_alone() -> None:
    code = "from invigil.ending import end_within\nend_within(300)\n"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, timeout=PATIENCE_S, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
