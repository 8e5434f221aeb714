"""Face comparison is a choice: who does not choose it has no features made, ever, and takes the
same exam."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from invigil.domain.observation import Observation, Template, TemplateKind
from invigil.storage.database import tables as t
from tests.support import pictures
from tests.support.clock import Clock
from tests.support.databases import Dialect
from tests.support.house import Candidate, Json, Proctor, Running, read, refused, running
from tests.support.scripted import ScriptedEngine


class Watched(ScriptedEngine):
    """Counts what is made of a face, and hands templates to nobody unnoticed."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0
        self.compared = 0

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        self.compared += bool(templates)
        return super().observe(image, templates)

    def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        self.made += 1
        return super().make_template(kind, images)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
async def place(
    tmp_path: Path, clock: Clock, watched: Watched, dialect: Dialect
) -> AsyncIterator[Running]:
    async with running(tmp_path / "data", clock, watched) as up:
        yield up


async def join(house: Running, exam: Json, *, compare_face: bool | None) -> Candidate:
    client = await house.client()
    code = exam["join_url"].rpartition("/")[2]
    version = read(await client.get(f"/api/v1/join/{code}"))["consent"]["version"]
    consent: dict[str, Any] = {"version": version, "accepted": True}
    if compare_face is not None:
        consent["compare_face"] = compare_face
    answer = await client.post(
        f"/api/v1/join/{code}", json={"name": "Ada Example", "consent": consent}
    )
    joined = read(answer, 201)
    client.headers["Authorization"] = f"Bearer {joined['token']}"
    return Candidate(client, house.clock, joined["candidate"]["id"], joined["token"])


async def approve(staff: Proctor, ada: Candidate) -> None:
    answer = await staff.client.post(
        f"/api/v1/candidates/{ada.id}/check-in-decision", json={"decision": "approve"}
    )
    read(answer)


async def acts(house: Running) -> list[Json]:
    async with house.database.engine.connect() as connection:
        rows = await connection.execute(sa.select(t.audit_entry).order_by(t.audit_entry.c.seq))
        return [dict(row) for row in rows.mappings()]


async def test_a_whole_exam_without_comparison_makes_no_template(
    place: Running, watched: Watched
) -> None:
    staff = await place.proctor()
    exam = await staff.open_session()
    ada = await join(place, exam, compare_face=False)
    progress = await ada.check_in(b"me")
    assert progress["state"] == "waiting_for_proctor"
    shown = await staff.candidate(exam, ada.id)
    # An ordinary check: no reason, no note, a photo and a live picture beside it.
    assert (shown["waiting_reason"], shown["note"]) == (None, None)
    assert shown["has_reference_photo"]
    assert shown["has_still"]
    await approve(staff, ada)
    read(await ada.post("enter"))
    await ada.film(b"stranger", 30)  # nobody asks who it is
    assert await staff.incidents(exam) == []
    await ada.film(b"empty", 30)
    await ada.film(b"me", 10)
    await ada.film(b"two", 10)
    kinds = [each["kind"] for each in await staff.incidents(exam)]
    assert kinds == ["no_face", "multiple_faces"]
    read(await ada.post("leave"))
    assert (watched.made, watched.compared) == (0, 0)
    assert await place.rows(t.template) == 0
    async with place.database.engine.connect() as connection:
        observed = sa.select(t.observation.c.identity, t.observation.c.comparison_score).distinct()
        assert [tuple(row) for row in await connection.execute(observed)] == [
            ("not_compared", None)
        ]


async def test_nobody_is_marked_as_having_refused(place: Running) -> None:
    """A session without comparison and a candidate without it look the same to a proctor."""
    staff = await place.proctor()
    told = []
    for offered in (True, False):
        exam = await staff.open_session(face_matching=offered)
        ada = await join(place, exam, compare_face=False)
        await ada.check_in(b"me")
        shown = await staff.candidate(exam, ada.id)
        told.append({k: v for k, v in shown.items() if k not in {"id", "joined_at"}})
        answer = (await staff.client.get(f"/api/v1/sessions/{exam['id']}/snapshot")).text
        for word in ("declin", "refus", "withdr", "reject"):
            assert word not in answer.casefold()
    for each in told:
        each.pop("last_frame_at")
    assert told[0] == told[1]
    assert told[0]["identity_check"] == "proctor"


