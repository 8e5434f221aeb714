"""Opening, listing and closing exam sessions."""

from __future__ import annotations

from pathlib import Path

import pytest

from invigil.storage.database import tables as t
from tests.support import pictures
from tests.support.clock import Clock
from tests.support.house import Json, Proctor, Running, files_under, read, refused, running
from tests.support.scripted import ScriptedEngine
from tests.support.wait import until

SESSIONS = "/api/v1/sessions"


async def test_a_new_session_has_defaults_and_a_join_link(house: Running, session: Json) -> None:
    assert session["sampling_interval_s"] == 5
    assert session["retention_days"] == 30
    assert session["exam_url"] is None
    assert session["closed_at"] is None
    assert session["created_at"] == "2026-05-04T09:00:00Z"
    assert session["join_url"].startswith(f"http://localhost:8000/join/{session['id']}.")
    zero = ("candidates_in_room", "open_incidents", "unreviewed_incidents")
    assert [session[name] for name in zero] == [0, 0, 0]


async def test_sessions_are_listed_newest_first(
    house: Running, proctor: Proctor, session: Json
) -> None:
    house.clock.advance(1)
    second = await proctor.open_session(title="Biology", exam_url="https://exam.example/2")
    listed = read(await proctor.client.get(SESSIONS))["sessions"]
    assert listed == [second, session]
    assert read(await proctor.client.get(f"{SESSIONS}/{second['id']}")) == second


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 201},
        {"title": 7},
        {"title": None},
        {"title": "Algebra", "sampling_interval_s": 0},
        {"title": "Algebra", "sampling_interval_s": 61},
        {"title": "Algebra", "retention_days": 0},
        {"title": "Algebra", "retention_days": 366},
        {"title": "Algebra", "exam_url": "javascript:alert(1)"},
        {"title": "Algebra", "exam_url": "exam.example/2"},
        {"title": "Algebra", "exam_url": "https:///nowhere"},
        {"title": "Algebra", "colour": "blue"},
        ["Algebra"],
    ],
)
async def test_a_wrong_session_is_refused(house: Running, proctor: Proctor, body: object) -> None:
    error = refused(await proctor.client.post(SESSIONS, json=body), 422, "invalid_request")
    assert error["message"]
    assert read(await proctor.client.get(SESSIONS))["sessions"] == []


async def test_the_limits_themselves_are_fine(proctor: Proctor) -> None:
    low = await proctor.open_session(sampling_interval_s=1, retention_days=1)
    high = await proctor.open_session(title="x" * 200, sampling_interval_s=60, retention_days=365)
    assert (low["sampling_interval_s"], high["retention_days"]) == (1, 365)


async def test_a_title_is_kept_as_it_is_written(proctor: Proctor) -> None:
    title = "<b>Élève</b> & 数学 🧮 'final'"
    session = await proctor.open_session(title=f"  {title}  ")
    assert session["title"] == title


