"""Programs of the Go module proxy, built once and kept in `~/.cache/invigil-test`."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CACHE = Path.home() / ".cache" / "invigil-test"
_BUILD_S = 1800.0


class NoGo(Exception):
    """Why there is no such program."""


def built(name: str, version: str, package: str) -> Path:
    """The program of `package` (its last part names it), built when it was not before.

    Raises `NoGo` when there is neither a built one nor Go, or when it cannot be built.
    """
    folder = CACHE / f"{name}-{version}"
    program = folder / package.rpartition("/")[2]
    with _one_at_a_time():
        if not program.exists():
            folder.mkdir(parents=True, exist_ok=True)
            environment = {"GOBIN": str(folder), "CGO_ENABLED": "0"}
            _go(f"neither a built {name}", "install", f"{package}@{version}", **environment)
    return program


def built_here(name: str, folder: Path) -> Path:
    """The program whose sources lie in `folder`, built when they have changed. Raises `NoGo`."""
    sources = b"".join(path.read_bytes() for path in sorted(folder.iterdir()))
    program = CACHE / f"{name}-{hashlib.sha256(sources).hexdigest()[:12]}" / name
    with _one_at_a_time():
        if not program.exists():
            build = ("build", "-C", str(folder), "-trimpath", "-o", str(program), ".")
            _go(f"neither a built {name}", *build, CGO_ENABLED="0")
    return program


def module_file(module: str, version: str, path: str) -> Path:
    """A file of a module, kept without the rest of it. Raises `NoGo`."""
    kept = CACHE / f"{module.rpartition('/')[2]}-{version}" / Path(path).name
    with _one_at_a_time():
        if not kept.exists():
            get = ("mod", "download", "-json", f"{module}@{version}")
            said = _go(f"no {kept.name} from before", *get)
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(Path(json.loads(said)["Dir"]) / path, kept)
    return kept


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Tests run in several processes, and each of them may be the first to need a program."""
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _go(missing: str, *arguments: str, **environment: str) -> str:
    go = shutil.which("go")
    if go is None:
        raise NoGo(f"there is {missing} nor Go to get it (Debian: golang-go)")
    command = ["nice", "-n", "10", go, *arguments]
    try:
        done = subprocess.run(
            command,
            env=os.environ | environment,
            check=True,
            timeout=_BUILD_S,
            capture_output=True,
            text=True,
        )
    except subprocess.SubprocessError as error:
        raise NoGo(f"`go {' '.join(arguments)}` failed: {error}") from error
    return done.stdout
