"""`invigil roster`: lists of candidates, without a browser."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from rich.console import Console

from invigil.clock import system_clock
from invigil.db_commands import DataDir, run_with, settings_of
from invigil.domain.actor import OPERATOR
from invigil.services.roster import Roster, links_csv

app = typer.Typer(help="Invite candidates by personal links.", no_args_is_help=True)
_console = Console(highlight=False, soft_wrap=True, markup=False)


def _zone(name: str | None) -> ZoneInfo | None:
    try:
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError):
        _console.print("--zone: this time zone is not known here. Name one such as Europe/Berlin.")
        raise typer.Exit(2) from None


@app.callback()
def _group() -> None:
    """Invite candidates by personal links."""


@app.command("import")
def import_(
    session: Annotated[str, typer.Argument(help="Id of the session, as in its console's address.")],
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV in UTF-8. Columns: name, and as you need them email, external id, window "
            "start, window end, extra time, detectors off, picture every (s), breaks, break "
            "minutes.",
            exists=True,
            dir_okay=False,
        ),
    ],
    to: Annotated[
        Path | None,
        typer.Option(help="File to write names and links to; it must not exist. Default: print."),
    ] = None,
    zone: Annotated[
        str | None, typer.Option(help="Time zone of times that name none, such as Europe/Berlin.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Invite everybody on a list, and give the personal links as CSV.

    Wrong lines are named with their numbers, and then nobody is invited. The links are shown this
    once: the server keeps only their hashes. Each lets one person in once.
    """
    settings = settings_of(data_dir)
    where = _zone(zone)
    people = file.read_bytes()
    # Before anybody is invited: the links exist nowhere else.
    out = None if to is None else _open_new(to)
    try:
        issued = run_with(
            settings,
            lambda database: Roster(database, system_clock).import_list(
                OPERATOR, session, people, where
            ),
        )
    except BaseException:
        if out is not None and to is not None:
            out.close()
            to.unlink()
        raise
    text = links_csv(issued, f"{settings.base_url}/join/")
    if out is None:
        print(text, end="")
        return
    _write(out, text)
    _console.print(f"{len(issued)} people are invited; {to} has their links: keep it safe.")


def _write(out: TextIO, text: str) -> None:
    """And print it where that is not possible: the people are invited already."""
    try:
        with out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        print(text, end="")
        _console.print(f"It could not be written ({error.strerror}): keep what is printed here.")
        raise typer.Exit(1) from None


def _open_new(path: Path) -> TextIO:
    """A file for its owner only that was not there. Ends the program where there can be none."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        _console.print(f"{path} exists already: name another file with --to.")
    except OSError as error:
        _console.print(f"{path} cannot be written ({error.strerror}): name another file with --to.")
    else:
        return os.fdopen(descriptor, "w", encoding="utf-8", newline="")
    raise typer.Exit(1)
