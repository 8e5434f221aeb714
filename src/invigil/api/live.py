"""The live socket: events of the log, newest facts for the tiles, and signalling for video.

The log is read from the database, so a page that reconnects gets exactly what it missed; the bus
only says when to read. A page that reads too slowly holds up nobody: events wait in the log, facts
overwrite one another, and a full letter box ends the connection.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

import structlog
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import TypeAdapter, ValidationError

from invigil.api import events as e
from invigil.api.deps import House, allowed_origin, get_house
from invigil.api.letters import CLAIMS_PER_MINUTE, LetterBudget
from invigil.api.media_schemas import IceServer
from invigil.api.render_events import EventRenderer
from invigil.domain.actor import Ticket
from invigil.domain.candidate import CameraClaim
from invigil.domain.errors import (
    InvigilError,
    NotSignedIn,
    Removed,
    SessionClosed,
    TakenOver,
    TooManyRequests,
)
from invigil.domain.message import Event, EventKind
from invigil.domain.secrets import new_id
from invigil.feed.bus import ALL_PROCTORS, Subscription, candidate_topic, peer_topic, proctors_of
from invigil.feed.peer import Peer, Role
from invigil.meetings.port import MediaRole

log = structlog.get_logger(__name__)
router = APIRouter(prefix="/api/v1")

BAD_TICKET, BAD_ORIGIN, TAKEN_OVER, CLOSED, TOO_SLOW = 4401, 4403, 4409, 4410, 4008
REMOVED, TOO_MANY = 4411, 4429
TRY_LATER, BAD_LETTER, LONG_LETTER = 1013, 1003, 1009
MAX_LETTER = 64_000
PAGE = 200
RIGHTS_EVERY_S = 2.0
THERE_EVERY_S = 60.0
"""How often to see whether a candidate still has its place: events tell of nearly everything that
takes it, and a wake-up can be lost; a command that erases tells nobody."""

ERASED = {"type": "erased"}
"""Never leaves the server: whoever was erased loses the socket; the page asks why."""
REPLAY_LIMIT = 2000
"""A page that missed more reloads its snapshot instead."""

_CODES: Mapping[type[InvigilError], int] = {
    NotSignedIn: BAD_TICKET,
    Removed: REMOVED,
    TakenOver: TAKEN_OVER,
    SessionClosed: CLOSED,
    TooManyRequests: TOO_MANY,
}
"""After anything else the page comes again at once."""

_WORDS = {TOO_MANY: TooManyRequests.message}

_letters: TypeAdapter[e.ClientLetter] = TypeAdapter(e.ClientLetter)


class Hangup(Exception):
    """End the connection with this code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@router.websocket("/live")
async def live(
    socket: WebSocket,
    ticket: Annotated[str, Query(max_length=100)] = "",
    since: Annotated[int | None, Query(ge=0)] = None,
) -> None:
    house = get_house(socket)
    await socket.accept()
    try:
        taken = await _admit(socket, house, ticket)
        await _Connection(socket, house, taken, since).run()
    except Hangup as hangup:
        await _close(socket, hangup.code)
    except InvigilError as error:
        log.info("live socket ended", reason=error.code)
        await _close(socket, TRY_LATER)


async def _admit(socket: WebSocket, house: House, ticket: str) -> Ticket:
    if not allowed_origin(socket, house.settings):
        raise Hangup(BAD_ORIGIN)
    taken = await house.access.take_ticket(ticket)
    if taken is None:
        raise Hangup(BAD_TICKET)
    return taken


async def _close(socket: WebSocket, code: int) -> None:
    try:
        await socket.close(code, _WORDS.get(code))
    except (RuntimeError, WebSocketDisconnect):
        return  # it is gone already


