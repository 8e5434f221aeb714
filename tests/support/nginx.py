"""A real nginx for tests, with the configuration that docs/nginx.conf recommends."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.ports import free_port

DOCUMENTED = Path(__file__).parents[2] / "docs" / "nginx.conf"
_PATIENCE_S = 30.0
_NODES = ("10.0.0.11:8000", "10.0.0.12:8000")


def require() -> str:
    """The program, or a test that is skipped with the reason."""
    # Debian puts it where only root looks.
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if found and shutil.which("openssl"):
        return found
    reason = "nginx or openssl is not installed here (Debian: apt-get install nginx-light openssl)"
    if os.environ.get("INVIGIL_TEST_REQUIRE_PROXY"):
        pytest.fail(reason)
    pytest.skip(reason)


def certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost, and its key."""
    chain, key = folder / "chain.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", key, "-out", chain),
            *("-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=CA:TRUE"),
        ],
        check=True,
        capture_output=True,
    )
    return chain, key


class Proxy:
    """nginx on a port of its own, before two servers on this machine."""

    def __init__(self, folder: Path) -> None:
        self._program = require()
        self._folder = folder
        self.port = free_port()
        self.chain, self._key = certificate(folder)
        self._log = folder / "access.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def start(self, ports: Sequence[int]) -> None:
        """In front of the servers at these ports."""
        site = DOCUMENTED.read_text()
        changes = {
            **{node: f"127.0.0.1:{port}" for node, port in zip(_NODES, ports, strict=True)},
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "proctor.example.edu": "localhost",
            "/etc/ssl/invigil/fullchain.pem": str(self.chain),
            "/etc/ssl/invigil/key.pem": str(self._key),
        }
        for documented, ours in changes.items():
            assert documented in site, f"docs/nginx.conf has no {documented}"
            site = site.replace(documented, ours)
        config = self._folder / "nginx.conf"
        config.write_text(self._around(site))
        self._process = subprocess.Popen(
            [self._program, "-p", str(self._folder), "-c", str(config), "-e", "error.log"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._await()

    def taken(self, request: str) -> Counter[str]:
        """How many requests each server took; a pattern over `METHOD /path STATUS` says which."""
        found: Counter[str] = Counter()
        for line in self._log.read_text().splitlines():
            servers, _, what = line.partition(" | ")
            if re.fullmatch(request, what):
                found.update([servers.rpartition(", ")[2]])
        return found

    def end(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait()

    def _around(self, site: str) -> str:
        """What a distribution's own nginx.conf has: where things lie, and the http block."""
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "\n".join(f"{kind}_temp_path {self._folder}/{kind};" for kind in kinds)
        user = "user root;\n" if os.geteuid() == 0 else ""
        return (
            f"{user}daemon off;\nworker_processes 1;\npid {self._folder}/pid;\n"
            "events { worker_connections 2048; }\n"
            f"http {{\n{temporary}\n"
            "log_format test '$upstream_addr | $request_method $uri $status';\n"
            f"access_log {self._log} test;\n{site}\n}}\n"
        )

    def _await(self) -> None:
        deadline = time.monotonic() + _PATIENCE_S
        while time.monotonic() < deadline:
            assert self._process
            ended = self._process.poll() is not None
            assert not ended, (self._folder / "error.log").read_text()[-2000:]
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise AssertionError("nginx does not answer")


@contextmanager
def proxy(folder: Path) -> Iterator[Proxy]:
    """A proxy with its certificate; start it when its servers are there."""
    folder.mkdir()
    up = Proxy(folder)
    try:
        yield up
    finally:
        up.end()
