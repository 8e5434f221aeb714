"""Imgur away, at its limits, or refusing: nothing is lost and nothing is asked too often."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from structlog.testing import capture_logs

from invigil.domain.errors import StorageFull, Unavailable
from invigil.domain.system import Space
from invigil.storage import retention
from invigil.storage.database import tables as t
from invigil.storage.evidence.receipts import Receipts
from tests.storage.imgur_exam import Exam, serving
from tests.support.clock import Clock
from tests.support.house import files_under
from tests.support.imgur import Imgur, error
from tests.support.web import CUT_OFF, OVERLOADED, PUZZLE


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


async def test_a_database_that_is_away_is_no_trouble_of_the_image_store(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        with (
            patch.object(house.storage.database, "read", side_effect=Unavailable),
            pytest.raises(Unavailable),
        ):
            await exam.step()
        assert await exam.trouble() == ""
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
        await retention.sweep(house.storage.database, house.storage.store, clock(), confirmed=True)
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
            await retention.sweep(
                house.storage.database, house.storage.store, clock(), confirmed=True
            )
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


async def test_a_picture_whose_receipt_cannot_be_written_is_not_uploaded_again(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    """Without a receipt nobody could ever delete it."""
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        await exam.misbehave()
        with patch.object(Receipts, "keep", side_effect=StorageFull):
            for _ in range(3):
                with pytest.raises(StorageFull):
                    await exam.step()
        assert len(imgur.pictures) == len(imgur.sent) == 1
        assert len(exam.spooled) == 2
        assert await exam.step() == 2
        assert len(imgur.pictures) == len(imgur.sent) == len(exam.receipts) == 2


async def test_a_picture_without_a_receipt_yet_can_be_deleted(
    tmp_path: Path, clock: Clock, imgur: Imgur
) -> None:
    async with serving(tmp_path, clock, imgur) as house:
        exam = await Exam.open(house)
        with patch.object(Receipts, "keep", side_effect=StorageFull), pytest.raises(StorageFull):
            await exam.step()
        assert len(imgur.pictures) == 1
        clock.advance(days=8)
        await retention.sweep(house.storage.database, house.storage.store, clock(), confirmed=True)
        assert imgur.pictures == {}
        assert await exam.step() == 0
        assert exam.receipts == []
