"""`invigil models`: get what the package does not carry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from invigil.downloads.fetch import (
    DownloadFailed,
    Pinned,
    download,
    is_there,
    read_lock,
    take_from,
)
from invigil.settings import Settings

app = typer.Typer(help="Models that are not in the package.", no_args_is_help=True)
_console = Console(highlight=False, soft_wrap=True)


@app.callback()
def models() -> None:
    """Models that are not in the package."""


@app.command()
def pull(
    engine: Annotated[
        str, typer.Argument(help="What the models are for: yunet or yunet-sface.")
    ] = "yunet-sface",
    source: Annotated[
        Path | None,
        typer.Option("--from", help="Take the files from this folder instead of the internet."),
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of everything that is kept (INVIGIL_DATA_DIR).")
    ] = None,
) -> None:
    """Fetch the models of an engine into the data folder, or go on with an earlier try."""
    wanted = [file for file in read_lock() if engine in file.engines]
    if not wanted:
        _console.print(
            f"[red]No models are fetched for {engine!r}.[/] Choose yunet or yunet-sface."
        )
        raise typer.Exit(2)
    folder = (data_dir or Settings().data_dir) / "models"
    for file in wanted:
        try:
            _get(file, source, folder)
        except DownloadFailed as error:
            _console.print(f"[red]Not fetched:[/] {error}")
            raise typer.Exit(1) from None
    _console.print(f"All there, in {folder}. Start the server with INVIGIL_VISION={engine}.")


def _get(file: Pinned, source: Path | None, folder: Path) -> None:
    if is_there(file, folder):
        _console.print(f"{file.name}: there already")
    elif source is not None:
        take_from(file, source, folder)
        _console.print(f"{file.name}: taken from {source}")
    else:
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=_console,
        ) as bar:
            task = bar.add_task(file.name, total=file.size)
            download(
                file,
                folder,
                progress=lambda there, size: bar.update(task, completed=there, total=size),
            )
