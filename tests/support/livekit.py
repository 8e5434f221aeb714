"""A real LiveKit server for tests, with keys, ports and webhooks of its own.

It is built once from the Go module proxy and kept in `~/.cache/invigil-test`.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from httpx2 import Client, TransportError

from tests.support.go import NoGo, built
from tests.support.ports import free_port

VERSION = "v1.13.5"
MODULE = "github.com/livekit/livekit-server/cmd/server"
KEY, SECRET = "exam-key", "north-4711-" + "secret-" * 4
_PATIENCE_S = 30.0


def require() -> Path:
    """The server, or a test that is skipped with the reason."""
    try:
        return built("livekit", VERSION, MODULE)
    except NoGo as error:
        if os.environ.get("INVIGIL_TEST_REQUIRE_LIVEKIT"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def own_address() -> str:
    """An address of this machine that browsers send media to; loopback when there is no other."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # nothing is sent: it only chooses the way out
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


class LiveKit:
    """One server, which can be killed and started again. `webhook`: where it tells what happens."""

    def __init__(self, folder: Path, webhook: str | None = None) -> None:
        self._program = require()
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.port, self._udp, self._tcp = free_port(), free_port(), free_port()
        self.webhook = webhook
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, Any]:
        """For the settings of the server under test."""
        return {"livekit_url": self.url, "livekit_api_key": KEY, "livekit_api_secret": SECRET}

    @property
    def environment(self) -> dict[str, str]:
        return {f"INVIGIL_{name.upper()}": str(value) for name, value in self.settings.items()}

    def start(self) -> None:
        config = self._folder / "livekit.yaml"
        config.write_text(self._config())
        with (self._folder / "livekit.log").open("ab") as said:
            self._process = subprocess.Popen(
                [self._program, "--config", config], stdout=said, stderr=said
            )
        deadline = time.monotonic() + _PATIENCE_S
        with Client(trust_env=False) as client:
            while time.monotonic() < deadline:
                try:
                    if client.get(f"http://127.0.0.1:{self.port}/").status_code == 200:
                        return
                except TransportError:
                    assert self._process.poll() is None, self.said()
                time.sleep(0.02)
        raise AssertionError(f"LiveKit does not answer:\n{self.said()}")

    def said(self) -> str:
        return (self._folder / "livekit.log").read_text(errors="replace")[-4000:]

    def kill(self) -> None:
        """Gone at once, as by a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _config(self) -> str:
        lines = [
            f"port: {self.port}",
            "bind_addresses: [127.0.0.1]",
            "logging: {level: warn}",
            "rtc:",
            f"  udp_port: {self._udp}",
            f"  tcp_port: {self._tcp}",
            f"  node_ip: {own_address()}",
            "  use_external_ip: false",
            "  enable_loopback_candidate: true",
            f"keys: {{{KEY}: {SECRET}}}",
        ]
        if self.webhook:
            lines.append(f"webhook: {{api_key: {KEY}, urls: ['{self.webhook}']}}")
        return "\n".join(lines) + "\n"


@contextmanager
def livekit(folder: Path, webhook: str | None = None) -> Iterator[LiveKit]:
    """A server that runs, until the end of the block at the latest."""
    up = LiveKit(folder, webhook)
    up.start()
    try:
        yield up
    finally:
        up.kill()
