"""The newest picture of each candidate, for as long as somebody may look at it."""

from __future__ import annotations

from datetime import datetime

import structlog

from invigil.domain.candidate import STOPPED, Candidate
from invigil.domain.errors import CannotOpen, StorageFull, Unavailable
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner

log = structlog.get_logger(__name__)


class Stills:
    def __init__(self, database: Database, store: EvidenceStore) -> None:
        self._database = database
        self._store = store

    async def keep(self, candidate: Candidate, jpeg: bytes, now: datetime) -> bool:
        """Replace the newest picture; whether it could be stored.

        It is a convenience: nothing stops for a full disk, a store that is away or a key that is
        lost. Whoever stops a candidate deletes the picture after that is on record; so one that is
        stored later than the deletion finds the record, and goes again.
        """
        owner = Owner(candidate.session_id, candidate.id)
        try:
            await self._store.put_still(owner, jpeg)
            if not await self._database.fetch(lambda work: _wanted(work, owner)):
                await self._store.delete_still(owner)
        except (StorageFull, Unavailable) as error:
            log.warning(
                "still not stored",
                candidate=candidate.id,
                detected_at=now.isoformat(),
                reason=error.code,
            )
            return False
        except CannotOpen:
            return False  # which the key ring has told
        return True


async def _wanted(work: UnitOfWork, owner: Owner) -> bool:
    candidate = await work.candidates.get(owner.candidate_id)
    session = await work.sessions.get(owner.session_id)
    if candidate is None or session is None or session.closed:
        return False
    return candidate.state not in STOPPED
