"""What one person may ask for: everything that is kept about them, and that it goes for good."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from invigil.storage.database import tables as t
from invigil.storage.database.personal import ABOUT_NOBODY, PERSONAL, Personal
from invigil.storage.database.tables import metadata
from invigil.storage.evidence.store import Owner
from tests.storage.imgur_exam import Exam, serving
from tests.support.clock import Clock
from tests.support.house import (
    Candidate,
    Json,
    Proctor,
    Running,
    files_under,
    read,
    refused,
    running,
)
from tests.support.imgur import Imgur
from tests.support.keeping import NAME, WORDS, hold, release, well_known
from tests.support.process import command
from tests.support.s3 import gateway
from tests.support.scripted import ScriptedEngine


@pytest.fixture
async def proctor(scripted: Running) -> Proctor:
    return await scripted.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session()


@pytest.fixture
async def ada(scripted: Running, proctor: Proctor, session: Json) -> Candidate:
    return await well_known(scripted, proctor, session)


async def rows_about(house: Running, personal: Personal, candidate_id: str) -> list[Any]:
    wanted = sa.select(personal.table).where(personal.about(candidate_id))
    async with house.database.engine.connect() as connection:
        return list((await connection.execute(wanted)).mappings())


async def erase(proctor: Proctor, candidate: Candidate) -> Json:
    return read(await proctor.client.delete(f"/api/v1/candidates/{candidate.id}"))


async def exported(proctor: Proctor, candidate: Candidate) -> dict[str, bytes]:
    answer = await proctor.client.get(f"/api/v1/candidates/{candidate.id}/export")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_table_is_about_a_candidate_or_about_nobody() -> None:
    """A new table fails here until export, erasure and retention know what to do with it."""
    listed = [each.table.name for each in PERSONAL] + list(ABOUT_NOBODY)
    assert sorted(listed) == sorted(metadata.tables)
    for name in ABOUT_NOBODY:
        columns = metadata.tables[name].columns.keys()
        assert not {"candidate_id", "participant_id", "actor_id"} & set(columns), name


async def test_there_is_something_about_this_person_in_every_table(
    scripted: Running, ada: Candidate
) -> None:
    """Or the tests below would prove nothing."""
    for personal in PERSONAL:
        assert await rows_about(scripted, personal, ada.id), personal.table.name


async def test_an_export_has_every_row_of_every_table(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await scripted.enter(session, "Somebody Else", b"me")
    files = await exported(proctor, ada)
    data = json.loads(files["data.json"])
    for personal in PERSONAL:
        rows = await rows_about(scripted, personal, ada.id)
        given = data[personal.table.name]
        assert len(given) == len(rows) > 0, personal.table.name
        for row, out in zip(_sorted(rows), _sorted(given), strict=True):
            shown = set(row) - set(personal.withheld)
            assert set(out) == shown
            for name in shown:
                assert out[name] == (
                    row[name].isoformat() if hasattr(row[name], "isoformat") else row[name]
                )
    assert "Somebody Else" not in files["data.json"].decode()
    evidence = {f"pictures/{row['id']}.jpg" for row in data["evidence"]}
    assert set(files) == {"README.txt", "data.json", "pictures/still.jpg"} | evidence
    assert files["pictures/still.jpg"] == b"me"
    assert {files[each] for each in evidence} == {b"me", b"two"}
    for words in (NAME, "template.vectors", "observation.comparison_score"):
        assert words in files["README.txt"].decode()


def _sorted(rows: Any) -> list[Any]:
    return sorted(rows, key=lambda row: str([row[k] for k in sorted(row) if k in KEYS]))


KEYS = {"id", "seq", "incident_id", "evidence_id", "kind", "provider", "event_id", "expires_at"}


async def test_no_template_and_no_score_is_given_out(
    scripted: Running, proctor: Proctor, ada: Candidate
) -> None:
    data = json.loads((await exported(proctor, ada))["data.json"])
    text = json.dumps(data)
    assert "vectors" not in text
    assert "0.4321" not in text
    assert ada.token not in text


async def test_after_erasure_nothing_is_left_anywhere(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    ben = await scripted.enter(session, "Ben", b"me")
    assert NAME.encode() in await scripted.everything_stored()
    assert WORDS.encode() in await scripted.everything_stored()
    await ada.post("leave")
    orphan = scripted.objects / f"evidence/{session['id']}/{ada.id}/of-a-crash.jpg"
    orphan.write_bytes(b"no row knows it")
    erased = await erase(proctor, ada)
    assert erased["objects"] >= 2
    assert not erased["later"]
    for personal in PERSONAL:
        left = await rows_about(scripted, personal, ada.id)
        assert bool(left) is (personal.table is t.audit_entry), personal.table.name
    stored = await scripted.everything_stored()
    for canary in (NAME.encode(), WORDS.encode()):
        assert canary not in stored
    assert [path for path in files_under(scripted.objects.parent) if ada.id in path] == []
    assert (await ada.client.get("/api/v1/candidates/me")).status_code == 401
    assert (await ben.client.get("/api/v1/candidates/me")).status_code == 200
    snapshot = await proctor.snapshot(session)
    assert [each["id"] for each in snapshot["candidates"]] == [ben.id]
    answer = await proctor.client.delete(f"/api/v1/candidates/{ada.id}")
    refused(answer, 404, "not_found")


async def test_the_log_says_that_somebody_was_erased_and_still_holds(
    tmp_path: Path, clock: Clock
) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await well_known(house, proctor, session)
        await ada.post("leave")
        await erase(proctor, ada)
        async with house.database.read() as work:
            last = await work.audit.last()
        assert last is not None
        assert (last.action, last.candidate_id) == ("candidate_erased", ada.id)
    at = {"INVIGIL_DATA_DIR": str(tmp_path / "data")}
    code, said = await command("audit", "verify", cwd=tmp_path, **at)
    assert (code, "as they were written" in said) == (0, True)


async def test_nobody_is_erased_in_the_middle_of_an_exam(
    scripted: Running, proctor: Proctor, ada: Candidate
) -> None:
    answer = await proctor.client.delete(f"/api/v1/candidates/{ada.id}")
    refused(answer, 409, "still_in_room")
    assert (await ada.me())["state"] == "in_room"


@pytest.mark.parametrize("whole_session", [True, False])
async def test_nobody_is_erased_while_there_is_a_hold(
    scripted: Running, proctor: Proctor, session: Json, ada: Candidate, *, whole_session: bool
) -> None:
    await ada.post("leave")
    held = await hold(proctor, session, None if whole_session else ada.id)
    answer = await proctor.client.delete(f"/api/v1/candidates/{ada.id}")
    refused(answer, 409, "on_hold")
    async with scripted.database.read() as work:
        await work.keys.key_of(ada.id)  # its key is still there
    await release(proctor, held)
    await erase(proctor, ada)


async def test_both_are_done_from_the_command_line_beside_the_server(
    tmp_path: Path, clock: Clock
) -> None:
    at = {"INVIGIL_DATA_DIR": str(tmp_path / "data"), "INVIGIL_DISK_RESERVE_MB": "0"}
    async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        ada = await well_known(house, proctor, await proctor.open_session())
        await ada.post("leave")
        code, said = await command("export-candidate", ada.id, cwd=tmp_path, **at)
        assert code == 0, said
        made = tmp_path / f"candidate-{ada.id}.zip"
        assert made.stat().st_mode & 0o777 == 0o600
        with zipfile.ZipFile(made) as archive:
            assert json.loads(archive.read("data.json"))["candidate"][0]["name"] == NAME
        code, said = await command("export-candidate", ada.id, cwd=tmp_path, **at)
        assert (code, "not overwritten" in said) == (1, True)
        held = await command("hold", "set", ada.id, "--reason", "Case 8", cwd=tmp_path, **at)
        assert held[0] == 0, held[1]
        code, said = await command("erase", ada.id, "--yes", cwd=tmp_path, **at)
        assert (code, "legal hold" in said) == (1, True)
        code, said = await command("hold", "list", cwd=tmp_path, **at)
        assert "Case 8" in said
        await command("hold", "release", said.split()[0], cwd=tmp_path, **at)
        assert "Nothing" in (await command("hold", "list", cwd=tmp_path, **at))[1]
        code, said = await command("erase", ada.id, "--yes", cwd=tmp_path, **at)
        assert (code, "Erased" in said) == (0, True), said
        assert NAME.encode() not in await house.everything_stored()
    assert [path for path in files_under(tmp_path / "data") if ada.id in path] == []


async def test_erasure_reaches_a_bucket_and_what_waits_for_it(
    tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with gateway(tmp_path / "s3") as s3:
        for name, value in s3.environment.items():
            monkeypatch.setenv(name, value)
        async with running(
            tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url
        ) as house:
            proctor = await house.proctor()
            session = await proctor.open_session()
            ada = await well_known(house, proctor, session)
            ben = await house.enter(session, "Ben", b"me")
            orphan = s3.folder / f"evidence/{session['id']}/{ada.id}/of-a-crash.jpg"
            orphan.write_bytes(b"no row knows it")
            aside = tmp_path / "data" / "spool" / "damaged"
            s3.kill()
            await ada.film(b"two", 12)
            await ada.post("leave")
            spool = tmp_path / "data" / "spool"
            (waiting,) = [path for path in files_under(spool / "waiting") if ada.id in path]
            aside.mkdir()
            (aside / Path(waiting).name).write_bytes(b"set aside")
            assert (await erase(proctor, ada))["later"]
            left = [path for path in files_under(spool) if not path.startswith("doomed/")]
            assert [path for path in left if ada.id in path or "damaged" in path] == []
            s3.start()
            assert house.storage.forwarder
            await house.storage.forwarder.step()
            # What no row knew could not be listed; nobody has its key any more.
            left = [key for key in s3.stored() if ada.id in key]
            assert left == [orphan.relative_to(s3.folder).as_posix()]
            assert [key for key in s3.stored() if ben.id in key]
            await house.storage.store.delete_all_of(Owner(session["id"], ada.id))
            assert [key for key in s3.stored() if ada.id in key] == []


async def test_erasure_deletes_pictures_at_imgur_by_their_receipts(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.misbehave()
        await exam.step()
        assert len(imgur.pictures) == 2
        await exam.ada.post("leave")
        await erase(exam.proctor, exam.ada)
        await exam.step()
        assert imgur.pictures == {}
        assert [path for path in files_under(tmp_path / "data") if exam.ada.id in path] == []
