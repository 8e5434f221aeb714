"""Each class of data goes on its own day, everywhere; holds keep; a clock that jumps is noticed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from invigil.domain.audit import AuditChecker
from invigil.domain.retention import DataClass, RetentionPlan, Swept
from invigil.services.certificate import entries, signed_text
from invigil.storage import retention
from invigil.storage.database import tables as t
from invigil.storage.database.personal import PERSONAL
from invigil.storage.database.tables import metadata
from invigil.storage.database.tables_acts import candidate_act
from invigil.storage.signing import signed_by
from tests.support.clock import Clock
from tests.support.house import Json, Proctor, Running, files_under, running
from tests.support.keeping import NAME, WORDS, hold, release, well_known
from tests.support.process import command
from tests.support.s3 import Gateway, gateway
from tests.support.scripted import ScriptedEngine

PLAN = RetentionPlan(
    templates=1, stills=2, reference_photos=3, evidence=4, observations=5, records=6
)
SESSION_DAYS = 30
# When a row came to be, written down once more: the test does not ask the code it tests.
DATED = {
    DataClass.OBSERVATIONS: (
        t.observation.c.received_at,
        t.tap_look.c.at,
        t.check_in_frame.c.received_at,
    ),
    DataClass.RECORDS: (
        t.incident.c.started_at,
        t.gap.c.started_at,
        t.message.c.sent_at,
        t.event.c.at,
        t.media_event.c.at,
        candidate_act.c.at,
        t.candidate.c.joined_at,
    ),
}


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with gateway(tmp_path / "s3") as up:
        for name, value in up.environment.items():
            monkeypatch.setenv(name, value)
        yield up


@pytest.fixture
async def proctor(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session(retention_days=SESSION_DAYS)


async def sweep(house: Running, plan: RetentionPlan = PLAN, *, confirmed: bool = False) -> Swept:
    store = house.storage.store
    return await retention.sweep(
        house.storage.database, store, house.clock(), plan, confirmed=confirmed
    )


async def count(house: Running, table: sa.Table, *where: sa.ColumnElement[bool]) -> int:
    async with house.database.engine.connect() as connection:
        found = await connection.scalar(sa.select(sa.func.count()).select_from(table).where(*where))
    return int(found or 0)


async def images(house: Running) -> dict[str, str]:
    """Time and class of each image that a row knows of, by its key."""
    shown = sa.select(t.incident_evidence.c.evidence_id)
    async with house.database.engine.connect() as connection:
        rows = await connection.execute(
            sa.select(t.evidence.c.key, t.evidence.c.id.in_(shown).label("shown"))
        )
        return {row.key: "evidence" if row.shown else "reference_photos" for row in rows}


async def nothing_is_past_its_day(house: Running, stored: list[str]) -> None:
    """In no row, and in no object: `stored` are the keys of all objects, wherever they lie."""
    now = house.clock()
    for data_class, columns in DATED.items():
        day = now - timedelta(days=PLAN.days(data_class, SESSION_DAYS))
        for column in columns:
            assert await count(house, column.table, column < day) == 0, column
    known = await images(house)
    for kind in (DataClass.EVIDENCE, DataClass.REFERENCE_PHOTOS):
        day = now - timedelta(days=PLAN.days(kind, SESSION_DAYS))
        keys = [key for key, found in known.items() if found == kind]
        late = (t.evidence.c.key.in_(keys), t.evidence.c.captured_at < day)
        assert await count(house, t.evidence, *late) == 0, kind
    assert sorted(known) == [key for key in stored if key.startswith("evidence/")]
    seen = sa.func.coalesce(t.candidate.c.last_frame_at, t.candidate.c.joined_at)
    unseen = sa.select(t.candidate.c.id).where(
        seen < now - timedelta(days=PLAN.days(DataClass.TEMPLATES, SESSION_DAYS))
    )
    assert await count(house, t.template, t.template.c.candidate_id.in_(unseen)) == 0
    day = now - timedelta(days=PLAN.days(DataClass.STILLS, SESSION_DAYS))
    assert await count(house, t.candidate, seen < day, t.candidate.c.has_still) == 0
    assert len([key for key in stored if key.startswith("stills/")]) == await count(
        house, t.candidate, t.candidate.c.has_still
    )


async def live_through(house: Running, proctor: Proctor, stored: object) -> Counter[str]:
    """Two exams of which the second begins three days later, and then time until all is gone."""
    gone: Counter[str] = Counter()
    first = await proctor.open_session(retention_days=SESSION_DAYS)
    await well_known(house, proctor, first)
    await sweep(house)
    second = None
    for half_day in range(30):
        house.clock.advance(days=0.5)
        if half_day == 6:
            proctor = await house.proctor()
            second = await proctor.open_session(title="Biology", retention_days=SESSION_DAYS)
            await well_known(house, proctor, second)
        gone += Counter((await sweep(house)).counts)
        await nothing_is_past_its_day(house, stored())  # type: ignore[operator]
    assert second
    return gone


async def all_is_gone(house: Running) -> None:
    for personal in PERSONAL:
        kept = {"audit_entry", "media_room", "ticket", "legal_hold"}
        if personal.table.name not in kept:
            assert await house.rows(personal.table) == 0, personal.table.name
    stored = await house.everything_stored()
    if not house.database.is_sqlite:
        assert NAME.encode() not in stored
        assert WORDS.encode() not in stored


async def test_nothing_is_anywhere_past_its_day(scripted: Running, proctor: Proctor) -> None:
    gone = await live_through(scripted, proctor, lambda: files_under(scripted.objects))
    await all_is_gone(scripted)
    assert files_under(scripted.objects) == []
    assert set(gone) == {each.value for each in DataClass}
    on_record: Counter[str] = Counter()
    checker = AuditChecker()
    async for entry in entries(scripted.database):
        assert not list(checker.take(entry))
        if entry.action == "retention_deleted":
            on_record += Counter(json.loads(entry.detail))
    assert on_record == gone


async def test_nothing_is_past_its_day_in_a_bucket_that_was_away(
    tmp_path: Path, clock: Clock, s3: Gateway
) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url) as house:
        proctor = await house.proctor()
        session = await proctor.open_session(retention_days=SESSION_DAYS)
        forwarder = house.storage.forwarder
        assert forwarder
        await well_known(house, proctor, session)
        await nothing_is_past_its_day(house, s3.stored())
        s3.kill()
        proctor = await house.proctor()
        second = await proctor.open_session(title="Biology", retention_days=SESSION_DAYS)
        await well_known(house, proctor, second)
        spool = tmp_path / "data" / "spool"
        assert files_under(spool / "waiting")
        for _ in range(16):
            clock.advance(days=0.5)
            await sweep(house)
        assert files_under(spool / "waiting") == []
        assert files_under(spool / "stills") == []
        await all_is_gone(house)
        s3.start()
        await forwarder.step()
        assert s3.stored() == []
        assert files_under(spool / "doomed") == []


async def test_a_class_is_kept_for_less_than_the_session_says_and_never_for_more() -> None:
    plan = RetentionPlan(templates=2, evidence=40, observations=10, records=20)
    days = {each.value: plan.days(each, 15) for each in DataClass}
    assert days == {
        "templates": 2,
        "stills": 1,
        "reference_photos": 15,
        "evidence": 15,
        "observations": 10,
        "records": 15,
    }
    assert plan.days(DataClass.EVIDENCE, 365) == 20, "nothing outlives its records"


@pytest.mark.parametrize("whole_session", [True, False])
async def test_nothing_on_hold_is_deleted(
    scripted: Running, proctor: Proctor, session: Json, *, whole_session: bool
) -> None:
    ada = await well_known(scripted, proctor, session)
    ben = await scripted.enter(session, "Ben", b"me")
    held = await hold(proctor, session, None if whole_session else ada.id)
    assert (await proctor.snapshot(session))["session"]["holds"] == 1
    before = {}
    for each in PERSONAL:
        before[each.table.name] = await count(scripted, each.table, each.about(ada.id))
    photos = [path for path in files_under(scripted.objects) if ada.id in path]
    scripted.clock.advance(days=300)
    swept = await sweep(scripted, confirmed=True)
    assert bool(swept.things) is not whole_session
    for each in PERSONAL:
        left = await count(scripted, each.table, each.about(ada.id))
        assert left == before[each.table.name], each.table.name
    assert [path for path in files_under(scripted.objects) if ada.id in path] == photos
    assert await count(scripted, t.candidate, t.candidate.c.id == ben.id) == int(whole_session)
    await release(await scripted.proctor(), held)
    scripted.clock.advance(days=7)  # that consoles were told of it is an event too
    await sweep(scripted, confirmed=True)
    await all_is_gone(scripted)


@pytest.mark.parametrize("whole_session", [True, False])
async def test_a_hold_keeps_what_is_there_when_it_is_set_in_the_middle_of_a_clean_up(
    scripted: Running, proctor: Proctor, session: Json, *, whole_session: bool
) -> None:
    ada = await well_known(scripted, proctor, session)
    scripted.clock.advance(days=300)
    store = scripted.storage.store
    delete = store.delete
    found: list[str] = []

    async def held_first(key: str) -> None:
        if not found and key.startswith("evidence/"):
            proctor = await scripted.proctor()
            await hold(proctor, session, None if whole_session else ada.id)
            found.extend(await images(scripted))
        await delete(key)

    with patch.object(store, "delete", held_first):
        await sweep(scripted, confirmed=True)
    assert found
    assert sorted(await images(scripted)) == sorted(found)
    stored = [path for path in files_under(scripted.objects) if path.startswith("evidence/")]
    assert stored == sorted(found)
    assert await count(scripted, t.candidate, t.candidate.c.id == ada.id) == 1


async def test_a_clean_up_of_most_of_it_after_a_long_pause_waits_for_a_human(
    scripted: Running, proctor: Proctor, session: Json
) -> None:
    await well_known(scripted, proctor, session)
    await sweep(scripted)
    rows = {table: await scripted.rows(table) for table in metadata.sorted_tables}
    scripted.clock.advance(days=400)
    for _ in range(2):
        swept = await sweep(scripted)
        assert swept.refused is not None
        assert "--confirm" in swept.refused.words
        assert swept.refused.due * 2 > swept.refused.all
        assert swept.things == 0
        scripted.clock.advance(minutes=60)
    rows[t.audit_entry] += 1  # on record once, however often it is asked
    assert {table: await scripted.rows(table) for table in metadata.sorted_tables} == rows
    assert (await sweep(scripted, confirmed=True)).things > 0
    await all_is_gone(scripted)


async def test_a_small_part_goes_after_a_long_pause_without_asking(
    scripted: Running, proctor: Proctor, session: Json
) -> None:
    short = await proctor.open_session(title="Short", retention_days=1)
    await scripted.enter(short, "Ben", b"me")
    for name in ("Cleo", "Dan", "Eve"):
        long = await scripted.enter(session, name, b"me")
        await long.film(b"me", 60)
    await sweep(scripted, RetentionPlan())
    scripted.clock.advance(days=1.5)
    swept = await sweep(scripted, RetentionPlan())
    assert swept.refused is None
    assert await scripted.rows(t.candidate) == 3


async def test_a_server_that_cleans_up_every_day_never_asks(
    scripted: Running, proctor: Proctor, session: Json
) -> None:
    await well_known(scripted, proctor, session)
    await sweep(scripted)
    for _ in range(9):
        scripted.clock.advance(days=1)
        assert (await sweep(scripted)).refused is None
    await all_is_gone(scripted)


async def test_the_certificate_lists_what_was_deleted_and_is_signed(
    tmp_path: Path, clock: Clock
) -> None:
    at = {"INVIGIL_DATA_DIR": str(tmp_path / "data"), "INVIGIL_DISK_RESERVE_MB": "0"}
    async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session(retention_days=7)
        await well_known(house, proctor, session)
        await sweep(house)
        # The command has the real clock, for which this exam was long ago.
        code, said = await command("retention", "run", cwd=tmp_path, **at)
        assert (code, "--confirm" in said) == (1, True), said
        assert await house.rows(t.evidence) == 2
        code, said = await command("retention", "run", "--confirm", cwd=tmp_path, **at)
        assert (code, "evidence: 1 deleted" in said) == (0, True), said
        await all_is_gone(house)
    code, said = await command("retention", "certificate", cwd=tmp_path, **at)
    assert code == 0, said
    made = json.loads(said)
    deleted: Counter[str] = Counter()
    for each in made["deletions"]:
        assert each["why"] == "retention"
        deleted += Counter(each["deleted"])
    assert deleted["evidence"] == deleted["reference_photos"] == 1
    assert set(deleted) == {each.value for each in DataClass}
    assert signed_by(made["public_key"], signed_text(made), made["signature"])
    made["deletions"][0]["deleted"]["evidence"] = 99
    assert not signed_by(made["public_key"], signed_text(made), made["signature"])
