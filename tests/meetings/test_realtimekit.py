"""The contract with RealtimeKit's API, against a server that answers as its documentation says."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from email.utils import format_datetime

import httpx2
import pytest
from structlog.testing import capture_logs

from invigil.domain.errors import (
    MediaAuthError,
    MediaConfigError,
    MediaNotFound,
    MediaRateLimited,
    MediaUnavailable,
)
from invigil.meetings.port import MediaRole, Participant, Room, RoomKey
from invigil.meetings.realtimekit import Access, Basic, Bearer, RealtimeKitMeetings, client
from invigil.meetings.realtimekit.provider import Presets
from tests.support.clock import Clock
from tests.support.realtimekit import CANDIDATE, KEY, ORG, PROCTOR, RealtimeKit, refusal
from tests.support.web import CUT_OFF, OVERLOADED, PUZZLE, SILENCE, Answer

ADA = Participant("ada-id", MediaRole.CANDIDATE)
EVE = Participant("v-eve", MediaRole.PROCTOR)
SEAT = RoomKey("session", "ada-id")


def other(meetings: RealtimeKitMeetings, access: Access, clock: Clock) -> RealtimeKitMeetings:
    """The same after a restart."""
    return RealtimeKitMeetings(access, Presets(CANDIDATE, PROCTOR), clock)


async def test_each_candidate_has_a_meeting_and_proctors_join_it(
    meetings: RealtimeKitMeetings, service: RealtimeKit, clock: Clock
) -> None:
    room = await meetings.open(SEAT, None)
    second = await meetings.open(RoomKey("session", "ben-id"), None)
    assert room.ref != second.ref
    grant = await meetings.join(room, ADA, clock())
    await meetings.join(room, EVE, clock())
    assert service.people(room.ref) == {"ada-id": CANDIDATE, "v-eve": PROCTOR}
    assert service.people(second.ref) == {}
    assert grant.provider == "realtimekit"
    assert grant.token
    assert grant.expires_at.timestamp() == 1_777_892_400
    assert grant.token not in repr(grant)
    # Nothing but ids and roles has left us.
    assert {"invigil", "candidate", "proctor"} >= {
        body[name] for body in service.bodies for name in ("title", "name") if name in body
    }


async def test_a_meeting_is_made_once_and_remembered(
    meetings: RealtimeKitMeetings, service: RealtimeKit, access: Access, clock: Clock
) -> None:
    rooms = await asyncio.gather(*(meetings.open(SEAT, None) for _ in range(5)))
    assert len({room.ref for room in rooms}) == len(service.meetings) == 1
    restarted = other(meetings, access, clock)
    assert await restarted.open(SEAT, rooms[0].ref) == rooms[0]
    assert len(service.meetings) == 1
    await restarted.aclose()


@pytest.mark.parametrize("refuse_twice", [False, True])
async def test_who_comes_again_is_the_same_participant(
    meetings: RealtimeKitMeetings,
    service: RealtimeKit,
    access: Access,
    clock: Clock,
    *,
    refuse_twice: bool,
) -> None:
    service.refuse_twice = refuse_twice
    room = await meetings.open(SEAT, None)
    first = await meetings.join(room, ADA, clock())
    again = await meetings.join(room, ADA, clock())
    restarted = other(meetings, access, clock)
    third = await restarted.join(room, ADA, clock())
    assert len({first.token, again.token, third.token}) == 3
    assert len(service.meetings[room.ref]["participants"]) == 1
    await restarted.aclose()


async def test_a_meeting_that_is_gone_is_made_anew(
    meetings: RealtimeKitMeetings, service: RealtimeKit, clock: Clock
) -> None:
    room = await meetings.open(SEAT, None)
    await meetings.join(room, ADA, clock())
    service.meetings.clear()
    with pytest.raises(MediaNotFound):
        await meetings.join(room, ADA, clock())
    fresh = await meetings.open(SEAT, room.ref)
    assert fresh.ref != room.ref
    await meetings.join(fresh, ADA, clock())


async def test_a_preset_that_is_not_there_is_named_and_makes_no_more_meetings(
    meetings: RealtimeKitMeetings, service: RealtimeKit, clock: Clock
) -> None:
    room = await meetings.open(SEAT, None)
    service.presets.remove(CANDIDATE)
    with pytest.raises(MediaConfigError) as caught:
        await meetings.join(room, ADA, clock())
    assert "CANDIDATE_PRESET" in caught.value.fix
    assert await meetings.open(SEAT, room.ref) == room
    with pytest.raises(MediaConfigError, match="CANDIDATE_PRESET: there is no preset named"):
        await meetings.health()


async def test_health_asks_for_the_presets(
    meetings: RealtimeKitMeetings, service: RealtimeKit
) -> None:
    await meetings.health()
    assert service.asked == ["GET /presets"]


@pytest.mark.parametrize("after_restart", [False, True])
async def test_who_is_kicked_does_not_come_back(
    meetings: RealtimeKitMeetings,
    service: RealtimeKit,
    access: Access,
    clock: Clock,
    *,
    after_restart: bool,
) -> None:
    room = await meetings.open(SEAT, None)
    await meetings.join(room, ADA, clock())
    kicking = other(meetings, access, clock) if after_restart else meetings
    await kicking.kick(room, "ada-id")
    assert service.kicked == [(room.ref, ["ada-id"])]
    assert service.people(room.ref) == {}
    await kicking.kick(room, "nobody")
    await kicking.aclose()


async def test_a_closed_meeting_takes_nobody(
    meetings: RealtimeKitMeetings, service: RealtimeKit
) -> None:
    room = await meetings.open(SEAT, None)
    await meetings.close(room)
    assert service.meetings[room.ref]["status"] == "INACTIVE"
    assert service.kicked == [(room.ref, ["*"])]
    with pytest.raises(MediaNotFound):
        await meetings.close(Room(SEAT, "gone"))


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, MediaConfigError),
        (401, MediaAuthError),
        (403, MediaAuthError),
        (404, MediaNotFound),
        (409, MediaUnavailable),
        (422, MediaConfigError),
        (500, MediaUnavailable),
        (503, MediaUnavailable),
    ],
)
async def test_both_forms_of_errors_become_ours(
    meetings: RealtimeKitMeetings,
    service: RealtimeKit,
    status: int,
    error: type[Exception],
    *,
    old: bool,
) -> None:
    service.trouble = refusal(status, "It is like that.", old=old)
    with capture_logs() as logs, pytest.raises(error) as caught:
        await meetings.open(SEAT, None)
    assert type(caught.value) in {error, client.MediaConflict}
    (line,) = [each for each in logs if each["event"] == "realtimekit refused a call"]
    assert (line["status"], line["said"]) == (status, "It is like that")


@pytest.mark.parametrize(
    "answer",
    [
        OVERLOADED,
        PUZZLE,
        CUT_OFF,
        Answer(200, b"[]"),
        Answer(200, b'{"success": true, "data": {}}'),
        Answer(200, b'{"success": true}'),
        SILENCE,
    ],
)
async def test_unclear_answers_are_an_outage(
    meetings: RealtimeKitMeetings,
    service: RealtimeKit,
    answer: Answer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "_TIMEOUT", httpx2.Timeout(0.5))
    service.trouble = answer
    with pytest.raises(MediaUnavailable) as caught:
        await meetings.open(SEAT, None)
    assert type(caught.value) is MediaUnavailable
    service.trouble = None
    assert (await meetings.open(SEAT, None)).ref in service.meetings


async def test_a_service_that_is_not_there_is_an_outage(clock: Clock) -> None:
    meetings = RealtimeKitMeetings(
        Access(Basic(ORG, KEY), "http://127.0.0.1:9/v2"), Presets(CANDIDATE, PROCTOR), clock
    )
    with pytest.raises(MediaUnavailable):
        await meetings.open(SEAT, None)
    await meetings.aclose()


@pytest.mark.parametrize(
    ("said", "wait"), [("17", 17), ("date", 90), ("soon", 30), (None, 30), ("999999", 600)]
)
async def test_after_429_nothing_is_asked_until_it_is_allowed(
    meetings: RealtimeKitMeetings,
    service: RealtimeKit,
    clock: Clock,
    said: str | None,
    wait: int,
) -> None:
    if said == "date":
        said = format_datetime(clock() + timedelta(seconds=90), usegmt=True)
    headers = {} if said is None else {"Retry-After": said}
    service.trouble = refusal(429, "Too many requests", headers=headers)
    with pytest.raises(MediaRateLimited) as caught:
        await meetings.open(SEAT, None)
    assert caught.value.retry_after_s == wait
    service.trouble = None
    asked = len(service.asked)
    clock.advance(wait - 1)
    with pytest.raises(MediaRateLimited) as caught:
        await meetings.open(SEAT, None)
    assert caught.value.retry_after_s == 1
    assert len(service.asked) == asked
    clock.advance(1)
    await meetings.open(SEAT, None)


def test_no_five_minutes_see_more_calls_than_are_allowed(clock: Clock) -> None:
    bucket, taken = client.Bucket(clock), []
    for _ in range(12_000):  # 20 in a second, for ten minutes
        with contextlib.suppress(MediaRateLimited):
            bucket.take()
            taken.append(clock.now)
        clock.advance(ms=50)
    window = timedelta(minutes=5)
    most = max(sum(start <= at < start + window for at in taken) for start in taken[::100])
    assert 3_300 <= most <= 3_500


async def test_wrong_credentials_are_said_and_no_secret_is(
    service: RealtimeKit, clock: Clock
) -> None:
    access = Access(Bearer("account-4711", "app-4711", "canary"), f"{service.origin}/client/v4")
    meetings = RealtimeKitMeetings(access, Presets(CANDIDATE, PROCTOR), clock)
    with capture_logs() as logs, pytest.raises(MediaAuthError) as caught:
        await meetings.health()
    assert "canary" not in repr(logs) + repr(caught.value) + caught.value.message + repr(access)
    await meetings.aclose()


@pytest.mark.parametrize(
    ("access", "url", "key_url", "origins"),
    [
        (
            Access(Basic("o", "k"), "https://api.dyte.io/v2"),
            "https://api.dyte.io/v2",
            "https://api.dyte.io/.well-known/webhooks.json",
            ("https://*.realtime.cloudflare.com", "wss://*.realtime.cloudflare.com"),
        ),
        (
            Access(Basic("o", "k")),
            "https://api.realtime.cloudflare.com/v2",
            "https://api.realtime.cloudflare.com/.well-known/webhooks.json",
            ("https://*.realtime.cloudflare.com", "wss://*.realtime.cloudflare.com"),
        ),
        (
            Access(Bearer("acc", "app", "t")),
            "https://api.cloudflare.com/client/v4/accounts/acc/realtime/kit/app",
            "https://api.realtime.cloudflare.com/.well-known/webhooks.json",
            ("https://*.realtime.cloudflare.com", "wss://*.realtime.cloudflare.com"),
        ),
    ],
)
def test_the_three_generations(
    clock: Clock, access: Access, url: str, key_url: str, origins: tuple[str, ...]
) -> None:
    assert (access.url, access.key_url) == (url, key_url)
    made = RealtimeKitMeetings(access, Presets(CANDIDATE, PROCTOR), clock)
    assert made.page_origins == origins
