"""Writes openapi.json, docs/configuration.md, docs/api.md and docs/cli.md from the code, and
the table of metrics in docs/operations.md.

With `--check` it writes nothing and fails when one of them is out of date.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.main import get_command

from invigil import __version__
from invigil.app import create_app
from invigil.cli import app as cli
from invigil.domain.message import EventKind
from invigil.settings import Settings
from invigil.telemetry import Metrics

ROOT = Path(__file__).parent.parent
OPERATIONS = "docs/operations.md"
METRICS_START = "<!-- metrics: written by scripts/generate.py -->"
METRICS_END = "<!-- end of metrics -->"
METHODS = ("get", "put", "post", "delete", "patch")


def openapi() -> dict[str, Any]:
    return create_app(Settings(_env_file=None)).openapi()


def configuration() -> str:
    lines = [
        "# Configuration",
        "",
        (
            "Every setting is an environment variable, or a line of a `.env` file in the folder "
            "where the server starts. An installation on one machine needs none. A value that is "
            "empty or blank counts as not set."
        ),
        "",
        "| variable | default | meaning |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        if not field.description:
            raise SystemExit(f"The setting {name} has no description.")
        variable = field.validation_alias or f"INVIGIL_{name.upper()}"
        lines.append(f"| `{variable}` | {_default(field.default)} | {field.description} |")
    return "\n".join(lines) + "\n"


def _default(value: object) -> str:
    if value is None or value == ():
        return "none"
    return f"`{getattr(value, 'value', value)}`"


def api(document: dict[str, Any]) -> str:
    lines = [
        "# HTTP and socket API",
        "",
        (
            "The full description with all fields is OpenAPI, served at `/api/openapi.json`. "
            "Proctors are known by their cookie, candidates by `Authorization: Bearer <token>`. "
            'Every error is `{"error": {"code", "message", "fix", "retry_after_s"}}`; where single '
            "fields are wrong, `fields` says what is wrong with each."
        ),
        "",
    ]
    for tag in dict.fromkeys(_tag(operation) for _, _, operation in _operations(document)):
        lines += [f"## {tag}", "", "| route | what it does |", "| --- | --- |"]
        for path, method, operation in _operations(document):
            if _tag(operation) == tag:
                lines.append(f"| `{method.upper()} {path}` | {_words(operation)} |")
        lines.append("")
    lines += ["## Live socket", ""]
    lines += [
        (
            "`GET /api/v1/live?ticket=…&since=…` (WebSocket). The ticket comes from one of the "
            "ticket routes, works once and for 30 seconds; `since` is the number of the last "
            "event seen. Close codes: 4401 ticket (also: signed out, or the link it came by was "
            "replaced), 4403 origin, 4409 another tab took over, 4410 session closed, 4411 taken "
            "out of the room, 4008 too slow, 4429 too many letters, 1012 the server restarts."
        ),
        "",
        "| letter | fields |",
        "| --- | --- |",
    ]
    schemas = document["components"]["schemas"]
    for name, schema in sorted(schemas.items()):
        kind = schema.get("properties", {}).get("type", {}).get("const")
        if kind:
            fields = ", ".join(f"`{field}`" for field in schema["properties"] if field != "type")
            lines.append(f"| `{kind}` ({name}) | {fields or 'none'} |")
    lines += [
        "",
        "Events in the log: " + ", ".join(f"`{kind.value}`" for kind in EventKind) + ".",
        "",
    ]
    return "\n".join(lines)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield path, method, methods[method]


def _tag(operation: dict[str, Any]) -> str:
    return str(operation.get("tags", ["other"])[0])


def _words(operation: dict[str, Any]) -> str:
    if "description" not in operation:
        raise SystemExit(f"The route {operation['operationId']} has no docstring.")
    return " ".join(operation["description"].split())


def commands() -> str:
    lines = [
        "# Command line",
        "",
        "`invigil --help` and `invigil COMMAND --help` say the same.",
        "",
    ]
    for name, command in _commands(get_command(cli)):
        if not command.help:
            raise SystemExit(f"The command {name} has no docstring.")
        lines += [f"## invigil {name}", "", command.help.strip(), ""]
        context = typer.Context(command, info_name=name)
        options = [
            parameter for parameter in command.get_params(context) if parameter.name != "help"
        ]
        if options:
            lines += ["| option | meaning |", "| --- | --- |"]
            for option in options:
                flags = ", ".join(f"`{flag}`" for flag in option.opts)
                if getattr(option, "param_type_name", "") == "argument":
                    flags = f"`{option.name.upper()}`"
                lines.append(f"| {flags} | {option.help} |")
            lines.append("")
    return "\n".join(lines)


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every command by its whole name, those of groups after their group."""
    for name, command in group.commands.items():
        if not command.hidden:
            yield prefix + name, command
            if hasattr(command, "commands"):
                yield from _commands(command, f"{prefix}{name} ")


def operations() -> str:
    """The page as it is, with the table of metrics between its two marks."""
    text = (ROOT / OPERATIONS).read_text()
    before, start, rest = text.partition(METRICS_START)
    _, end, after = rest.partition(METRICS_END)
    if not (start and end):
        raise SystemExit(f"{OPERATIONS} has lost the marks around its table of metrics.")
    lines = ["", "| metric | type | meaning |", "| --- | --- | --- |"]
    lines += [
        f"| `{name}` | {kind} | {meaning} |"
        for name, kind, meaning in Metrics(__version__, "builtin").described()
    ]
    return before + start + "\n".join(lines) + "\n" + end + after


def main() -> int:
    document = openapi()
    wanted = {
        "openapi.json": json.dumps(document, indent=1, sort_keys=True) + "\n",
        "docs/configuration.md": configuration(),
        "docs/api.md": api(document),
        "docs/cli.md": commands(),
        OPERATIONS: operations(),
    }
    stale = [
        name
        for name, text in wanted.items()
        if not (ROOT / name).is_file() or (ROOT / name).read_text() != text
    ]
    if "--check" in sys.argv:
        if stale:
            print(f"Out of date: {', '.join(stale)}. Run `make gen` and commit the result.")
            return 1
        print("Generated files are up to date.")
        return 0
    for name in stale:
        (ROOT / name).write_text(wanted[name])
        print(f"wrote {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