@pytest.mark.parametrize("answer", [False, None], ids=["by a proctor", "nothing said"])
async def test_comparison_is_agreed_to_and_not_presumed(
    place: Running, watched: Watched, answer: bool | None
) -> None:
    exam = await (await place.proctor()).open_session()
    ada = await join(place, exam, compare_face=answer)
    assert (await ada.me())["face_compared"] is False
    await ada.check_in(b"me")
    assert watched.made == 0


async def test_the_choice_and_its_time_are_recorded(place: Running) -> None:
    exam = await (await place.proctor()).open_session()
    await join(place, exam, compare_face=True)
    await join(place, exam, compare_face=False)
    async with place.database.engine.connect() as connection:
        columns = sa.select(t.candidate.c.matching, t.candidate.c.matching_at)
        rows = [tuple(row) for row in await connection.execute(columns)]
    assert sorted(rows) == [("agreed", place.clock()), ("declined", place.clock())]
    given = [each["detail"] for each in await acts(place) if each["action"] == "consent_given"]
    assert ['"matching":"agreed"' in given[0], '"matching":"declined"' in given[1]] == [True] * 2


async def test_no_template_is_made_before_the_release_is_on_record(place: Running) -> None:
    exam = await (await place.proctor()).open_session()
    ada = await join(place, exam, compare_face=True)
    assert await place.rows(t.template) == 0
    assert [each["action"] for each in await acts(place)][-1] == "consent_given"
    read(await ada.reference_photo(b"me"))
    assert await place.rows(t.template) == 1


async def test_a_session_without_comparison_says_so_and_offers_none(
    place: Running, watched: Watched
) -> None:
    staff = await place.proctor()
    exam = await staff.open_session(face_matching=False)
    code = exam["join_url"].rpartition("/")[2]
    client = await place.client()
    info = read(await client.get(f"/api/v1/join/{code}"))
    assert info["session"]["face_matching"] is False
    text = " ".join(info["consent"]["text"])
    assert "Your face is not compared by software" in text
    assert "biometric" not in text
    consent = {"version": info["consent"]["version"], "accepted": True, "compare_face": True}
    body = {"name": "Ada", "consent": consent}
    refused(await client.post(f"/api/v1/join/{code}", json=body), 409, "consent_outdated")
    ada = await join(place, exam, compare_face=False)
    await ada.check_in(b"me")
    await approve(staff, ada)
    read(await ada.post("enter"))
    assert watched.made == 0


async def test_the_text_of_an_exam_with_the_choice_covers_it(place: Running) -> None:
    staff = await place.proctor()
    offered, without = await staff.open_session(), await staff.open_session(face_matching=False)
    texts = []
    for exam in (offered, without):
        code = exam["join_url"].rpartition("/")[2]
        texts.append(read(await (await place.client()).get(f"/api/v1/join/{code}"))["consent"])
    text = " ".join(texts[0]["text"])
    for words in ("biometric data", "identified by a proctor instead", "stop the comparison"):
        assert words in text
    assert texts[0]["version"] != texts[1]["version"]


async def test_taken_back_in_the_room_the_template_goes_at_once(
    place: Running, watched: Watched
) -> None:
    staff = await place.proctor()
    exam = await staff.open_session()
    ada = await place.enter(exam, face=b"me")
    assert await place.rows(t.template) > 0
    await ada.film(b"stranger", 5)
    assert [each["state"] for each in await staff.incidents(exam)] == ["open"]
    before = watched.compared
    read(await ada.post("stop-comparing"))
    assert await place.rows(t.template) == 0
    assert (await ada.me())["face_compared"] is False
    await ada.film(b"stranger", 40)
    # What was open about the comparison ends: nobody looks any more whether it goes on.
    assert [each["state"] for each in await staff.incidents(exam)] == ["closed"]
    assert watched.compared == before
    snapshot = await staff.snapshot(exam)
    (told,) = snapshot["messages"]
    assert told["from"] == "system"
    assert "by eye" in told["text"]
    assert (await staff.candidate(exam, ada.id))["identity_check"] == "proctor"
    last = [each for each in await acts(place) if each["action"] == "matching_withdrawn"]
    assert [each["candidate_id"] for each in last] == [ada.id]
    read(await ada.post("stop-comparing"))  # again is fine, and says nothing twice
    assert len((await staff.snapshot(exam))["messages"]) == 1
    await ada.film(b"empty", 30)
    assert {each["kind"] for each in await staff.incidents(exam)} == {
        "different_person",
        "no_face",
    }


