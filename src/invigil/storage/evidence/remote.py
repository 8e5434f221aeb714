"""Objects in a store behind a network, which may be slow or away for a while.

An image goes straight to the store while that answers quickly. The first time it does not, images
go to the spool instead, and nobody waits for the store again until it has been seen well.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import structlog
from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import ObjectStore

from invigil.clock import Clock
from invigil.domain.errors import InvigilError, NotFound, Unavailable
from invigil.domain.incident import EvidenceState
from invigil.domain.system import Space
from invigil.storage.evidence.spool import Spool

log = structlog.get_logger(__name__)
_T = TypeVar("_T")

DIRECT_S = 2.0
"""A frame waits so long for the store, once in an outage. Real seconds: a network has no other."""

PATIENT_S = 30.0
"""What sends images on may wait longer: nobody waits for it."""

CHECK = "invigil-check"
_AWAY = (
    "The image store cannot be reached. Photos are kept on this server and are sent on by "
    "themselves when it is back: {count} so far."
)
_NO_ROOM = (
    "The image store cannot be reached and the room for photos on this server is used up. "
    "Incidents are still recorded, without photos. Bring the store back, or raise "
    "INVIGIL_EVIDENCE_SPOOL_MB and restart."
)


class Conflict(InvigilError):
    """Another object has this key: evidence is never overwritten."""

    status = 503
    code = "evidence_conflict"
    message = "Another image is stored under this name already."
    fix = "Tell whoever runs the server: something else writes into the image store."


class RemoteShelf:
    """A `Shelf` in an object store, with a spool in front of it."""

    def __init__(self, objects: ObjectStore, spool: Spool, clock: Clock) -> None:
        self._objects = objects
        self._clock = clock
        self.spool = spool
        self.away = False

    def space(self) -> Space:
        if self.away:
            return Space.FULL if self.spool.space() is Space.FULL else Space.LOW
        # The database lives on this disk, even when images do not.
        return Space.OK if self.spool.disk() is Space.OK else Space.LOW

    @property
    def waiting(self) -> int:
        return self.spool.count

    def trouble(self) -> str | None:
        if not self.away:
            return None
        if self.spool.space() is Space.FULL:
            return _NO_ROOM
        return _AWAY.format(count=self.spool.count)

    async def put(self, key: str, image: bytes, at: datetime, *, replace: bool) -> EvidenceState:
        if not self.away:
            self.spool.spare(key)
            try:
                await self.upload(key, image, replace=replace, limit_s=DIRECT_S)
            except Unavailable as error:
                self.note_away(error)
            except Conflict as error:
                raise Unavailable(error.message, fix=error.fix) from error
            else:
                if replace:
                    self.spool.drop(key)
                return EvidenceState.STORED
        await asyncio.to_thread(self.spool.keep, key, image, at)
        return EvidenceState.PENDING

    async def get(self, key: str) -> bytes:
        image = await asyncio.to_thread(self.spool.read, key)
        if image is not None:
            return image
        return await self._fetch(key, DIRECT_S if self.away else PATIENT_S)

    async def delete(self, key: str) -> None:
        """Where the store is away the deletion waits for it in the spool."""
        await asyncio.to_thread(self.spool.drop, key)
        if not self.away:
            try:
                await self.remove(key, DIRECT_S)
            except Unavailable as error:
                self.note_away(error)
            else:
                return
        await asyncio.to_thread(self.spool.doom, key, self._clock())

    async def upload(
        self, key: str, image: bytes, *, replace: bool = False, limit_s: float = PATIENT_S
    ) -> None:
        """Put an object into the store. The same one being there already is fine.

        Raises `Unavailable`, or `Conflict` when another one is there.
        """
        try:
            await _within(
                limit_s,
                lambda: self._objects.put_async(
                    key, image, mode="overwrite" if replace else "create"
                ),
            )
        except AlreadyExistsError:
            # An answer that was lost on its way: what counts is what lies there.
            if _hash(await self._fetch(key, limit_s)) != _hash(image):
                raise Conflict from None

    async def remove(self, key: str, limit_s: float = PATIENT_S) -> None:
        """Delete an object from the store; none is fine. Raises `Unavailable`."""
        try:
            await _within(limit_s, lambda: self._objects.delete_async(key))
        except (NotFoundError, FileNotFoundError):
            return

    async def probe(self) -> None:
        """Write and delete a small object. Raises what the store says, or `Unavailable`."""
        await _within(DIRECT_S, lambda: self._objects.put_async(CHECK, b"ok"), plain=False)
        await _within(DIRECT_S, lambda: self._objects.delete_async(CHECK), plain=False)

    def note_away(self, error: BaseException) -> None:
        if not self.away:
            self.away = True
            log.warning("image store cannot be reached, photos wait here", reason=_reason(error))

    def note_back(self) -> None:
        if self.away:
            self.away = False
            log.info("image store is back")

    async def _fetch(self, key: str, limit_s: float) -> bytes:
        async def fetch() -> bytes:
            return bytes(await (await self._objects.get_async(key)).bytes_async())

        try:
            return await _within(limit_s, fetch)
        except (NotFoundError, FileNotFoundError) as error:
            raise NotFound from error


async def _within(limit_s: float, ask: Callable[[], Awaitable[_T]], *, plain: bool = True) -> _T:
    """The store's answer. `plain`: errors become `Unavailable`, but for objects that are (not)
    there."""
    try:
        async with asyncio.timeout(limit_s):
            return await ask()
    except TimeoutError as error:
        raise Unavailable from error
    except (AlreadyExistsError, NotFoundError, FileNotFoundError):
        raise
    except (BaseError, OSError) as error:
        if plain:
            raise Unavailable from error
        raise


def _hash(image: bytes) -> str:
    return hashlib.sha256(image).hexdigest()


def _reason(error: BaseException) -> str:
    """The store's own words, without the pages of detail that follow them."""
    return str(error.__cause__ or error).partition("\n")[0][:300] or "no answer in time"
