"""A real S3 server for tests: Versity's gateway over a folder, or moto where there is none.

The gateway is built once from the Go module proxy and kept in `~/.cache/invigil-test`. It stores
objects as plain files, so that a test can look at what really lies in the bucket, and that it may
be killed. moto, a Python package of the development group, keeps everything in memory and takes
anything for a signature: tests that need more skip and say so. `INVIGIL_TEST_S3=moto` chooses it.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from httpx2 import Client, Response, TransportError

from tests.support.go import NoGo, built
from tests.support.house import files_under
from tests.support.ports import free_port

VERSION = "v1.8.0"
MODULE = "github.com/versity/versitygw/cmd/versitygw"
ACCESS, SECRET, REGION, BUCKET, PREFIX = (
    "exam-access",
    "north-4711-secret",
    "eu-test-1",
    "exams",
    "invigil",
)
_PATIENCE_S = 30.0
_KEY = re.compile(r"<Key>([^<]*)</Key>")


def require() -> Path:
    """The gateway, or a test that is skipped with the reason."""
    try:
        return built("versitygw", VERSION, MODULE)
    except NoGo as error:
        absent(str(error))


def absent(reason: str) -> NoReturn:
    """A test that is skipped with the reason, or fails where nothing may be missing."""
    if os.environ.get("INVIGIL_TEST_REQUIRE_S3"):
        pytest.fail(reason)
    pytest.skip(reason)


class Gateway(ABC):
    """One S3 server with one bucket, which can be stopped and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"s3://{BUCKET}/{PREFIX}"

    @property
    def environment(self) -> dict[str, str]:
        """What the server under test finds in its environment."""
        return {
            "AWS_ACCESS_KEY_ID": ACCESS,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
        }

    @property
    @abstractmethod
    def folder(self) -> Path:
        """The objects below the prefix of `url`, as plain files."""

    @abstractmethod
    def stored(self, kind: str = "") -> list[str]:
        """Keys of all objects, or of those of a kind, such as `evidence`."""

    @abstractmethod
    def content(self, key: str) -> bytes:
        """What lies there under a key."""

    @abstractmethod
    def needs_signatures(self) -> None:
        """Skip the test where the server takes any."""

    @abstractmethod
    def _command(self) -> list[str | Path]: ...

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        address = f"http://127.0.0.1:{self.port}/"
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
        self.end()

    def end(self) -> None:
        """After the test, whatever became of what is stored."""
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


class Versity(Gateway):
    """Versity's gateway: durable, strict about signatures, and its objects are files."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._program = require()
        self._objects = folder / "objects"
        self._meta = folder / "meta"
        (self._objects / BUCKET).mkdir(parents=True)
        self._meta.mkdir()

    @property
    def folder(self) -> Path:
        return self._objects / BUCKET / PREFIX

    def stored(self, kind: str = "") -> list[str]:
        return [key for key in files_under(self.folder) if key.startswith(kind)]

    def content(self, key: str) -> bytes:
        return (self.folder / key).read_bytes()

    def needs_signatures(self) -> None:
        """It does."""

    def _command(self) -> list[str | Path]:
        arguments = ["--access", ACCESS, "--secret", SECRET, "--region", REGION, "--quiet"]
        arguments += ["--port", f"127.0.0.1:{self.port}"]
        arguments += ["posix", "--sidecar", str(self._meta), str(self._objects)]
        return [self._program, *arguments]


class Moto(Gateway):
    """moto's server: S3 as a separate process, in memory."""

    @property
    def folder(self) -> Path:
        pytest.skip("moto keeps no files: this test needs Versity's gateway")

    def stored(self, kind: str = "") -> list[str]:
        asked = self._ask("GET", f"?list-type=2&prefix={PREFIX}/{kind}")
        return sorted(key.removeprefix(f"{PREFIX}/") for key in _KEY.findall(asked.text))

    def content(self, key: str) -> bytes:
        return self._ask("GET", f"/{PREFIX}/{key}").content

    def needs_signatures(self) -> None:
        pytest.skip("moto takes any signature: this test needs Versity's gateway")

    def kill(self) -> None:
        pytest.skip("moto would forget everything: this test needs Versity's gateway")

    def start(self) -> None:
        super().start()
        self._ask("PUT", "")

    def _command(self) -> list[str | Path]:
        program = Path(sys.executable).with_name("moto_server")
        if not program.exists():
            absent("there is neither Versity's gateway nor moto")
        return [program, "--host", "127.0.0.1", "--port", str(self.port)]

    def _ask(self, method: str, what: str) -> Response:
        """As somebody, since what nobody asks for is refused."""
        signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={ACCESS}/20260101/us-east-1/s3/x"}
        with Client(trust_env=False) as client:
            address = f"http://127.0.0.1:{self.port}/{BUCKET}{what}"
            answer = client.request(method, address, headers=signed)
        assert answer.is_success, answer.text
        return answer


@contextmanager
def gateway(folder: Path, *, durable: bool = False) -> Iterator[Gateway]:
    """A server that runs, until the end of the block at the latest. `durable`: not moto."""
    up = _chosen(folder, durable=durable)
    try:
        up.start()
        yield up
    finally:
        up.end()


def _chosen(folder: Path, *, durable: bool) -> Gateway:
    if not durable and os.environ.get("INVIGIL_TEST_S3") == "moto":
        return Moto()
    if durable or os.environ.get("INVIGIL_TEST_REQUIRE_S3"):
        return Versity(folder)
    try:
        built("versitygw", VERSION, MODULE)
    except NoGo:
        return Moto()
    return Versity(folder)
