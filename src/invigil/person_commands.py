"""`invigil erase` and `invigil export-candidate`: what one person may ask for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from invigil.bundle_wiring import Tools, run_with_tools
from invigil.db_commands import DataDir, settings_of
from invigil.domain.actor import OPERATOR
from invigil.domain.errors import MaintenanceRefused

_console = Console(highlight=False, soft_wrap=True, markup=False)

CandidateId = Annotated[str, typer.Argument(help="The id of the candidate.")]


def erase(
    candidate: CandidateId,
    data_dir: DataDir = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase everything about one candidate, for good: key, pictures, templates, rows.

    Refused while there is a legal hold, and while the candidate is in an exam. The audit log keeps
    that somebody with this id was erased. Backups made before are yours to delete.
    """
    if not yes:
        typer.confirm("There is no way back. Erase this candidate?", abort=True)

    async def work(tools: Tools) -> None:
        erased = await tools.keeping.erasure.erase(OPERATOR, candidate)
        total = sum(erased.rows.values())
        _console.print(f"Erased: {erased.objects} pictures, {total} rows, and the key.")
        if erased.later:
            _console.print(
                "The image store is away: pictures there cannot be read by anybody any more, and "
                "are deleted by the server when it is back."
            )
        if not erased.wiped:
            _console.print(
                "Somebody reads the database without a pause, so that its log file could not be "
                "emptied. Restart the server to make sure that nothing is left in it."
            )

    run_with_tools(settings_of(data_dir), work)


def export_candidate(
    candidate: CandidateId,
    to: Annotated[
        Path | None, typer.Option(help="The file to write. Default: candidate-ID.zip here.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write all that is kept about one candidate into a zip file, to hand over."""

    async def work(tools: Tools) -> None:
        path = to or Path(f"candidate-{candidate}.zip")
        require_new(path)
        made = await tools.keeping.personal_export.make(OPERATOR, candidate)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(made.content)
        _console.print(f"{path} holds faces and names: hand it to nobody else.")
        for each in made.missing:
            _console.print(f"Not in it, because it could not be read: {each}")

    run_with_tools(settings_of(data_dir), work)


def require_new(path: Path) -> None:
    """Raises `MaintenanceRefused` where nothing can be written."""
    if path.exists():
        raise MaintenanceRefused(
            f"{path} exists already and is not overwritten.", fix="Choose another name."
        )
    if not path.parent.is_dir():
        raise MaintenanceRefused(f"There is no folder {path.parent}.", fix="Make it first.")
