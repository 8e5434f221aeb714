"""Evidence at Imgur, against a server that answers as its documentation says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from invigil.settings import Settings
from invigil.storage import retention
from invigil.storage.database import Database
from invigil.storage.database import tables as t
from invigil.storage.database.engine import sqlite_url
from invigil.storage.evidence.open import EvidenceMisconfigured
from invigil.storage.maintenance.backup import backup, restore
from tests.storage.imgur_exam import Exam, serving
from tests.support.clock import Clock
from tests.support.house import files_under, read, refused
from tests.support.imgur import CLIENT_ID, Imgur, error
from tests.support.web import OVERLOADED


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
        await retention.sweep(house.storage.database, house.storage.store, clock(), confirmed=True)
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
        await retention.sweep(house.storage.database, house.storage.store, clock(), confirmed=True)
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
        await retention.sweep(house.storage.database, house.storage.store, clock(), confirmed=True)
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
