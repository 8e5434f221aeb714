"""Sends on what waits in the spool, and makes up for deletions, once the store is there again."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import structlog
from obstore.exceptions import BaseError

from invigil.clock import Clock
from invigil.domain.errors import InvigilError, Unavailable
from invigil.domain.incident import Evidence
from invigil.storage.database import Database
from invigil.storage.evidence.objects import Conflict
from invigil.storage.evidence.remote import RemoteShelf
from invigil.storage.evidence.spool import Waiting

log = structlog.get_logger(__name__)

EVERY_S = 2.0
AT_ONCE = 8
UNKNOWN_AFTER = timedelta(minutes=10)
"""An image whose row is not there yet may be of a transaction that is still open; after so long it
is of one that never ended."""


class _DatabaseAway(Exception):
    """It is the database that does not answer, and not the store."""


class Forwarder:
    """One round is `step`; `run` makes one after another."""

    def __init__(self, database: Database, shelf: RemoteShelf, clock: Clock) -> None:
        self._database = database
        self._shelf = shelf
        self._clock = clock

    async def run(self) -> None:
        """Rounds for ever. One that fails is reported and the next one tries again."""
        while True:
            await asyncio.sleep(EVERY_S)
            try:
                await self.step()
            except InvigilError as error:
                log.warning("images could not be sent on", reason=error.code)

    async def step(self) -> int:
        """Send everything on that waits; gives the number of images that are stored now.

        While the store is away it does nothing but look whether it is back. Raises `Unavailable`
        when the database is.
        """
        shelf = self._shelf
        try:
            if shelf.away:
                await shelf.probe()
            for key in await asyncio.to_thread(shelf.spool.doomed):
                await shelf.remove(key)
                shelf.spool.spare(key)
            stored = 0
            waiting = await asyncio.to_thread(shelf.spool.waiting)
            for start in range(0, len(waiting), AT_ONCE):
                stored += await self._send(waiting[start : start + AT_ONCE])
        except _DatabaseAway as error:
            raise Unavailable from error
        except (Unavailable, BaseError, OSError) as error:
            shelf.note_away(error)
            return 0
        shelf.note_back()
        return stored

    async def _send(self, some: Sequence[Waiting]) -> int:
        ids = [each.evidence_id for each in some]
        with _of_the_database():
            async with self._database.read() as work:
                rows = {row.key: row for row in await work.evidence.of_ids(ids)}
        for each in some:
            if each.key not in rows and self._clock() - each.kept_at > UNKNOWN_AFTER:
                self._shelf.spool.drop(each.key)
        results = await asyncio.gather(*(self._upload(row) for row in rows.values()))
        sent = [row for row, done in zip(rows.values(), results, strict=True) if done]
        with _of_the_database():
            async with self._database.begin() as work:
                known = await work.evidence.mark_stored([row.id for row in sent])
        for row in sent:
            if row.id in known:
                self._shelf.spool.drop(row.key)
            else:  # it was deleted meanwhile, by retention on another server perhaps
                await self._shelf.delete(row.key)
        return len(known)

    async def _upload(self, row: Evidence) -> bool:
        """Whether the object is in the store now, as its row says."""
        spool = self._shelf.spool
        image = await asyncio.to_thread(spool.read, row.key)
        if image is None:
            return False
        if hashlib.sha256(image).hexdigest() != (row.sealed_sha256 or row.sha256):
            log.error("an image was changed while it waited and is set aside", evidence=row.id)
            spool.set_aside(row.key)
            return False
        try:
            await self._shelf.upload(row.key, image)
        except Conflict as error:
            log.warning("an image cannot be sent on", evidence=row.id, reason=error.message)
            spool.set_aside(row.key)
            return False
        return True


@contextmanager
def _of_the_database() -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        raise _DatabaseAway from error