class _Connection:
    """One page's socket, from ticket to hang-up."""

    def __init__(self, socket: WebSocket, house: House, ticket: Ticket, since: int | None) -> None:
        self._socket = socket
        self._house = house
        self._ticket = ticket
        self._since = since
        self._covered = 0  # all events up to this number have been looked for
        role = Role(ticket.role)
        self._audience = ticket.actor_id if role is Role.CANDIDATE else None
        viewer = None
        if role is Role.PROCTOR and ticket.tab is not None:
            viewer = house.media.viewer(ticket.actor_id, ticket.tab)
        self._peer = Peer(new_id(), role, ticket.session_id, self._audience, viewer)
        self._renderer: EventRenderer = socket.app.state.renderer

    async def run(self) -> None:
        subscription = self._house.bus.subscribe(*self._topics())
        try:
            # Once it listens: what happens from here on it hears. Who reconnects reads of the end.
            await self._require_still_there(hears_of_the_end=self._since is not None)
            await self._hello()
            self._house.presence.join(self._peer)
            await self._announce_presence()
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(subscription))
                tasks.create_task(self._read(subscription))
                tasks.create_task(self._watch_rights())
        except* WebSocketDisconnect:
            pass
        except* Hangup as group:
            await _close(self._socket, _first(group).code)
        except* InvigilError as group:
            # The database is away, for one: the page comes again and is told what it missed.
            await _close(self._socket, _CODES.get(type(_first(group)), TRY_LATER))
        finally:
            subscription.close()
            self._house.presence.leave(self._peer)
            await self._announce_presence()

    def _topics(self) -> tuple[str, ...]:
        mine = peer_topic(self._peer.id)
        if self._audience is None:
            return (mine, proctors_of(self._ticket.session_id), ALL_PROCTORS)
        return (mine, candidate_topic(self._audience))

    async def _hello(self) -> None:
        cursor = await self._house.events.cursor(self._ticket.session_id)
        greeting = await self._house.media.greet(
            self._ticket.session_id, self._peer.id, MediaRole(self._peer.role.value)
        )
        grant = greeting.grant
        role: Literal["proctor", "candidate"] = (
            "proctor" if self._peer.role is Role.PROCTOR else "candidate"
        )
        hello = e.Hello(
            peer=self._peer.id,
            role=role,
            cursor=cursor,
            provider=greeting.provider,
            ice_servers=[IceServer(**server) for server in grant.ice_servers] if grant else [],
            ice_transport_policy=(
                "relay" if grant and grant.ice_transport_policy == "relay" else "all"
            ),
            peers=[
                e.PeerOut.model_validate(peer.as_json())
                for peer in self._house.presence.visible_to(self._peer)
            ],
        )
        await self._socket.send_text(hello.model_dump_json(exclude_none=False))
        if self._since is None or self._since > cursor:
            self._since = cursor
        elif cursor - self._since > REPLAY_LIMIT:
            self._since = cursor
            await self._socket.send_text('{"type":"resync"}')

    async def _announce_presence(self) -> None:
        """Consoles show who is online: let them read that candidate again."""
        if self._audience is None:
            return
        from_bus = {
            "type": "presence",
            "candidate_id": self._audience,
            "online": self._house.presence.online(self._audience),
        }
        self._house.bus.latest(
            proctors_of(self._ticket.session_id), f"presence:{self._audience}", from_bus
        )

    async def _write(self, subscription: Subscription) -> None:
        await self._send_events()
        while True:
            await subscription.wait(self._house.bus.patience_s)
            if subscription.overflowed:
                raise Hangup(TOO_SLOW)
            woken, news = subscription.take()
            if ERASED in news:
                raise Hangup(BAD_TICKET)
            # Events first: a letter never overtakes what was committed before it. A pong may: it
            # tells nothing, and a look for events with each is most of a quiet socket's work.
            told = any(letter.get("type") != "pong" for letter in news)
            if woken or told or await self._missed_something():
                await self._send_events()
            for letter in news:
                await self._socket.send_text(json.dumps(letter))

    async def _missed_something(self) -> bool:
        """Nobody said so, but a wake-up can be lost."""
        newest = await self._house.events.cursor_lately(self._ticket.session_id)
        before, self._covered = self._covered, newest
        return newest > before

    async def _send_events(self) -> None:
        session_id = self._ticket.session_id
        while True:
            events = await self._house.events.since(
                session_id, self._since or 0, self._audience, PAGE
            )
            for event in events:
                letter = await self._renderer.render(event)
                if letter is not None:
                    await self._socket.send_text(letter)
                self._since = event.seq
                await self._hang_up_if_over(event)
            if len(events) < PAGE:
                return

    async def _hang_up_if_over(self, event: Event) -> None:
        if self._audience is None:
            return
        if event.kind is EventKind.SESSION_CHANGED:
            raise Hangup(CLOSED)
        if event.kind is EventKind.STATE_CHANGED:
            # What a proctor took out hears why, and no more until it is let in again.
            await self._require_still_there(hears_of_the_end=True)
        if event.kind is EventKind.TAKEN_OVER and event.ref != self._ticket.tab:
            # It may be old news: what counts is which tab, and whose token, is the active one now.
            await self._require_still_there(hears_of_the_end=True)

    async def _read(self, subscription: Subscription) -> None:
        # Staff are not counted: a console negotiates with everybody in its session at once.
        budget = LetterBudget() if self._audience is not None else None
        while True:
            text = await self._receive_text()
            if len(text) > MAX_LETTER:
                raise Hangup(LONG_LETTER)
            if budget is not None:
                budget.spend(len(text))
            try:
                letter = _letters.validate_json(text)
            except ValidationError:
                raise Hangup(BAD_LETTER) from None
            await self._answer(letter, subscription)
            # Letters that have come already are given without waiting: whoever gets them needs a
            # turn to read.
            await asyncio.sleep(0)

    async def _receive_text(self) -> str:
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        text: str | None = message.get("text")
        if text is None:  # bytes: all our letters are text
            raise Hangup(BAD_LETTER)
        return text

    async def _answer(self, letter: e.ClientLetter, subscription: Subscription) -> None:
        match letter:
            case e.Ping():
                subscription.put_latest("pong", {"type": "pong"})
                await self._require_still_allowed()
            case e.SignalOut():
                self._house.presence.forward(self._peer, letter.to, letter.signal)
            case e.CameraClaimed() if self._audience is not None:
                self._house.limiter.require(CLAIMS_PER_MINUTE, "claims", self._audience)
                await self._house.check_in.claim_camera(self._audience, CameraClaim(letter.state))
                if letter.device is not None:
                    await self._house.camera_claims.claim_device(
                        self._audience, letter.device, letter.label
                    )

    async def _require_still_allowed(self) -> None:
        """A proctor who signed out elsewhere, or was revoked, loses the socket."""
        if self._audience is None and not await self._house.access.may_still_watch(self._ticket):
            self._house.media.hurry()  # out of live video as well
            raise Hangup(BAD_TICKET)

    async def _require_still_there(self, *, hears_of_the_end: bool = False) -> None:
        """A candidate who was removed or erased, whose link was replaced, or who goes on in
        another tab, loses the socket. `hears_of_the_end`: the session's end comes as an event."""
        if self._audience is None:
            return await self._require_still_allowed()
        try:
            await self._house.access.require_place(self._ticket)
        except SessionClosed:
            if not hears_of_the_end:
                raise

    async def _watch_rights(self) -> None:
        """Ask again and again, also of a page that never sends a ping."""
        while True:
            await asyncio.sleep(RIGHTS_EVERY_S if self._audience is None else THERE_EVERY_S)
            await self._require_still_there()


_E = TypeVar("_E", bound=Exception)


def _first(group: BaseExceptionGroup[_E]) -> _E:
    found = group.exceptions[0]
    while isinstance(found, BaseExceptionGroup):
        found = found.exceptions[0]
    return found
