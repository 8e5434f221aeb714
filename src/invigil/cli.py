"""The command line."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from invigil import __version__, logs
from invigil.access_commands import organiser, token
from invigil.access_wiring import access
from invigil.app import create_app
from invigil.audit_commands import app as audit
from invigil.bench.commands import app as bench
from invigil.bundle_commands import export, verify
from invigil.clock import system_clock
from invigil.compliance.commands import app as compliance
from invigil.db_commands import app as db
from invigil.downloads.commands import app as models
from invigil.evaluate.commands import app as evaluate
from invigil.hold_commands import app as hold
from invigil.key_commands import app as keys
from invigil.person_commands import erase, export_candidate
from invigil.retention_commands import app as retention
from invigil.roster_commands import app as roster
from invigil.server import print_link, reachable, run_server
from invigil.settings import Settings
from invigil.settings.refusal import complaints
from invigil.simulate.commands import simulate
from invigil.wiring import database_of

app = typer.Typer(
    help="Self-hosted live proctoring.", no_args_is_help=True, pretty_exceptions_enable=False
)
app.add_typer(evaluate, name="evaluate")
app.add_typer(bench, name="bench")
app.add_typer(models, name="models")
app.add_typer(db, name="db")
app.add_typer(keys, name="keys")
app.add_typer(audit, name="audit")
app.add_typer(hold, name="hold")
app.add_typer(compliance, name="compliance")
app.add_typer(retention, name="retention")
app.add_typer(roster, name="roster")
app.add_typer(organiser, name="organiser")
app.add_typer(token, name="token")
app.command()(simulate)
app.command()(export)
app.command()(verify)
app.command()(erase)
app.command("export-candidate")(export_candidate)
_console = Console(highlight=False, soft_wrap=True)

Host = Annotated[str | None, typer.Option(help="Address to listen on (INVIGIL_HOST).")]
Port = Annotated[int | None, typer.Option(help="Port to listen on (INVIGIL_PORT).")]
DataDir = Annotated[
    Path | None, typer.Option(help="Folder of everything that is kept (INVIGIL_DATA_DIR).")
]
SelfSigned = Annotated[
    bool,
    typer.Option(
        "--tls-self-signed",
        help="For a trial on a local network, where browsers give no camera to plain http: serve "
        "https on all addresses with a certificate of this machine's own "
        "(INVIGIL_TLS_SELF_SIGNED).",
    ),
]
Debug = Annotated[bool, typer.Option(help="Log every request and frame.")]


def _settings(**given: Any) -> Settings:
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return reachable(Settings(**chosen))
    except ValidationError as error:
        for complaint in complaints(error):
            _console.print(complaint, style="red", markup=False)
        raise typer.Exit(2) from None


@app.command()
def serve(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    *,
    tls_self_signed: SelfSigned = False,
    debug: Debug = False,
) -> None:
    """Start the server and print a link that signs you in."""
    settings = _settings(
        host=host, port=port, data_dir=data_dir, tls_self_signed=tls_self_signed or None
    )
    logs.set_up(settings.log_format, debug=debug)
    run_server(settings)


@app.command()
def demo(
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    candidates: Annotated[
        int, typer.Option(help="How many simulated candidates.", min=1, max=60)
    ] = 6,
    *,
    debug: Debug = False,
) -> None:
    """Start the server with simulated candidates: a swap, a second person, one who leaves."""
    # Only here: it needs the photos, and `serve` never does.
    from invigil.demo.run import start  # noqa: PLC0415

    settings = _settings(host=host, port=port, data_dir=data_dir or Path("invigil-demo-data"))
    logs.set_up(settings.log_format, debug=debug)

    run_server(settings, after=lambda house: start(house, candidates))


@app.command()
def version() -> None:
    """Print the version."""
    _console.print(__version__)


@app.command("sign-in-link")
def sign_in_link(host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Print a new one-use sign-in link for a proctor of a server that runs already."""
    settings = _settings(host=host, port=port, data_dir=data_dir)

    async def make() -> str:
        database = database_of(settings)
        try:
            return await access(settings, database, system_clock).new_sign_in_link()
        finally:
            await database.close()

    print_link(settings, asyncio.run(make()))


@app.command(hidden=True)
def openapi() -> None:
    """Print the OpenAPI document."""
    print(json.dumps(create_app(Settings(_env_file=None)).openapi(), indent=1, sort_keys=True))
