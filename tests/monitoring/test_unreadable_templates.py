"""Features of a face that are stored and cannot be opened: nobody is accused, and it is said."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from invigil.storage.database import tables as t
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, read, running
from tests.support.scripted import ScriptedEngine
from tests.support.server import console, serving

Break = Callable[[Running, Candidate], Awaitable[None]]


async def lose_the_key(house: Running, _ada: Candidate) -> None:
    """Another master key is restored in the place of the right one."""
    path = house.config.data_dir / "master.key"
    path.rename(path.with_suffix(".right"))
    path.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    vault = house.storage.database.vault
    assert vault is not None
    vault.refresh()


async def restore_the_key(house: Running) -> None:
    path = house.config.data_dir / "master.key"
    path.with_suffix(".right").replace(path)
    os.utime(path)


async def damage_the_key(house: Running, ada: Candidate) -> None:
    of = t.candidate_key.c.candidate_id == ada.id
    async with house.database.engine.begin() as connection:
        await connection.execute(t.candidate_key.update().where(of).values(wrapped=b"x" * 60))


async def damage_the_template(house: Running, ada: Candidate) -> None:
    of = t.template.c.candidate_id == ada.id
    async with house.database.engine.begin() as connection:
        await connection.execute(t.template.update().where(of).values(vectors=b"IVG1" + b"x" * 200))


BREAKS = [lose_the_key, damage_the_key, damage_the_template]


class Exam:
    """Ada and Bo in the room of a server that was started after they had checked in, so that it
    remembers no key of theirs."""

    def __init__(
        self, house: Running, proctor: Proctor, session: Json, ada: Candidate, bo: Candidate
    ) -> None:
        self.house = house
        self.proctor = proctor
        self.session = session
        self.ada = ada
        self.bo = bo

    async def kinds(self) -> list[str]:
        return [each["kind"] for each in await self.proctor.incidents(self.session)]


@pytest.fixture
async def exam(tmp_path: Path, clock: Clock, dialect: object) -> AsyncIterator[Exam]:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        session = await (await house.proctor()).open_session()
        tokens = [(await house.enter(session, name, b"me")).token for name in ("Ada", "Bo")]
    async with running(data, clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        known = {each["name"]: each for each in (await proctor.snapshot(session))["candidates"]}
        ada, bo = [
            Candidate(
                await house.client({"Authorization": f"Bearer {token}"}),
                clock,
                known[name]["id"],
                token,
            )
            for name, token in zip(("Ada", "Bo"), tokens, strict=True)
        ]
        yield Exam(house, proctor, session, ada, bo)


@pytest.mark.parametrize("breaks", BREAKS)
async def test_pictures_are_looked_at_without_a_comparison(exam: Exam, breaks: Break) -> None:
    await breaks(exam.house, exam.ada)
    seen = (await exam.ada.frame(b"me"))["observation"]
    assert (seen["faces"], seen["usable"], seen["identity"]) == (1, True, "cannot_compare")
    await exam.ada.film(b"two", 4)
    assert await exam.kinds() == ["multiple_faces"]
    await exam.ada.film(b"me", 10)
    await exam.ada.film(b"empty", 10)
    assert await exam.kinds() == ["multiple_faces", "no_face"]


@pytest.mark.parametrize("breaks", BREAKS)
async def test_nobody_is_accused_by_it(exam: Exam, breaks: Break) -> None:
    await breaks(exam.house, exam.ada)
    for face in (b"stranger", b"unsure", b"turned_away"):
        await exam.ada.film(face, 60)
    assert await exam.kinds() == []


@pytest.mark.parametrize("breaks", BREAKS)
async def test_what_was_suspected_before_ends_with_the_last_comparison(
    exam: Exam, breaks: Break
) -> None:
    """Nobody looks any more whether it goes on."""
    await exam.ada.film(b"stranger", 4)
    (before,) = await exam.proctor.incidents(exam.session)
    assert (before["kind"], before["state"]) == ("different_person", "open")
    await breaks(exam.house, exam.ada)
    await exam.ada.film(b"stranger", 10)
    (after,) = await exam.proctor.incidents(exam.session)
    assert (after["id"], after["state"]) == (before["id"], "closed")


@pytest.mark.parametrize(
    ("breaks", "missing"),
    [(lose_the_key, "key_missing"), (damage_the_key, "key_missing"), (damage_the_template, None)],
)
async def test_an_incident_is_recorded_though_its_photo_cannot_be_encrypted(
    exam: Exam, breaks: Break, missing: str | None
) -> None:
    await breaks(exam.house, exam.ada)
    await exam.ada.film(b"two", 4)
    (incident,) = await exam.proctor.incidents(exam.session)
    assert (incident["evidence_missing"], len(incident["evidence"])) == (
        missing,
        0 if missing else 1,
    )


@pytest.mark.parametrize("breaks", [damage_the_key, damage_the_template])
async def test_others_are_compared_as_before(exam: Exam, breaks: Break) -> None:
    await breaks(exam.house, exam.ada)
    await exam.ada.frame(b"me")
    assert (await exam.bo.frame(b"me"))["observation"]["identity"] == "match"
    await exam.bo.film(b"stranger", 4)
    (incident,) = await exam.proctor.incidents(exam.session)
    assert (incident["candidate_id"], incident["kind"]) == (exam.bo.id, "different_person")


@pytest.mark.parametrize("breaks", BREAKS)
async def test_the_log_says_so_once_for_each_candidate(
    exam: Exam, breaks: Break, capsys: pytest.CaptureFixture[str]
) -> None:
    await breaks(exam.house, exam.ada)
    capsys.readouterr()
    for _ in range(20):
        await exam.ada.frame(b"me")
    said = capsys.readouterr().out.splitlines()
    about = [line for line in said if "cannot be opened" in line]
    assert len([line for line in about if "features" in line]) == 1
    assert len([line for line in about if "key" in line and "features" not in line]) <= 1
    assert all(exam.ada.id in line for line in about)
    assert not [line for line in said if "Traceback" in line or "still not stored" in line]
    assert not [line for line in said if "Ada" in line]


@pytest.mark.parametrize("breaks", BREAKS)
async def test_the_console_stays_open_and_tells_of_it(
    tmp_path: Path, clock: Clock, dialect: object, breaks: Break
) -> None:
    data = tmp_path / "data"
    async with serving(data, clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.enter(session, "Ada", b"me")
        await breaks(house, ada)
        async with await console(house, proctor, session) as page:
            await ada.frame(b"me")
            tile = await page.until("tile")
            assert tile["live"]["identity"] == "cannot_compare"
            read(await proctor.act(ada.id, "pause", "A fire drill."))
            changed = (await page.event("candidate_changed"))["event"]["candidate"]
            assert (changed["state"], changed["template"]) == ("paused", "session")
            assert changed["live"]["identity"] == "cannot_compare"
            await page.all_so_far()
        assert (await proctor.candidate(session, ada.id))["live"]["identity"] == "cannot_compare"


async def test_comparison_goes_on_as_soon_as_the_key_is_back(exam: Exam) -> None:
    await lose_the_key(exam.house, exam.ada)
    for who in (exam.ada, exam.bo):
        await who.film(b"me", 40)
        await who.film(b"turned_away", 10)
    await restore_the_key(exam.house)
    for who in (exam.ada, exam.bo):
        assert (await who.frame(b"me"))["observation"]["identity"] == "match"
    assert await exam.kinds() == []
    await exam.ada.film(b"stranger", 4)
    (incident,) = await exam.proctor.incidents(exam.session)
    assert (incident["kind"], len(incident["evidence"])) == ("different_person", 1)


async def test_a_template_that_opens_again_is_compared_with(exam: Exam) -> None:
    async with exam.house.database.engine.begin() as connection:
        kept = (await connection.execute(sa.select(t.template))).mappings().all()
    await damage_the_template(exam.house, exam.ada)
    assert (await exam.ada.frame(b"me"))["observation"]["identity"] == "cannot_compare"
    async with exam.house.database.engine.begin() as connection:
        for row in kept:
            mine = t.template.c.candidate_id == row["candidate_id"]
            kind = t.template.c.kind == row["kind"]
            await connection.execute(
                t.template.update().where(mine, kind).values(vectors=row["vectors"])
            )
    assert (await exam.ada.frame(b"me"))["observation"]["identity"] == "match"


@pytest.mark.parametrize("breaks", [damage_the_key, damage_the_template])
async def test_at_check_in_it_is_a_matter_for_a_person(
    tmp_path: Path, clock: Clock, dialect: object, breaks: Break
) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.join(session, "Ada")
        read(await ada.reference_photo(b"me"))
        await breaks(house, ada)
        for _ in range(3):
            progress = await ada.check_in_frame(b"stranger")
        assert progress["state"] == "waiting_for_proctor"
        waiting = await proctor.candidate(session, ada.id)
        assert waiting["waiting_reason"] == "unclear"


@pytest.mark.parametrize("breaks", [lose_the_key, damage_the_key])
async def test_a_candidates_own_data_can_be_given_out_without_the_pictures(
    exam: Exam, breaks: Break
) -> None:
    await exam.ada.frame(b"me")
    await breaks(exam.house, exam.ada)
    answer = await exam.proctor.client.get(f"/api/v1/candidates/{exam.ada.id}/export")
    assert answer.status_code == 200
