"""`invigil bench`: how fast this machine is."""

from __future__ import annotations

import asyncio
import json
import os
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from invigil.bench.frames import BenchFailed, Result, measure_all
from invigil.bench.nodes import MEASURED, Costs, reached
from invigil.bench.server import measure
from invigil.bench.shared import measure_shared
from invigil.settings import Settings
from invigil.vision.factory import ENGINES, require
from invigil.vision.runtime import WeightsError
from invigil.wiring import database_url

app = typer.Typer(help="How fast this machine is.", no_args_is_help=True)
_console = Console(highlight=False, soft_wrap=True)
_BASELINE = "dlib"


@app.callback()
def bench() -> None:
    """How fast this machine is."""


@app.command()
def frames(
    engine: Annotated[
        list[str] | None,
        typer.Option(help="An engine; repeat for several. Default: all there are."),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(help="Folder with pictures instead of the composed frames.", exists=True),
    ] = None,
    json_to: Annotated[
        Path | None, typer.Option("--json", help="Write the results to this file as well.")
    ] = None,
    seconds: Annotated[float, typer.Option(help="For each engine and step.", min=0.1)] = 10.0,
) -> None:
    """Measure JPEG bytes to observation: processor time, frames a second, memory."""
    folder = Settings().models_dir
    chosen, missing = _available(engine, folder)
    for reason in missing:
        _console.print(reason)
    try:
        results = measure_all(chosen, images, seconds, folder)
    except BenchFailed as error:
        _console.print(f"[red]{error}[/]")
        raise typer.Exit(1) from None
    _show(results)
    if json_to is not None:
        document = {"machine": _machine(), "results": [asdict(result) for result in results]}
        json_to.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


@app.command()
def server(  # noqa: PLR0917 - typer makes options of them, not positions
    candidates: Annotated[
        list[int] | None,
        typer.Option(help="Candidates who send pictures at once; repeat for several steps."),
    ] = None,
    joins: Annotated[int, typer.Option(help="Candidates who join within 10 s.", min=1)] = 500,
    interval: Annotated[int, typer.Option(help="Seconds between pictures.", min=1)] = 5,
    seconds: Annotated[float, typer.Option(help="For each step.", min=1)] = 30.0,
    port: Annotated[int, typer.Option(help="Port of the server that is started.")] = 8765,
    sockets: Annotated[
        bool, typer.Option("--sockets", help="Everybody holds a live socket as well, as pages do.")
    ] = False,
    cpus: Annotated[
        str | None, typer.Option(help="Processors of the server, as taskset has them: 0 or 0-3.")
    ] = None,
    json_to: Annotated[
        Path | None, typer.Option("--json", help="Write the results to this file as well.")
    ] = None,
) -> None:
    """Measure a real server under simulated candidates: joins, check-in, pictures to verdict."""
    steps = sorted(candidates or (100, 200, 300, 400, 500))
    found = asyncio.run(
        measure(
            steps=steps,
            joins=max(joins, *steps),
            interval_s=interval,
            seconds=seconds,
            port=port,
            progress=_console.print,
            sockets=sockets,
            cpus=cpus,
        )
    )
    _console.print_json(data=found)
    if json_to is not None:
        document = {"machine": _machine(), **found}
        json_to.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


@app.command()
def shared(
    seconds: Annotated[float, typer.Option(help="For the feed.", min=1)] = 10.0,
    json_to: Annotated[
        Path | None, typer.Option("--json", help="Write the results to this file as well.")
    ] = None,
) -> None:
    """Measure what several servers share, alone: commits, watching, hearing of one another.

    Takes an empty database of INVIGIL_DATABASE_URL (PostgreSQL) and the Redis of INVIGIL_FEED_URL.
    """
    settings = Settings()
    if not database_url(settings).startswith("postgres") or settings.feed_url is None:
        _console.print("Set INVIGIL_DATABASE_URL to an empty PostgreSQL, and INVIGIL_FEED_URL.")
        raise typer.Exit(2)
    found = asyncio.run(measure_shared(settings, seconds))
    _console.print_json(data=found)
    if json_to is not None:
        document = {"machine": _machine(), **found}
        json_to.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


_Ms = Annotated[float, typer.Option(help="Milliseconds; see docs/capacity.md.", min=0)]


@app.command()
def nodes(  # noqa: PLR0917 - typer makes options of them, not positions
    app_ms: _Ms = MEASURED.app_ms,
    worker_ms: _Ms = MEASURED.worker_ms,
    database_ms: _Ms = MEASURED.database_ms,
    feed_ms: _Ms = MEASURED.feed_ms,
    hear_ms: _Ms = MEASURED.hear_ms,
    watch_ms: _Ms = MEASURED.watch_ms,
    commit_ms: _Ms = MEASURED.commit_ms,
    node_cores: Annotated[
        int, typer.Option(help="Processors of each server.", min=1)
    ] = MEASURED.node_cores,
    database_cores: Annotated[
        int, typer.Option(help="Of the database.", min=1)
    ] = MEASURED.database_cores,
    most: Annotated[int, typer.Option(help="Up to so many servers.", min=1)] = 4,
) -> None:
    """Compute, from measured costs, how many candidates several servers hold. Measures nothing."""
    costs = Costs(
        app_ms,
        worker_ms,
        database_ms,
        feed_ms,
        hear_ms,
        watch_ms,
        commit_ms,
        node_cores,
        database_cores,
    )
    found = [reached(costs, count) for count in range(1, most + 1)]
    table = Table(
        "servers", "candidates", "against one", "p95", "process", "server", "database", "feed"
    )
    for each in found:
        busy = (each.app_busy, each.node_busy, each.database_busy, each.feed_busy)
        ratio = each.candidates / max(1, found[0].candidates)
        table.add_row(
            *(str(each.nodes), str(each.candidates), f"{ratio:.2f} x", f"{each.p95_s:.2f} s"),
            *(f"{share:.0%}" for share in busy),
        )
    _console.print(table)
    _console.print("Computed, not measured. Percentages: processors in use.")


def _available(asked: list[str] | None, folder: Path) -> tuple[list[str], list[str]]:
    """Engines that can run, and for the others why not; one that was asked for has to."""
    available, missing = [], []
    for name in asked or ENGINES:
        try:
            require(name, folder)
        except (ValueError, WeightsError) as error:
            if asked:
                _console.print(f"[red]{error}[/]")
                raise typer.Exit(2) from None
            missing.append(f"Not measured: {name}. {error}")
            continue
        available.append(name)
    return available, missing


_FIGURES = {
    "CPU ms/frame": "cpu_ms",
    "p95": "cpu_ms_p95",
    "in eights": "batch_cpu_ms",
    "seated": "seated_cpu_ms",
    "frames/s": "frames_per_s",
}


def _show(results: list[Result]) -> None:
    baseline = next((result for result in results if result.engine == _BASELINE), None)
    table = Table("engine", *_FIGURES, "peak MB", "against dlib")
    for result in results:
        ratio = f"{baseline.cpu_ms / result.cpu_ms:.1f} x" if baseline else "-"
        numbers = (f"{getattr(result, name):.1f}" for name in _FIGURES.values())
        table.add_row(result.engine, *numbers, f"{result.peak_mb:.0f}", ratio)
    _console.print(table)
    if baseline is None:
        _console.print("No ratios: the baseline, the engine dlib, was not measured.")


def _machine() -> dict[str, object]:
    return {
        "system": platform.platform(),
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }
