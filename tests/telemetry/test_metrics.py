"""The numbers: that they are right, that they name nobody, and who may read them."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from invigil.domain.incident import IncidentKind
from invigil.domain.telemetry import FrameOutcome, Part
from invigil.monitoring.load import NotAnalysed
from invigil.settings import Settings
from tests.support.clock import Clock
from tests.support.house import Running, read, refused, running
from tests.support.metrics import TOKEN, Scrape, scrape
from tests.support.ports import free_port
from tests.support.process import served
from tests.support.scripted import ScriptedEngine
from tests.support.server import console, exam_page, serving

LABELS = {
    "invigil_build_info": {"version", "provider"},
    "invigil_frames_total": {"outcome"},
    "invigil_incidents_opened_total": {"kind"},
    "invigil_errors_total": {"code"},
    "invigil_verdict_seconds_bucket": {"le"},
    "invigil_part_up": {"part"},
    "invigil_live_video_up": {"provider"},
}


@pytest.fixture
async def metered(tmp_path: Path, clock: Clock, dialect: object) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", clock, ScriptedEngine(), metrics_token=TOKEN) as house:
        yield house


async def test_every_frame_is_counted_by_how_it_ended(metered: Running) -> None:
    proctor = await metered.proctor()
    session = await proctor.open_session()
    ada = await metered.enter(session, face=b"me")
    for _ in range(3):
        await ada.frame(b"me")
    assert (await ada.send(b"no picture")).status_code == 422
    read(await ada.post("leave"))
    assert (await ada.send(b"me")).status_code == 409
    found = await scrape(await metered.client())
    counted = {
        each.value: found.value("invigil_frames_total", outcome=each) for each in FrameOutcome
    }
    assert counted == {"recorded": 3, "not_looked_at": 0, "refused": 2, "failed": 0}
    assert found.value("invigil_verdict_seconds_count") == 3
    assert found.value("invigil_verdict_seconds_bucket", le="+Inf") == 3
    assert found.value("invigil_verdict_seconds_sum") > 0
    assert found.value("invigil_errors_total", code="image_broken") == 1


async def test_a_frame_for_which_there_was_no_time_is_not_called_recorded(
    tmp_path: Path, clock: Clock
) -> None:
    busy = ScriptedEngine()
    async with running(tmp_path / "data", clock, busy, metrics_token=TOKEN) as house:
        session = await (await house.proctor()).open_session()
        ada = await house.enter(session, face=b"me")

        def refuse() -> None:
            raise NotAnalysed

        busy.before = refuse
        assert read(await ada.send(b"me"))["observation"] is None
        found = await scrape(await house.client())
    assert found.value("invigil_frames_total", outcome="not_looked_at") == 1
    assert found.value("invigil_frames_total", outcome="recorded") == 0


async def test_incidents_are_counted_once_each_when_they_are_on_record(metered: Running) -> None:
    proctor = await metered.proctor()
    session = await proctor.open_session()
    ada = await metered.enter(session, face=b"me")
    await ada.film(b"two", 6)
    ben = await metered.enter(session, "Ben", face=b"me")
    await ben.frame(b"me")
    await metered.tick(60)
    on_record = [each["kind"] for each in await proctor.incidents(session)]
    assert "multiple_faces" in on_record
    assert "camera_lost" in on_record
    found = await scrape(await metered.client())
    for kind in IncidentKind:
        counted = found.value("invigil_incidents_opened_total", kind=kind.value)
        assert counted == on_record.count(kind.value), kind


async def test_a_full_disk_is_counted_as_the_servers_failure(tmp_path: Path, clock: Clock) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine(), metrics_token=TOKEN) as house:
        session = await (await house.proctor()).open_session()
        ada = await house.enter(session, face=b"me")
        before = await scrape(await house.client())
        with sqlite3.connect(tmp_path / "data" / "invigil.db", isolation_level=None) as other:
            # Somebody who writes and does not end: nothing can be recorded meanwhile.
            other.execute("BEGIN IMMEDIATE")
            answer = await ada.send(b"me")
            other.execute("ROLLBACK")
        other.close()
        assert answer.status_code == 503
        found = await scrape(await house.client())
    assert before.value("invigil_frames_total", outcome="failed") == 0
    assert found.value("invigil_frames_total", outcome="failed") == 1
    assert found.value("invigil_errors_total", code="unavailable") == 1


async def people(house: Running, several: int) -> Scrape:
    proctor = await house.proctor()
    session = await proctor.open_session(title=f"Canary exam {several}")
    for number in range(several):
        ada = await house.enter(session, f"Canaria {number}", face=b"me")
        await ada.film(b"two", 4)
        await ada.send(b"no picture")
        await ada.client.get(f"/api/v1/evidence/{ada.id}")
    return await scrape(await house.client())


async def test_series_do_not_grow_with_people_and_name_nobody(metered: Running) -> None:
    few = await people(metered, 1)
    many = await people(metered, 4)
    assert few.series == many.series
    names = {"python_info"} | {name for name in many.names if name.startswith("process_")}
    for name, labels in many.series:
        assert {label for label, _ in labels} == LABELS.get(name, set()), name
        assert name.startswith("invigil_") or name in names, name
    async with metered.database.read() as work:
        everybody = [
            each
            for session in await work.sessions.all()
            for each in await work.candidates.of_session(session.id)
        ]
    assert len(everybody) == 5
    for each in everybody:
        for secret in (each.id, each.session_id, each.name, "anaria", "anary"):
            assert secret not in many.text


async def test_the_state_of_the_server_is_told(metered: Running) -> None:
    found = await scrape(await metered.client())
    for part in Part:
        assert found.value("invigil_part_up", part=part.value) == 1
    assert found.value("invigil_workers_alive") == found.value("invigil_workers_wanted") >= 1
    assert found.value("invigil_interval_stretch") == 1
    assert found.value("invigil_frame_queue_length") == 0
    assert found.value("invigil_evidence_waiting") == 0
    assert found.value("invigil_draining") == 0
    assert found.value("process_resident_memory_bytes") > 1_000_000


async def test_connected_pages_are_counted_by_role(tmp_path: Path, clock: Clock) -> None:
    async with serving(tmp_path / "data", clock, ScriptedEngine(), metrics_token=TOKEN) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.enter(session, face=b"me")
        async with await console(house, proctor, session), await exam_page(house, ada):
            open_pages = await scrape(await house.client())
    assert open_pages.value("invigil_connected_consoles") == 1
    assert open_pages.value("invigil_connected_candidates") == 1


async def test_without_a_token_in_the_settings_there_is_nothing(scripted: Running) -> None:
    client = await scripted.client({"Authorization": f"Bearer {TOKEN}"})
    refused(await client.get("/metrics"), 404, "not_found")


@pytest.mark.parametrize("sent", ["", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN])
async def test_only_the_token_opens_it(metered: Running, sent: str) -> None:
    client = await metered.client({"Authorization": sent} if sent else None)
    refused(await client.get("/metrics"), 401, "not_signed_in")
    refused(await client.get("/metrics", params={"token": TOKEN}), 401, "not_signed_in")


def test_a_token_that_can_be_guessed_is_refused_without_repeating_it() -> None:
    with pytest.raises(ValidationError) as error:
        Settings(_env_file=None, metrics_token="short-canary")
    assert "16 characters" in str(error.value)
    assert "short-canary" not in str(error.value)
    assert Settings(_env_file=None, metrics_token="").metrics_token is None


async def test_a_real_server_tells_of_its_workers(tmp_path: Path) -> None:
    """Worker processes, process metrics, the content type: as Prometheus meets them."""
    chosen = {"INVIGIL_METRICS_TOKEN": TOKEN, "INVIGIL_ANALYSIS_WORKERS": "1"}
    async with served(tmp_path / "data", free_port(), **chosen) as up, up.client() as client:
        found = await scrape(client)
        answer = await client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert found.value("invigil_workers_wanted") == 1
    assert found.value("invigil_workers_alive") == 1
    assert found.value("invigil_workers_replaced_total") == 0
    assert found.value("process_open_fds") > 3
