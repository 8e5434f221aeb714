"""A real PostgreSQL for tests: a cluster of our own in a folder of our own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from invigil.domain.secrets import new_id
from tests.support.ports import free_port

USER, PASSWORD = "invigil", "north-4711"
TEMPLATE = "migrated"
_PATIENCE_S = 120.0


def programs() -> Path | None:
    """The folder with initdb and pg_ctl of the newest PostgreSQL from 15 on; None without one."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    versions = {folder: _major(folder) for folder in found}
    usable = [folder for folder, major in versions.items() if major >= 15]
    return max(usable, key=lambda folder: versions[folder], default=None)


def _major(folder: Path) -> int:
    said = subprocess.run(
        [folder / "postgres", "--version"], capture_output=True, text=True, check=True
    ).stdout
    return int(said.split()[2].partition(".")[0])


def require() -> Path:
    """The programs, or a test that is skipped with the reason."""
    folder = programs()
    if folder is not None:
        return folder
    reason = "no PostgreSQL 15 or newer is installed here (Debian: apt-get install postgresql)"
    if os.environ.get("INVIGIL_TEST_REQUIRE_POSTGRES"):
        pytest.fail(reason)
    pytest.skip(reason)


class Cluster:
    """One PostgreSQL server on a port of its own. `safe`: it keeps its promises in a power cut,
    which costs time that most tests need not spend."""

    def __init__(self, folder: Path, *, safe: bool = False) -> None:
        self._programs = require()
        self._folder = folder
        self._data = folder / "data"
        self.port = free_port()
        self._owner = _unprivileged()
        if self._owner:
            shutil.chown(folder, self._owner)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self._run(
            "initdb", "--pgdata", str(self._data), "--username", USER, "--pwfile", str(password),
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
        )  # fmt: skip
        settings = [
            f"port = {self.port}",
            "listen_addresses = '127.0.0.1'",
            f"unix_socket_directories = '{folder}'",
            "max_connections = 200",
            "shared_buffers = 64MB",
        ]
        if not safe:
            settings += ["fsync = off", "full_page_writes = off"]
        with (self._data / "postgresql.conf").open("a") as file:
            file.write("\n".join(settings) + "\n")

    def start(self) -> None:
        self._run(
            "pg_ctl", "start", "--wait", "--pgdata", str(self._data), "--silent",
            "--log", str(self._folder / "log"), "--timeout", str(int(_PATIENCE_S)),
        )  # fmt: skip

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is what a crash leaves behind: no clean end, recovery at the next start."""
        self._run("pg_ctl", "stop", "--wait", "--pgdata", str(self._data), "--mode", mode)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Connected to, and silent: as on a machine whose disk hangs."""
        postmaster = self._postmaster()
        parents = {int(path.name): _parent(path) for path in Path("/proc").glob("[0-9]*")}
        everybody = [postmaster, *(pid for pid, parent in parents.items() if parent == postmaster)]
        for pid in everybody:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in everybody:
                os.kill(pid, signal.SIGCONT)

    def _postmaster(self) -> int:
        """The first line of its file is the server's process. The file is gone after a stop."""
        return int((self._data / "postmaster.pid").read_text().splitlines()[0])

    def end(self) -> None:
        """Whatever state it is in: nothing of it goes on running."""
        # A test may have stopped it; on a busy machine stopping may take too long.
        with contextlib.suppress(AssertionError, subprocess.TimeoutExpired):
            self.stop()
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError, IndexError):
            os.kill(self._postmaster(), signal.SIGKILL)

    def url(self, name: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{name}"

    def create(self, *, template: str = "template0") -> str:
        """A new database, and its URL."""
        name = f"test_{new_id()}"
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        self.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')

    def execute(self, command: str, name: str = "postgres") -> None:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(command.encode())

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if self._owner:
            # PostgreSQL refuses to run as root.
            command = ["setpriv", f"--reuid={self._owner}", "--init-groups", *command]
        with (self._folder / "output").open("a+") as output:
            done = subprocess.run(
                command, cwd="/", stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                check=False, timeout=_PATIENCE_S,
            )  # fmt: skip
            output.seek(0)
            assert done.returncode == 0, f"{program}: {output.read()[-2000:]}"


def _parent(process: Path) -> int | None:
    """Of a folder of /proc; None when it has ended meanwhile."""
    try:
        # The name, in brackets, may hold anything.
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


def _unprivileged() -> str | None:
    """The user that may run PostgreSQL when we are root."""
    return "postgres" if os.geteuid() == 0 else None


@contextlib.contextmanager
def cluster(*, safe: bool = False) -> Iterator[Cluster]:
    """A cluster that runs, in a folder that its user can reach (pytest's own are the owner's)."""
    require()
    folder = Path(tempfile.mkdtemp(prefix="invigil-pg-"))
    folder.chmod(0o755)
    try:
        up = Cluster(folder, safe=safe)
        try:
            up.start()
            yield up
        finally:
            up.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
