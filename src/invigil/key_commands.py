"""`invigil keys`: the master keys that photos and templates are encrypted under."""

from __future__ import annotations

import typer
from rich.console import Console

from invigil.clock import system_clock
from invigil.db_commands import DataDir, run_with, settings_of
from invigil.domain.errors import MaintenanceRefused
from invigil.key_wiring import key_file
from invigil.settings import Settings
from invigil.storage.database import Database
from invigil.storage.keyring import require_masters, rewrap_all
from invigil.wiring import make_master_key

app = typer.Typer(help="Change the master key that photos and templates are encrypted under.")
_console = Console(highlight=False, soft_wrap=True, markup=False)


def _require_file(settings: Settings) -> None:
    if settings.master_key is not None:
        raise MaintenanceRefused(
            "The master key comes from INVIGIL_MASTER_KEY, so it is changed there.",
            fix="Set it to the new key, a comma and the old one, restart all servers, run "
            "`invigil keys rewrap`, then remove the old one: a server does not start without a key "
            "that is still needed.",
        )


async def _rewrap(database: Database) -> None:
    await require_masters(database, starting=False)
    done = await rewrap_all(database, system_clock())
    _console.print(f"{done} keys of candidates are wrapped by the newest master key now.")


@app.command()
def rotate(data_dir: DataDir = None) -> None:
    """Make a new master key and wrap the keys of all candidates with it, while the server goes on.

    The old one stays in master.key until `invigil keys retire`. Photos are not written anew: each
    has a key of its own, which is wrapped by that of its candidate.
    """
    settings = settings_of(data_dir)

    async def work(database: Database) -> None:
        _require_file(settings)
        await require_masters(database, starting=False)
        key_file(settings).add_newest()
        await _rewrap(database)
        _console.print(f"Keep a copy of {key_file(settings).path}, apart from the backups.")

    run_with(settings, work, opening=True)


@app.command()
def rewrap(data_dir: DataDir = None) -> None:
    """Wrap the keys of all candidates with the newest master key; safe to repeat.

    Where nobody has joined yet this makes the present master key the right one, or a new one where
    it was lost.
    """
    settings = settings_of(data_dir)
    run_with(settings, lambda _: make_master_key(settings, starting=False))
    run_with(settings, _rewrap, opening=True)


@app.command()
def retire(data_dir: DataDir = None) -> None:
    """Forget all master keys in master.key but the newest, once nothing is wrapped by them.

    Backups that were made before cannot be read without them: keep the old file if you keep those.
    """
    settings = settings_of(data_dir)

    async def work(database: Database) -> None:
        _require_file(settings)
        await _rewrap(database)
        key_file(settings).keep_newest()
        _console.print("Only the newest master key is left.")

    run_with(settings, work, opening=True)
