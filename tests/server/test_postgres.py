"""A real server process on a real PostgreSQL: outage, restart, and what is said at the start."""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import psycopg
import pytest
from httpx2 import AsyncClient
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from invigil.domain.errors import MaintenanceRefused, StorageMisconfigured
from invigil.settings import Settings
from invigil.storage.maintenance import postgres_tools
from invigil.wiring import database_url, prepare
from tests.server.test_kill import enter
from tests.support import pictures, postgres
from tests.support.house import Candidate, Json, Proctor, read, refused, settings
from tests.support.ports import free_port
from tests.support.process import Served, command, served
from tests.support.realtimekit import realtimekit

PAUSE_S = 0.25
AWAY_S = 60.0
BACK_WITHIN_S = 5.0
PAGE_WAITS_S = 15.0  # as in web/src/api/http.ts


@pytest.fixture
def own_cluster() -> Iterator[postgres.Cluster]:
    """One that may be stopped, and that keeps its promises when it is."""
    with postgres.cluster(safe=True) as up:
        yield up


class Outage:
    """Frames and words of a candidate and a proctor before, during and after."""

    def __init__(self, ada: Candidate, proctor: Proctor) -> None:
        self.ada = ada
        self.proctor = proctor
        self.observations: set[str] = set()
        self.messages: set[str] = set()

    async def one_of_each(self) -> set[int]:
        """Send a frame and a message; the statuses. What is acknowledged is remembered."""
        frame = await self.ada.send(pictures.obama())
        address = f"/api/v1/candidates/{self.ada.id}/messages"
        words = await self.proctor.client.post(address, json={"text": "Hello"})
        if frame.status_code == 200:
            self.observations.add(frame.json()["observation"]["id"])
        if words.status_code == 201:
            self.messages.add(words.json()["id"])
        for answer in (frame, words):
            if answer.status_code == 503:
                error = answer.json()["error"]
                assert "not counted against you" in error["fix"]
                assert int(answer.headers["Retry-After"]) == error["retry_after_s"] == 5
        return {frame.status_code, words.status_code}

    async def until_well(self) -> float:
        """Send until both are taken again; how long that took in seconds."""
        began = time.monotonic()
        while await self.one_of_each() != {200, 201}:
            assert time.monotonic() - began < 30
            await asyncio.sleep(PAUSE_S)
        return time.monotonic() - began

    def check(self, url: str) -> None:
        """Everything that was acknowledged is there, and the event log has no hole."""
        with psycopg.connect(url) as connection:
            stored = {row[0] for row in connection.execute("SELECT id FROM observation")}
            texts = {row[0] for row in connection.execute("SELECT id FROM message")}
            seqs = [row[0] for row in connection.execute("SELECT seq FROM event ORDER BY seq")]
        assert self.observations <= stored
        assert self.messages <= texts
        assert seqs == list(range(1, len(seqs) + 1))


async def test_an_outage_of_the_database_costs_nothing_that_was_acknowledged(
    tmp_path: Path, own_cluster: postgres.Cluster
) -> None:
    """A minute without it, in real time: what is promised is what is tested."""
    url = own_cluster.create()
    async with served(tmp_path / "data", free_port(), INVIGIL_DATABASE_URL=url) as up:
        proctor = await up.proctor()
        session = await proctor.open_session(sampling_interval_s=1)
        outage = Outage(await enter(up, session), proctor)
        for _ in range(5):
            assert await outage.one_of_each() == {200, 201}
        busy = asyncio.create_task(outage.until_well())
        await asyncio.to_thread(own_cluster.stop)
        await busy if busy.done() else busy.cancel()
        await _nothing_works(up.client(), outage, AWAY_S)
        assert up.process.returncode is None
        await asyncio.to_thread(own_cluster.start)
        assert await outage.until_well() <= BACK_WITHIN_S
        async with up.client() as anybody:
            assert read(await anybody.get("/readyz")) == {"status": "ok"}
        before = len(outage.observations)
        for _ in range(5):
            assert await outage.one_of_each() == {200, 201}
        assert len(outage.observations) == before + 5
        await _ours_and_nobody_elses(proctor, session)
        outage.check(url)
        await proctor.client.aclose()
        await outage.ada.client.aclose()


async def _nothing_works(client: AsyncClient, outage: Outage, seconds: float) -> None:
    """For so long: alive, not ready, and every write is refused with an advice."""
    end = time.monotonic() + seconds
    async with client:
        while time.monotonic() < end:
            assert read(await client.get("/healthz"))["status"] == "ok"
            assert read(await client.get("/readyz"), 503) == {"status": "database"}
            assert await outage.one_of_each() == {503}
            await asyncio.sleep(PAUSE_S)


