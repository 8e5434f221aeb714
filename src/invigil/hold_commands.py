"""`invigil hold`: keep what would be deleted."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from invigil.clock import system_clock
from invigil.db_commands import DataDir, run_with, settings_of
from invigil.domain.actor import OPERATOR
from invigil.services.holds import Holds
from invigil.storage.database import Database

app = typer.Typer(help="Legal holds: keep a session or a candidate from being deleted.")
_console = Console(highlight=False, soft_wrap=True, markup=False)


@app.command("set")
def set_hold(
    what: Annotated[str, typer.Argument(help="The id of a session or of a candidate.")],
    reason: Annotated[str, typer.Option(help="Why, such as the number of the case.")],
    data_dir: DataDir = None,
) -> None:
    """Keep it until the hold is released: retention leaves it alone, and erasure is refused."""

    async def work(database: Database) -> None:
        hold = await Holds(database, system_clock).set_on(OPERATOR, what, reason)
        kind = "candidate" if hold.candidate_id else "session"
        _console.print(f"The {kind} is on hold. To release it: invigil hold release {hold.id}")

    run_with(settings_of(data_dir), work)


@app.command()
def release(
    hold: Annotated[str, typer.Argument(help="The id of the hold.")], data_dir: DataDir = None
) -> None:
    """Let go. What is past its day is deleted by the next clean-up."""

    async def work(database: Database) -> None:
        await Holds(database, system_clock).release(OPERATOR, hold)
        _console.print("The hold is released.")

    run_with(settings_of(data_dir), work)


@app.command("list")
def list_holds(data_dir: DataDir = None) -> None:
    """All holds that are active."""

    async def work(database: Database) -> None:
        found = await Holds(database, system_clock).active()
        for hold in found:
            what = f"session {hold.session_id}"
            if hold.candidate_id:
                what = f"candidate {hold.candidate_id} of {what}"
            _console.print(f"{hold.id}  {hold.set_at:%Y-%m-%d}  {what}: {hold.reason}")
        if not found:
            _console.print("Nothing is on hold.")

    run_with(settings_of(data_dir), work)
