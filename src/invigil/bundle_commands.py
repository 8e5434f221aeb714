"""`invigil export` and `invigil verify`: evidence as one signed file, and its check."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from invigil.bundle_wiring import Tools, run_with_tools
from invigil.clock import system_clock
from invigil.db_commands import DataDir, settings_of
from invigil.domain.audit import COMMAND_LINE
from invigil.person_commands import require_new
from invigil.services.bundle.manifest import fingerprint
from invigil.services.bundle.verify import NoBundle
from invigil.services.bundle.verify import verify as check
from invigil.services.bundle.write import BundleMaker
from invigil.storage.signing import SIGNING_KEY, Signer

DAMAGED, NO_BUNDLE, OTHER_KEY = 1, 2, 3
_FINGERPRINT = re.compile(r"[0-9a-f]{64}")
_console = Console(highlight=False, soft_wrap=True, markup=False)


def export(
    session: Annotated[str, typer.Argument(help="The id of the session.")],
    to: Annotated[
        Path | None, typer.Option(help="The file to write. Default: session-ID.zip here.")
    ] = None,
    data_dir: DataDir = None,
) -> None:
    """Write the evidence of a session into one signed file: incidents, pictures, decisions, and
    its part of the audit log. `invigil verify` checks it anywhere. See docs/evidence.md."""
    settings = settings_of(data_dir)

    async def work(tools: Tools) -> None:
        signer = Signer(settings.data_dir / SIGNING_KEY)
        path = to or Path(f"session-{session}.zip")
        require_new(path)
        part = path.with_name(path.name + ".part")
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "w+b") as file:
                maker = BundleMaker(tools.database, tools.store, signer)
                made = await maker.make(session, file, COMMAND_LINE, system_clock())
                file.flush()
                os.fsync(file.fileno())
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        _console.print(f"{path}: {made.files} files, {made.pictures} of them pictures.")
        for each in made.missing:
            _console.print(f"Not in it, because it could not be read: picture {each}")
        _console.print(f"Signed with the key {made.fingerprint}")
        _console.print("Tell this fingerprint to whoever checks the file, on another way.")

    run_with_tools(settings, work)


def verify(
    bundle: Annotated[Path, typer.Argument(help="A file that `invigil export` wrote.")],
    key: Annotated[
        str | None,
        typer.Option(
            help="The key that you trust: its fingerprint, or a file with the public key, such as "
            "what `invigil audit head` printed."
        ),
    ] = None,
) -> None:
    """Check a bundle, without a server and without a network.

    Exit status: 0 all holds; 1 something was changed, and it is named; 2 this is no bundle, or
    so damaged that it cannot be checked; 3 all holds, but another key than --key signed it.
    """
    trusted = None if key is None else _trusted(key)
    try:
        verdict = check(bundle)
    except NoBundle as error:
        _console.print(str(error))
        raise typer.Exit(NO_BUNDLE) from None
    for fault in verdict.faults:
        _console.print(fault)
    if verdict.faults:
        raise typer.Exit(DAMAGED)
    _console.print(
        f"All {verdict.files} files and {verdict.entries} entries of the audit log are as they "
        f"were when the bundle was made, on {verdict.made_at}."
    )
    if trusted is None:
        _console.print(
            f"The key is the bundle's own, {verdict.fingerprint}. Anybody can make a bundle with a "
            "key of their own: compare it with the fingerprint that the exam office tells you, or "
            "say --key."
        )
    elif trusted != verdict.fingerprint:
        _console.print(f"But it was signed with another key: {verdict.fingerprint}.")
        raise typer.Exit(OTHER_KEY)
    else:
        _console.print("It was signed with the key that you trust.")


def _trusted(key: str) -> str:
    """The fingerprint of what was given. Ends the program with 2 when it is no key."""
    plain = key.replace(":", "").replace(" ", "").lower()
    if _FINGERPRINT.fullmatch(plain):
        return plain
    try:
        text = Path(key).read_text().strip()
        if text.startswith("{"):
            text = str(json.loads(text)["public_key"])
        return text.lower() if _FINGERPRINT.fullmatch(text.lower()) else fingerprint(text)
    except (OSError, ValueError, KeyError):
        _console.print(f"--key: {key} is no fingerprint, and no file with a public key.")
        raise typer.Exit(NO_BUNDLE) from None