async def _ours_and_nobody_elses(proctor: Proctor, session: Json) -> None:
    """The time without a database is a gap of the server's, and no incident."""
    async with asyncio.timeout(10):
        while not (gaps := (await proctor.snapshot(session))["gaps"]):  # noqa: ASYNC110
            await asyncio.sleep(PAUSE_S)
    assert {gap["cause"] for gap in gaps} == {"server"}
    assert await proctor.incidents(session) == []


@asynccontextmanager
async def survived(
    tmp_path: Path, cluster: postgres.Cluster
) -> AsyncIterator[tuple[Served, Outage]]:
    """An exam that is well before, and within seconds after, what is done to its database here."""
    url = cluster.create()
    async with served(tmp_path / "data", free_port(), INVIGIL_DATABASE_URL=url) as up:
        proctor = await up.proctor()
        outage = Outage(await enter(up, await proctor.open_session()), proctor)
        assert await outage.one_of_each() == {200, 201}
        yield up, outage
        assert await outage.until_well() <= BACK_WITHIN_S
        outage.check(url)
        await proctor.client.aclose()
        await outage.ada.client.aclose()


async def test_a_quick_restart_of_the_database_is_survived(
    tmp_path: Path, own_cluster: postgres.Cluster
) -> None:
    async with survived(tmp_path, own_cluster):
        await asyncio.to_thread(own_cluster.stop, "fast")
        await asyncio.to_thread(own_cluster.start)


async def test_a_database_that_hangs_keeps_no_picture_waiting_for_ever(
    tmp_path: Path, own_cluster: postgres.Cluster
) -> None:
    """Its machine answers, it does not: no limit that it keeps itself can end that."""
    async with survived(tmp_path, own_cluster) as (up, outage):
        outage.ada.client.timeout = PAGE_WAITS_S
        with own_cluster.frozen():
            for _ in range(2):
                refused(await outage.ada.send(pictures.obama()), 503, "unavailable")
            async with up.client() as anybody:
                assert read(await anybody.get("/healthz"))["status"] == "ok"
                assert read(await anybody.get("/readyz"), 503) == {"status": "database"}


async def test_the_published_tutorials_env_file_works_unchanged(
    tmp_path: Path, cluster: postgres.Cluster
) -> None:
    """Host, user and password; the database is the one named as the user. The keys of Dyte and
    Imgur are of accounts that are long closed."""
    cluster.execute(f"DROP DATABASE IF EXISTS {postgres.USER} WITH (FORCE)")
    cluster.execute(f"CREATE DATABASE {postgres.USER}")
    (tmp_path / ".env").write_text(
        "DYTE_API_KEY=x\nDYTE_ORG_ID=y\nIMGUR_CLIENT_ID=z\n"
        f"DB_USER={postgres.USER}\nDB_PASSWORD={postgres.PASSWORD}\nDB_HOST=127.0.0.1\n"
    )
    with realtimekit() as service:
        chosen = {
            "DB_PORT": str(cluster.port),
            "INVIGIL_REALTIMEKIT_BASE_URL": f"{service.origin}/v2",
        }
        async with served(tmp_path / "data", free_port(), **chosen) as up:
            proctor = await up.proctor()
            await proctor.open_session(title="From the tutorial")
            await proctor.client.aclose()
    with psycopg.connect(cluster.url(postgres.USER)) as connection:
        assert connection.execute("SELECT title FROM exam_session").fetchall() == [
            ("From the tutorial",)
        ]
    assert not (tmp_path / "data" / "invigil.db").exists()


def _with(url: str, pattern: str, new: str) -> str:
    changed = re.sub(pattern, new, url)
    assert changed != url
    return changed


@pytest.mark.parametrize(
    ("pattern", "new", "said", "fix"),
    [
        (r":\d+/", ":1/", "refused", "Start PostgreSQL"),
        (r"north-4711", "south", "password authentication failed", "Check user and password"),
        (r"/postgres$", "/nowhere", 'database "nowhere" does not exist', "createdb"),
        (r"127\.0\.0\.1", "no.such.host.invalid", "no.such.host", "check host and port"),
        (r":\d+/", ":port/", "no URL of a database", "%40"),
    ],
)
async def test_what_is_wrong_with_the_database_is_said(
    tmp_path: Path, cluster: postgres.Cluster, *, pattern: str, new: str, said: str, fix: str
) -> None:
    url = _with(cluster.url("postgres"), pattern, new)
    with pytest.raises(StorageMisconfigured) as refused:
        await prepare(settings(tmp_path, database_url=url))
    assert said in refused.value.message
    assert fix in refused.value.fix
    assert postgres.PASSWORD not in str(refused.value) + refused.value.fix


