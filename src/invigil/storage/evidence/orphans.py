"""Objects that no row knows: left by a server that died, or by a commit that nobody can tell of.

Evidence is stored before its row and deleted after it, so that no row is ever without its image;
the price is an image without a row now and then. It would escape retention, so it is looked for;
so is the newest picture of somebody who is stopped or gone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath

import structlog

from invigil.storage.database import Database
from invigil.storage.evidence.shelf import Shelf

log = structlog.get_logger(__name__)

EVIDENCE, STILLS = "evidence", "stills"
UNKNOWN_AFTER = timedelta(hours=1)
"""Until then its transaction may still be open somewhere."""

AT_ONCE = 500
FEW = 20
"""So many may go whatever their share is; of more, at most half of all."""


async def sweep_orphans(database: Database, shelf: Shelf, now: datetime) -> int:
    """Delete evidence and newest pictures that no row knows; gives how many. Raises `Unavailable`.

    Where more than half is unknown nothing is deleted: that is another installation's store, or
    an older database, and not what a crash leaves behind.
    """
    images, old = await _listed(shelf, EVIDENCE, now)
    stills, old_stills = await _listed(shelf, STILLS, now)
    total = images + stills
    unknown, over = await _stills(database, old_stills)
    orphans = await _unknown(database, old) + unknown
    # Whose picture it is this database knows, and that it was to be gone.
    for key in over:
        await shelf.delete(key)
    if len(orphans) > max(FEW, total // 2):
        log.error(
            "most images are unknown to this database, and none of them is deleted",
            images=total,
            unknown=len(orphans),
        )
        return len(over)
    for key in orphans:
        await shelf.delete(key)
    gone = len(orphans) + len(over)
    if gone:
        log.info("images without a row deleted", images=gone)
    return gone


async def _listed(shelf: Shelf, prefix: str, now: datetime) -> tuple[int, list[str]]:
    """How many objects there are, and the keys of those that are old enough to be looked at."""
    total = 0
    old: list[str] = []
    async for each in shelf.listed(prefix):
        total += 1
        if now - each.at > UNKNOWN_AFTER:
            old.append(each.key)
    return total, old


async def _unknown(database: Database, keys: Sequence[str]) -> list[str]:
    found: list[str] = []
    for some in _pieces(keys):
        async with database.read() as work:
            known = {row.id for row in await work.evidence.of_ids(list(some))}
        found += [key for id_, key in some.items() if id_ not in known]
    return found


async def _stills(database: Database, keys: Sequence[str]) -> tuple[list[str], list[str]]:
    """Newest pictures of nobody that is known, and those of whom none is on record."""
    unknown: list[str] = []
    over: list[str] = []
    for some in _pieces(keys):
        async with database.read() as work:
            known = await work.candidates.with_still(list(some))
        unknown += [key for id_, key in some.items() if id_ not in known]
        over += [key for id_, key in some.items() if not known.get(id_, True)]
    return unknown, over


def _pieces(keys: Sequence[str]) -> Iterator[dict[str, str]]:
    """The keys by the id that each ends with, not too many at a time."""
    for start in range(0, len(keys), AT_ONCE):
        yield {PurePosixPath(key).stem: key for key in keys[start : start + AT_ONCE]}
