"""The real server in its own process, as `invigil serve` starts it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

_LINK = re.compile(r"works once\): (http\S+)")
_START_S = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Server:
    """`link` signs a proctor in, once for each start. `chosen`: settings, by variable."""

    def __init__(self, data_dir: Path, *options: str, **chosen: str) -> None:
        """`options`: more of the command line."""
        self.data_dir = data_dir
        self._options = options
        self._environment = os.environ | chosen
        self._port = free_port()
        self.origin = f"http://localhost:{self._port}"
        self.link = ""
        self.log: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start and wait until requests are taken, which is when the link is printed."""
        command = Path(sys.executable).with_name("invigil")
        self._process = subprocess.Popen(
            [
                *(command, "serve", "--port", str(self._port), "--data-dir", self.data_dir),
                *self._options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment,
        )
        linked = threading.Event()
        threading.Thread(target=self._read, args=(self._process, linked), daemon=True).start()
        if not linked.wait(_START_S):
            self.kill()
            raise AssertionError("the server printed no link:\n" + "".join(self.log))

    def new_link(self) -> str:
        """Another sign-in link, as the command line of the server's machine gives it."""
        command = Path(sys.executable).with_name("invigil")
        given = subprocess.run(
            [command, "sign-in-link", "--port", str(self._port), "--data-dir", self.data_dir],
            capture_output=True,
            text=True,
            check=True,
            env=self._environment,
        )
        found = _LINK.search(given.stdout)
        assert found is not None, given.stdout
        return found[1]

    def require_running(self) -> None:
        """Say what the server said before it ended, rather than let pages time out."""
        process = self._process
        assert process is not None
        assert process.poll() is None, f"the server ended:\n{''.join(self.log[-60:])}"

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def kill(self) -> None:
        """As a power cut does it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait(20)

    def _read(self, process: subprocess.Popen[str], linked: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self.log.append(line)
                if found := _LINK.search(line):
                    self.link = found[1]
                    self.origin = self.link.partition("/?")[0]
                    linked.set()
