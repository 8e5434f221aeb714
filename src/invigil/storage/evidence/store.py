"""Evidence objects through obstore: local files now, any object store by another URL later."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore

from invigil.domain.errors import NotFound, StorageFull, Unavailable
from invigil.domain.incident import Evidence
from invigil.domain.system import Space

JPEG = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose image it is; becomes part of the object's key."""

    session_id: str
    candidate_id: str


class EvidenceStore:
    """Immutable images, and one replaceable still for each candidate.

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
        free = shutil.disk_usage(self._root).free
        if free < self._reserve:
            return Space.FULL
        return Space.LOW if free < 4 * self._reserve else Space.OK

    async def put(
        self, evidence_id: str, owner: Owner, image: bytes, captured_at: datetime
    ) -> Evidence:
        """Store one image for good and describe it.

        Raises `StorageFull` when there is no room, `Unavailable` when the store cannot be reached.
        """
        key = f"evidence/{owner.session_id}/{owner.candidate_id}/{evidence_id}.jpg"
        await self._put(key, image, overwrite=False)
        return Evidence(
            id=evidence_id,
            session_id=owner.session_id,
            candidate_id=owner.candidate_id,
            key=key,
            sha256=hashlib.sha256(image).hexdigest(),
            size=len(image),
            content_type=JPEG,
            captured_at=captured_at,
        )

    async def get(self, evidence: Evidence) -> bytes:
        """The bytes, checked against their SHA-256. Raises `NotFound` when they are gone."""
        image = await self._get(evidence.key)
        if hashlib.sha256(image).hexdigest() != evidence.sha256:
            raise Unavailable(
                "This image was changed after it was stored, so it is not shown.",
                fix="Tell whoever runs the server: the evidence files were altered.",
            )
        return image

    async def put_still(self, owner: Owner, image: bytes) -> None:
        """Replace the candidate's newest still."""
        await self._put(_still(owner), image, overwrite=True)

    async def get_still(self, owner: Owner) -> bytes:
        return await self._get(_still(owner))

    async def delete(self, key: str) -> None:
        """Delete an object; one that is gone already is fine."""
        try:
            await self._store.delete_async(key)
        except (NotFoundError, FileNotFoundError):
            return

    async def delete_still(self, owner: Owner) -> None:
        await self.delete(_still(owner))

    async def _put(self, key: str, image: bytes, *, overwrite: bool) -> None:
        if self.space() is Space.FULL:
            raise StorageFull
        try:
            await self._store.put_async(key, image, mode="overwrite" if overwrite else "create")
        except (BaseError, OSError) as error:
            if _no_space(error):
                raise StorageFull from error
            raise Unavailable from error

    async def _get(self, key: str) -> bytes:
        try:
            result = await self._store.get_async(key)
            return bytes(await result.bytes_async())
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound from error
        except (BaseError, OSError) as error:
            raise Unavailable from error


def _still(owner: Owner) -> str:
    return f"stills/{owner.session_id}/{owner.candidate_id}.jpg"


def _no_space(error: BaseException) -> bool:
    if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    return os.strerror(errno.ENOSPC) in str(error)
