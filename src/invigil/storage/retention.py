"""Deletes what has been kept long enough, class by class and a piece at a time.

Each transaction that deletes puts on record what it deleted, so that the audit log proves it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import structlog

from invigil.domain.audit import SERVER, Act, Action
from invigil.domain.errors import InvigilError, Unavailable
from invigil.domain.retention import DataClass, Refusal, RetentionPlan, Swept
from invigil.domain.session import ExamSession
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.orphans import FEW
from invigil.storage.evidence.store import Owner

log = structlog.get_logger(__name__)

BATCH = 1000
"""Rows of a table deleted at once: few enough that nobody waits long for the transaction."""

IMAGES = FEW
"""Rows of images deleted before the images are: a crash leaves no more images without a row than
are deleted later whatever their share is."""

PAUSE = timedelta(days=1)
"""Clean-ups run every hour. After so long without one the clock may have jumped."""

_IMAGES = (DataClass.EVIDENCE, DataClass.REFERENCE_PHOTOS)


async def sweep(
    database: Database,
    store: EvidenceStore,
    now: datetime,
    plan: RetentionPlan | None = None,
    *,
    confirmed: bool = False,
    by: str = SERVER,
) -> Swept:
    """Delete everything past its day that no hold keeps.

    Rows go before their objects: whether a hold keeps them is known for sure only in the
    transaction that deletes them. A crash in between leaves objects that no row knows, which
    `evidence.orphans` takes. A session that cannot be swept does not keep the others from it; the
    next sweep tries it again. After a long time without a sweep one that would delete more than
    half of all rows is refused as a whole, unless `confirmed`. `by`: for the audit log.
    """
    plan = plan or RetentionPlan()
    async with database.read() as work:
        sessions = await work.sessions.all()
    refused = None if confirmed else await _doubt(database, sessions, plan, now)
    if refused is not None:
        log.warning("retention waits for a confirmation", why=refused.words)
        return Swept(refused=refused)
    counts: Counter[str] = Counter()
    for session in sessions:
        broom = _Broom(database, store, session, plan.cutoffs(session, now), now=now, by=by)
        try:
            await broom.sweep()
        except InvigilError as error:
            log.warning("retention left a session", session=session.id, reason=error.code)
        except Exception:
            log.exception("retention left a session", session=session.id)
        counts += broom.counts
    async with database.begin() as work:
        await work.retention.note_sweep(now)
    if counts:
        log.info("retention deleted", **counts)
    return Swept(dict(counts))


async def _doubt(
    database: Database,
    sessions: Sequence[ExamSession],
    plan: RetentionPlan,
    now: datetime,
) -> Refusal | None:
    """Why a human should look at the clock first, if so."""
    async with database.read() as work:
        last = await work.retention.last_sweep()
        if last is None or now - last <= PAUSE:
            return None
        due = 0
        for session in sessions:
            held = await _held(work, session.id)
            if held is not None:
                due += await work.retention.count_due(session.id, plan.cutoffs(session, now), held)
        everything = await work.retention.count_all()
    if due * 2 <= everything:
        return None
    refusal = Refusal(due, everything, last)
    async with database.begin() as work:
        # Once for each time it waits, not every hour.
        noted = await work.audit.last_of([Action.RETENTION_REFUSED])
        if noted is None or datetime.fromisoformat(noted.at) <= last:
            detail = {"due": due, "all": everything}
            work.audit.note(Act(Action.RETENTION_REFUSED, SERVER, now, detail=detail))
    return refusal


async def _held(work: UnitOfWork, session_id: str) -> frozenset[str] | None:
    """Ids of the candidates that a hold keeps; None when one keeps the whole session."""
    holds = await work.holds.active(session_id)
    ids = {hold.candidate_id for hold in holds}
    return None if None in ids else frozenset(each for each in ids if each is not None)


class _Kept(Exception):
    """A hold keeps the whole session."""


Piece = Callable[[UnitOfWork, frozenset[str]], Awaitable[int]]
"""Deletes some of what is past its day, but nothing of the candidates with these ids."""


class _Broom:
    """One clean-up of one session. `counts`: what was deleted, by class."""

    def __init__(
        self,
        database: Database,
        store: EvidenceStore,
        session: ExamSession,
        cutoffs: Mapping[DataClass, datetime],
        *,
        now: datetime,
        by: str,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._database = database
        self._store = store
        self._session = session
        self._cutoffs = cutoffs
        self._now = now
        self._by = by

    async def sweep(self) -> None:
        with suppress(_Kept):
            await self._templates()
            await self._stills()
            for kind in _IMAGES:
                while await self._images(kind):
                    pass
            for kind in (DataClass.OBSERVATIONS, DataClass.RECORDS):
                while await self._dated(kind):
                    pass
            await self._delete(DataClass.RECORDS, self._unused_invites)
            await self._candidates()
            await self._whole_session()

    async def _delete(self, data_class: DataClass, piece: Piece) -> int:
        """Run a piece in a transaction of its own, which no hold can come in between."""
        async with self._database.begin() as work:
            if await work.sessions.get_alone(self._session.id) is None:
                raise _Kept
            held = await _held(work, self._session.id)
            if held is None:
                raise _Kept
            gone = await piece(work, held)
            if gone:
                act = Act(
                    Action.RETENTION_DELETED,
                    self._by,
                    self._now,
                    self._session.id,
                    detail={data_class.value: gone},
                )
                work.audit.note(act)
        self.counts[data_class.value] += gone
        return gone

    async def _templates(self) -> None:
        before = self._cutoffs[DataClass.TEMPLATES]

        async def piece(work: UnitOfWork, held: frozenset[str]) -> int:
            return await work.retention.delete_templates(self._session.id, before, held)

        await self._delete(DataClass.TEMPLATES, piece)

    async def _stills(self) -> None:
        before = self._cutoffs[DataClass.STILLS]
        ids: list[str] = []

        async def piece(work: UnitOfWork, held: frozenset[str]) -> int:
            ids.extend(await work.retention.stills(self._session.id, before, held))
            return await work.retention.forget_stills(ids)

        await self._delete(DataClass.STILLS, piece)
        for candidate_id in ids:
            await self._store.delete_still(Owner(self._session.id, candidate_id))

    async def _images(self, kind: DataClass) -> int:
        before = self._cutoffs[kind]
        keys: list[str] = []

        async def piece(work: UnitOfWork, held: frozenset[str]) -> int:
            some = await work.retention.images(self._session.id, kind, before, held, IMAGES)
            keys.extend(image.key for image in some)
            return await work.retention.delete_images([image.id for image in some])

        gone = await self._delete(kind, piece)
        for key in keys:
            await self._store.delete(key)
        return gone

    async def _dated(self, kind: DataClass) -> int:
        async def piece(work: UnitOfWork, held: frozenset[str]) -> int:
            before = self._cutoffs[kind]
            return await work.retention.delete_dated(self._session.id, kind, before, held, BATCH)

        return await self._delete(kind, piece)

    async def _unused_invites(self, work: UnitOfWork, _held: frozenset[str]) -> int:
        """Those of people who never came. The others go with their candidates."""
        before = self._cutoffs[DataClass.RECORDS]
        return await work.roster.delete_before(self._session.id, before)

    async def _candidates(self) -> None:
        """Their rows, and with their keys whatever copies of their images there may still be."""
        before = self._cutoffs[DataClass.RECORDS]
        async with self._database.read() as work:
            over = await work.retention.over(self._session.id, before, frozenset())
        for candidate_id in over:
            gone = partial(_candidate, candidate_id=candidate_id)
            if not await self._delete(DataClass.RECORDS, gone):
                continue
            owner = Owner(self._session.id, candidate_id)
            try:
                await self._store.delete_all_of(owner)
            except Unavailable:
                # The images that rows knew of are noted for deletion already.
                await self._store.delete_still(owner)

    async def _whole_session(self) -> None:
        before = self._cutoffs[DataClass.RECORDS]

        async def piece(work: UnitOfWork, held: frozenset[str]) -> int:
            session = await work.sessions.get(self._session.id)
            closed_at = session.closed_at if session else None
            if held or closed_at is None or closed_at >= before:
                return 0
            if await work.candidates.of_session(self._session.id):
                return 0
            await work.sessions.delete(self._session.id)
            return 1

        await self._delete(DataClass.RECORDS, piece)


async def _candidate(work: UnitOfWork, held: frozenset[str], *, candidate_id: str) -> int:
    if candidate_id in held:
        return 0
    await work.decisions.keep_tallies_of(candidate_id)
    await work.candidates.delete(candidate_id)
    return 1
