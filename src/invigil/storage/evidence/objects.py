"""The port to a store behind a network, and the one for buckets of object stores."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from typing import Protocol

from obstore.exceptions import AlreadyExistsError, NotFoundError
from obstore.store import ObjectStore

from invigil.domain.errors import InvigilError, NotFound, Unavailable
from invigil.storage.evidence.shelf import Listed

CHECK = "invigil-check"


class Conflict(InvigilError):
    """Another object has this key: evidence is never overwritten."""

    status = 503
    code = "evidence_conflict"
    message = "Another image is stored under this name already."
    fix = "Tell whoever runs the server: something else writes into the image store."


class StoreAway(Unavailable):
    """The store does not take images for a reason that proctors can be told."""

    code = "evidence_store_away"


class Refused(StoreAway):
    """The store does not know this server, and never will without another setting."""

    code = "evidence_store_refused"


class Objects(Protocol):
    """Objects by key. Besides what is named here, its calls raise what the store says itself."""

    @property
    def quick(self) -> bool:
        """Whether a frame may wait for it. If not, images take the way through the spool."""
        ...

    async def put(self, key: str, image: bytes, *, replace: bool) -> None:
        """Store an object. The same one being there already is fine, another is a `Conflict`."""
        ...

    async def get(self, key: str) -> bytes:
        """Raises `NotFound`."""
        ...

    async def delete(self, key: str) -> None:
        """Delete an object; none is fine."""
        ...

    async def keys(self, folder: str) -> list[str]:
        """Keys of all objects under `folder/`, also of such as the store does not list."""
        ...

    def listed(self, prefix: str) -> AsyncIterator[Listed]:
        """Every object whose key begins so, as far as the store tells."""
        ...

    async def probe(self) -> None:
        """Ask the store whether it would take images."""
        ...


class Bucket:
    """A bucket, or a part of one, at S3 and its like."""

    quick = True

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    async def put(self, key: str, image: bytes, *, replace: bool) -> None:
        try:
            await self._store.put_async(key, image, mode="overwrite" if replace else "create")
        except AlreadyExistsError:
            # An answer that was lost on its way: what counts is what lies there.
            if _hash(await self.get(key)) != _hash(image):
                raise Conflict from None

    async def get(self, key: str) -> bytes:
        try:
            return bytes(await (await self._store.get_async(key)).bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound from error

    async def delete(self, key: str) -> None:
        try:
            await self._store.delete_async(key)
        except (NotFoundError, FileNotFoundError):
            return

    async def keys(self, folder: str) -> list[str]:
        return [each.key async for each in self.listed(folder + "/")]

    async def listed(self, prefix: str) -> AsyncIterator[Listed]:
        async for some in self._store.list(prefix):
            for each in some:
                yield Listed(each["path"], each["last_modified"])

    async def probe(self) -> None:
        """Write and delete a small object."""
        await self._store.put_async(CHECK, b"ok")
        await self._store.delete_async(CHECK)


def _hash(image: bytes) -> str:
    return hashlib.sha256(image).hexdigest()
