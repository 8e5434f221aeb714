"""A real Redis for tests, on a port of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.support.ports import free_port

PASSWORD = "north-4711"
_PATIENCE_S = 30.0


def require() -> str:
    """The program, or a test that is skipped with the reason."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return found
    reason = "neither redis-server nor valkey-server is here (Debian: apt-get install redis-server)"
    if os.environ.get("INVIGIL_TEST_REQUIRE_REDIS"):
        pytest.fail(reason)
    pytest.skip(reason)


class RedisServer:
    """One server that keeps nothing on the disk, and can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._program = require()
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{PASSWORD}@127.0.0.1:{self._port}/0"

    def start(self) -> None:
        arguments = ["--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        arguments += ["--requirepass", PASSWORD, "--dir", str(self._folder)]
        self._process = subprocess.Popen(
            [self._program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE_S
        with Redis.from_url(self.url) as client:
            while time.monotonic() < deadline:
                try:
                    client.ping()
                except RedisError:
                    assert self._process.poll() is None, "Redis ended by itself"
                    time.sleep(0.02)
                else:
                    return
        raise AssertionError("Redis does not answer")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def redis_server(folder: Path) -> Iterator[RedisServer]:
    """A server that runs, until the end of the block at the latest."""
    folder.mkdir()
    up = RedisServer(folder)
    up.start()
    try:
        yield up
    finally:
        up.kill()
