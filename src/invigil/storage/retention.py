"""Deletes what has been kept long enough. Each session's own number of days decides."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from invigil.domain.audit import SERVER, Act, Action
from invigil.domain.errors import InvigilError
from invigil.domain.session import ExamSession
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner

log = structlog.get_logger(__name__)

BATCH = 1000
"""Observations deleted at once: few enough that nobody waits long for the transaction."""


async def sweep(database: Database, store: EvidenceStore, now: datetime) -> int:
    """Delete everything past its day; gives the number of things deleted.

    Objects go before their rows: a crash in between leaves a row without an object, which the
    next sweep takes, and never an object that no row knows of. A session that cannot be swept does
    not keep the others from it; the next sweep tries it again.
    """
    async with database.read() as work:
        sessions = await work.sessions.all()
    gone = 0
    for session in sessions:
        try:
            gone += await _sweep_session(database, store, session, now)
        except InvigilError as error:
            log.warning("retention left a session", session=session.id, reason=error.code)
        except Exception:
            log.exception("retention left a session", session=session.id)
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
    gone = len(old) + len(over) + await _delete_observations(database, session.id, before)
    done = session.closed_at is not None and session.closed_at < before
    async with database.begin() as work:
        await work.sessions.get_alone(session.id)
        for evidence in old:
            await work.evidence.delete(evidence.id)
        gone += await work.incidents.delete_before(session.id, before)
        gone += await work.messages.delete_before(session.id, before)
        gone += await work.events.delete_before(session.id, before)
        gone += await work.media.delete_before(session.id, before)
        gone += await work.tap.delete_before(session.id, before)
        gone += await work.roster.delete_before(session.id, before)
        for candidate in over:
            await work.candidates.delete(candidate.id)
        if gone:
            detail = {"things": gone, "candidates": len(over)}
            work.audit.note(Act(Action.RETENTION_DELETED, SERVER, now, session.id, detail=detail))
        if done and len(over) == len(candidates):
            await work.sessions.delete(session.id)
            gone += 1
    return gone


async def _delete_observations(database: Database, session_id: str, before: datetime) -> int:
    # There are a thousand times as many as of anything else. Frames may come in meanwhile: none of
    # them is that old.
    gone, some = 0, BATCH
    while some == BATCH:
        async with database.begin() as work:
            some = await work.observations.delete_before(session_id, before, BATCH)
        gone += some
    return gone
