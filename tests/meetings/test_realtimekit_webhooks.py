"""Calls of RealtimeKit: only signed ones count, and each of them once."""

from __future__ import annotations

import json

import pytest

from invigil.domain.errors import InvalidRequest, MediaUnavailable, WebhookRefused
from invigil.meetings.port import MediaEventKind
from invigil.meetings.realtimekit import RealtimeKitMeetings
from tests.meetings.test_realtimekit import SEAT
from tests.support.clock import START, Clock
from tests.support.realtimekit import RealtimeKit


def call(event: str = "meeting.participantJoined", **person: str) -> bytes:
    """As the documentation shows it, with white space that a second writer would not keep."""
    told = {"peerId": "p1", "customParticipantId": "ada-id", "userDisplayName": "candidate"}
    body = {
        "event": event,
        "meeting": {"id": "meeting-1", "sessionId": "s1", "title": "invigil"},
        "participant": {**told, **(person or {"joinedAt": "2026-05-04T09:00:00.000Z"})},
    }
    return json.dumps(body, indent=3).encode()


async def ready(meetings: RealtimeKitMeetings, service: RealtimeKit) -> None:
    """The key is on its way as soon as rooms are opened."""
    await meetings.open(SEAT, None)
    asking = meetings._webhooks._asking
    assert asking
    await asking


@pytest.mark.parametrize("header", ["rtk-signature", "dyte-signature"])
async def test_a_signed_call_is_understood(
    meetings: RealtimeKitMeetings, service: RealtimeKit, header: str
) -> None:
    await ready(meetings, service)
    raw = call()
    (event,) = meetings.parse_webhook({header: service.sign(raw)}, raw)
    assert (event.kind, event.room_ref, event.identity, event.at) == (
        MediaEventKind.JOINED,
        "meeting-1",
        "ada-id",
        START,
    )
    left = call("meeting.participantLeft", leftAt="2026-05-04T10:00:00Z")
    (event,) = meetings.parse_webhook({header: service.sign(left)}, left)
    assert event.kind is MediaEventKind.LEFT
    assert service.keys_asked == 1, "the key is kept"


async def test_repetitions_have_one_id_whatever_their_delivery_is_called(
    meetings: RealtimeKitMeetings, service: RealtimeKit
) -> None:
    await ready(meetings, service)
    raw = call()
    signed = {"rtk-signature": service.sign(raw)}
    (one,) = meetings.parse_webhook({**signed, "rtk-uuid": "one"}, raw)
    (two,) = meetings.parse_webhook({**signed, "rtk-uuid": "two"}, raw)
    assert one.id == two.id
    raw = call(joinedAt="2026-05-04T09:30:00Z")
    (later,) = meetings.parse_webhook({"rtk-signature": service.sign(raw)}, raw)
    assert later.id != one.id


async def test_what_is_not_signed_by_the_service_is_refused(
    meetings: RealtimeKitMeetings, service: RealtimeKit
) -> None:
    await ready(meetings, service)
    raw = call()
    good = service.sign(raw)
    for headers, body in (
        ({}, raw),
        ({"rtk-signature": ""}, raw),
        ({"rtk-signature": "not base64!"}, raw),
        ({"rtk-signature": service.sign(b"other")}, raw),
        ({"rtk-signature": good}, json.dumps(json.loads(raw)).encode()),
    ):
        with pytest.raises(WebhookRefused):
            meetings.parse_webhook(headers, body)
    assert service.keys_asked == 1, "a stranger cannot make us ask for the key again and again"


async def test_a_changed_key_is_asked_for_and_the_repetition_counts(
    meetings: RealtimeKitMeetings, service: RealtimeKit, clock: Clock
) -> None:
    await ready(meetings, service)
    service.change_key()
    raw = call()
    signed = {"rtk-signature": service.sign(raw)}
    clock.advance(61)
    with pytest.raises(MediaUnavailable):  # 503: the service comes again
        meetings.parse_webhook(signed, raw)
    asking = meetings._webhooks._asking
    assert asking
    await asking
    assert len(meetings.parse_webhook(signed, raw)) == 1
    assert service.keys_asked == 2


async def test_without_a_key_nothing_is_believed(
    meetings: RealtimeKitMeetings, service: RealtimeKit
) -> None:
    raw = call()
    with pytest.raises(MediaUnavailable):
        meetings.parse_webhook({"rtk-signature": service.sign(raw)}, raw)
    asking = meetings._webhooks._asking
    assert asking
    await asking
    assert len(meetings.parse_webhook({"rtk-signature": service.sign(raw)}, raw)) == 1


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b"[]",
        b'{"event":"meeting.started","meeting":{"id":"m"}}',
        b'{"event":"meeting.participantJoined","meeting":{},"participant":{}}',
        b'{"event":"meeting.participantJoined","meeting":"m","participant":[]}',
        b'{"event":"recording.statusUpdate"}',
    ],
)
async def test_other_news_is_left_alone(
    meetings: RealtimeKitMeetings, service: RealtimeKit, raw: bytes
) -> None:
    await ready(meetings, service)
    assert list(meetings.parse_webhook({"rtk-signature": service.sign(raw)}, raw)) == []


async def test_a_signed_call_that_is_no_json(
    meetings: RealtimeKitMeetings, service: RealtimeKit
) -> None:
    await ready(meetings, service)
    with pytest.raises(InvalidRequest):
        meetings.parse_webhook({"rtk-signature": service.sign(b"<x>")}, b"<x>")
