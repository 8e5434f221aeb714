"""pg_dump and pg_restore: PostgreSQL's own way to save and bring back a database."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL

from invigil.domain.errors import MaintenanceRefused

_DEBIAN = Path("/usr/lib/postgresql")


def dump(url: URL, to: Path) -> None:
    """Write a consistent dump, while others go on writing. Raises `MaintenanceRefused`."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={to}")


def restore(url: URL, dumped: Path) -> None:
    """Bring the dump back in one transaction: all or nothing. Raises `MaintenanceRefused`."""
    _run(
        "pg_restore", url, "--no-owner", "--no-privileges", "--clean", "--if-exists",
        "--single-transaction", "--exit-on-error", f"--dbname={url.database}", str(dumped),
    )  # fmt: skip


def _run(program: str, url: URL, *arguments: str) -> None:
    done = subprocess.run(
        [_find(program), *arguments],
        env={**os.environ, **_environment(url)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise MaintenanceRefused(
            f"{program} failed: {done.stderr.strip()}",
            fix=f"{program} must be as new as the server; its words above say what is wrong.",
        )


def _find(program: str) -> str:
    newest = sorted(_DEBIAN.glob(f"*/bin/{program}"), key=lambda path: int(path.parts[-3]))
    found = str(newest[-1]) if newest else shutil.which(program)
    if found is None:
        raise MaintenanceRefused(
            f"{program} is not installed here; a PostgreSQL database cannot be saved without it.",
            fix="Install PostgreSQL's client programs (Debian: apt-get install postgresql-client).",
        )
    return found


def _environment(url: URL) -> dict[str, str]:
    # Not on the command line: everybody on the machine can read that.
    named = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
        "PGSSLROOTCERT": url.query.get("sslrootcert"),
    }
    return {name: str(value) for name, value in named.items() if value is not None}
