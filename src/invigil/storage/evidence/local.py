"""Objects as files in a folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore

from invigil.domain.errors import NotFound, StorageFull, Unavailable
from invigil.domain.incident import EvidenceState
from invigil.domain.system import Space
from invigil.storage.evidence.shelf import Listed, disk_space, no_space


class LocalShelf:
    """A `Shelf` in one folder.

    `reserve`: bytes of disk that images never take, so that the database can go on writing when
    the disk runs full: images stop first.
    """

    def __init__(self, root: Path, reserve: int) -> None:
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        self._root = root
        self._reserve = reserve
        self._store = LocalStore(prefix=root)

    def space(self) -> Space:
        return disk_space(self._root, self._reserve)

    @property
    def waiting(self) -> int:
        return 0

    def trouble(self) -> str | None:
        return None  # space says it all

    async def put(self, key: str, image: bytes, _at: datetime, *, replace: bool) -> EvidenceState:
        if self.space() is Space.FULL:
            raise StorageFull
        try:
            await self._store.put_async(key, image, mode="overwrite" if replace else "create")
        except (BaseError, OSError) as error:
            if no_space(error):
                raise StorageFull from error
            raise Unavailable from error
        return EvidenceState.STORED

    async def get(self, key: str) -> bytes:
        try:
            result = await self._store.get_async(key)
            return bytes(await result.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound from error
        except (BaseError, OSError) as error:
            raise Unavailable from error

    async def delete(self, key: str) -> None:
        try:
            await self._store.delete_async(key)
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise Unavailable from error

    async def keys(self, folder: str) -> list[str]:
        return [each.key async for each in self.listed(folder + "/")]

    async def listed(self, prefix: str) -> AsyncIterator[Listed]:
        try:
            async for some in self._store.list(prefix):
                for each in some:
                    yield Listed(each["path"], each["last_modified"])
        except (BaseError, OSError) as error:
            raise Unavailable from error
