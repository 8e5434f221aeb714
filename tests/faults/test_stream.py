"""The stream may be cut at any byte: what a page shows is what the database holds."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import get_args

import pytest
from websockets.exceptions import InvalidHandshake, WebSocketException

from invigil.api import events as e
from invigil.domain.candidate import CameraClaim
from tests.support.chaos import Chaos, chaos
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, read
from tests.support.replay import replayed, shown
from tests.support.scripted import ScriptedEngine
from tests.support.server import candidate_ticket, dial, exam_page, proctor_ticket, serving

CUTS = random.Random(22)  # noqa: S311 - the same cuts each time


@pytest.fixture
async def up(tmp_path: Path, clock: Clock, dialect: object) -> AsyncIterator[Running]:
    async with serving(tmp_path / "data", clock, ScriptedEngine()) as house:
        yield house


@pytest.fixture
async def proctor(up: Running) -> Proctor:
    return await up.proctor()


async def everything(up: Running, proctor: Proctor, session: Json) -> Candidate:
    """All that may happen in an exam; the candidate who was there to the end."""
    ada = await up.enter(session, face=b"me")
    ben = await up.join(session, "Ben")
    await ben.check_in(b"me", live=b"stranger")
    address = f"/api/v1/candidates/{ben.id}/check-in-decision"
    retake = {"decision": "retake", "reason": "Too dark."}
    read(await proctor.client.post(address, json=retake))
    await ben.check_in(b"me")
    read(await ben.post("enter"))
    await ada.film(b"two", 4)
    await ada.film(b"me", 12)
    await ben.film(b"stranger", 6)
    for incident in await proctor.incidents(session):
        await proctor.decide(incident, "confirmed")
        await proctor.client.delete(f"/api/v1/incidents/{incident['id']}/decisions/latest")
    read(await ada.post("messages", {"text": "Is this counted?"}), 201)
    words = {"text": "Ten minutes left.", "kind": "warning"}
    address = f"/api/v1/sessions/{session['id']}/messages"
    read(await proctor.client.post(address, json=words), 201)
    async with await exam_page(up, ada) as page:
        await page.send(type="camera", state=CameraClaim.MUTED.value)
        await page.all_so_far()
    await up.tick(30)
    await ada.frame(b"me")
    await up.tick(30)
    read(await ben.post("leave"))
    read(await proctor.client.post(f"/api/v1/sessions/{session['id']}/close"))
    return ada


async def heard(up: Running, ticket: str, line: Chaos, since: int) -> list[Json]:
    """The events that arrive whole on this line before it ends, or until there are no more."""
    found: list[Json] = []
    try:
        async with asyncio.timeout(20):
            page = await dial(up, ticket, since=since, line=line.port)
            async with page:
                await page.send(type="ping")
                while (letter := json.loads(await page.connection.recv()))["type"] != "pong":
                    if letter["type"] == "event":
                        found.append(letter)
                # A pong may overtake events: what is in the log comes before the next one.
                await page.send(type="ping")
                while (letter := json.loads(await page.connection.recv()))["type"] != "pong":
                    if letter["type"] == "event":
                        found.append(letter)
    except TimeoutError:  # neither cut nor answered
        raise
    except (WebSocketException, InvalidHandshake, OSError, EOFError):
        pass  # cut
    return found


async def in_the_log(up: Running, session: Json, candidate: str | None) -> list[int]:
    async with up.database.read() as work:
        events = await work.events.since(session["id"], 0, candidate, 10_000)
    return [event.seq for event in events]


def numbers(letters: Sequence[Json]) -> list[int]:
    return [letter["seq"] for letter in letters]


async def test_every_kind_of_event_makes_a_page_what_a_reload_makes_it(
    up: Running, proctor: Proctor
) -> None:
    session = await proctor.open_session()
    await everything(up, proctor, session)
    async with chaos(int(up.base_url.rpartition(":")[2])) as line:
        letters = await heard(up, await proctor_ticket(proctor, session), line, 0)
    union = get_args(e.ProctorEvent)[0]
    kinds = {each.model_fields["kind"].default for each in get_args(union)}
    assert {letter["event"]["kind"] for letter in letters} == kinds
    assert numbers(letters) == await in_the_log(up, session, None)
    assert replayed(letters, session) == shown(await proctor.snapshot(session))


@pytest.mark.parametrize("stride", [211, pytest.param(29, marks=pytest.mark.slow)])
async def test_a_stream_cut_at_any_byte_goes_on_where_it_was(
    up: Running, proctor: Proctor, stride: int
) -> None:
    session = await proctor.open_session()
    await everything(up, proctor, session)
    log, seen = await in_the_log(up, session, None), shown(await proctor.snapshot(session))
    async with chaos(int(up.base_url.rpartition(":")[2])) as line:
        await heard(up, await proctor_ticket(proctor, session), line, 0)
        whole, cut_within = line.line.passed, 0
        for cut in range(1 + CUTS.randrange(stride), whole, stride):
            line.line.cut_after = cut
            letters = await heard(up, await proctor_ticket(proctor, session), line, 0)
            cut_within += 0 < len(letters) < len(log)
            line.line.cut_after = None
            since = letters[-1]["seq"] if letters else 0
            letters += await heard(up, await proctor_ticket(proctor, session), line, since)
            assert numbers(letters) == log, cut
            assert replayed(letters, session) == seen, cut
    assert cut_within > whole // stride // 3


async def test_a_candidates_stream_goes_on_as_well(up: Running, proctor: Proctor) -> None:
    session = await proctor.open_session()
    ada = await everything(up, proctor, session)
    async with chaos(int(up.base_url.rpartition(":")[2])) as line:
        letters: list[Json] = []
        for _ in range(60):
            line.line.cut_after = CUTS.randrange(200, 4000)
            since = letters[-1]["seq"] if letters else 0
            letters += await heard(up, await candidate_ticket(ada), line, since)
    log = await in_the_log(up, session, ada.id)
    found = numbers(letters)
    assert found == sorted(set(found))
    # Who took the exam over is told by the end of the connection, not by a letter.
    assert set(found) <= set(log)
    assert letters[-1]["event"]["kind"] == "session_changed"
    assert letters[-1]["seq"] == log[-1]
