"""`invigil retention`: delete what is past its day, and prove what was deleted."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console

from invigil.bundle_wiring import Tools, run_with_tools
from invigil.clock import system_clock
from invigil.db_commands import DataDir, run_with, settings_of
from invigil.domain.audit import COMMAND_LINE
from invigil.domain.retention import Swept
from invigil.services.certificate import certificate as make_certificate
from invigil.storage.database import Database
from invigil.storage.retention import sweep
from invigil.storage.signing import SIGNING_KEY, Signer

app = typer.Typer(help="Delete what is past its day, and show what was deleted.")
_console = Console(highlight=False, soft_wrap=True, markup=False)


@app.command()
def run(
    data_dir: DataDir = None,
    *,
    confirm: Annotated[
        bool,
        typer.Option(
            "--confirm", help="The clock is right: delete even more than half of everything."
        ),
    ] = False,
) -> None:
    """Delete now what is past its day, as the server does every hour.

    Exit status 1: more than half of everything would go at once after more than a day without a
    clean-up. The clock may have jumped; look at it, then say --confirm.
    """
    settings = settings_of(data_dir)

    async def work(tools: Tools) -> Swept:
        plan = settings.retention_plan
        return await sweep(
            tools.database,
            tools.store,
            system_clock(),
            plan,
            confirmed=confirm,
            by=COMMAND_LINE,
        )

    swept = run_with_tools(settings, work)
    if swept.refused is not None:
        _console.print(swept.refused.words)
        raise typer.Exit(1)
    for name, number in sorted(swept.counts.items()):
        _console.print(f"{name}: {number} deleted")
    if not swept.counts:
        _console.print("Nothing was past its day.")


@app.command()
def certificate(
    data_dir: DataDir = None,
    since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only from this day on (UTC).")
    ] = None,
) -> None:
    """Print what was deleted when, by session and class, signed with the installation's key.

    It is read from the audit log, whose entries it names.
    """
    settings = settings_of(data_dir)
    first = None if since is None else since.replace(tzinfo=UTC)

    async def work(database: Database) -> dict[str, object]:
        signer = Signer(settings.data_dir / SIGNING_KEY)
        return await make_certificate(database, signer, system_clock(), first)

    print(json.dumps(run_with(settings, work), indent=1))
