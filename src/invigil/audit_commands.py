"""`invigil audit`: check the audit log, and take its signed head to another place."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from invigil.clock import system_clock
from invigil.db_commands import DataDir, run_with, settings_of, signer_of
from invigil.domain.audit import AuditChecker, AuditEntry, Head
from invigil.domain.errors import MaintenanceRefused
from invigil.settings import Settings
from invigil.storage.database import Database
from invigil.storage.signing import signed_by

app = typer.Typer(help="Check the audit log, and sign how far it has come.")
_console = Console(highlight=False, soft_wrap=True, markup=False)
_PAGE = 1000


@app.command()
def verify(
    data_dir: DataDir = None,
    head: Annotated[
        Path | None,
        typer.Option(help="A head that was kept elsewhere: the log must still contain it."),
    ] = None,
) -> None:
    """Check every entry's hash and its place in the chain; exit status 1 names what is wrong.

    Without `--head` a log that somebody with write access to the database has cut at its end, or
    made anew as a whole, is not noticed: keep heads on another machine.
    """
    settings = settings_of(data_dir)

    async def work(database: Database) -> int:
        known = None if head is None else _read_head(head, settings)
        checker = AuditChecker()
        found = 0
        async for entry in _entries(database):
            for fault in checker.take(entry, known):
                found += 1
                _console.print(fault)
        for fault in checker.end(known):
            found += 1
            _console.print(fault)
        if not found:
            _console.print(f"All {checker.count} entries are as they were written.")
        return found

    if run_with(settings, work):
        raise typer.Exit(1)


@app.command("head")
def print_head(data_dir: DataDir = None) -> None:
    """Print how far the log has come, signed. Keep it where the server's owner cannot change it."""
    settings = settings_of(data_dir)

    async def work(database: Database) -> Head:
        async with database.read() as unit:
            last = await unit.audit.last()
        if last is None:
            raise MaintenanceRefused(
                "The audit log is empty.", fix="Start the server once; that is its first entry."
            )
        return Head(last.seq, last.hash, system_clock().isoformat())

    found = run_with(settings, work)
    signer = signer_of(settings)
    signed = {
        **asdict(found),
        "public_key": signer.public_key,
        "signature": signer.sign(found.signed_text()),
    }
    print(json.dumps(signed, indent=1))


def _read_head(path: Path, settings: Settings) -> Head:
    """The head in a file, if its signature is this installation's."""
    try:
        found = json.loads(path.read_text())
        head = Head(int(found["seq"]), str(found["hash"]), str(found["at"]))
        signature = str(found["signature"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        _console.print(f"{path} is no head that `invigil audit head` printed.")
        raise typer.Exit(2) from error
    key = signer_of(settings).public_key
    if not signed_by(key, head.signed_text(), signature):
        _console.print(f"{path} was not signed by this installation, or was changed.")
        raise typer.Exit(1)
    return head


async def _entries(database: Database) -> AsyncIterator[AuditEntry]:
    seq = 0
    while True:
        async with database.read() as work:
            some = await work.audit.after(seq, _PAGE)
        for entry in some:
            yield entry
        if len(some) < _PAGE:
            return
        seq = some[-1].seq
