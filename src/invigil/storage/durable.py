"""Names in a folder, kept across a power cut."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """Have the names in `folder` written to the disk. Raises `OSError`.

    Windows opens no folders and keeps their names in a journal of its own: nothing is to be done
    there.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
