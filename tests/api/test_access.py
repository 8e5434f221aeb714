"""Every route against every sort of caller."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from httpx2 import AsyncClient, Response

from invigil.domain.actor import Scope
from tests.api.access_table import CALLERS, TABLE, Row
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, read, refused, running
from tests.support.scripted import ScriptedEngine

pytestmark = pytest.mark.usefixtures("dialect")

REFUSALS = {401, 403, 404}


@dataclass
class World:
    """Two sessions with candidates, a proctor each, and an incident of the first."""

    house: Running
    people: dict[str, Proctor]
    candidates: dict[str, Candidate]
    session: Json
    token: str
    names: dict[str, str]

    @property
    def organiser(self) -> Proctor:
        return self.people["organiser"]

    def fill(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    async def caller(self, name: str) -> AsyncClient:
        if name == "nobody":
            return await self.house.client()
        if name in self.candidates:
            return self.candidates[name].client
        if name == "token":
            return await self.house.client({"Authorization": f"Bearer {self.token}"})
        client = await self.house.client({"Origin": self.house.base_url})
        if name == "foreign page":
            client.headers["Origin"] = "https://evil.example"
            name = "organiser"
        client.cookies.update(self.people[name].client.cookies)
        return client

    async def call(self, client: AsyncClient, route: str, row: Row) -> Response:
        method, _, path = route.partition(" ")
        address = self.fill(path)
        if row.image:
            return await client.request(method, address, content=b"me")
        if row.json is None:
            query = {"expires": "1", "signature": "x"} if path.startswith("/evidence") else None
            return await client.request(method, address, params=query)
        body = json.loads(self.fill(json.dumps(row.json)))
        return await client.request(method, address, json=body)


async def build(house: Running) -> World:
    people = {"expired": await house.proctor()}
    house.clock.advance(days=1)
    organiser = people["organiser"] = await house.proctor()
    session, second = await organiser.open_session(), await organiser.open_session(title="Other")
    people["proctor"] = await house.invited(organiser, session)
    people["other proctor"] = await house.invited(organiser, second, "Otto")
    candidates = {
        "candidate": await house.enter(session, face=b"me"),
        "neighbour": await house.enter(session, "Ben", b"me"),
        "stranger": await house.enter(second, "Mallory", b"me"),
    }
    candidate = candidates["candidate"]
    await candidate.film(b"two", 3)
    (incident,) = await organiser.incidents(session)
    await organiser.decide(incident, "confirmed")
    invites = f"/api/v1/sessions/{session['id']}/invites"
    imported = read(await organiser.client.post(invites, content=b"name\nEve"), 201)
    code = session["join_url"].rpartition("/")[2]
    info = read(await (await house.client()).get(f"/api/v1/join/{code}"))
    held = await organiser.client.post(
        f"/api/v1/sessions/{second['id']}/holds", json={"reason": "Case 7"}
    )
    names = {
        "hold_id": read(held, 201)["id"],
        "session_id": session["id"],
        "meeting_id": session["id"],
        "session": session["id"],
        "proctor_invite_id": people["proctor"].invite_id,
        "candidate_id": candidate.id,
        "candidate": candidate.id,
        "incident_id": incident["id"],
        "invite_id": imported["invites"][0]["id"],
        "evidence_id": incident["evidence"][0]["id"],
        "code": code,
        "consent": info["consent"]["version"],
        "data_url": "data:image/jpeg;base64," + base64.b64encode(b"me").decode(),
    }
    _, token = await house.rooms.accounts.create_token("Importer", frozenset(Scope), None)
    return World(house, people, candidates, session, token, names)


@pytest.fixture
async def world(tmp_path: Path, clock: Clock) -> AsyncIterator[World]:
    async with running(
        tmp_path / "data", clock, ScriptedEngine(), metrics_token="north-4711-metrics"
    ) as house:
        yield await build(house)


def routes(house: Running) -> set[str]:
    return {
        f"{method.upper()} {path}"
        for path, methods in house.app.openapi()["paths"].items()
        for method in methods
    }


async def test_every_route_has_a_row_and_every_row_a_route(scripted: Running) -> None:
    assert routes(scripted) == set(TABLE)


def ends(route: str) -> int:
    """Whether a route ends something that others need: a place in the order of the calls."""
    endings = ("/leave", "/close", "{proctor_invite_id}", "/sign-out")
    return next((place for place, end in enumerate(endings, 1) if route.endswith(end)), 0)


@pytest.mark.parametrize("caller", CALLERS)
async def test_what_a_caller_may_do(world: World, caller: str) -> None:
    column = CALLERS.index(caller)
    wrong = []
    # Routes that end something come last, so that the others still find it.
    for route in sorted(TABLE, key=ends):
        row = TABLE[route]
        expected = row.answers[column]
        answer = await world.call(await world.caller(caller), route, row)
        refusal = answer.status_code if answer.status_code in REFUSALS else "ok"
        if refusal != expected:
            wrong.append(f"{route}: {answer.status_code} instead of {expected}")
        assert answer.status_code < 500, answer.text
    assert wrong == []


async def test_a_refused_caller_has_changed_nothing(world: World) -> None:
    before = await world.organiser.snapshot(world.session)
    for caller in ("nobody", "expired", "stranger", "other proctor", "foreign page"):
        client = await world.caller(caller)
        for route, row in TABLE.items():
            allowed = row.answers[CALLERS.index(caller)] == "ok"
            if not allowed and not route.startswith("GET"):
                await world.call(client, route, row)
    assert await world.organiser.snapshot(world.session) == before


async def test_a_session_of_others_answers_like_one_that_is_not_there(world: World) -> None:
    other, organiser = await world.caller("other proctor"), await world.caller("organiser")
    refusals = {}
    for route, row in TABLE.items():
        if row.answers[CALLERS.index("other proctor")] == 404 and "{" in route:
            refusals[route] = (await world.call(other, route, row)).text
    for name in world.names:
        if name.endswith("_id"):
            world.names[name] = "0" * 32
    world.names["session"] = "0" * 32
    for route, text in refusals.items():
        assert (await world.call(organiser, route, TABLE[route])).text == text, route


async def test_a_proctor_is_shown_the_own_session_alone(world: World) -> None:
    for name, titles in {
        "proctor": ["Algebra"],
        "other proctor": ["Other"],
        "organiser": ["Algebra", "Other"],
    }.items():
        found = read(await world.people[name].client.get("/api/v1/sessions"))["sessions"]
        assert sorted(each["title"] for each in found) == titles


async def test_a_removed_candidate_only_reads_what_is_said_about_it_or_withdraws(
    world: World,
) -> None:
    ada = world.candidates["candidate"]
    read(await world.organiser.act(ada.id, "remove", "For now."))
    own = {
        route
        for route, row in TABLE.items()
        if row.answers[CALLERS.index("proctor")] == 401 and "/me" in route and "candidates" in route
    }
    about = {route for route in own if "/me/incidents" in route} | {"GET /api/v1/candidates/me"}
    withdraws = "POST /api/v1/candidates/me/stop-comparing"
    assert withdraws in own
    about.add(withdraws)
    assert len(own - about) > 8
    for route in own:
        answer = await world.call(ada.client, route, TABLE[route])
        if route in about:
            assert answer.status_code == (404 if "{" in route else 200), route
        else:
            refused(answer, 403, "removed")


@pytest.mark.parametrize("unknown", ["0" * 32, "x", "..%2F..%2Fetc%2Fpasswd", "a" * 500, "%00"])
async def test_unknown_ids_look_like_foreign_ones(world: World, unknown: str) -> None:
    for name in (*(each for each in world.names if each.endswith("_id")), "code"):
        world.names[name] = unknown
    world.names["session"] = world.names["candidate"] = unknown[:64]
    for route, row in TABLE.items():
        if "{" not in route:
            continue
        who = "candidate" if "/me/" in route else "organiser"
        answer = await world.call(await world.caller(who), route, row)
        assert answer.status_code in {404, 422}, f"{route}: {answer.status_code} {answer.text}"
        assert answer.json()["error"]["code"] in {
            "not_found",
            "join_link_unknown",
            "invalid_request",
            "roster_refused",
        }


async def test_older_incidents_of_another_session_cannot_be_reached_by_their_id(
    world: World,
) -> None:
    sessions = read(await world.organiser.client.get("/api/v1/sessions"))["sessions"]
    other = next(each for each in sessions if each["id"] != world.session["id"])
    answer = await world.organiser.client.get(
        f"/api/v1/sessions/{other['id']}/incidents", params={"before": world.names["incident_id"]}
    )
    refused(answer, 404, "not_found")


async def test_a_candidates_token_is_not_a_cookie_and_a_cookie_not_a_token(world: World) -> None:
    client = await world.house.client({"Origin": world.house.base_url})
    client.cookies.set("invigil", world.candidates["candidate"].token)
    refused(await client.get("/api/v1/sessions"), 401, "not_signed_in")
    cookie = world.organiser.client.cookies["invigil"]
    swapped = await world.house.client({"Authorization": f"Bearer {cookie}"})
    refused(await swapped.get("/api/v1/candidates/me"), 401, "not_signed_in")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic abc", "bearer x y", "\u00e9", ""])
async def test_strange_authorization_headers_are_no_sign_in(world: World, header: str) -> None:
    client = await world.house.client()
    sent = {b"Authorization": header.encode("latin-1")}
    answer = await client.get("/api/v1/candidates/me", headers=sent)
    refused(answer, 401, "not_signed_in")


async def test_wrong_methods_and_addresses_are_answered_in_our_words(scripted: Running) -> None:
    client = await scripted.client()
    refused(await client.get("/api/v1/nothing"), 404, "not_found")
    refused(await client.put("/api/v1/sessions"), 405, "method_not_allowed")
    refused(await client.get("/assets/../../../etc/passwd"), 404, "not_found")
    refused(await client.get("/assets/..%2f..%2f..%2fetc/passwd"), 404, "not_found")
