"""Backup, restore and moving: everything arrives, and nothing is ever overwritten."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import stat
import sys
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from invigil import db_commands
from invigil.domain.errors import MaintenanceRefused
from invigil.storage.database import Database
from invigil.storage.database import tables as t
from invigil.storage.database.engine import sqlite_url
from invigil.storage.maintenance.tally import tally_all
from tests.support.clock import Clock
from tests.support.databases import Dialect
from tests.support.house import Candidate, Json, files_under, read, running
from tests.support.postgres import PASSWORD, Cluster
from tests.support.process import command
from tests.support.scripted import ScriptedEngine


class Filled:
    """An installation with a sitting in it, and what a console saw of it."""

    def __init__(self, data: Path, url: str | None, session: Json, token: str) -> None:
        self.data = data
        self.chosen = {"INVIGIL_DATA_DIR": str(data)}
        if url:
            self.chosen["INVIGIL_DATABASE_URL"] = url
        self.session = session
        self.token = token


@pytest.fixture
async def filled(tmp_path: Path, clock: Clock, dialect: Dialect) -> Filled:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session(title="Größenlehre 数学")
        ada = await house.enter(session, "Ada Ünïcode", b"me")
        await ada.film(b"two", 3)
        await ada.post("messages", {"text": "May I use a ruler?"})
        await proctor.decide((await proctor.incidents(session))[0], "dismissed")
        return Filled(data, dialect.url(data), session, ada.token)


async def sees_everything(data: Path, clock: Clock, filled: Filled, **chosen: str) -> None:
    """A server there knows the session, its incident with the photo, and the candidate."""
    async with running(data, clock, ScriptedEngine(), **chosen) as house:
        proctor = await house.proctor()
        snapshot = await proctor.snapshot(filled.session)
        assert snapshot["session"]["title"] == "Größenlehre 数学"
        (incident,) = snapshot["incidents"]
        assert incident["decision"]["decision"] == "dismissed"
        (evidence,) = incident["evidence"]
        photo = await proctor.client.get(evidence["url"])
        assert hashlib.sha256(photo.content).hexdigest() == evidence["sha256"]
        client = await house.client({"Authorization": f"Bearer {filled.token}"})
        ada = Candidate(client, clock, "", filled.token)
        read(await ada.send(b"me"))


async def test_a_backup_brings_everything_back_elsewhere(
    tmp_path: Path, clock: Clock, dialect: Dialect, filled: Filled
) -> None:
    archive = tmp_path / "backup.tar"
    code, said = await command("db", "backup", str(archive), cwd=tmp_path, **filled.chosen)
    assert code == 0, said
    assert "Keep a copy of" in said
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    with tarfile.open(archive) as file:
        names = file.getnames()
        assert names[-1] == "manifest.json"
        assert not {"secret.key", "master.key"} & set(names)
        note = file.extractfile("KEY.txt")
        assert note
        assert b"NOT in this archive" in note.read()
    images = [name.removeprefix("objects/") for name in names if name.startswith("objects/")]
    assert sorted(images) == files_under(filled.data / "objects")

    other = tmp_path / "other"
    chosen = {"INVIGIL_DATA_DIR": str(other)}
    if url := dialect.empty(other):
        chosen["INVIGIL_DATABASE_URL"] = url
    code, said = await command("db", "restore", str(archive), cwd=tmp_path, **chosen)
    assert code == 0, said
    restored = {"database_url": url} if url else {}
    (other / "master.key").write_bytes((filled.data / "master.key").read_bytes())
    await sees_everything(other, clock, filled, **restored)
    # Now it is in use: once more is refused, and harms nothing.
    code, said = await command("db", "restore", str(archive), cwd=tmp_path, **chosen)
    assert code == 1
    assert "nothing was restored" in said
    assert "Traceback" not in said
    await sees_everything(other, clock, filled, **restored)


@pytest.mark.sqlite_only
async def test_a_backup_while_the_server_writes_is_of_one_moment(
    tmp_path: Path, clock: Clock, filled: Filled
) -> None:
    async with running(filled.data, clock, ScriptedEngine()) as house:
        client = await house.client({"Authorization": f"Bearer {filled.token}"})
        ada = Candidate(client, clock, "", filled.token)
        for number in range(3):
            await ada.frame(b"me %d" % number)
            archive = tmp_path / f"{number}.tar"
            code, said = await command("db", "backup", str(archive), cwd=tmp_path, **filled.chosen)
            assert code == 0, said
            (tmp_path / str(number)).mkdir()
            with tarfile.open(archive) as file:
                content = file.extractfile("database.sqlite3")
                assert content is not None
                (tmp_path / str(number) / "database.sqlite3").write_bytes(content.read())
            with closing(sqlite3.connect(tmp_path / str(number) / "database.sqlite3")) as copy:
                assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                (rows,) = copy.execute("SELECT count(*) FROM observation").fetchone()
            assert rows == await house.rows(t.observation)


@pytest.mark.sqlite_only
async def test_the_key_comes_along_when_asked_for(tmp_path: Path, filled: Filled) -> None:
    archive, other = tmp_path / "backup.tar", tmp_path / "other"
    code, said = await command(
        "db", "backup", str(archive), "--with-key", cwd=tmp_path, **filled.chosen
    )
    assert code == 0, said
    chosen = {"INVIGIL_DATA_DIR": str(other)}
    code, said = await command("db", "restore", str(archive), cwd=tmp_path, **chosen)
    assert code == 0, said
    for name in ("secret.key", "master.key"):
        assert (other / name).read_bytes() == (filled.data / name).read_bytes()
        assert (other / name).stat().st_mode == (filled.data / name).stat().st_mode


@pytest.mark.sqlite_only
@pytest.mark.parametrize("damage", ["cut", "changed", "nothing"])
async def test_a_damaged_backup_restores_nothing(
    tmp_path: Path, filled: Filled, damage: str
) -> None:
    archive, other = tmp_path / "backup.tar", tmp_path / "other"
    await command("db", "backup", str(archive), cwd=tmp_path, **filled.chosen)
    content = archive.read_bytes()
    title = "Größenlehre".encode()
    assert title in content
    archive.write_bytes(
        {
            "cut": content[: len(content) // 2],
            "changed": content.replace(title, title[::-1]),
            "nothing": b"",
        }[damage]
    )
    chosen = {"INVIGIL_DATA_DIR": str(other)}
    code, said = await command("db", "restore", str(archive), cwd=tmp_path, **chosen)
    assert code == 1
    assert "no complete backup" in said
    assert [path for path in files_under(other) if not path.startswith("invigil.db")] == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("kind", ["outside", "absolute", "link"])
async def test_a_file_that_does_not_belong_into_a_backup_restores_nothing(
    tmp_path: Path, filled: Filled, kind: str
) -> None:
    archive, other, target = tmp_path / "backup.tar", tmp_path / "other", tmp_path / "target"
    await command("db", "backup", str(archive), cwd=tmp_path, **filled.chosen)
    member = tarfile.TarInfo(
        {"outside": "../" * 30 + str(target)[1:], "absolute": str(target), "link": "link"}[kind]
    )
    if kind == "link":
        member.type, member.linkname = tarfile.SYMTYPE, str(target)
    with tarfile.open(archive, "a") as file:
        file.addfile(member)
    chosen = {"INVIGIL_DATA_DIR": str(other)}
    code, said = await command("db", "restore", str(archive), cwd=tmp_path, **chosen)
    assert code == 1
    assert "no complete backup" in said
    assert not target.exists()
    assert [path for path in files_under(other) if not path.startswith("invigil.db")] == []


@pytest.mark.sqlite_only
async def test_a_backup_never_overwrites_a_file(tmp_path: Path, filled: Filled) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    code, said = await command("db", "backup", "mine.txt", cwd=tmp_path, **filled.chosen)
    assert code == 1
    assert "exists already" in said
    assert (tmp_path / "mine.txt").read_text() == "mine"


@pytest.mark.sqlite_only
async def test_moving_from_sqlite_to_postgresql(
    tmp_path: Path, clock: Clock, filled: Filled, cluster: Cluster
) -> None:
    url = cluster.create()
    code, said = await command("db", "copy-to", url, cwd=tmp_path, **filled.chosen)
    assert code == 1
    assert "password on the command line" in said
    assert PASSWORD not in said
    filled.chosen["INVIGIL_COPY_TO_URL"] = url
    code, said = await command("db", "copy-to", cwd=tmp_path, **filled.chosen)
    assert code == 0, said
    assert "incident: 1 rows" in said
    source, target = Database(sqlite_url(filled.data / "invigil.db")), Database(url)
    async with source.snapshot() as left, target.snapshot() as right:
        tallies = await tally_all(left)
        assert await tally_all(right) == tallies
    assert tallies["observation"].rows > 0
    # One changed letter is another hash.
    async with target.engine.begin() as connection:
        await connection.execute(sa.update(t.message).values(text="May I use a rulex?"))
    async with target.snapshot() as right:
        changed = await tally_all(right)
    assert [name for name in tallies if tallies[name] != changed[name]] == ["message"]
    await source.close()
    await target.close()
    await sees_everything(filled.data, clock, filled, database_url=url)

    code, said = await command("db", "copy-to", cwd=tmp_path, **filled.chosen)
    assert code == 1
    assert "nothing was copied" in said
    cluster.drop(url)


@pytest.mark.parametrize("url", ["mysql://ada@db/n", "", "db"])
def test_a_target_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(MaintenanceRefused, match="must begin with postgresql://"):
        db_commands._target(url)


def test_the_target_can_be_entered(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql://ada:secret@db/n"
    monkeypatch.setattr(sys, "stdin", io.StringIO(url + "\n"))
    assert db_commands._target("-") == url


async def test_where_no_installation_is_none_is_backed_up(tmp_path: Path) -> None:
    archive, data = tmp_path / "backup.tar", tmp_path / "typo"
    code, said = await command(
        "db", "backup", str(archive), cwd=tmp_path, INVIGIL_DATA_DIR=str(data)
    )
    assert code == 1
    assert "no installation" in said
    assert not archive.exists()
    assert not data.exists()


@pytest.mark.sqlite_only
async def test_a_backup_of_one_database_is_refused_by_the_other(
    tmp_path: Path, filled: Filled, cluster: Cluster
) -> None:
    archive, url = tmp_path / "backup.tar", cluster.create()
    await command("db", "backup", str(archive), cwd=tmp_path, **filled.chosen)
    chosen = {"INVIGIL_DATA_DIR": str(tmp_path / "other"), "INVIGIL_DATABASE_URL": url}
    code, said = await command("db", "restore", str(archive), cwd=tmp_path, **chosen)
    assert code == 1
    assert "invigil db copy-to" in said
    cluster.drop(url)
