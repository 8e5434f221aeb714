"""Evidence at Imgur, against a server that answers as its documentation says."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from invigil.domain.system import Space
from invigil.settings import Settings
from invigil.storage import retention
from invigil.storage.database import Database
from invigil.storage.database import tables as t
from invigil.storage.database.engine import sqlite_url
from invigil.storage.evidence import forward
from invigil.storage.evidence.open import EvidenceMisconfigured
from invigil.storage.maintenance.backup import backup, restore
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
from tests.support.imgur import CLIENT_ID, CUT_OFF, OVERLOADED, PUZZLE, Imgur, error, imgur_server
from tests.support.scripted import ScriptedEngine


@pytest.fixture
def imgur() -> Iterator[Imgur]:
    with imgur_server() as up:
        yield up


@asynccontextmanager
async def serving(
    tmp_path: Path, clock: Clock, imgur: Imgur, **chosen: Any
) -> AsyncIterator[Running]:
    ours = {"evidence_url": "imgur:", "imgur_client_id": CLIENT_ID, "imgur_url": imgur.url}
    async with running(tmp_path / "data", clock, ScriptedEngine(), **{**ours, **chosen}) as house:
        yield house


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures are sent on when a test says so, and not beside it as well."""
    monkeypatch.setattr(forward, "EVERY_S", 3600.0)


class Exam:
    """Somebody who checked in, and one incident after another."""

    def __init__(self, house: Running, proctor: Proctor, session: Json, ada: Candidate) -> None:
        self.house, self.proctor, self.session, self.ada = house, proctor, session, ada
        self.number = 0

    @classmethod
    async def open(cls, house: Running) -> Exam:
        proctor = await house.proctor()
        session = await proctor.open_session(retention_days=7)
        return cls(house, proctor, session, await house.enter(session, face=b"me"))

    async def misbehave(self) -> None:
        self.number += 1
        for word in (b"two", b"me"):
            await self.ada.film(b"%s %d" % (word, self.number), 12)

    async def step(self) -> int:
        """One round of sending on."""
        assert self.house.storage.forwarder
        return await self.house.storage.forwarder.step()

    async def image(self) -> Any:
        """The answer to who asks for the newest incident's picture."""
        (evidence,) = (await self.proctor.incidents(self.session))[-1]["evidence"]
        return await self.proctor.client.get(f"/api/v1/evidence/{evidence['id']}")

    async def trouble(self) -> str:
        found: str | None = read(await self.proctor.client.get("/api/v1/system"))["text"]
        return found or ""

    @property
    def spooled(self) -> list[str]:
        return files_under(self.house.objects.parent / "spool" / "waiting")

    @property
    def receipts(self) -> list[str]:
        return files_under(self.house.objects.parent / "imgur")


