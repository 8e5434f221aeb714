"""The N-th storage call fails, for every N, in everything that people do.

Whatever N is: the answer is one of ours, what was acknowledged is there once, nobody is blamed,
and the same thing works a moment later.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from httpx2 import Response

from invigil.storage.evidence.orphans import sweep_orphans
from tests.support.clock import Clock
from tests.support.faults import How, failing
from tests.support.house import Candidate, Json, Proctor, Running, read, running
from tests.support.invariants import (
    images_without_a_row,
    nobody_is_blamed,
    nothing_is_broken,
)
from tests.support.replay import replayed, shown
from tests.support.scripted import ScriptedEngine

MOST_CALLS = 120


class Exam:
    """One candidate in a session of her own, brought to where a step begins."""

    def __init__(self, house: Running, proctor: Proctor, session: Json, ada: Candidate) -> None:
        self.house = house
        self.proctor = proctor
        self.session = session
        self.ada = ada
        self.address = ""
        self.body: Json = {}

    async def snapshot(self) -> Json:
        return await self.proctor.snapshot(self.session)


Step = Callable[[Exam], Awaitable[Response]]


async def nothing_before(_exam: Exam) -> None:
    """Having joined is enough."""


async def consent_read(exam: Exam) -> None:
    exam.address = f"/api/v1/join/{exam.session['join_url'].rpartition('/')[2]}"
    version = read(await exam.ada.client.get(exam.address))["consent"]["version"]
    exam.body = {"name": "Ben", "consent": {"version": version, "accepted": True}}


async def checked_in(exam: Exam) -> None:
    await exam.ada.check_in(b"me")


async def photographed(exam: Exam) -> None:
    read(await exam.ada.reference_photo(b"me"))
    for _ in range(2):
        await exam.ada.check_in_frame(b"me")


async def in_room(exam: Exam) -> None:
    await checked_in(exam)
    read(await exam.ada.post("enter"))
    read(await exam.ada.send(b"me"))
    exam.house.clock.advance(5)


async def suspected(exam: Exam) -> None:
    """One more frame makes it an incident."""
    await in_room(exam)
    for number in range(2):
        read(await exam.ada.send(b"two %d" % number))
        exam.house.clock.advance(ms=600)


async def incident(exam: Exam) -> None:
    await suspected(exam)
    read(await exam.ada.send(b"two 2"))
    (found,) = await exam.proctor.incidents(exam.session)
    exam.address = f"/api/v1/incidents/{found['id']}/decisions"
    exam.body = {"decision": "confirmed", "reason": "Looked at it."}


async def join(exam: Exam) -> Response:
    return await exam.ada.client.post(exam.address, json=exam.body)


async def photo(exam: Exam) -> Response:
    return await exam.ada.reference_photo(b"me")


async def last_check_in_frame(exam: Exam) -> Response:
    return await exam.ada.client.post("/api/v1/candidates/me/check-in-frames", content=b"me")


async def enter(exam: Exam) -> Response:
    return await exam.ada.post("enter")


async def frame(exam: Exam) -> Response:
    return await exam.ada.send(b"two again")


async def decide(exam: Exam) -> Response:
    return await exam.proctor.client.post(exam.address, json=exam.body)


async def message(exam: Exam) -> Response:
    return await exam.ada.post("messages", {"text": "Hello"})


async def close(exam: Exam) -> Response:
    return await exam.proctor.client.post(f"/api/v1/sessions/{exam.session['id']}/close")


STEPS: dict[str, tuple[Callable[[Exam], Awaitable[None]], Step]] = {
    "join": (consent_read, join),
    "photo": (nothing_before, photo),
    "check-in": (photographed, last_check_in_frame),
    "enter": (checked_in, enter),
    "frame with incident": (suspected, frame),
    "decide": (incident, decide),
    "message": (in_room, message),
    "close": (incident, close),
}


async def seen(step: str, exam: Exam) -> int:
    """How often what the step does is on record."""
    now = await exam.snapshot()
    me = next(each for each in now["candidates"] if each["id"] == exam.ada.id)
    found: dict[str, int] = {
        "join": len(now["candidates"]) - 1,
        "photo": me["has_reference_photo"],
        "check-in": me["state"] == "approved",
        "enter": me["state"] == "in_room",
        "frame with incident": len(now["incidents"]),
        "decide": sum(each["decision"] is not None for each in now["incidents"]),
        "message": len(now["messages"]),
        "close": now["session"]["closed_at"] is not None,
    }
    return int(found[step])


async def stream(house: Running, session: Json) -> list[Json]:
    """All events of the session as the console's socket renders them."""
    renderer = house.app.state.renderer
    async with house.database.read() as work:
        events = await work.events.since(session["id"], 0, None, 10_000)
    letters = [await renderer.render(event) for event in events]
    return [json.loads(letter) for letter in letters if letter]


async def fail_once(house: Running, proctor: Proctor, step: str, number: int, how: How) -> bool:
    """One exam in which that call fails; False when the step makes fewer calls."""
    before, act = STEPS[step]
    session = await proctor.open_session()
    exam = Exam(house, proctor, session, await house.join(session))
    await before(exam)
    body_before = await seen(step, exam)
    with failing(house, number, how) as sabotage:
        answer = await act(exam)
    where = f"{step}, call {number}: {sabotage.struck}: {answer.status_code} {answer.text[:200]}"
    assert body_before == 0
    if answer.status_code < 300:
        assert await seen(step, exam) == 1, where
    else:
        assert sabotage.struck, where
        assert answer.status_code == 503, where
        assert answer.json()["error"]["code"] in {"unavailable", "storage_full"}, where
    return await again(exam, step, where, acknowledged=answer.status_code < 300) and bool(
        sabotage.struck
    )


async def again(exam: Exam, step: str, where: str, *, acknowledged: bool) -> bool:
    """A moment later everything works, and nothing is there twice."""
    if not acknowledged:
        exam.house.clock.advance(ms=600)
        answer = await STEPS[step][1](exam)
        # Where the answer was lost it has been done already, and is refused in plain words.
        assert answer.status_code in {200, 201, 409}, f"{where}; then {answer.text[:200]}"
        assert await seen(step, exam) >= 1, where
    now = await exam.snapshot()
    assert len(now["incidents"]) <= 1, where
    if step != "close":
        nobody_is_blamed(now, {"multiple_faces"})
    letters = await stream(exam.house, exam.session)
    assert replayed(letters, exam.session) == shown(now), where
    return True


async def sweep(data: Path, clock: Clock, step: str, how: How) -> None:
    async with running(data, clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        number = 1
        while await fail_once(house, proctor, step, number, how):
            number += 1
            assert number < MOST_CALLS
        assert number > (1 if how is How.LOST else 4), "nothing was made to fail"
        await nothing_is_broken(house)
        database, shelf = house.storage.database, house.storage.store.shelf
        lost = await images_without_a_row(house)
        assert await sweep_orphans(database, shelf, clock.advance(days=3650)) == len(lost)
        assert await images_without_a_row(house) == []


@pytest.mark.sqlite_only
@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("step", STEPS)
async def test_any_one_storage_call_may_fail(
    tmp_path: Path, clock: Clock, dialect: object, step: str, how: How
) -> None:
    await sweep(tmp_path / "data", clock, step, how)


@pytest.mark.slow
@pytest.mark.parametrize("how", How)
@pytest.mark.parametrize("step", STEPS)
async def test_any_one_storage_call_may_fail_on_any_database(
    tmp_path: Path, clock: Clock, dialect: object, step: str, how: How
) -> None:
    await sweep(tmp_path / "data", clock, step, how)
