"""`invigil compliance`: papers from the running configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from markdown_it import MarkdownIt
from rich.console import Console

from invigil.clock import system_clock
from invigil.compliance.facts import facts
from invigil.compliance.report import TITLE, markdown
from invigil.db_commands import DataDir, settings_of
from invigil.evaluate.page import page

app = typer.Typer(help="Papers for data protection and the EU AI Act.", no_args_is_help=True)
_console = Console(highlight=False, soft_wrap=True, markup=False)


@app.callback()
def _several() -> None:
    """A group, though there is one command yet."""


@app.command()
def report(
    out: Annotated[
        Path | None,
        typer.Option(help="File to write: .html, or Markdown. Default: Markdown to the terminal."),
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write what is kept and where, the detectors, a DPIA draft and an AI Act outline.

    It says what the settings say that this command sees: run it where the server runs.
    """
    text = markdown(facts(settings_of(data_dir)), system_clock())
    if out is None:
        print(text, end="")
        return
    html = out.suffix.lower() in {".html", ".htm"}
    out.write_text(as_page(text) if html else text, encoding="utf-8")
    _console.print(f"{out} is a draft: fill what is marked, and have it checked.")


def as_page(text: str) -> str:
    """One HTML file that needs nothing else. HTML in the text is shown as text."""
    _, _, body = text.partition("\n\n")
    intro, _, rest = body.partition("\n\n")
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(rest)
    tables = html.replace("<table>", '<div class="wide"><table>').replace(
        "</table>", "</table></div>"
    )
    return page(
        TITLE, " ".join(intro.replace("**", "").split()), [tables], closing="No legal advice."
    )