@pytest.mark.parametrize("program", [("serve",), ("db", "upgrade")])
async def test_a_start_without_the_database_is_one_sentence_that_names_the_setting(
    tmp_path: Path, program: tuple[str, ...]
) -> None:
    chosen = {"DB_HOST": "127.0.0.1", "DB_USER": "ada", "DB_PASSWORD": "canary", "DB_PORT": "1"}
    code, said = await command(*program, cwd=tmp_path, **chosen)
    assert code != 0
    assert said.startswith("DB_HOST: PostgreSQL cannot be used: ")
    assert said.count("\n") == 1
    assert "canary" not in said


@pytest.mark.parametrize(
    ("chosen", "told"),
    [
        ({"database_url": "mysql://u:canary@h/n"}, "must begin with postgresql://"),
        ({"db_host": "127.0.0.1"}, "DB_USER is not"),
        ({"db_user": "ada"}, "DB_HOST is not"),
    ],
)
def test_a_setting_that_cannot_work_is_named(
    tmp_path: Path, chosen: dict[str, str], told: str
) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        Settings(_env_file=None, data_dir=tmp_path, **chosen)  # type: ignore[arg-type]
    assert "canary" not in str(refused.value)


def test_what_is_special_in_a_password_is_escaped(tmp_path: Path) -> None:
    chosen = settings(tmp_path, db_host="db", db_user="ada", db_password="p@ss/w:rd")
    assert make_url(database_url(chosen)).password == "p@ss/w:rd"


@pytest.mark.parametrize("empty", ["database_url", "db_host", "db_user"])
def test_an_empty_setting_is_none(tmp_path: Path, empty: str) -> None:
    chosen = settings(tmp_path, **{empty: ""})
    assert database_url(chosen).startswith("sqlite")


async def test_a_database_that_would_forget_is_refused(
    tmp_path: Path, cluster: postgres.Cluster
) -> None:
    url = cluster.create()
    name = url.rpartition("/")[2]
    cluster.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    code, told = await command("serve", cwd=tmp_path, INVIGIL_DATABASE_URL=url)
    assert code != 0
    assert "it would lose what was acknowledged" in told
    cluster.drop(url)


async def test_without_pg_dump_a_backup_says_what_to_install(
    tmp_path: Path, cluster: postgres.Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_tools, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", os.fspath(tmp_path))
    with pytest.raises(MaintenanceRefused, match="not installed here") as refused:
        postgres_tools.dump(make_url(cluster.url("postgres")), tmp_path / "dump")
    assert "postgresql-client" in refused.value.fix


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        (
            "postgresql://ada:p%40ss@db:5433/n",
            "PGHOST=db PGPORT=5433 PGUSER=ada PGPASSWORD=p@ss PGDATABASE=n",
        ),
        ("postgresql://ada@/n?host=/run/pg&port=5433", "PGHOST=/run/pg PGPORT=5433"),
        ("postgresql://ada@/n?host=a:1&host=b:2", "PGHOST=a,b PGPORT=1,2"),
        (
            "postgresql://ada@db/n?sslmode=verify-full&sslcert=c&sslkey=k&sslrootcert=r&passfile=p",
            "PGSSLMODE=verify-full PGSSLCERT=c PGSSLKEY=k PGSSLROOTCERT=r PGPASSFILE=p",
        ),
        ("postgresql://ada@db/n?connect_timeout=9", "PGCONNECT_TIMEOUT=9"),
        ("postgresql://ada@db/n?dbname=m&user=eve", "PGDATABASE=m PGUSER=eve"),
    ],
)
def test_postgresqls_programs_reach_the_server_that_we_reach(url: str, variables: str) -> None:
    wanted = dict(each.split("=") for each in variables.split())
    assert wanted.items() <= postgres_tools._environment(make_url(url)).items()


def test_what_postgresqls_programs_cannot_be_told_is_refused(tmp_path: Path) -> None:
    url = make_url("postgresql://ada:canary@db/n?sslpassword=canary")
    with pytest.raises(MaintenanceRefused, match="sslpassword") as refused:
        postgres_tools.restore(url, tmp_path / "dump")
    assert "canary" not in str(refused.value)
