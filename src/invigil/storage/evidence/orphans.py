"""Objects that no row knows: left by a server that died, or by a commit that nobody can tell of.

Evidence is stored before its row, so that no row is ever without its image; the price is an image
without a row now and then. It would escape retention, so it is looked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import PurePosixPath

import structlog

from invigil.storage.database import Database
from invigil.storage.evidence.shelf import Shelf

log = structlog.get_logger(__name__)

PREFIX = "evidence"
UNKNOWN_AFTER = timedelta(hours=1)
"""Until then its transaction may still be open somewhere."""

AT_ONCE = 500
FEW = 20
"""So many may go whatever their share is; of more, at most half of all."""


async def sweep_orphans(database: Database, shelf: Shelf, now: datetime) -> int:
    """Delete evidence that no row knows; gives how many. Raises `Unavailable`.

    Where more than half is unknown nothing is deleted: that is another installation's store, or
    an older database, and not what a crash leaves behind.
    """
    total = 0
    old: list[str] = []
    async for each in shelf.listed(PREFIX):
        total += 1
        if now - each.at > UNKNOWN_AFTER:
            old.append(each.key)
    orphans = await _unknown(database, old)
    if len(orphans) > max(FEW, total // 2):
        log.error(
            "most images are unknown to this database, and none of them is deleted",
            images=total,
            unknown=len(orphans),
        )
        return 0
    for key in orphans:
        await shelf.delete(key)
    if orphans:
        log.info("images without a row deleted", images=len(orphans))
    return len(orphans)


async def _unknown(database: Database, keys: Sequence[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(keys), AT_ONCE):
        some = {PurePosixPath(key).stem: key for key in keys[start : start + AT_ONCE]}
        async with database.read() as work:
            known = {row.id for row in await work.evidence.of_ids(list(some))}
        found += [key for id_, key in some.items() if id_ not in known]
    return found
