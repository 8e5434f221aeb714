"""A real S3 server for tests: Versity's gateway over a folder.

It is built once from the Go module proxy and kept in `~/.cache/invigil-test`. It stores objects as
plain files, so that a test can look at what really lies in the bucket.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from httpx2 import Client, TransportError

from tests.support.go import NoGo, built
from tests.support.house import files_under
from tests.support.ports import free_port

VERSION = "v1.8.0"
MODULE = "github.com/versity/versitygw/cmd/versitygw"
ACCESS, SECRET, REGION, BUCKET = "exam-access", "north-4711-secret", "eu-test-1", "exams"
_PATIENCE_S = 30.0


def require() -> Path:
    """The gateway, or a test that is skipped with the reason."""
    try:
        return built("versitygw", VERSION, MODULE)
    except NoGo as error:
        reason = str(error)
    if os.environ.get("INVIGIL_TEST_REQUIRE_S3"):
        pytest.fail(reason)
    pytest.skip(reason)


class Gateway:
    """One S3 server with one bucket, which can be stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._program = require()
        self._port = free_port()
        self._objects = folder / "objects"
        self._meta = folder / "meta"
        (self._objects / BUCKET).mkdir(parents=True)
        self._meta.mkdir()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/invigil"

    @property
    def environment(self) -> dict[str, str]:
        """What the server under test finds in its environment."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self._port}",
        }

    @property
    def folder(self) -> Path:
        """The objects below the prefix of `url`, as plain files."""
        return self._objects / BUCKET / "invigil"

    def stored(self, kind: str = "") -> list[str]:
        """Keys of all objects, or of those of a kind, such as `evidence`."""
        return [key for key in files_under(self.folder) if key.startswith(kind)]

    def start(self) -> None:
        arguments = ["--access", ACCESS, "--secret", SECRET, "--region", REGION, "--quiet"]
        arguments += ["--port", f"127.0.0.1:{self._port}"]
        arguments += ["posix", "--sidecar", str(self._meta), str(self._objects)]
        self._process = subprocess.Popen(
            [self._program, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        address = f"http://127.0.0.1:{self._port}/"
        deadline = time.monotonic() + _PATIENCE_S
        with Client(trust_env=False) as client:
            while time.monotonic() < deadline:
                try:
                    client.get(address)
                except TransportError:
                    assert self._process.poll() is None, "the S3 server ended by itself"
                    time.sleep(0.02)
                else:
                    return
        raise AssertionError("the S3 server does not answer")

    def kill(self) -> None:
        """Gone at once, as by a power cut."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It takes connections and answers nothing."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process
        self._process.send_signal(signal.SIGCONT)


@contextmanager
def gateway(folder: Path) -> Iterator[Gateway]:
    """A gateway that runs, until the end of the block at the latest."""
    up = Gateway(folder)
    up.start()
    try:
        yield up
    finally:
        up.kill()
