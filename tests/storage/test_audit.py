"""The audit log: what is on record, and that nothing of it can be changed unnoticed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import DBAPIError

from invigil.domain.audit import (
    START,
    Act,
    Action,
    AuditChecker,
    AuditEntry,
    Head,
    chained,
    hash_of,
)
from invigil.domain.settings_record import changed, record
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.database import tables as t
from invigil.storage.signing import Signer, signed_by
from tests.support.clock import START as NOON
from tests.support.clock import Clock
from tests.support.databases import Dialect
from tests.support.house import Json, Proctor, Running, running
from tests.support.process import command
from tests.support.scripted import ScriptedEngine


def _log(count: int, action: Action = Action.EVIDENCE_VIEWED) -> list[AuditEntry]:
    entries: list[AuditEntry] = []
    for number in range(count):
        act = Act(action, "proctor:p", NOON, "s", "c", str(number))
        entries.append(chained(act, entries[-1] if entries else None))
    return entries


def _faults(entries: Sequence[AuditEntry], known: Head | None = None) -> list[str]:
    checker = AuditChecker()
    found = [fault for entry in entries for fault in checker.take(entry, known)]
    return found + list(checker.end(known))


def test_a_log_as_it_was_written_has_no_fault() -> None:
    entries = _log(5)
    assert entries[0].previous == START
    assert _faults(entries) == []
    assert _faults([]) == []


@given(at=st.integers(0, 4), data=st.data())
def test_every_changed_field_of_every_entry_is_named(at: int, data: st.DataObject) -> None:
    entries = _log(5)
    name = data.draw(st.sampled_from(["at", "action", "actor", "session_id", "ref", "detail"]))
    entries[at] = replace(entries[at], **{name: "something else"})  # type: ignore[arg-type]
    assert f"entry {at + 1} was changed" in _faults(entries)


@given(at=st.integers(0, 3))
def test_an_entry_that_was_taken_out_is_missed(at: int) -> None:
    entries = _log(5)
    del entries[at]
    assert any("missing" in fault for fault in _faults(entries))


def test_an_entry_that_was_made_anew_breaks_the_chain_after_it() -> None:
    entries = _log(5)
    forged = replace(entries[2], ref="another")
    entries[2] = replace(forged, hash=hash_of(forged))
    assert _faults(entries) == ["entry 4 does not follow the one before it"]


def test_only_a_head_kept_elsewhere_shows_a_log_that_was_cut_or_made_anew() -> None:
    entries = _log(5)
    head = Head(5, entries[-1].hash, "now")
    assert _faults(entries, head) == []
    assert _faults(entries[:3]) == []
    assert _faults(entries[:3], head) == ["entries 4 to 5 are missing at the end"]
    anew: list[AuditEntry] = []
    for number in range(6):
        anew.append(
            chained(Act(Action.SIGNED_IN, "x", NOON, ref=str(number)), anew[-1] if anew else None)
        )
    assert _faults(anew) == []
    assert _faults(anew, head) == ["entry 5 is not the one that was signed"]


def test_a_signature_is_of_one_key_and_one_text(tmp_path: Path) -> None:
    signer, other = Signer(tmp_path / "a"), Signer(tmp_path / "b")
    signature = signer.sign(b"text")
    assert signed_by(signer.public_key, b"text", signature)
    assert signed_by(Signer(tmp_path / "a").public_key, b"text", signature)
    assert not signed_by(signer.public_key, b"another text", signature)
    assert not signed_by(other.public_key, b"text", signature)
    assert not signed_by("not a key", b"text", signature)
    assert not signed_by(signer.public_key, b"text", "not a signature")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600


async def _entries(database: Database) -> Sequence[AuditEntry]:
    async with database.read() as work:
        return await work.audit.after(0, 1000)


async def test_what_people_do_and_see_is_on_record(
    scripted: Running, proctor: Proctor, session: Json
) -> None:
    ada = await scripted.enter(session, "Ada", b"me")
    await ada.film(b"two", 3)
    (incident,) = await proctor.incidents(session)
    assert (await proctor.client.get(incident["evidence"][0]["url"])).status_code == 200
    await proctor.client.get(f"/api/v1/candidates/{ada.id}/reference-photo")
    await proctor.decide(incident, "dismissed")
    await proctor.client.delete(f"/api/v1/incidents/{incident['id']}/decisions/latest")
    await proctor.client.post(f"/api/v1/sessions/{session['id']}/close")

    entries = await _entries(scripted.database)
    assert _faults(entries) == []
    assert entries[0].action == "server_started"
    done = [entry.action for entry in entries]
    # A restart of the server and of the socket are on record each time.
    assert [each for each in done if each not in {"console_opened", "server_started"}] == [
        "signed_in",
        "session_created",
        "consent_given",
        "evidence_viewed",
        "reference_photo_viewed",
        "incident_decided",
        "decision_undone",
        "session_closed",
    ]
    started = json.loads(entries[0].detail)
    assert started["vision"] == "default"
    assert "blazeface" in started["models"]
    viewed = next(entry for entry in entries if entry.action == "evidence_viewed")
    assert viewed.actor.startswith("organiser:")
    assert viewed.session_id == session["id"]
    assert viewed.candidate_id == ada.id
    assert viewed.ref == incident["evidence"][0]["id"]
    everything = "".join(str(entry) for entry in entries)
    assert "Ada" not in everything
    assert session["title"] not in everything


async def test_what_was_rolled_back_is_not_on_record(scripted: Running) -> None:
    before = len(await _entries(scripted.database))
    act = Act(Action.SESSION_CLOSED, "test", NOON)

    async def fail(work: UnitOfWork) -> None:
        work.audit.note(act)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await scripted.database.write(fail)
    with pytest.raises(ZeroDivisionError):
        async with scripted.database.begin() as work:
            await fail(work)
    assert len(await _entries(scripted.database)) == before


async def test_many_who_write_at_once_make_one_chain(scripted: Running) -> None:
    async def note(number: int) -> None:
        act = Act(Action.EVIDENCE_VIEWED, f"proctor:{number}", NOON)
        if number % 2:
            async with scripted.database.begin() as work:
                work.audit.note(act)
            return

        async def unit(work: UnitOfWork) -> None:
            work.audit.note(act)

        await scripted.database.write(unit)

    before = len(await _entries(scripted.database))
    await asyncio.gather(*(note(number) for number in range(50)))
    entries = await _entries(scripted.database)
    assert len(entries) == before + 50
    assert _faults(entries) == []


@pytest.mark.parametrize(
    "change", [t.audit_entry.update().values(actor="nobody"), t.audit_entry.delete()]
)
async def test_the_database_itself_refuses_to_change_an_entry(
    scripted: Running, change: sa.Executable
) -> None:
    async with scripted.database.engine.connect() as connection:
        with pytest.raises(DBAPIError, match="only ever added to"):
            await connection.execute(change)
    assert await _entries(scripted.database)


async def test_the_log_is_checked_from_the_command_line(
    tmp_path: Path, clock: Clock, dialect: object
) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        chosen = {"INVIGIL_DATA_DIR": str(data)}
        if url := house.config.database_url:
            chosen["INVIGIL_DATABASE_URL"] = url.get_secret_value()
        await (await house.proctor()).open_session()
        code, said = await command("audit", "verify", cwd=tmp_path, **chosen)
        assert (code, said) == (0, "All 3 entries are as they were written.\n")
        code, head = await command("audit", "head", cwd=tmp_path, **chosen)
        assert code == 0, head
        kept = tmp_path / "head.json"
        kept.write_text(head)
        code, said = await command("audit", "verify", "--head", str(kept), cwd=tmp_path, **chosen)
        assert code == 0, said

        await _tamper(house.database)
        code, said = await command("audit", "verify", cwd=tmp_path, **chosen)
        assert code == 1
        assert "entry 2 was changed" in said
        kept.write_text(head.replace('"seq": 3', '"seq": 2'))
        code, said = await command("audit", "verify", "--head", str(kept), cwd=tmp_path, **chosen)
        assert code == 1
        assert "was changed" in said


async def _tamper(database: Database) -> None:
    """As somebody does who owns the database: triggers are no obstacle then."""
    async with database.engine.begin() as connection:
        if database.is_sqlite:
            await connection.execute(sa.text("DROP TRIGGER audit_entry_no_update"))
        else:
            await connection.execute(sa.text("ALTER TABLE audit_entry DISABLE TRIGGER ALL"))
        await connection.execute(
            t.audit_entry.update().where(t.audit_entry.c.seq == 2).values(actor="nobody")
        )


def test_a_record_of_settings_tells_which_changed_and_not_what_they_are() -> None:
    first = record({"port": "8000", "host": "north-4711"})
    second = record({"port": "8001", "host": "north-4711", "more": "x"})
    assert "4711" not in str(first)
    assert changed(first, first) == ""
    assert changed(first, second) == "more,port"
    assert changed({}, second) == ""
    assert first["settings_sha256"] != second["settings_sha256"]


async def test_each_start_says_which_settings_are_others_than_before(
    tmp_path: Path, clock: Clock, dialect: Dialect
) -> None:
    chosen: list[dict[str, Any]] = [
        {},
        {},
        {"login_hours": 7, "metrics_token": "north-4711-secret"},
    ]
    said = []
    for settings in chosen:
        async with running(tmp_path / "data", clock, ScriptedEngine(), **settings) as house:
            async with house.database.read() as work:
                entry = await work.audit.last_of([Action.SERVER_STARTED])
            assert entry
            assert "4711" not in entry.detail
            assert "metrics_token" not in entry.detail
            said.append(json.loads(entry.detail)["settings_changed"])
    assert said == ["", "", "login_hours"]
