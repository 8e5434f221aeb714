"""What has to be true after any fault."""

from __future__ import annotations

import hashlib
from itertools import pairwise

import sqlalchemy as sa

from invigil.domain.audit import AuditChecker
from invigil.storage.database import Database
from invigil.storage.database import tables as t
from tests.support.house import Json, Running, files_under


async def nothing_is_broken(house: Running) -> None:
    """Logs without a hole, rows with their images, gaps with their causes."""
    await log_is_whole(house.database)
    await every_row_has_its_image(house)
    await every_gap_has_its_span(house)


async def log_is_whole(database: Database) -> None:
    """Events are numbered without a gap, and the audit log's chain holds."""
    async with database.read() as work:
        entries = await work.audit.after(0, 100_000)
    checker = AuditChecker()
    faults = [fault for entry in entries for fault in checker.take(entry, None)]
    assert [*faults, *checker.end(None)] == []
    assert entries
    statement = sa.select(t.event.c.session_id, t.event.c.seq).order_by(*t.event.primary_key)
    async with database.engine.connect() as connection:
        rows = (await connection.execute(statement)).all()
    for before, row in pairwise([("", 0), *((row[0], row[1]) for row in rows)]):
        assert row[1] == (before[1] + 1 if row[0] == before[0] else 1), row


async def every_row_has_its_image(house: Running) -> None:
    async with house.database.engine.connect() as connection:
        rows = (await connection.execute(sa.select(t.evidence))).all()
    for row in rows:
        content = (house.objects / row.key).read_bytes()
        assert hashlib.sha256(content).hexdigest() == row.sealed_sha256


async def every_gap_has_its_span(house: Running) -> None:
    async with house.database.engine.connect() as connection:
        gaps = (await connection.execute(sa.select(t.gap))).all()
    for gap in gaps:
        assert gap.cause in {"server", "camera", "connection", "unknown"}
        assert gap.ended_at is None or gap.ended_at >= gap.started_at


async def images_without_a_row(house: Running) -> list[str]:
    """Newest pictures of whom none is on record too."""
    async with house.database.engine.connect() as connection:
        known = set((await connection.scalars(sa.select(t.evidence.c.key))).all())
        c = t.candidate.c
        seen = await connection.execute(sa.select(c.session_id, c.id).where(c.has_still))
        known |= {f"stills/{row.session_id}/{row.id}.jpg" for row in seen}
    return [key for key in files_under(house.objects) if key not in known]


def nobody_is_blamed(snapshot: Json, kinds: set[str]) -> None:
    """No other incident than what was seen, and nobody was ended."""
    assert {each["kind"] for each in snapshot["incidents"]} <= kinds
    assert "finished" not in {each["state"] for each in snapshot["candidates"]}
