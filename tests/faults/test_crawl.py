"""What answers contain, what they refuse to be told, and whether ids can be guessed."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from httpx2 import AsyncClient

from invigil.domain.secrets import new_id
from tests.api.access_table import TABLE
from tests.api.test_access import World, build
from tests.support.house import Json, Running

FLOATS = 64
SCORE = re.compile(r"score|vector|embedding|template_bytes|landmark|threshold|distance")
GUESSES = 10_000


@pytest.fixture
async def world(scripted: Running) -> World:
    return await build(scripted)


def values(found: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Everything in a JSON answer, lists and objects as well, with where it is."""
    yield path, found
    if isinstance(found, dict):
        for name, value in found.items():
            yield from values(value, f"{path}.{name}")
    elif isinstance(found, list):
        for value in found:
            yield from values(value, f"{path}[]")


async def crawl(world: World, client: AsyncClient) -> Iterator[tuple[str, Json]]:
    """Every route that only reads, as this caller."""
    found = []
    for route, row in TABLE.items():
        if route.startswith("GET "):
            answer = await world.call(client, route, row)
            if answer.headers.get("content-type", "").startswith("application/json"):
                found.append((route, answer.json()))
    return iter(found)


@pytest.mark.parametrize("caller", ["nobody", "candidate", "proctor", "organiser"])
async def test_no_answer_holds_a_template_or_a_raw_score(world: World, caller: str) -> None:
    answers = list(await crawl(world, await world.caller(caller)))
    assert len(answers) > 10
    for route, answer in answers:
        for path, value in values(answer):
            assert not SCORE.search(path), f"{route}: {path}"
            if isinstance(value, list):
                numbers = [each for each in value if isinstance(each, float)]
                assert len(numbers) < FLOATS, f"{route}: {path}"


async def test_a_candidate_is_told_of_itself_only(world: World) -> None:
    """The fields of each answer for a candidate, so that a new one is a decision."""
    answer = (await world.candidates["candidate"].client.get("/api/v1/candidates/me")).json()
    assert set(answer) == {
        "id",
        "name",
        "state",
        "state_since",
        "state_reason",
        "session",
        "has_reference_photo",
        "needed_frames",
        "retake_reason",
        "face_compared",
        "accommodations",
        "messages",
    }
    assert set(answer["session"]) == {
        "id",
        "title",
        "sampling_interval_s",
        "retention_days",
        "exam_url",
        "own_incidents",
        "closed",
        "closed_at",
        "face_matching",
    }


@pytest.mark.parametrize(
    "more",
    [
        {"role": "proctor"},
        {"state": "in_room"},
        {"session_id": "0" * 32},
        {"joined_at": "2020-01-01T00:00:00Z"},
        {"decision": {"decision": "dismissed"}},
        {"monitored": False},
    ],
)
async def test_what_is_no_field_is_refused_and_changes_nothing(world: World, more: Json) -> None:
    before = await world.organiser.snapshot(world.session)
    for route, row in TABLE.items():
        if not isinstance(row.json, dict) or not route.startswith("POST /api/v1"):
            continue
        if "sign-in" in route:
            continue
        client = world.organiser.client
        if "/me/" in route:
            client = world.candidates["candidate"].client
        method, _, path = route.partition(" ")
        given = {name: value for name, value in more.items() if name not in row.json}
        if given != more:
            continue
        answer = await client.request(method, world.fill(path), json=row.json | more)
        assert answer.status_code == 422, f"{route}: {answer.status_code}"
    assert await world.organiser.snapshot(world.session) == before


async def test_ids_cannot_be_guessed(world: World) -> None:
    """Guesses at what only its holder knows: nothing but 404, 401 and 429."""
    assert "integer" not in str(
        [
            parameter["schema"]
            for methods in world.house.app.openapi()["paths"].values()
            for method in methods.values()
            for parameter in method.get("parameters", [])
            if parameter["in"] == "path"
        ]
    )
    addresses = (
        "/api/v1/evidence/{}",
        "/api/v1/candidates/{}/reference-photo",
        "/api/v1/sessions/{}/snapshot",
        "/api/v1/join/{}",
    )
    client = await world.caller("proctor")
    statuses = {
        (await client.get(addresses[number % len(addresses)].format(new_id()))).status_code
        for number in range(GUESSES // 50)
    }
    assert statuses <= {404, 429}


@pytest.mark.slow
async def test_ten_thousand_guesses_find_nothing(world: World) -> None:
    client = await world.caller("proctor")
    for _ in range(GUESSES):
        answer = await client.get(f"/api/v1/evidence/{new_id()}")
        assert answer.status_code in {404, 429}
