"""An exam whose live video goes through RealtimeKit: what pages get, and what is ended when."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from invigil.app import create_app
from invigil.settings import Settings
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, read, refused, running
from tests.support.realtimekit import CANDIDATE, KEY, ORG, PROCTOR, RealtimeKit
from tests.support.scripted import ScriptedEngine
from tests.support.web import OVERLOADED

PAGE = "page-0001"


@asynccontextmanager
async def serving(
    tmp_path: Path, clock: Clock, service: RealtimeKit, **chosen: Any
) -> AsyncIterator[Running]:
    ours = {
        "meetings": "realtimekit",
        "realtimekit_base_url": f"{service.origin}/v2",
        "dyte_org_id": ORG,  # as the tutorial's .env has them
        "dyte_api_key": KEY,
        "realtimekit_candidate_preset": CANDIDATE,
        "realtimekit_proctor_preset": PROCTOR,
    }
    async with running(tmp_path / "data", clock, ScriptedEngine(), **{**ours, **chosen}) as house:
        yield house


async def grant_of(ada: Candidate) -> Json:
    return read(await ada.post("media"))


async def watch(proctor: Proctor, session: Json, candidate: Candidate) -> Json:
    body = {"page": PAGE, "candidate_id": candidate.id}
    return read(await proctor.client.post(f"/api/v1/sessions/{session['id']}/media", json=body))


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():  # noqa: ASYNC110 - what is awaited lies in another server
            await asyncio.sleep(0.02)


async def test_each_candidate_is_alone_with_the_proctors(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    async with serving(tmp_path, clock, service) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.enter(session, face=b"me")
        ben = await house.enter(session, "Ben Example", face=b"me")
        grants = [await grant_of(ada), await grant_of(ben), await watch(proctor, session, ada)]
        assert [each["provider"] for each in grants] == ["realtimekit"] * 3
        assert len({each["token"] for each in grants}) == 3
        assert grants[0]["options"] == {"base_uri": service.origin.partition("//")[2]}
        people = sorted(
            (sorted(service.people(meeting).values()) for meeting in service.meetings), key=len
        )
        assert people == [[CANDIDATE], [CANDIDATE, PROCTOR]]
        assert "Ada" not in repr(service.bodies)
        assert "Algebra" not in repr(service.bodies)
        # Once a meeting is known nothing of it is asked for but a token.
        before = len(service.asked)
        await grant_of(ada)
        assert [each.rpartition("/")[2] for each in service.asked[before:]] == ["token"]
        assert session["media"]["isolation"] == "meeting"
        # A console asks for each candidate, and never for all at once.
        whole = await proctor.client.post(
            f"/api/v1/sessions/{session['id']}/media", json={"page": PAGE}
        )
        refused(whole, 404, "not_found")


async def test_a_restart_remembers_the_meetings(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    async with serving(tmp_path, clock, service) as house:
        session = await (await house.proctor()).open_session()
        ada = await house.enter(session, face=b"me")
        await grant_of(ada)
        token = ada.token
    async with serving(tmp_path, clock, service) as house:
        client = await house.client({"Authorization": f"Bearer {token}"})
        await grant_of(Candidate(client, clock, ada.id, token))
        assert len(service.meetings) == 1


async def test_who_finishes_is_removed_and_closing_ends_all(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    async with serving(tmp_path, clock, service) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.enter(session, face=b"me")
        await grant_of(ada)
        (meeting,) = service.meetings
        read(await ada.post("leave"))
        await until(lambda: (meeting, [ada.id]) in service.kicked)
        await until(lambda: ada.id not in service.people(meeting))
        assert (await ada.post("media")).status_code == 409
        read(await proctor.client.post(f"/api/v1/sessions/{session['id']}/close"))
        await house.rooms.media.tidy()
        assert service.meetings[meeting]["status"] == "INACTIVE"


async def test_a_proctor_taken_off_the_session_is_out_of_every_meeting(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    async with serving(tmp_path, clock, service) as house:
        organiser = await house.proctor()
        session = await organiser.open_session()
        ada = await house.enter(session, face=b"me")
        await grant_of(ada)
        petra, quentin = [await house.invited(organiser, session, name) for name in "PQ"]
        await watch(petra, session, ada)
        await watch(quentin, session, ada)
        (meeting,) = service.meetings
        assert sorted(service.people(meeting).values()) == sorted([CANDIDATE, PROCTOR, PROCTOR])
        await house.rooms.media.tidy()  # both are welcome
        assert service.kicked == []
        where = f"/api/v1/sessions/{session['id']}/proctors/{petra.invite_id}"
        assert (await organiser.client.delete(where)).status_code == 204
        await house.rooms.media.tidy()
        assert len(service.kicked) == 1
        assert sorted(service.people(meeting).values()) == sorted([CANDIDATE, PROCTOR])
        await house.rooms.media.tidy()
        assert len(service.kicked) == 1  # once is enough


async def test_a_console_that_is_opened_again_and_again_costs_no_more_to_look_after(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    async with serving(tmp_path, clock, service) as house:
        organiser = await house.proctor()
        session = await organiser.open_session()
        ada = await house.enter(session, face=b"me")
        petra = await house.invited(organiser, session, "P")
        where = f"/api/v1/sessions/{session['id']}/media"
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            statements.append(statement)

        counts = []
        for first in (0, 1):
            for number in range(first, 1 + 4 * first):
                body = {"page": f"{number:0{len(PAGE)}}", "candidate_id": ada.id}
                read(await petra.client.post(where, json=body))
            engine = house.storage.database.engine.sync_engine
            event.listen(engine, "before_cursor_execute", note)
            await house.rooms.media.tidy()
            event.remove(engine, "before_cursor_execute", note)
            counts.append(len(statements))
            statements.clear()
        assert counts[0] == counts[1]
        (meeting,) = service.meetings
        assert list(service.people(meeting).values()).count(PROCTOR) == 5
        off = f"/api/v1/sessions/{session['id']}/proctors/{petra.invite_id}"
        assert (await organiser.client.delete(off)).status_code == 204
        await house.rooms.media.tidy()
        assert len(service.kicked) == 5
        assert PROCTOR not in service.people(meeting).values()


async def test_an_outage_costs_live_video_alone(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    async with serving(tmp_path, clock, service) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.enter(session, face=b"me")
        service.trouble = OVERLOADED
        told = refused(await ada.post("media"), 503, "media_unavailable")
        assert told["retry_after_s"] == 3
        await ada.film(b"two", 5)
        assert len(await proctor.incidents(session)) == 1
        service.trouble = None
        await grant_of(ada)


async def test_a_signed_call_counts_once(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    async with serving(tmp_path, clock, service) as house:
        session = await (await house.proctor()).open_session()
        ada = await house.enter(session, face=b"me")
        await grant_of(ada)
        (meeting,) = service.meetings
        person = {"peerId": "p", "customParticipantId": ada.id, "joinedAt": "2026-05-04T09:00:00Z"}
        body = {"event": "meeting.participantJoined", "meeting": {"id": meeting}}
        raw = json.dumps({**body, "participant": person}).encode()
        signed = {"rtk-signature": service.sign(raw), "rtk-uuid": "one"}
        stranger = await house.client()
        path = "/api/v1/meetings/realtimekit/webhook"

        async def call(headers: dict[str, str], content: bytes = raw) -> int:
            return (await stranger.post(path, content=content, headers=headers)).status_code

        await until(lambda: service.keys_asked == 1)
        async with asyncio.timeout(20):
            while await call(signed) == 503:  # noqa: ASYNC110 - as the service repeats it
                await asyncio.sleep(0.02)
        assert await call({**signed, "rtk-uuid": "another"}) == 204
        async with house.database.read() as work:
            (event,) = await work.media.events(session["id"])
        assert (event.identity, event.kind) == (ada.id, "joined")
        assert await call({}) == 401
        assert await call({"rtk-signature": service.sign(b"x")}) == 401
        assert await call(signed, raw + b" ") == 401
        assert service.keys_asked == 1


async def test_pages_may_connect_there_only_where_it_is_set_up(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    host = service.origin.partition("//")[2]
    async with serving(tmp_path, clock, service) as house:
        answer = await (await house.client()).get("/")
        policy = answer.headers["Content-Security-Policy"]
        assert f"connect-src 'self' http://{host} ws://{host};" in policy
    async with running(tmp_path / "other", clock, ScriptedEngine()) as house:
        answer = await (await house.client()).get("/")
        assert "connect-src 'self';" in answer.headers["Content-Security-Policy"]


async def test_candidates_are_told_whose_servers_carry_their_video(
    tmp_path: Path, clock: Clock, service: RealtimeKit
) -> None:
    async with serving(tmp_path, clock, service) as house:
        proctor = await house.proctor()
        for provider, told in (("realtimekit", True), ("builtin", False)):
            session = await proctor.open_session(provider=provider)
            code = session["join_url"].rpartition("/")[2]
            info = read(await (await house.client()).get(f"/api/v1/join/{code}"))
            assert ("Cloudflare" in " ".join(info["consent"]["text"])) is told
            await house.join(session)


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        (
            {"meetings": "realtimekit"},
            (
                "INVIGIL_REALTIMEKIT_ACCOUNT_ID, INVIGIL_REALTIMEKIT_APP_ID and "
                "INVIGIL_REALTIMEKIT_API_TOKEN; or, .* INVIGIL_REALTIMEKIT_ORG_ID and "
                "INVIGIL_REALTIMEKIT_API_KEY"
            ),
        ),
        (
            {"realtimekit_org_id": "o"},
            "INVIGIL_REALTIMEKIT_ORG_ID without INVIGIL_REALTIMEKIT_API_KEY",
        ),
        ({"dyte_org_id": "o"}, "DYTE_ORG_ID without DYTE_API_KEY"),
        ({"dyte_api_key": "canary"}, "DYTE_API_KEY without DYTE_ORG_ID"),
        (
            {"realtimekit_api_token": "canary", "realtimekit_app_id": "a"},
            "without INVIGIL_REALTIMEKIT_ACCOUNT_ID",
        ),
        (
            {"dyte_org_id": "o", "dyte_api_key": "canary", "realtimekit_base_url": "dyte.io"},
            "INVIGIL_REALTIMEKIT_BASE_URL must be an address",
        ),
        (
            {
                "dyte_org_id": "o",
                "dyte_api_key": "canary",
                "realtimekit_base_url": "https://d:x/v2",
            },
            "INVIGIL_REALTIMEKIT_BASE_URL must be an address",
        ),
    ],
)
def test_settings_that_are_not_whole_end_the_start_with_a_sentence(
    chosen: dict[str, str], words: str
) -> None:
    settings = Settings(_env_file=None, **chosen)  # type: ignore[arg-type]
    assert "canary" not in repr(settings)
    with pytest.raises(SystemExit, match=words) as caught:
        create_app(settings)
    assert "canary" not in str(caught.value)
    # Only where it is about that setting.
    assert ("INVIGIL_MEETINGS" in str(caught.value)) is ("meetings" in chosen)
