"""`invigil db`: the database of this installation, and whole installations."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from pydantic import ValidationError
from rich.console import Console

from invigil.clock import system_clock
from invigil.domain.errors import InvigilError, KeyMisconfigured, MaintenanceRefused, NotFound
from invigil.settings import DATABASE_SCHEMES, Settings
from invigil.settings.refusal import complaints
from invigil.storage.database import Database
from invigil.storage.database.engine import parse_url
from invigil.storage.maintenance import backup as archives
from invigil.storage.maintenance.copy import copy_all
from invigil.storage.signing import SIGNING_KEY, Signer
from invigil.wiring import database_file, database_of, database_setting, prepare

TARGET_VARIABLE = "INVIGIL_COPY_TO_URL"
_T = TypeVar("_T")
app = typer.Typer(help="Bring up to date, back up, restore and move the database.")
_console = Console(highlight=False, soft_wrap=True, markup=False)

DataDir = Annotated[
    Path | None, typer.Option(help="Folder of everything that is kept (INVIGIL_DATA_DIR).")
]


def settings_of(data_dir: Path | None) -> Settings:
    try:
        return Settings() if data_dir is None else Settings(data_dir=data_dir)
    except ValidationError as error:
        for complaint in complaints(error):
            _console.print(complaint)
        raise typer.Exit(2) from None


def _require_installation(settings: Settings) -> None:
    """Ends the program in plain words where the data folder holds none: most often a slip."""
    file = database_file(settings)
    if file is not None and not file.exists():
        where = settings.data_dir
        _console.print(
            f"There is no installation in {where}. Check --data-dir or INVIGIL_DATA_DIR."
        )
        raise typer.Exit(1)


def run_with(
    settings: Settings,
    work: Callable[[Database], Awaitable[_T]],
    *,
    opening: bool = False,
    new: bool = False,
) -> _T:
    """With the database of the settings; an error is one plain sentence and what to do.

    `opening`: with the keys to what is encrypted in it. `new`: it may be a new installation.
    """
    if not new:
        _require_installation(settings)

    async def go() -> _T:
        database = database_of(settings, opening=opening)
        try:
            return await work(database)
        finally:
            await database.close()

    try:
        return asyncio.run(go())
    except NotFound:
        _console.print(
            "Nothing here has this id or name. The ids of sessions and candidates are in the "
            "addresses of the console's pages; check the data folder or database as well."
        )
        raise typer.Exit(1) from None
    except InvigilError as error:
        _console.print(f"{error.message} {error.fix}")
        raise typer.Exit(1) from None


def signer_of(settings: Settings) -> Signer:
    """What signs for this installation; a key that is none is one plain sentence and what to do."""
    try:
        return Signer(settings.data_dir / SIGNING_KEY)
    except KeyMisconfigured as error:
        _console.print(f"{error.message} {error.fix}")
        raise typer.Exit(1) from None


@app.command()
def upgrade(data_dir: DataDir = None) -> None:
    """Bring the schema up to date and check the database; every start of the server does the same.

    Several at once are fine: one does it, the others wait.
    """
    settings = settings_of(data_dir)
    try:
        asyncio.run(prepare(settings))
    except InvigilError as error:
        _console.print(f"{database_setting(settings)}: {error.message} {error.fix}")
        raise typer.Exit(1) from None
    _console.print("The database is up to date.")


@app.command()
def backup(
    to: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    data_dir: DataDir = None,
    *,
    with_key: Annotated[
        bool, typer.Option(help="Put the installation's keys into the file as well.")
    ] = False,
) -> None:
    """Write database and evidence images into one file, while the server goes on.

    The file holds faces and names: keep it as safe as the server itself.
    """
    settings = settings_of(data_dir)
    made = run_with(
        settings,
        lambda database: archives.backup(
            database, settings.data_dir, to, system_clock(), with_key=with_key
        ),
    )
    _console.print(f"{to}: the database and {made.images} images.")
    if not made.key:
        names = [archives.KEY] if settings.master_key else [archives.KEY, archives.MASTER_KEY]
        files = " and ".join(str(settings.data_dir / name) for name in names)
        _console.print(f"Keep a copy of {files} elsewhere as well: it is not in the backup.")


@app.command()
def restore(
    archive: Annotated[Path, typer.Argument(help="A file that `invigil db backup` wrote.")],
    data_dir: DataDir = None,
) -> None:
    """Bring a backup into an empty installation. Nothing is ever overwritten."""
    settings = settings_of(data_dir)
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = run_with(
        settings, lambda database: archives.restore(database, settings.data_dir, archive), new=True
    )
    _console.print(f"Restored: the database and {found.images} images.")


def _target(given: str | None) -> str:
    """The URL to copy to. Raises `MaintenanceRefused` with nothing of it in the words."""
    if given == "-":
        url = sys.stdin.readline().strip()
    else:
        url = given or os.environ.get(TARGET_VARIABLE, "")
    if not url.startswith(DATABASE_SCHEMES):
        raise MaintenanceRefused(
            "The URL to copy to must begin with postgresql:// (or sqlite+aiosqlite:///).",
            fix=f"Set {TARGET_VARIABLE} to it.",
        )
    parsed = parse_url(url)
    secret = parsed.password or parsed.query.keys() & {"password", "sslpassword"}
    if url == given and secret:
        raise MaintenanceRefused(
            "A password on the command line can be read by everybody on this machine.",
            fix=f"Set {TARGET_VARIABLE} to the URL, or say `invigil db copy-to -` and enter it.",
        )
    return url


@app.command("copy-to")
def copy_to(
    url: Annotated[
        str | None,
        typer.Argument(
            help="URL of an empty database, without a password; `-` reads it from standard input. "
            "Default: INVIGIL_COPY_TO_URL of the environment."
        ),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Copy all rows into another database, such as from SQLite to PostgreSQL.

    Stop the server first. Row counts and a hash of each table are compared before anything counts
    as copied. Images and key stay where they are.
    """
    settings = settings_of(data_dir)

    async def copy(source: Database) -> None:
        target = Database(_target(url))
        try:
            for name, tally in (await copy_all(source, target)).items():
                _console.print(f"{name}: {tally.rows} rows, {tally.digest[:16]}, the same in both")
        finally:
            await target.close()

    run_with(settings, copy)
    _console.print("All is copied. Set INVIGIL_DATABASE_URL to this URL and start the server.")
