"""Files that hold a key: whole or not there, for the owner only, and never made twice."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from invigil.domain.errors import KeyMisconfigured
from invigil.storage.durable import sync_folder

KEY_BYTES = 32


def make_once(path: Path, content: bytes) -> None:
    """Write `content` to `path` (mode 0600) unless it is there already, if only since a moment ago.

    Whenever this is cut off, by a full disk for one, nothing is there under that name.
    """
    if path.exists():
        return
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        _put(part, path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def _put(part: Path, path: Path) -> None:
    with suppress(FileExistsError):
        try:
            path.hardlink_to(part)
        except FileExistsError:
            raise
        except OSError:
            # A file system without links: two that start at once could both get here.
            if not path.exists():
                part.rename(path)


def read_key(path: Path, advice: str) -> bytes:
    """A key of `KEY_BYTES`. Raises `KeyMisconfigured` with the advice when it is none."""
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise KeyMisconfigured(
            f"{path} holds {len(key)} bytes instead of {KEY_BYTES}: it was cut off or changed.",
            fix=advice,
        )
    return key


def load_key(path: Path) -> bytes:
    """The installation's key, which links are signed with: made the first time.

    Raises `KeyMisconfigured`.
    """
    make_once(path, secrets.token_bytes(KEY_BYTES))
    return read_key(
        path,
        "Restore it from its copy. Without one, delete it: the next start makes a new one, and "
        "join links that were given out before no longer work.",
    )
