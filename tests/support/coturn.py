"""A real TURN server for tests: coturn, as Debian packages it, on a port of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.ports import free_port

SECRET = "north-4711-relay"
_CLIENT = "turnutils_uclient"
_PATIENCE_S = 30.0


def require() -> str:
    """The program, or a test that is skipped with the reason."""
    if found := shutil.which("turnserver"):
        return found
    reason = "there is no turnserver here (Debian: apt-get install coturn)"
    if os.environ.get("INVIGIL_TEST_REQUIRE_TURN"):
        pytest.fail(reason)
    pytest.skip(reason)


# On one machine alone both ends of the video are the loopback. Never in production.
LOOPBACK = "allow-loopback-peers"


class Coturn:
    """One server for relayed video on the loopback. `urls`: for INVIGIL_TURN_URLS.

    `peers`: lines that say where it may send.
    """

    def __init__(self, folder: Path, peers: str = LOOPBACK) -> None:
        self._program = require()
        self._peers = peers
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def urls(self) -> str:
        return f"turn:127.0.0.1:{self._port}?transport=udp"

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def start(self) -> None:
        config = self._folder / "turnserver.conf"
        config.write_text(
            f"""listening-ip=127.0.0.1
relay-ip=127.0.0.1
listening-port={self._port}
realm=invigil.test
use-auth-secret
static-auth-secret={SECRET}
fingerprint
no-tls
no-dtls
no-cli
no-rfc5780
no-stun-backward-compatibility
{self._peers}
verbose
log-file={self._folder}/log
simple-log
userdb={self._folder}/users
pidfile={self._folder}/pid
"""
        )
        self._process = subprocess.Popen(
            [self._program, "-c", config, "--no-stdout-log"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            assert self._process.poll() is None, "the TURN server ended by itself"
            try:
                socket.create_connection(("127.0.0.1", self._port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the TURN server does not answer")

    def try_to_reach(self, address: str) -> bool:
        """Whether somebody with a credential may send to this address through it."""
        before = len(self.log)
        port, peer = str(self._port), ["-e", address, "-r", "24999"]
        subprocess.run(
            [_CLIENT, "-W", SECRET, "-u", "ada", "-n", "1", "-c", *peer, "-p", port, "127.0.0.1"],
            timeout=_PATIENCE_S,
            capture_output=True,
            check=False,
        )
        said = self.log[before:]
        asked = [
            line
            for line in said.splitlines()
            if "CHANNEL_BIND processed" in line or "CREATE_PERMISSION processed" in line
        ]
        assert asked, said
        return all("success" in line for line in asked)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def coturn(folder: Path, peers: str = LOOPBACK) -> Iterator[Coturn]:
    """A server that runs until the end of the block."""
    folder.mkdir()
    up = Coturn(folder, peers)
    up.start()
    try:
        yield up
    finally:
        up.kill()
