"""Images in an S3 store that is really there, and then for ten minutes is not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from invigil.domain.system import Space
from invigil.settings import Settings
from invigil.storage import retention
from invigil.storage.database import tables as t
from invigil.storage.evidence import remote
from invigil.storage.evidence.objects import CHECK
from invigil.storage.evidence.open import EvidenceMisconfigured
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
from tests.support.s3 import Gateway, gateway
from tests.support.scripted import ScriptedEngine
from tests.support.wait import until


@pytest.fixture
def s3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Gateway]:
    with gateway(tmp_path / "s3") as up:
        for name, value in up.environment.items():
            monkeypatch.setenv(name, value)
        yield up


class Exam:
    """A server on the store, and an exam in which things happen."""

    def __init__(self, house: Running, s3: Gateway, proctor: Proctor, session: Json) -> None:
        self.house = house
        self.s3 = s3
        self.proctor = proctor
        self.session = session

    @classmethod
    async def open(cls, house: Running, s3: Gateway) -> Exam:
        proctor = await house.proctor()
        return cls(house, s3, proctor, await proctor.open_session(retention_days=7))

    @property
    def spool(self) -> Path:
        return self.house.objects.parent / "spool"

    @property
    def spooled(self) -> list[str]:
        return files_under(self.spool / "waiting")

    async def step(self) -> int:
        """One round of sending on."""
        assert self.house.storage.forwarder
        return await self.house.storage.forwarder.step()

    async def all_sent_on(self, number: int) -> None:
        """Rounds until nothing waits any more, however slow the store is at first; in all of them
        so many images, or more."""
        sent = 0

        async def round_() -> bool:
            nonlocal sent
            sent += await self.step()
            return not self.spooled and (await self.status())["storage"] == "ok"

        await until(round_)
        assert sent >= number

    async def rows(self) -> dict[str, tuple[str, str]]:
        """State of every image and SHA-256 of its object, by its key."""
        async with self.house.database.engine.connect() as connection:
            found = await connection.execute(sa.select(t.evidence))
            return {row.key: (row.state, row.sealed_sha256) for row in found}

    async def agrees(self) -> None:
        """Every row has its object, every object its row, and every byte is as it was."""
        rows = await self.rows()
        assert {state for state, _ in rows.values()} <= {"stored"}
        assert self.s3.stored("evidence/") == sorted(rows)
        for key, (_, digest) in rows.items():
            assert hashlib.sha256(self.s3.content(key)).hexdigest() == digest
        assert self.spooled == files_under(self.spool / "doomed") == []
        # A question that was asked of a frozen store may be answered long after it was given up.
        others = set(self.s3.stored()) - {CHECK} - set(rows)
        assert others <= set(self.s3.stored("stills/"))

    async def status(self) -> Json:
        return read(await self.proctor.client.get("/api/v1/system"))

    async def image(self, incident: Json) -> bytes:
        (evidence,) = incident["evidence"]
        answer = await self.proctor.client.get(f"/api/v1/evidence/{evidence['id']}")
        assert answer.status_code == 200, answer.text
        return answer.content


async def misbehave(ada: Candidate, number: int, size: int = 0) -> None:
    """One incident with a picture of its own, from its beginning to its end."""
    for word in (b"two", b"me"):
        await ada.film(b"%s %d %s" % (word, number, b"x" * size), 12)


async def test_images_go_to_the_bucket_and_come_back(
    tmp_path: Path, clock: Clock, s3: Gateway
) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url) as house:
        exam = await Exam.open(house, s3)
        ada = await house.enter(exam.session, face=b"me")
        await misbehave(ada, 1)
        await exam.agrees()
        (incident,) = await exam.proctor.incidents(exam.session)
        assert (await exam.image(incident)).startswith(b"two 1")
        still = await exam.proctor.client.get(f"/api/v1/candidates/{ada.id}/still")
        assert still.content.startswith(b"me 1")
        assert files_under(house.objects) == []
        assert (await exam.status())["text"] is None


@pytest.mark.parametrize("how", ["kill", "freeze"])
async def test_ten_minutes_without_the_store(
    tmp_path: Path, clock: Clock, s3: Gateway, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url) as house:
        exam = await Exam.open(house, s3)
        ada = await house.enter(exam.session, face=b"me")
        await misbehave(ada, 0)
        # A machine that is busy with other things may have been slow already.
        await exam.all_sent_on(0)
        before = s3.stored("evidence/")
        getattr(s3, how)()
        patience = remote.DIRECT_S
        monkeypatch.setattr(remote, "DIRECT_S", 0.5)
        end = clock.now.timestamp() + 600
        number = 0
        while clock.now.timestamp() < end:
            number += 1
            await misbehave(ada, number)
            assert await exam.step() == 0
        incidents = await exam.proctor.incidents(exam.session)
        assert len(incidents) == number + 1
        # Every incident has its photo, and the proctor sees it while the store is away.
        for count, incident in enumerate(incidents[1:], 1):
            assert (await exam.image(incident)).startswith(b"two %d " % count)
        states = [state for key, (state, _) in (await exam.rows()).items() if key not in before]
        assert states == ["pending"] * number
        assert len(exam.spooled) == number
        told = await exam.status()
        assert told["storage"] == "low"
        assert f"{number} so far" in told["text"]

        s3.start() if how == "kill" else s3.thaw()
        monkeypatch.setattr(remote, "DIRECT_S", patience)
        await exam.all_sent_on(number)
        await exam.agrees()
        told = await exam.status()
        assert (told["storage"], told["text"]) == ("ok", None)
        await misbehave(ada, number + 1)
        await exam.all_sent_on(0)
        await exam.agrees()
        assert files_under(exam.spool / "stills") == []


async def test_what_waits_survives_a_restart_while_the_store_is_away(
    tmp_path: Path, clock: Clock, s3: Gateway
) -> None:
    url = s3.url
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=url) as house:
        exam = await Exam.open(house, s3)
        ada = await house.enter(exam.session, face=b"me")
        s3.kill()
        await misbehave(ada, 1)
        session, token = exam.session, ada.token
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=url) as house:
        exam = Exam(house, s3, await house.proctor(), session)
        assert "cannot be reached" in (await exam.status())["text"]
        client = await house.client({"Authorization": f"Bearer {token}"})
        await misbehave(Candidate(client, clock, "", token), 2)
        assert len(exam.spooled) == 2
        s3.start()
        assert await exam.step() == 2
        await exam.agrees()


async def test_a_full_spool_costs_photos_and_never_incidents(
    tmp_path: Path, clock: Clock, s3: Gateway
) -> None:
    async with running(
        tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url, evidence_spool_mb=1
    ) as house:
        exam = await Exam.open(house, s3)
        ada = await house.enter(exam.session, face=b"me")
        s3.kill()
        for number in range(6):
            await misbehave(ada, number, 200_000)
        incidents = await exam.proctor.incidents(exam.session)
        assert len(incidents) == 6
        missing = [each["evidence_missing"] for each in incidents]
        assert missing.count(None) >= 3
        assert missing[-1] == "storage_full"
        assert sum(path.stat().st_size for path in exam.spool.rglob("*.jpg")) <= 1_000_000
        told = await exam.status()
        assert told["storage"] == "full"
        assert "INVIGIL_EVIDENCE_SPOOL_MB" in told["text"]
        # Nobody can check in without a reference photo that is kept.
        ben = await house.join(exam.session, "Ben")
        refused(await ben.reference_photo(b"me " + b"x" * 400_000), 503, "storage_full")

        s3.start()
        await exam.step()
        assert (await exam.status())["storage"] == "ok"
        await misbehave(ada, 7, 200_000)
        assert (await exam.proctor.incidents(exam.session))[-1]["evidence_missing"] is None
        await exam.agrees()


async def test_retention_reaches_the_bucket(tmp_path: Path, clock: Clock, s3: Gateway) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url) as house:
        exam = await Exam.open(house, s3)
        ada = await house.enter(exam.session, face=b"me")
        await misbehave(ada, 1)
        assert len(s3.stored()) == 3  # reference photo, incident, still
        clock.advance(days=8)
        await retention.sweep(house.storage.database, house.storage.store, clock(), confirmed=True)
        assert s3.stored() == []
        assert await house.rows(t.evidence) == 0


async def test_retention_in_an_outage_is_made_up_for(
    tmp_path: Path, clock: Clock, s3: Gateway
) -> None:
    """What waits goes at once; what is in the bucket goes when the bucket is back."""
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url) as house:
        exam = await Exam.open(house, s3)
        ada = await house.enter(exam.session, face=b"me")
        await misbehave(ada, 1)
        s3.kill()
        await misbehave(ada, 2)
        assert len(exam.spooled) == 1
        clock.advance(days=8)
        await retention.sweep(house.storage.database, house.storage.store, clock(), confirmed=True)
        assert await house.rows(t.evidence) == 0
        assert exam.spooled == files_under(exam.spool / "stills") == []
        assert len(s3.stored()) == 3
        s3.start()
        await exam.step()
        assert s3.stored() == []
        await exam.agrees()


async def test_a_candidate_who_leaves_in_an_outage_leaves_no_still_behind(
    tmp_path: Path, clock: Clock, s3: Gateway
) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url) as house:
        exam = await Exam.open(house, s3)
        ada = await house.enter(exam.session, face=b"me")
        await ada.frame(b"me")
        assert len(s3.stored("stills/")) == 1
        s3.kill()
        read(await ada.post("leave"))
        still = await exam.proctor.client.get(f"/api/v1/candidates/{ada.id}/still")
        assert still.status_code == 404
        s3.start()
        await exam.step()
        assert s3.stored("stills/") == []


async def test_an_image_that_no_row_knows_is_not_sent_on(
    tmp_path: Path, clock: Clock, s3: Gateway
) -> None:
    """Its transaction was cut off by a crash. Before ten minutes it might still be open."""
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url) as house:
        exam = await Exam.open(house, s3)
        key = "evidence/a/b/unknown.jpg"
        shelf = house.storage.store.shelf
        assert isinstance(shelf, remote.RemoteShelf)
        shelf.spool.keep(key, b"lost", clock())
        await exam.step()
        assert exam.spooled == [key]
        clock.advance(minutes=11)
        await exam.step()
        await exam.agrees()
        assert s3.stored() == []


async def test_an_image_that_was_changed_while_it_waited_is_not_sent_on(
    tmp_path: Path, clock: Clock, s3: Gateway
) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=s3.url) as house:
        exam = await Exam.open(house, s3)
        ada = await house.enter(exam.session, face=b"me")
        s3.kill()
        await misbehave(ada, 1)
        (key,) = exam.spooled
        (exam.spool / "waiting" / key).write_bytes(b"something else")
        s3.start()
        assert await exam.step() == 0
        assert key not in s3.stored()
        assert len(files_under(exam.spool / "damaged")) == 1


async def refusal(tmp_path: Path, url: str) -> str:
    with pytest.raises(EvidenceMisconfigured) as caught:
        async with running(tmp_path / "other", Clock(), ScriptedEngine(), evidence_url=url):
            pass
    assert caught.value.fix
    return caught.value.message


async def test_a_bucket_that_is_not_there_is_named_at_the_start(
    tmp_path: Path, s3: Gateway
) -> None:
    said = await refusal(tmp_path, "s3://nowhere/invigil")
    assert said == "INVIGIL_EVIDENCE_URL: there is no such bucket."


async def test_a_store_that_refuses_the_credentials_is_named_at_the_start(
    tmp_path: Path, s3: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.needs_signatures()
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    said = await refusal(tmp_path, s3.url)
    assert said.startswith("INVIGIL_EVIDENCE_URL: the store refuses the credentials")
    assert "wrong" not in said
    s3.kill()
    said = await refusal(tmp_path, s3.url)
    assert said.startswith("INVIGIL_EVIDENCE_URL: the store does not answer")


async def test_a_folder_may_be_named_as_a_url(tmp_path: Path, clock: Clock) -> None:
    folder = tmp_path / "a folder"
    url = folder.as_uri()
    async with running(tmp_path / "data", clock, ScriptedEngine(), evidence_url=url) as house:
        session = await (await house.proctor()).open_session()
        await house.enter(session, face=b"me")
        assert house.storage.store.space() is Space.OK
        assert len(files_under(folder)) == 2


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = await refusal(tmp_path, (tmp_path / "file" / "folder").as_uri())
    assert said.startswith("INVIGIL_EVIDENCE_URL: ")


@pytest.mark.parametrize(
    "url", ["exams", "s3://", "ftp://exams", "file://host/x", "file:///", "s3://key:secret@exams"]
)
def test_urls_that_cannot_be_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="must be file:///folder, s3://bucket/prefix"):
        Settings(_env_file=None, evidence_url=url)


@pytest.mark.parametrize("url", ["gs://exams/invigil", "az://account/exams/invigil"])
def test_other_vendors_are_understood(url: str) -> None:
    """No server of theirs runs in tests: this is the form of the URL only."""
    assert Settings(_env_file=None, evidence_url=url).evidence_url == url
