"""Credentials for TURN, and what a page is told of the servers for live video."""

from __future__ import annotations

import base64
import hashlib
import hmac
from pathlib import Path

from invigil.meetings import BuiltinMeetings
from invigil.meetings.builtin import turn_credential
from invigil.meetings.port import MediaRole, Participant, Room, RoomKey
from tests.support.clock import START, Clock
from tests.support.coturn import coturn
from tests.support.scripted import ScriptedEngine
from tests.support.server import console, serving

TURN = "turn:turn.example:3478?transport=udp"


def test_a_credential_is_what_coturn_computes() -> None:
    """`use-auth-secret`: base64(HMAC-SHA1(secret, "<expiry>:<user>")), computed by openssl:
    printf 1777885200:peer | openssl dgst -sha1 -hmac north -binary | base64"""
    name, password = turn_credential("north", "peer", START)
    assert name == "1777885200:peer"
    assert password == "W7hVIbPtju+kVzIIgzL2DTmU8c8="
    assert len(base64.b64decode(password)) == 20


def page(identity: str) -> Participant:
    return Participant(identity, MediaRole.CANDIDATE)


ROOM = Room(RoomKey("s"), "s")


async def test_each_peer_has_a_credential_of_its_own_for_a_limited_time() -> None:
    meetings = BuiltinMeetings(turn_urls=(TURN,), turn_secret="north")
    one, two = (
        await meetings.join(ROOM, page("a"), START),
        await meetings.join(ROOM, page("b"), START),
    )
    assert one.ice_servers != two.ice_servers
    assert (one.expires_at - START).total_seconds() == 6 * 3600
    name = one.ice_servers[0]["username"]
    assert int(name.partition(":")[0]) == one.expires_at.timestamp()


async def test_without_a_secret_no_turn_server_is_offered() -> None:
    grant = await BuiltinMeetings(turn_urls=(TURN,)).join(ROOM, page("a"), START)
    assert grant.ice_servers == ()


async def test_secrets_are_not_shown() -> None:
    meetings = BuiltinMeetings(turn_urls=(TURN,), turn_secret="canary")
    grant = await meetings.join(ROOM, page("a"), START)
    assert "canary" not in repr(meetings)
    assert grant.ice_servers[0]["credential"] not in repr(grant)


def test_the_production_relay_is_no_door_into_the_network_it_stands_in(tmp_path: Path) -> None:
    shipped = Path(__file__).parents[2] / "deploy" / "coturn" / "turnserver.conf"
    denied = [line for line in shipped.read_text().splitlines() if line.startswith("denied")]
    with coturn(tmp_path / "coturn", "\n".join(denied)) as relay:
        for address in ("127.0.0.1", "10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254"):
            assert not relay.try_to_reach(address), address
    # So that the tool itself is known to get through where it may.
    with coturn(tmp_path / "open") as relay:
        assert relay.try_to_reach("127.0.0.1")


async def test_hello_brings_the_servers_to_the_page(tmp_path: Path, clock: Clock) -> None:
    async with serving(
        tmp_path / "data",
        clock,
        ScriptedEngine(),
        stun_urls=("stun:stun.example:3478",),
        turn_urls=(TURN,),
        turn_secret="north",
        turn_minutes=10,
        relay_only=True,
    ) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        async with await console(house, proctor, session) as page:
            hello = page.letters[0]
    stun, turn = hello["ice_servers"]
    assert stun["urls"] == ["stun:stun.example:3478"]
    assert turn["urls"] == [TURN]
    name = f"{int(START.timestamp()) + 600}:{hello['peer']}"
    digest = hmac.new(b"north", name.encode(), hashlib.sha1).digest()
    assert turn["username"] == name
    assert turn["credential"] == base64.b64encode(digest).decode()
    assert hello["ice_transport_policy"] == "relay"
