"""LiveKit as Compose starts it, and what it tells Invigil."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from invigil.app import create_app
from invigil.domain.errors import MediaUnavailable, WebhookRefused
from invigil.meetings.livekit import LiveKitMeetings
from invigil.meetings.port import RoomKey
from invigil.settings import Settings
from tests.deploy import tools
from tests.deploy.test_compose import FULL, given, load
from tests.support.ports import free_port

Call = tuple[str, dict[str, str], bytes]
KEYS = {"LIVEKIT_API_KEY": "exam-key", "LIVEKIT_API_SECRET": "north-4711-" + "secret-" * 4}
_PATIENCE_S = 30.0


@contextmanager
def listening(calls: Queue[Call]) -> Iterator[int]:
    """Something that stands where Invigil does; the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            calls.put((self.path, headers, body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def started(folder: Path, config: dict[str, Any], env: dict[str, str]) -> Iterator[str]:
    """LiveKit with this configuration on ports of its own; its address."""
    port = free_port()
    media = {"tcp_port": free_port(), "udp_port": free_port(), "use_external_ip": False}
    here = {"port": port, "bind_addresses": ["127.0.0.1"]}
    own = config | here | {"rtc": media | {"node_ip": "127.0.0.1"}}
    file = folder / "livekit.yaml"
    file.write_text(yaml.safe_dump(own))
    with (folder / "log").open("wb") as said:
        server = subprocess.Popen(
            [tools.livekit(), "--config", file], env=env, stdout=said, stderr=said
        )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


async def open_room(provider: LiveKitMeetings) -> None:
    """As soon as the server answers."""
    async with asyncio.timeout(_PATIENCE_S):
        while True:
            try:
                await provider.open(RoomKey("session", "candidate"), None)
            except MediaUnavailable:
                await asyncio.sleep(0.1)
            else:
                return


async def test_it_tells_the_server_and_signs_with_the_key_that_the_server_has(
    tmp_path: Path,
) -> None:
    services = load(FULL, given() | KEYS)["services"]
    ours, theirs = (services[name]["environment"] for name in ("invigil", "livekit"))
    config = yaml.safe_load((tools.DEPLOY / "livekit.yaml").read_text())
    (url,) = config["webhook"]["urls"]
    address = urlsplit(url)
    assert (address.scheme, address.netloc) == ("http", "invigil:8000")
    assert set(services["livekit"]["networks"]) & set(services["invigil"]["networks"])
    key, secret = ours["INVIGIL_LIVEKIT_API_KEY"], ours["INVIGIL_LIVEKIT_API_SECRET"]
    calls: Queue[Call] = Queue()
    with listening(calls) as port:
        config["webhook"]["urls"] = [url.replace("invigil:8000", f"127.0.0.1:{port}")]
        with started(tmp_path, config, theirs) as live:
            provider = LiveKitMeetings(f"ws://{live}", f"http://{live}", key, secret)
            await open_room(provider)
            path, headers, body = await asyncio.to_thread(calls.get, timeout=_PATIENCE_S)
            await provider.aclose()
    assert b'"room_started"' in body
    assert provider.parse_webhook(headers, body) == []
    with pytest.raises(WebhookRefused):
        provider.parse_webhook(headers, body + b" ")
    paths = create_app(Settings(_env_file=None)).openapi()["paths"]
    assert "post" in paths[path.replace("livekit", "{provider}")]
