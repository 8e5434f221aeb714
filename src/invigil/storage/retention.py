"""Deletes what has been kept long enough. Each session's own number of days decides."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from invigil.domain.session import ExamSession
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner

log = structlog.get_logger(__name__)


async def sweep(database: Database, store: EvidenceStore, now: datetime) -> int:
    """Delete everything past its day; gives the number of things deleted.

    Objects go before their rows: a crash in between leaves a row without an object, which the
    next sweep takes, and never an object that no row knows of.
    """
    async with database.read() as work:
        sessions = await work.sessions.all()
    gone = 0
    for session in sessions:
        gone += await _sweep_session(database, store, session, now)
    if gone:
        log.info("retention deleted", things=gone)
    return gone


async def _sweep_session(
    database: Database, store: EvidenceStore, session: ExamSession, now: datetime
) -> int:
    before = now - timedelta(days=session.retention_days)
    async with database.read() as work:
        old = await work.evidence.older_than(session.id, before)
        candidates = await work.candidates.of_session(session.id)
    for evidence in old:
        await store.delete(evidence.key)
    over = [c for c in candidates if max(c.joined_at, c.last_frame_at or c.joined_at) < before]
    for candidate in over:
        await store.delete_still(Owner(session.id, candidate.id))
    done = session.closed_at is not None and session.closed_at < before
    async with database.begin() as work:
        await work.sessions.get_alone(session.id)
        for evidence in old:
            await work.evidence.delete(evidence.id)
        gone = len(old) + len(over)
        gone += await work.observations.delete_before(session.id, before)
        gone += await work.incidents.delete_before(session.id, before)
        gone += await work.messages.delete_before(session.id, before)
        gone += await work.events.delete_before(session.id, before)
        for candidate in over:
            await work.candidates.delete(candidate.id)
        if done and len(over) == len(candidates):
            await work.sessions.delete(session.id)
            gone += 1
    return gone
