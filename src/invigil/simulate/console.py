"""The proctor of a rehearsal: opens the session, watches the feed, speaks to everybody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx2

from invigil.bench.wire import Letter, LiveSocket, back_off_s
from invigil.simulate.place import AWAY, Place
from invigil.simulate.plan import TITLE, CannotRehearse, Ledger, Tally, is_simulated

ANNOUNCEMENT = "An announcement of the rehearsal: half of the time is over."
KEEP_DAYS = 1

Json = dict[str, Any]


class Proctor:
    """Signed in; asks again for `patience_s` while the server is away."""

    def __init__(self, place: Place, patience_s: float) -> None:
        self._client = place.client()
        self._patience_s = patience_s

    async def close(self) -> None:
        await self._client.aclose()

    async def sign_in(self, token: str) -> None:
        """Use up a sign-in link. Raises `CannotRehearse`."""
        await self.ask("POST", "sign-in", {"token": token})

    async def ask(
        self,
        method: str,
        route: str,
        body: Json | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Json:
        """The JSON of the answer. Raises `CannotRehearse` with the server's own words."""
        answer = await self._answered(method, route, body, query)
        found: Json = answer.json()
        return found

    async def image(self, url: str) -> bytes | None:
        """A picture, None when the server has none to give."""
        try:
            return (await self._answered("GET", url.removeprefix("/api/v1/"))).content
        except CannotRehearse:
            return None

    async def _answered(
        self,
        method: str,
        route: str,
        body: Json | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> httpx2.Response:
        loop = asyncio.get_running_loop()
        give_up, attempt = loop.time() + self._patience_s, 0
        while True:
            try:
                answer = await self._client.request(
                    method, f"/api/v1/{route}", json=body, params=query
                )
                if answer.status_code not in AWAY:
                    break
                why = f"status {answer.status_code}"
            except httpx2.TransportError as error:
                why = str(error) or type(error).__name__
            if loop.time() > give_up:
                raise CannotRehearse(f"The server has not answered all this time ({why}).")
            await asyncio.sleep(back_off_s(attempt))
            attempt += 1
        if not answer.is_success:
            raise CannotRehearse(_words(answer))
        return answer


def _words(answer: httpx2.Response) -> str:
    try:
        error = answer.json()["error"]
        words = f"{error['message']} {error['fix']}"
        code = error["code"]
    except (ValueError, LookupError, TypeError):
        return f"The server refused with status {answer.status_code}."
    if code == "foreign_origin":
        return (
            "The server goes by another address (its INVIGIL_PUBLIC_URL). Rehearse with that one: "
            "--url is what candidates' browsers will use."
        )
    return words


async def open_session(proctor: Proctor, interval_s: int) -> Json:
    """A session of the rehearsal's own, deleted a day after it was closed."""
    body = {
        "title": TITLE,
        "sampling_interval_s": interval_s,
        "retention_days": KEEP_DAYS,
        # Each candidate shows a few pictures in turn.
        "report_repeats": False,
    }
    return await proctor.ask("POST", "sessions", body)


async def require_no_exam(proctor: Proctor) -> None:
    """Raises `CannotRehearse` while an exam is being taken on this server."""
    busy = [
        each
        for each in (await proctor.ask("GET", "sessions"))["sessions"]
        if each["candidates_in_room"] and not each["closed_at"] and each["title"] != TITLE
    ]
    if busy:
        inside = sum(each["candidates_in_room"] for each in busy)
        raise CannotRehearse(
            f"An exam is running on this server: {inside} in the room. A rehearsal would take "
            "computing time from it. Wait until it is over, or add --during-exams."
        )


async def require_simulated(proctor: Proctor, session_id: str) -> None:
    """Raises `CannotRehearse` when somebody in the session is no simulated candidate."""
    found = await proctor.ask("GET", f"sessions/{session_id}/snapshot")
    real = sum(not is_simulated(each["name"]) for each in found["candidates"])
    if real:
        raise CannotRehearse(
            f"In this session {real} of {len(found['candidates'])} candidates are real people. "
            "A rehearsal needs a session of its own: leave out --join-link, and one is opened."
        )


class Console:
    """A proctor's open page: notes what it is shown, and when."""

    def __init__(
        self, place: Place, proctor: Proctor, session_id: str, tally: Tally, ledger: Ledger
    ) -> None:
        self._proctor = proctor
        self._session_id = session_id
        self._tally = tally
        self._ledger = ledger
        self._socket = LiveSocket(place.url, tally.sockets, self._ticket, self._hear, place.tls)
        self.opened = asyncio.Event()
        self.messages: set[str] = set()

    async def run(self) -> None:
        await self._socket.run()

    def storm(self) -> None:
        self._socket.drop()

    async def approve(self, candidate_id: str) -> None:
        """Let somebody in whom the comparison could not settle."""
        await self._proctor.ask(
            "POST", f"candidates/{candidate_id}/check-in-decision", {"decision": "approve"}
        )

    async def announce(self) -> list[str]:
        """Write to everybody; ids of the messages."""
        route = f"sessions/{self._session_id}/messages"
        sent = (await self._proctor.ask("POST", route, {"text": ANNOUNCEMENT}))["messages"]
        ids = [each["id"] for each in sent]
        self._ledger.messages.update(ids)
        return ids

    async def _ticket(self) -> str | None:
        try:
            answer = await self._proctor.ask("POST", "tickets", {"session_id": self._session_id})
        except CannotRehearse:
            self._tally.error("console: no ticket")
            return None
        return str(answer["ticket"])

    def _hear(self, letter: Letter) -> None:
        if letter["type"] == "hello":
            self.opened.set()
        elif letter["type"] == "resync":
            self._tally.error("console: fell too far behind")
        elif letter["type"] == "event":
            self._event(letter["event"])

    def _event(self, event: Json) -> None:
        if event["kind"] == "message":
            self.messages.add(event["message"]["id"])
        if event["kind"] != "incident_changed":
            return
        incident, now = event["incident"], asyncio.get_running_loop().time()
        self._ledger.incidents.add(incident["id"])
        for act in self._tally.acts:
            mine = act.candidate_id == incident["candidate_id"]
            if mine and act.seen_s is None and incident["kind"] in act.kinds:
                act.seen_s = now