@pytest.mark.parametrize("taken", [0, 1, 2])
async def test_taken_back_during_check_in_a_human_decides(
    place: Running, watched: Watched, taken: int
) -> None:
    staff = await place.proctor()
    exam = await staff.open_session()
    ada = await place.join(exam)
    read(await ada.reference_photo(b"me"))
    for _ in range(taken):
        await ada.check_in_frame(b"me")
    read(await ada.post("stop-comparing"))
    assert await place.rows(t.template) == 0
    made = watched.made
    for _ in range(3 - taken):
        progress = await ada.check_in_frame(b"me")
    assert progress["state"] == "waiting_for_proctor"
    assert (watched.made, await place.rows(t.template)) == (made, 0)
    await approve(staff, ada)
    read(await ada.post("enter"))


async def test_whoever_was_removed_can_take_it_back_and_stays_out(
    place: Running, watched: Watched
) -> None:
    staff = await place.proctor()
    exam = await staff.open_session()
    ada = await place.enter(exam, face=b"me")
    read(await staff.act(ada.id, "remove", "Wrong room."))
    assert await place.rows(t.template) > 0
    mine = read(await ada.post("stop-comparing"))
    assert (mine["state"], mine["face_compared"]) == ("removed", False)
    assert await place.rows(t.template) == 0
    refused(await ada.post("enter"), 403, "removed")
    read(await staff.act(ada.id, "readmit", "It was the right one."))
    read(await ada.post("enter"))
    before = watched.compared
    await ada.film(b"stranger", 20)
    assert watched.compared == before
    assert await staff.incidents(exam) == []


class Withdrawing(Watched):
    """While a picture is being looked at, something else happens."""

    meanwhile: Any = None

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        seen = super().observe(image, templates)
        if self.meanwhile is not None and templates:
            self.meanwhile()
            self.meanwhile = None
        return seen


async def test_taken_back_while_a_picture_is_looked_at_nothing_of_it_is_kept(
    tmp_path: Path, clock: Clock
) -> None:
    import asyncio

    engine = Withdrawing()
    async with running(tmp_path / "data", clock, engine) as place:
        exam = await (await place.proctor()).open_session()
        ada = await place.enter(exam, face=b"me")
        loop = asyncio.get_running_loop()

        def withdraw() -> None:
            stop = place.rooms.arrangements.stop_comparing(ada.id)
            asyncio.run_coroutine_threadsafe(stop, loop).result(20)

        engine.meanwhile = withdraw
        await ada.frame(b"stranger")
        assert engine.meanwhile is None
        async with place.database.engine.connect() as connection:
            columns = sa.select(t.observation.c.identity, t.observation.c.comparison_score)
            assert tuple((await connection.execute(columns)).one()) == ("not_compared", None)


async def test_with_real_models_a_candidate_by_eye_leaves_no_template(
    house: Running, proctor: Proctor
) -> None:
    exam = await proctor.open_session()
    ada = await join(house, exam, compare_face=False)
    assert (await ada.check_in(pictures.obama()))["state"] == "waiting_for_proctor"
    await approve(proctor, ada)
    read(await ada.post("enter"))
    reply = await ada.frame(pictures.obama())
    assert reply["observation"]["identity"] == "not_compared"
    assert await house.rows(t.template) == 0


@pytest.mark.parametrize("pictures", [0, 1])
async def test_comparison_is_no_matter_where_a_proctor_let_somebody_in_without_it(
    place: Running, pictures: int
) -> None:
    """By eye, before the pictures of the check-in: there is nothing to compare with."""
    staff = await place.proctor()
    exam = await staff.open_session()
    ada = await join(place, exam, compare_face=True)
    assert (await ada.me())["face_compared"] is True
    read(await ada.reference_photo(b"me"))
    for _ in range(pictures):
        await ada.check_in_frame(b"me")
    read(await ada.post("ask-proctor", {"note": None}))
    assert (await ada.me())["face_compared"] is True
    await approve(staff, ada)
    compared = await place.rows(t.template) > 0
    assert compared is (pictures > 0)
    assert (await ada.me())["face_compared"] is compared
    assert read(await ada.post("enter"))["face_compared"] is compared
