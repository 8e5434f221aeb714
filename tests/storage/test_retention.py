"""What is kept is deleted: by the session's own number of days, and at the end of an exam."""

from __future__ import annotations

from datetime import timedelta

import pytest

from invigil.clock import system_clock
from invigil.domain.tap import TapLook
from invigil.storage import retention
from invigil.storage.database import tables as t
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.local import LocalShelf
from invigil.storage.evidence.orphans import sweep_orphans
from tests.support.house import Candidate, Json, Proctor, Running, files_under
from tests.support.sealing import KeysOfTests

PERSONAL = (t.candidate, t.observation, t.evidence, t.incident, t.message, t.template, t.gap)


@pytest.fixture
async def proctor(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session(retention_days=7)


@pytest.fixture
async def ada(scripted: Running, session: Json) -> Candidate:
    ada = await scripted.enter(session, face=b"me")
    await ada.post("messages", {"text": "May I use a ruler?"})
    return ada


def store_of(house: Running) -> EvidenceStore:
    return EvidenceStore(LocalShelf(house.objects, 0), KeysOfTests())


async def sweep(house: Running) -> int:
    """Somebody has looked at the clock: it jumps by days in these tests."""
    swept = await retention.sweep(house.database, store_of(house), house.clock(), confirmed=True)
    return swept.things


async def test_everything_goes_on_its_day_and_not_before(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.film(b"two", 3)
    await proctor.decide((await proctor.incidents(session))[0], "dismissed")
    await proctor.client.post(f"/api/v1/sessions/{session['id']}/close")
    scripted.clock.advance(days=6.9)
    assert await sweep(scripted) == 0
    assert len(files_under(scripted.objects)) == 2
    scripted.clock.advance(days=0.2)
    assert await sweep(scripted) > 0
    assert files_under(scripted.objects) == []
    for table in (*PERSONAL, t.exam_session, t.event, t.review_decision):
        assert await scripted.rows(table) == 0, table.name


async def test_each_session_has_its_own_number_of_days(
    scripted: Running, proctor: Proctor, ada: Candidate
) -> None:
    longer = await proctor.open_session(title="Biology", retention_days=30)
    ben = await scripted.enter(longer, "Ben", b"me")
    scripted.clock.advance(days=8)
    await sweep(scripted)
    snapshot = await (await scripted.proctor()).snapshot(longer)  # the old log-in is over
    assert [each["id"] for each in snapshot["candidates"]] == [ben.id]
    assert (await ada.client.get("/api/v1/candidates/me")).status_code == 401
    assert (await ben.client.get("/api/v1/candidates/me")).status_code == 200


async def test_an_open_session_stays_when_its_old_records_go(
    scripted: Running, ada: Candidate
) -> None:
    await ada.post("leave")
    scripted.clock.advance(days=8)
    await sweep(scripted)
    assert await scripted.rows(t.exam_session) == 1
    assert await scripted.rows(t.candidate) == 0


async def test_a_sweep_that_was_cut_off_is_finished_by_the_next(
    scripted: Running, session: Json, ada: Candidate
) -> None:
    """The rows are gone and the objects are not, as after a crash in between."""
    await ada.film(b"two", 3)
    scripted.clock.advance(days=8)
    left = {path: (scripted.objects / path).read_bytes() for path in files_under(scripted.objects)}
    await sweep(scripted)
    assert await scripted.rows(t.evidence) == 0
    for path, image in left.items():
        (scripted.objects / path).parent.mkdir(parents=True, exist_ok=True)
        (scripted.objects / path).write_bytes(image)
    later = system_clock() + timedelta(hours=2)
    await sweep_orphans(scripted.database, store_of(scripted).shelf, later)
    assert files_under(scripted.objects) == []


async def test_template_and_still_go_when_the_candidate_leaves(
    scripted: Running, session: Json, ada: Candidate
) -> None:
    await ada.frame(b"me")
    assert await scripted.rows(t.template) == 2
    still = f"stills/{session['id']}/{ada.id}.jpg"
    assert still in files_under(scripted.objects)
    await ada.post("leave")
    assert await scripted.rows(t.template) == 0
    assert still not in files_under(scripted.objects)


async def test_templates_and_stills_go_when_the_session_is_closed(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await ada.frame(b"me")
    half_way = await scripted.join(session, "Ben")
    await half_way.check_in(b"me")
    await proctor.client.post(f"/api/v1/sessions/{session['id']}/close")
    assert await scripted.rows(t.template) == 0
    left = files_under(scripted.objects)
    assert [path for path in left if path.startswith("stills/")] == []


async def test_a_finished_check_in_keeps_no_still_for_those_who_never_enter(
    scripted: Running, session: Json
) -> None:
    ben = await scripted.join(session, "Ben")
    await ben.check_in(b"me")
    scripted.clock.advance(days=8)
    await sweep(scripted)
    assert files_under(scripted.objects) == []
    assert await scripted.rows(t.template) == 0


async def test_observations_go_in_batches_down_to_the_last(
    scripted: Running, ada: Candidate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        await ada.frame(b"me")
    scripted.clock.advance(days=8)
    assert await sweep(scripted) >= 5
    assert await scripted.rows(t.observation) == 0


async def test_looks_at_live_video_go_on_their_own_day(
    scripted: Running, session: Json, ada: Candidate
) -> None:
    start = scripted.clock.now
    async with scripted.database.begin() as work:
        for number, day in enumerate((0, 5)):
            look = TapLook(f"{number:032}", start + timedelta(days=day), None if day else 0.25)
            await work.tap.add(ada.id, look)
    scripted.clock.advance(days=6)
    await ada.send(b"me")
    scripted.clock.advance(days=2)
    assert await sweep(scripted) > 0
    async with scripted.database.read() as work:
        (left,) = await work.tap.recent(ada.id, start)
    assert left == TapLook(f"{1:032}", start + timedelta(days=5), None)
    scripted.clock.advance(days=6)
    await sweep(scripted)
    assert await scripted.rows(t.tap_look) == 0


async def test_a_session_that_cannot_be_swept_does_not_stop_the_others(
    scripted: Running, proctor: Proctor, ada: Candidate
) -> None:
    """Where an object should be there is a folder with something in it: it cannot be deleted."""
    other = await proctor.open_session(title="Biology", retention_days=7)
    ben = await scripted.enter(other, "Ben", b"me")
    (photo,) = (scripted.objects / f"evidence/{other['id']}/{ben.id}").iterdir()
    photo.unlink()
    (photo / "in the way").mkdir(parents=True)
    scripted.clock.advance(days=8)
    assert await sweep(scripted) > 0
    assert await scripted.rows(t.candidate) == 1