async def test_the_counts_follow_what_happens(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ada = await house.enter(session)
    await ada.film(pictures.two_people(), 3)
    address = f"{SESSIONS}/{session['id']}"
    names = ("candidates_in_room", "open_incidents", "unreviewed_incidents")

    async def counts() -> list[int]:
        found = read(await proctor.client.get(address))
        return [found[name] for name in names]

    assert await counts() == [1, 1, 1]
    await proctor.decide((await proctor.incidents(session))[0], "confirmed")
    assert await counts() == [1, 1, 0]
    await ada.post("leave")
    assert await counts() == [0, 0, 0]


async def test_closing_ends_everything_for_everybody(
    house: Running, proctor: Proctor, session: Json
) -> None:
    inside, outside = await house.enter(session), await house.join(session, "Ben")
    await inside.film(pictures.two_people(), 3)
    closed = read(await proctor.client.post(f"{SESSIONS}/{session['id']}/close"))
    assert closed["closed_at"]
    assert closed["candidates_in_room"] == closed["open_incidents"] == 0
    (incident,) = await proctor.incidents(session)
    assert incident["state"] == "closed"
    assert incident["ended_at"]

    code = session["join_url"].rpartition("/")[2]
    refused(await outside.client.get(f"/api/v1/join/{code}"), 410, "session_closed")
    refused(await inside.send(pictures.obama()), 410, "session_closed")
    refused(await outside.reference_photo(pictures.obama()), 410, "session_closed")
    refused(await outside.post("ask-proctor", {}), 410, "session_closed")
    refused(await outside.post("messages", {"text": "Hello?"}), 410, "session_closed")
    refused(await inside.post("enter"), 410, "session_closed")
    mine = await inside.me()
    assert mine["session"]["closed"] is True
    assert mine["state"] == "finished"
    # By this the page tells whom the closing finished from those who had left before.
    assert mine["session"]["closed_at"] == closed["closed_at"]
    assert mine["state_since"] >= closed["closed_at"]


async def test_closing_twice_changes_nothing(
    house: Running, proctor: Proctor, session: Json
) -> None:
    first = read(await proctor.client.post(f"{SESSIONS}/{session['id']}/close"))
    house.clock.advance(60)
    assert read(await proctor.client.post(f"{SESSIONS}/{session['id']}/close")) == first


async def test_what_was_recorded_stays_to_be_reviewed_after_the_end(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ada = await house.enter(session)
    await ada.film(pictures.two_people(), 3)
    await proctor.client.post(f"{SESSIONS}/{session['id']}/close")
    (incident,) = await proctor.incidents(session)
    photo = await proctor.client.get(incident["evidence"][0]["url"])
    assert photo.status_code == 200
    assert (await proctor.decide(incident, "inconclusive"))["decision"]["by"] == "Organiser"


async def test_older_incidents_come_page_by_page(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ada = await house.enter(session)
    for _ in range(5):
        await ada.film(pictures.two_people(), 2.5)
        await ada.film(pictures.obama(), 2.5)
    everything = (await proctor.incidents(session))[::-1]
    assert len(everything) == 5
    address = f"{SESSIONS}/{session['id']}/incidents"
    first = read(await proctor.client.get(address, params={"limit": 3}))
    assert (first["incidents"], first["more"]) == (everything[:3], True)
    rest = {"limit": 3, "before": first["incidents"][-1]["id"]}
    second = read(await proctor.client.get(address, params=rest))
    assert (second["incidents"], second["more"]) == (everything[3:], False)
    for wrong in ({"limit": 0}, {"limit": 201}, {"limit": "x"}):
        refused(await proctor.client.get(address, params=wrong), 422, "invalid_request")


async def test_a_server_that_died_while_it_closed_a_session_finishes_everybody_later(
    tmp_path: Path, clock: Clock, dialect: object
) -> None:
    """That it is closed is on record first, and candidates are finished one after another."""
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        session = await (await house.proctor()).open_session()
        ada = await house.enter(session, face=b"me")
        await ada.film(b"two", 3)
        half_way = await house.join(session, "Ben")
        await half_way.check_in(b"me")
        async with house.database.begin() as work:
            await work.sessions.close(session["id"], clock())
    async with running(data, clock, ScriptedEngine()) as house:

        async def forgotten() -> bool:
            left = [path for path in files_under(house.objects) if path.startswith("stills/")]
            return not left and not await house.rows(t.template)

        await until(forgotten)
        proctor = await house.proctor()
        seen = await proctor.snapshot(session)
        assert {each["name"]: each["state"] for each in seen["candidates"]} == {
            "Ada Example": "finished",
            "Ben": "approved",
        }
        assert [each["state"] for each in seen["incidents"]] == ["closed"]
        assert all(each["ended_at"] for each in seen["gaps"])
        closed = read(await proctor.client.post(f"{SESSIONS}/{session['id']}/close"))
        assert closed["closed_at"] == seen["session"]["closed_at"]
