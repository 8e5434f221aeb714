"""pg_dump and pg_restore: PostgreSQL's own way to save and bring back a database."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from sqlalchemy.engine import URL, Dialect, make_url

from invigil.domain.errors import MaintenanceRefused

_DEBIAN = Path("/usr/lib/postgresql")

_SAME_NAMED = (
    "host", "hostaddr", "port", "user", "password", "passfile", "options", "service",
    "servicefile", "sslmode", "sslnegotiation", "sslcompression", "sslcert", "sslkey",
    "sslcertmode", "sslrootcert", "sslcrl", "sslcrldir", "sslsni", "requiressl", "requirepeer",
    "gssencmode", "gssdelegation", "krbsrvname", "gsslib",
)  # fmt: skip
_VARIABLES = {name: f"PG{name.upper()}" for name in _SAME_NAMED} | {
    "dbname": "PGDATABASE",
    "application_name": "PGAPPNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
    "client_encoding": "PGCLIENTENCODING",
    "channel_binding": "PGCHANNELBINDING",
    "require_auth": "PGREQUIREAUTH",
    "ssl_min_protocol_version": "PGSSLMINPROTOCOLVERSION",
    "ssl_max_protocol_version": "PGSSLMAXPROTOCOLVERSION",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "load_balance_hosts": "PGLOADBALANCEHOSTS",
}
"""What libpq calls the parameters of a connection in the environment, where it has a name."""


def dump(url: URL, to: Path) -> None:
    """Write a consistent dump, while others go on writing. Raises `MaintenanceRefused`."""
    _run("pg_dump", url, "--format=custom", "--no-owner", "--no-privileges", f"--file={to}")


def restore(url: URL, dumped: Path) -> None:
    """Bring the dump back in one transaction: all or nothing. Raises `MaintenanceRefused`."""
    _run(
        "pg_restore", url, "--no-owner", "--no-privileges", "--clean", "--if-exists",
        # No name: the one of the environment.
        "--single-transaction", "--exit-on-error", "--dbname=", str(dumped),
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
    """What the driver connects with, as variables of libpq. Raises `MaintenanceRefused` for what
    has none: without it the program could reach another server than we do."""
    # Not on the command line: everybody on the machine can read that.
    dialect: Dialect = make_url("postgresql+psycopg://").get_dialect()()
    _, options = dialect.create_connect_args(url.set(drivername="postgresql+psycopg"))
    unknown = sorted(options.keys() - _VARIABLES.keys())
    if unknown:
        raise MaintenanceRefused(
            f"PostgreSQL's programs cannot be told {', '.join(unknown)} of the database's URL.",
            fix="Run this once with INVIGIL_DATABASE_URL without it.",
        )
    return {_VARIABLES[name]: str(value) for name, value in options.items() if value is not None}
