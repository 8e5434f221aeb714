"""Objects in a store behind a network, which may be slow or away for a while.

An image goes straight to the store while that answers quickly. The first time it does not, images
go to the spool instead, and nobody waits for the store again until it has been seen well.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import TypeVar

import structlog
from obstore.exceptions import BaseError

from invigil.clock import Clock
from invigil.domain.errors import Unavailable
from invigil.domain.incident import EvidenceState
from invigil.domain.system import Space
from invigil.storage.evidence.objects import Conflict, Objects, StoreAway
from invigil.storage.evidence.shelf import Listed
from invigil.storage.evidence.spool import Spool

log = structlog.get_logger(__name__)
_T = TypeVar("_T")

DIRECT_S = 2.0
"""A frame waits so long for the store, once in an outage. Real seconds: a network has no other."""

PATIENT_S = 30.0
"""What sends images on may wait longer: nobody waits for it."""

_AWAY = (
    "{why} Photos are kept on this server and are sent on by themselves when it is back: {count} "
    "so far."
)
_NO_ROOM = (
    "{why} The room for photos on this server is used up. Incidents are still recorded, without "
    "photos. Bring the store back, or raise INVIGIL_EVIDENCE_SPOOL_MB and restart."
)
_WHY = "The image store cannot be reached."
_SLOW = "The image store takes photos more slowly than they come."


class RemoteShelf:
    """A `Shelf` in an object store, with a spool in front of it."""

    def __init__(self, objects: Objects, spool: Spool, clock: Clock) -> None:
        self._objects = objects
        self._clock = clock
        self.spool = spool
        self.away = False
        self._why = _WHY if objects.quick else _SLOW

    def space(self) -> Space:
        if self.away:
            return Space.FULL if self.spool.space() is Space.FULL else Space.LOW
        if not self._objects.quick and self.spool.space() is not Space.OK:
            return self.spool.space()
        # The database lives on this disk, even when images do not.
        return Space.OK if self.spool.disk() is Space.OK else Space.LOW

    @property
    def waiting(self) -> int:
        return self.spool.count

    def trouble(self) -> str | None:
        waits = self.away or not self._objects.quick
        if waits and self.spool.space() is Space.FULL:
            return _NO_ROOM.format(why=self._why)
        return _AWAY.format(why=self._why, count=self.spool.count) if self.away else None

    async def put(self, key: str, image: bytes, at: datetime, *, replace: bool) -> EvidenceState:
        # A still is worth nothing later, so it never waits for a slow store.
        if not self.away and (replace or self._objects.quick):
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
        return await _within(DIRECT_S if self.away else PATIENT_S, lambda: self._objects.get(key))

    async def delete(self, key: str) -> None:
        """Where the store is away the deletion waits for it in the spool."""
        await asyncio.to_thread(self.spool.discard, key)
        if not self.away:
            try:
                await self.remove(key, DIRECT_S)
            except Unavailable as error:
                self.note_away(error)
            else:
                return
        await asyncio.to_thread(self.spool.doom, key, self._clock())

    async def keys(self, folder: str) -> list[str]:
        here = await asyncio.to_thread(self.spool.keys, folder)
        limit = DIRECT_S if self.away else PATIENT_S
        return here + await _within(limit, lambda: self._objects.keys(folder))

    async def listed(self, prefix: str) -> AsyncIterator[Listed]:
        if self.away:
            raise Unavailable
        try:
            async for each in self._objects.listed(prefix):
                yield each
        except (BaseError, OSError) as error:
            raise Unavailable from error

    async def upload(
        self, key: str, image: bytes, *, replace: bool = False, limit_s: float = PATIENT_S
    ) -> None:
        """Put an object into the store. The same one being there already is fine.

        Raises `Unavailable`, or `Conflict` when another one is there.
        """
        # A slow store has limits of its own: an upload that is cut off may still have arrived.
        limit = limit_s if self._objects.quick or replace else None
        await _within(limit, lambda: self._objects.put(key, image, replace=replace))

    async def remove(self, key: str, limit_s: float = PATIENT_S) -> None:
        """Delete an object from the store; none is fine. Raises `Unavailable`."""
        await _within(limit_s, lambda: self._objects.delete(key))

    async def probe(self) -> None:
        """See whether the store takes images. Raises what the store says, or `Unavailable`."""
        # A question and another one, each as quick as it has to be for a frame.
        await _within(2 * DIRECT_S, self._objects.probe, plain=False)

    def note_away(self, error: BaseException) -> None:
        self._why = error.message if isinstance(error, StoreAway) else _WHY
        if not self.away:
            self.away = True
            log.warning("image store cannot be reached, photos wait here", reason=_reason(error))

    def note_back(self) -> None:
        if self.away:
            self.away = False
            self._why = _WHY if self._objects.quick else _SLOW
            log.info("image store is back")


async def _within(
    limit_s: float | None, ask: Callable[[], Awaitable[_T]], *, plain: bool = True
) -> _T:
    """The store's answer. `plain`: its own errors become `Unavailable`."""
    try:
        async with asyncio.timeout(limit_s):
            return await ask()
    except TimeoutError as error:
        raise Unavailable from error
    except (BaseError, OSError) as error:
        if plain:
            raise Unavailable from error
        raise


def _reason(error: BaseException) -> str:
    """The store's own words, without the pages of detail that follow them."""
    return str(error.__cause__ or error).partition("\n")[0][:300] or "no answer in time"
