"""LiveKit as the provider of live video, with a real LiveKit server."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from httpx2 import Response
from livekit import api, rtc
from livekit.api import AccessToken

from invigil.storage.database.tables import media_event, media_room
from tests.server.test_real_parts import refusal
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, read, refused
from tests.support.livekit import KEY, SECRET, LiveKit, livekit
from tests.support.ports import free_port
from tests.support.rooms import PATIENCE_S, any_grant, guest, room_of, until
from tests.support.scripted import ScriptedEngine
from tests.support.server import serving

WEBHOOK = "/api/v1/meetings/livekit/webhook"
JSON = "application/webhook+json"


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveKit]:
    with livekit(tmp_path_factory.mktemp("livekit")) as up:
        yield up


@pytest.fixture
async def media(tmp_path: Path, clock: Clock, live: LiveKit) -> AsyncIterator[Running]:
    """A server that has LiveKit to choose."""
    async with serving(tmp_path / "data", clock, ScriptedEngine(), **live.settings) as up:
        yield up


@pytest.fixture
async def proctor(media: Running) -> Proctor:
    return await media.proctor()


@pytest.fixture
async def session(proctor: Proctor) -> Json:
    return await proctor.open_session(provider="livekit")


@pytest.fixture
async def ada(media: Running, session: Json) -> Candidate:
    return await media.enter(session, face=b"me")


async def grant_of(candidate: Candidate) -> Json:
    return read(await candidate.post("media"))


async def console_grant(proctor: Proctor, session: Json, candidate: Candidate) -> Json:
    body = {"page": "page-0001", "candidate_id": candidate.id}
    return read(await proctor.client.post(f"/api/v1/sessions/{session['id']}/media", json=body))


# Choosing ---------------------------------------------------------------------------------------


async def test_a_session_keeps_the_provider_it_was_opened_with(
    proctor: Proctor, session: Json
) -> None:
    assert session["media"]["id"] == "livekit"
    assert session["media"]["isolation"] == "token"
    assert (await proctor.open_session())["media"]["id"] == "builtin"
    offered = read(await proctor.client.get("/api/v1/media"))
    assert [each["id"] for each in offered["providers"]] == ["builtin", "livekit"]
    assert offered["default"] == "builtin"
    answer = await proctor.client.post(
        "/api/v1/sessions", json={"title": "x", "provider": "nowhere"}
    )
    refused(answer, 422, "invalid_request")


async def test_pages_may_connect_to_the_media_server_and_to_nobody_else(
    media: Running, live: LiveKit
) -> None:
    page = await (await media.client()).get("/")
    policy = page.headers["content-security-policy"]
    connect = next(part for part in policy.split("; ") if part.startswith("connect-src"))
    assert connect == f"connect-src 'self' {live.url} {live.url.replace('ws', 'http')}"


async def test_a_provider_that_was_taken_away_is_said_in_words(
    tmp_path: Path, clock: Clock, live: LiveKit
) -> None:
    async with serving(tmp_path / "data", clock, ScriptedEngine(), **live.settings) as up:
        proctor = await up.proctor()
        session = await proctor.open_session(provider="livekit")
        ada = await up.enter(session, face=b"me")
    async with serving(tmp_path / "data", clock, ScriptedEngine()) as up:
        proctor = await up.proctor()
        found = (await proctor.snapshot(session))["session"]["media"]
        assert (found["id"], found["isolation"]) == ("livekit", None)
        client = await up.client({"Authorization": f"Bearer {ada.token}"})
        error = refused(
            await client.post("/api/v1/candidates/me/media"), 503, "media_misconfigured"
        )
        assert "livekit is not set up" in error["message"]
        assert (await client.post("/api/v1/candidates/me/leave")).status_code == 200


# What grants allow ------------------------------------------------------------------------------


async def test_a_candidate_gives_its_picture_to_the_proctor_who_stays_hidden(
    live: LiveKit, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    hers, theirs = await grant_of(ada), await console_grant(proctor, session, ada)
    assert hers["url"] == theirs["url"] == live.url
    async with guest(live, theirs["token"]) as watcher, guest(live, hers["token"]) as candidate:
        await candidate.send_pictures()
        await until(lambda: len(watcher.tracks) == 1)
        assert watcher.others == [ada.id]
        assert candidate.others == []


async def test_a_candidate_receives_nothing_and_sends_no_messages(
    live: LiveKit, ada: Candidate
) -> None:
    token = (await grant_of(ada))["token"]
    async with (
        guest(live, any_grant(room_of(token), "somebody")) as somebody,
        guest(live, any_grant(room_of(token), "witness")) as witness,
        guest(live, token) as candidate,
    ):
        await somebody.send_pictures()
        await until(lambda: len(witness.tracks) == 1)
        await candidate.room.local_participant.publish_data(b"from the candidate")
        await somebody.room.local_participant.publish_data(b"from somebody")
        await until(lambda: b"from somebody" in witness.data)
        assert witness.data == [b"from somebody"]
        assert candidate.tracks == []
        (known,) = candidate.room.remote_participants["somebody"].track_publications.values()
        known.set_subscribed(True)
        await candidate.send_pictures()
        await until(lambda: len(witness.tracks) == 2)
        assert candidate.tracks == []


async def test_a_candidates_grant_is_no_key_to_the_server(live: LiveKit, ada: Candidate) -> None:
    token = (await grant_of(ada))["token"]
    room = room_of(token)
    somebody = api.RoomParticipantIdentity(room=room, identity="x")
    async with api.LiveKitAPI(live.url.replace("ws", "http"), token=token) as server:
        for call in (
            server.room.list_rooms(api.ListRoomsRequest()),
            server.room.list_participants(api.ListParticipantsRequest(room=room)),
            server.room.create_room(api.CreateRoomRequest(name="mine")),
            server.room.remove_participant(somebody),
            server.room.delete_room(api.DeleteRoomRequest(room=room)),
        ):
            with pytest.raises(api.ServerError) as refusal_:
                await call
            assert refusal_.value.status == 401


async def test_a_candidate_cannot_be_somebody_else(
    live: LiveKit, media: Running, session: Json, ada: Candidate
) -> None:
    ben = await media.enter(session, "Ben", b"me")
    token = (await grant_of(ada))["token"]
    claims = api.TokenVerifier(KEY, SECRET).verify(token)
    assert claims.identity == ada.id
    assert claims.name == ""
    assert claims.metadata == ""
    assert room_of(token) != room_of((await grant_of(ben))["token"])
    head, payload, signature = token.split(".")
    told = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = json.dumps(told | {"sub": ben.id}).encode()
    changed = base64.urlsafe_b64encode(forged).rstrip(b"=").decode()
    with pytest.raises(rtc.ConnectError):
        async with guest(live, f"{head}.{changed}.{signature}"):
            pass


async def test_a_console_asks_for_candidates_of_its_own_session_only(
    media: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    other = await proctor.open_session(provider="livekit")
    for candidate_id in (ada.id, "0" * 32, None):
        answer = await proctor.client.post(
            f"/api/v1/sessions/{other['id']}/media",
            json={"page": "page-0001", "candidate_id": candidate_id},
        )
        refused(answer, 404, "not_found")


# Leaving ----------------------------------------------------------------------------------------


async def test_who_has_finished_is_removed_and_gets_no_new_grant(
    live: LiveKit, ada: Candidate
) -> None:
    token = (await grant_of(ada))["token"]
    async with guest(live, token) as candidate:
        read(await ada.post("leave"))
        await until(candidate.gone.is_set)
    refused(await ada.post("media"), 409, "illegal_transition")


async def no_rooms(house: Running) -> None:
    """The provider has been told that all rooms are over."""
    async with asyncio.timeout(PATIENCE_S):
        while await house.rows(media_room):  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.1)


async def test_closing_the_session_ends_its_rooms(
    live: LiveKit, media: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    hers, theirs = await grant_of(ada), await console_grant(proctor, session, ada)
    async with guest(live, hers["token"]) as candidate, guest(live, theirs["token"]) as watcher:
        assert await media.rows(media_room) == 1
        read(await proctor.client.post(f"/api/v1/sessions/{session['id']}/close"))
        await until(lambda: candidate.gone.is_set() and watcher.gone.is_set())
    await no_rooms(media)
    refused(await ada.post("media"), 410, "session_closed")


async def test_what_could_not_be_ended_is_ended_when_the_server_is_back(
    tmp_path: Path, clock: Clock
) -> None:
    with livekit(tmp_path / "livekit") as own:
        async with serving(tmp_path / "data", clock, ScriptedEngine(), **own.settings) as up:
            proctor = await up.proctor()
            session = await proctor.open_session(provider="livekit")
            ada = await up.enter(session, face=b"me")
            await grant_of(ada)
            own.kill()
            refused(await ada.post("media"), 503, "media_unavailable")
            read(await ada.post("leave"))
            read(await proctor.client.post(f"/api/v1/sessions/{session['id']}/close"))
            assert await up.rows(media_room) == 1
            own.start()
            await no_rooms(up)


# Webhooks ---------------------------------------------------------------------------------------


def signed(body: bytes, secret: str = SECRET) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    token = AccessToken(KEY, secret).with_sha256(digest).to_jwt()
    return {"Authorization": token, "Content-Type": JSON}


async def told(media: Running, candidate: Candidate) -> bytes:
    room = room_of((await grant_of(candidate))["token"])
    event = {
        "event": "participant_joined",
        "id": "EV_one",
        "createdAt": "1795370293",
        "room": {"name": room},
        "participant": {"identity": candidate.id},
    }
    return json.dumps(event).encode()


async def call(media: Running, body: bytes, headers: dict[str, str]) -> Response:
    return await (await media.client()).post(WEBHOOK, content=body, headers=headers)


async def test_a_webhook_counts_once(media: Running, ada: Candidate) -> None:
    body = await told(media, ada)
    for _ in range(3):
        assert (await call(media, body, signed(body))).status_code == 204
    assert await media.rows(media_event) == 1


async def test_nobody_else_speaks_for_the_media_server(media: Running, ada: Candidate) -> None:
    body = await told(media, ada)
    tampered = body.replace(b"joined", b"left  ")
    unsigned = {"Authorization": AccessToken(KEY, SECRET).to_jwt(), "Content-Type": JSON}
    attempts = [
        (tampered, signed(body)),
        (body, signed(body, SECRET + "x")),
        (body, unsigned),
        (body, {"Authorization": "Bearer nonsense"}),
        (body, {}),
        (b"\xff\xfe", signed(b"\xff\xfe")),
        (b"{", signed(b"{")),
    ]
    for sent, headers in attempts:
        refused(await call(media, sent, headers), 401, "webhook_refused")
    assert await media.rows(media_event) == 0
    long = b"x" * 300_000
    refused(await call(media, long, signed(long)), 422, "invalid_request")


async def test_what_happens_in_rooms_is_noted_and_an_old_grant_opens_no_finished_exam(
    tmp_path: Path, clock: Clock
) -> None:
    port = free_port()
    with livekit(tmp_path / "livekit", f"http://127.0.0.1:{port}{WEBHOOK}") as own:
        async with serving(
            tmp_path / "data", clock, ScriptedEngine(), listen=port, **own.settings
        ) as up:
            proctor = await up.proctor()
            session = await proctor.open_session(provider="livekit")
            ada = await up.enter(session, face=b"me")
            token = (await grant_of(ada))["token"]
            async with guest(own, token) as candidate:
                await candidate.send_pictures()
                await until_told(up, session, ("joined", None), ("track_on", "camera"))
                read(await ada.post("leave"))
                await until(candidate.gone.is_set)
            # The grant itself is good for minutes: whoever comes back with it is sent away.
            async with guest(own, token) as candidate:
                await until(candidate.gone.is_set)


async def until_told(up: Running, session: Json, *wanted: tuple[str, str | None]) -> None:
    seen: set[tuple[str, str | None]] = set()
    for _ in range(200):
        async with up.storage.database.read() as work:
            events = await work.media.events(session["id"])
        seen = {(each.kind, each.track) for each in events}
        if set(wanted) <= seen:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(seen)


# Settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("chosen", ["livekit", "builtin"])
async def test_a_secret_that_livekit_refuses_ends_the_start(
    tmp_path: Path, live: LiveKit, chosen: str
) -> None:
    environment = live.environment | {"INVIGIL_LIVEKIT_API_SECRET": "canary-secret" * 4}
    said = await refusal(tmp_path, **environment | {"INVIGIL_MEETINGS": chosen})
    assert said.startswith("LiveKit refuses the key or the secret")
    assert "INVIGIL_LIVEKIT_API_SECRET" in said
    assert "canary" not in said


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"INVIGIL_MEETINGS": "livekit"}, "INVIGIL_LIVEKIT_URL"),
        ({"INVIGIL_LIVEKIT_URL": "ws://host:1"}, "INVIGIL_LIVEKIT_API_KEY"),
        ({"INVIGIL_LIVEKIT_URL": "http://host:1"}, "must be an address such as wss://"),
        ({"INVIGIL_LIVEKIT_URL": "ws://host:port"}, "must be an address such as wss://"),
        ({"INVIGIL_LIVEKIT_API_URL": "ws://host:1"}, "must be an address such as http://"),
        ({"INVIGIL_MEETINGS": "zoom"}, "INVIGIL_MEETINGS"),
        ({"INVIGIL_LIVEKIT_TAP_SECONDS": "20"}, "INVIGIL_LIVEKIT_URL"),
        ({"INVIGIL_LIVEKIT_TAP_SECONDS": "5"}, "INVIGIL_LIVEKIT_TAP_SECONDS"),
    ],
)
async def test_settings_that_cannot_be(tmp_path: Path, chosen: dict[str, str], words: str) -> None:
    assert words in await refusal(tmp_path, **chosen)


async def test_an_address_where_no_livekit_is(tmp_path: Path, media: Running) -> None:
    chosen = {
        "INVIGIL_MEETINGS": "livekit",
        "INVIGIL_LIVEKIT_URL": media.base_url.replace("http", "ws").replace(
            "localhost", "127.0.0.1"
        ),
        "INVIGIL_LIVEKIT_API_KEY": KEY,
        "INVIGIL_LIVEKIT_API_SECRET": SECRET,
    }
    said = await refusal(tmp_path, **chosen)
    assert "no LiveKit server" in said
    assert "INVIGIL_LIVEKIT_URL" in said
