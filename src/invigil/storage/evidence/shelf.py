"""The port to wherever objects are kept, and what all of its kinds share."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from invigil.domain.incident import EvidenceState
from invigil.domain.system import Space


@dataclass(frozen=True, slots=True)
class Listed:
    """An object that is there. `at`: when it was written, by the clock of whoever keeps it."""

    key: str
    at: datetime


class Shelf(Protocol):
    """Objects by key, such as `evidence/<session>/<candidate>/<id>.jpg`."""

    def space(self) -> Space:
        """How much room is left for more."""
        ...

    def trouble(self) -> str | None:
        """A sentence for the console when the shelf is not as it should be."""
        ...

    @property
    def waiting(self) -> int:
        """Images that are not yet where they belong."""
        ...

    async def put(self, key: str, image: bytes, at: datetime, *, replace: bool) -> EvidenceState:
        """Keep `image` for good; gives where it lies now.

        `replace`: whether an older one under this key may be overwritten. Raises `StorageFull`
        when there is no room, `Unavailable` when nothing can be kept for another reason.
        """
        ...

    async def get(self, key: str) -> bytes:
        """Raises `NotFound`, or `Unavailable` when nobody can tell right now."""
        ...

    async def delete(self, key: str) -> None:
        """Delete an object; one that is gone already is fine. Raises `Unavailable`."""
        ...

    async def keys(self, folder: str) -> list[str]:
        """Keys of all objects under `folder/`, wherever they lie. Raises `Unavailable`."""
        ...

    def listed(self, prefix: str) -> AsyncIterator[Listed]:
        """Every object whose key begins so, in any order. Raises `Unavailable`."""
        ...


def disk_space(folder: Path, reserve: int) -> Space:
    """How much room the disk of `folder` has beyond `reserve` bytes."""
    free = shutil.disk_usage(folder).free
    if free < reserve:
        return Space.FULL
    return Space.LOW if free < 4 * reserve else Space.OK


def no_space(error: BaseException) -> bool:
    """Whether a full disk was the reason. Stores tell it in words only."""
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    return os.strerror(errno.ENOSPC) in str(error)