async def test_pictures_go_there_come_back_and_are_deleted(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.misbehave()
        # A frame never waits for Imgur.
        assert len(exam.spooled) == 2
        assert imgur.pictures == {}
        assert await exam.step() == 2
        assert exam.spooled == []
        assert sorted(imgur.pictures.values()) == [b"me", b"two 1"]
        answer = await exam.image()
        assert (answer.status_code, answer.content) == (200, b"two 1")
        # The still changes every few seconds and stays here.
        still = await exam.proctor.client.get(f"/api/v1/candidates/{exam.ada.id}/still")
        assert still.content == b"me 1"
        assert files_under(house.objects) == [f"stills/{exam.session['id']}/{exam.ada.id}.jpg"]
        # Nothing but the picture is told.
        assert [set(fields) for fields in imgur.sent] == [{"image", "type"}] * 2
        assert await exam.trouble() == ""

        hashes = set(imgur.hashes)
        clock.advance(days=8)
        await retention.sweep(house.storage.database, house.storage.store, clock())
        assert set(imgur.deleted) == hashes
        assert imgur.pictures == {}
        assert exam.receipts == files_under(house.objects) == []
        assert await house.rows(t.evidence) == 0


async def test_another_visitor_does_not_get_them_from_us(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.misbehave()
        await exam.step()
        (evidence,) = (await exam.proctor.incidents(exam.session))[-1]["evidence"]
        stranger = await house.client()
        refused(await stranger.get(f"/api/v1/evidence/{evidence['id']}"), 401, "not_signed_in")


@pytest.mark.sqlite_only
async def test_the_delete_hash_survives_a_restart_and_a_backup(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.step()
        (path,) = (house.objects.parent / "imgur").rglob("*.json")
        assert path.stat().st_mode & 0o077 == 0
        assert set(json.loads(path.read_bytes())) == {"file", "sha256", "delete_hash"}
        await backup(
            house.database, path.parents[4], tmp_path / "saved.tar", clock(), with_key=True
        )
    other = tmp_path / "other" / "data"
    other.mkdir(parents=True)
    database = Database(sqlite_url(other / "invigil.db"))
    await restore(database, other, tmp_path / "saved.tar")
    await database.close()
    async with serving(other.parent, clock, imgur) as house:
        clock.advance(days=8)
        await retention.sweep(house.storage.database, house.storage.store, clock())
        assert imgur.pictures == {}


async def test_a_picture_that_is_gone_there_already_is_deleted_here(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.misbehave()
        await exam.step()
        for delete_hash in list(imgur.hashes):
            imgur.delete(delete_hash)
        refused(await exam.image(), 404, "not_found")
        clock.advance(days=8)
        await retention.sweep(house.storage.database, house.storage.store, clock())
        assert exam.receipts == []
        assert await house.rows(t.evidence) == 0


async def test_a_changed_picture_is_refused_and_says_why(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        imgur.re_encode = True
        await exam.misbehave()
        with capture_logs() as logs:
            await exam.step()
        assert "imgur changed a picture" in logs[0]["event"]
        told = refused(await exam.image(), 503, "evidence_re_encoded")
        assert "compresses" in told["message"]


@pytest.mark.parametrize(
    "link",
    [
        "http://169.254.169.254/latest.jpg",
        "https://i.imgur.com.evil.example/abcdefg.jpg",
        "{url}/../3/credits",
        "{url}/a/b.jpg",
        "file:///etc/passwd",
        "",
    ],
)
async def test_a_link_to_elsewhere_is_never_followed(
    tmp_path: Path, clock: Clock, imgur: Imgur, link: str
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        imgur.answer = {"link": link.format(url=imgur.url)}
        assert await exam.step() == 0
        assert exam.receipts == []
        assert len(exam.spooled) == 1
        assert "not understood" in await exam.trouble()


async def test_a_picture_is_not_followed_to_another_host(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.misbehave()
        await exam.step()
        imgur.picture_trouble = error(302, "", Location="http://169.254.169.254/x.jpg")
        refused(await exam.image(), 404, "not_found")
        imgur.picture_trouble = OVERLOADED
        assert "503" in refused(await exam.image(), 503, "evidence_store_away")["message"]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (OVERLOADED, "Imgur answers 503"),
        (error(500, {"code": 1, "message": "Internal error"}), "Internal error"),
        (error(403, "Imgur is temporarily over capacity. Please try again later."), "capacity"),
        (PUZZLE, "not understood"),
        (CUT_OFF, "cannot be reached"),
        (error(401, "Authentication required"), "refuses the client id"),
    ],
)
async def test_in_an_outage_pictures_wait_and_imgur_is_left_alone(
    tmp_path: Path, clock: Clock, imgur: Imgur, trouble: Any, words: str
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.step()
        imgur.trouble = trouble
        await exam.misbehave()
        assert await exam.step() == 0
        told = await exam.trouble()
        assert words in told
        assert "1 so far" in told
        # The proctor sees the picture meanwhile.
        assert (await exam.image()).content == b"two 1"
        asked = len(imgur.asked)
        for _ in range(10):
            clock.advance(seconds=2)
            await exam.step()
        assert len(imgur.asked) == asked, "not asked again within the pause"
        imgur.trouble = None
        clock.advance(seconds=30)
        assert await exam.step() == 1
        assert await exam.trouble() == ""
        assert (await exam.image()).content == b"two 1"


@pytest.mark.parametrize(
    ("headers", "pause_s"),
    [
        ({"Retry_After": "120"}, 120),
        ({"X_Post_Rate_Limit_Remaining": "0", "X_Post_Rate_Limit_Reset": "900"}, 900),
        ({"X_RateLimit_UserReset": "{in_10_minutes}"}, 600),
        ({}, 3600),
        ({"Retry_After": "soon"}, 3600),
    ],
)
async def test_after_429_nothing_is_asked_until_the_reset(
    tmp_path: Path, clock: Clock, imgur: Imgur, headers: dict[str, str], pause_s: int
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        reset = str(int(clock.now.timestamp()) + 600)
        told = {name: value.format(in_10_minutes=reset) for name, value in headers.items()}
        imgur.trouble = error(429, "User request limit exceeded", **told)
        await exam.step()
        assert "takes no more pictures until" in await exam.trouble()
        imgur.trouble = None
        asked = len(imgur.asked)
        clock.advance(seconds=pause_s - 2)
        assert await exam.step() == 0
        assert len(imgur.asked) == asked
        clock.advance(seconds=3)
        assert await exam.step() == 1


async def test_limits_are_kept_before_they_are_passed(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.misbehave()
        imgur.headers = {"X-RateLimit-UserRemaining": "14"}
        await exam.step()
        assert len(imgur.pictures) == 1
        assert "takes no more pictures until" in await exam.trouble()
        imgur.headers = {"X-RateLimit-UserRemaining": "500"}
        clock.advance(minutes=61)
        await exam.step()
        assert len(imgur.pictures) == 2


async def test_deletions_in_an_outage_are_made_up_for(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.misbehave()
        await exam.step()
        imgur.trouble = OVERLOADED
        clock.advance(days=8)
        await retention.sweep(house.storage.database, house.storage.store, clock())
        assert await house.rows(t.evidence) == 0
        assert len(imgur.pictures) == 2
        imgur.trouble = None
        clock.advance(seconds=31)
        await exam.step()
        assert imgur.pictures == {}
        assert exam.receipts == []


async def test_a_deletion_that_is_not_accepted_is_kept_for_people_to_see(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.step()
        imgur.trouble = error(400, "Bad deletehash")
        clock.advance(days=8)
        with capture_logs() as logs:
            await retention.sweep(house.storage.database, house.storage.store, clock())
        assert any("did not delete" in line["event"] for line in logs)
        assert [path.partition("/")[0] for path in exam.receipts] == ["undeleted"]


async def test_a_picture_that_imgur_does_not_take_is_set_aside(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        imgur.trouble = error(400, "File type invalid (1)")
        assert await exam.step() == 0
        assert exam.spooled == []
        assert len(files_under(house.objects.parent / "spool" / "damaged")) == 1
        imgur.trouble = None
        await exam.misbehave()
        assert await exam.step() == 1


async def test_no_picture_is_uploaded_twice(tmp_path: Path, clock: Clock, imgur: Imgur) -> None:
    """A crash after the answer and before the row says so."""
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        (key,) = exam.spooled
        image = (house.objects.parent / "spool" / "waiting" / key).read_bytes()
        await exam.step()
        spool = house.objects.parent / "spool" / "waiting" / key
        spool.parent.mkdir(parents=True, exist_ok=True)
        spool.write_bytes(image)
    async with serving(tmp_path, clock, imgur) as house:
        exam = Exam(house, exam.proctor, exam.session, exam.ada)
        assert await exam.step() == 1
        assert len(imgur.pictures) == 1


async def test_a_spool_that_runs_full_is_told_though_imgur_answers(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur, evidence_spool_mb=1) as house:
        exam = await Exam.open(house)
        ben = await house.join(exam.session, "Ben")
        await ben.reference_photo(b"me " + b"x" * 900_000)
        assert house.storage.store.space() is Space.FULL
        assert "more slowly than they come" in await exam.trouble()
        await exam.step()
        assert house.storage.store.space() is Space.OK


@pytest.mark.parametrize(
    ("client_id", "trouble", "words"),
    [
        ("wrong", None, "IMGUR_CLIENT_ID: Imgur refuses the client id (Invalid client_id)."),
        (CLIENT_ID, error(401, "Authentication required"), "(Authentication required)"),
        (CLIENT_ID, OVERLOADED, "the store does not answer (Imgur answers 503"),
        (CLIENT_ID, error(429, "User request limit exceeded"), "takes no more pictures until"),
    ],
)
async def test_a_first_start_that_cannot_work_says_so(
    tmp_path: Path, imgur: Imgur, client_id: str, trouble: Any, words: str
) -> None:
    imgur.trouble = trouble
    with pytest.raises(EvidenceMisconfigured) as caught:
        async with serving(tmp_path, Clock(), imgur, imgur_client_id=client_id):
            pass
    assert words in caught.value.message
    assert client_id not in caught.value.message + str(caught.value.fix)


async def test_the_start_and_the_consent_say_that_pictures_are_public(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    with capture_logs() as logs:
        async with serving(tmp_path, clock, imgur) as house:
            assert any("PUBLIC" in line["event"] for line in logs)
            session = await (await house.proctor()).open_session()
            code = session["join_url"].rpartition("/")[2]
            told = read(await (await house.client()).get(f"/api/v1/join/{code}"))
            assert "public picture site" in " ".join(told["consent"]["text"])
            assert "it stays on this server" not in " ".join(told["consent"]["text"])
            await house.enter(session, face=b"me")
    assert CLIENT_ID not in repr(logs)


def test_settings_that_do_not_fit_are_refused() -> None:
    def chosen(**given: Any) -> Settings:
        return Settings(_env_file=None, evidence_url="imgur", **given)

    with pytest.raises(ValueError, match="IMGUR_CLIENT_ID is not set"):
        chosen()
    with pytest.raises(ValueError, match="one server alone"):
        chosen(imgur_client_id="x", feed_url="redis://127.0.0.1:6379/0")
    found = chosen(imgur_client_id="canary")
    assert found.evidence_url == "imgur:"
    assert "canary" not in repr(found)
