"""The installation's own key."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def load_key(path: Path) -> bytes:
    """The installation's key: read from `path`, made there (mode 0600) the first time."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_bytes()
    key = secrets.token_bytes(32)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key
