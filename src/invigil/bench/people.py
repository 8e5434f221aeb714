"""Simulated candidates on the wire: what they show, and what their pages send."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from typing import Any

from invigil.bench.http import Connection, Reply
from invigil.demo.scenes import PEOPLE, Scene

SCENES = 6
FRAMES_OF_A_SCENE = 6
_JSON = {"Content-Type": "application/json"}

_CONFLICT = 409


class Pictures:
    """Webcam-like frames, composed ahead: composing one costs as much as looking at it.

    Candidates share `SCENES` rooms; each shows the same person all the time.
    """

    def __init__(self) -> None:
        self._scenes = [Scene(seed) for seed in range(SCENES)]
        self._people = list(itertools.islice(itertools.cycle(PEOPLE), SCENES))
        self._composed: dict[tuple[int, tuple[str, ...]], list[bytes]] = {}
        for room, person in enumerate(self._people):
            self._frames(room, person)

    def alone(self, number: int) -> Iterator[bytes]:
        """Frames without end of candidate `number`."""
        return self._cycle(number, self._own(number))

    def swapped(self, number: int) -> Iterator[bytes]:
        """Somebody else sits in the candidate's place."""
        return self._cycle(number, self._other(number))

    def joined(self, number: int) -> Iterator[bytes]:
        """A second person sits beside the candidate."""
        return self._cycle(number, self._own(number), self._other(number))

    def _own(self, number: int) -> str:
        return self._people[number % SCENES]

    def _other(self, number: int) -> str:
        return PEOPLE[(PEOPLE.index(self._own(number)) + 1) % len(PEOPLE)]

    def _cycle(self, number: int, *people: str) -> Iterator[bytes]:
        return itertools.cycle(self._frames(number % SCENES, *people))

    def _frames(self, room: int, *people: str) -> list[bytes]:
        key = (room, people)
        if key not in self._composed:
            scene = self._scenes[room]
            self._composed[key] = [scene.frame(*people) for _ in range(FRAMES_OF_A_SCENE)]
        return self._composed[key]


class Candidate:
    """One page: its own connection, its token once it has joined."""

    def __init__(self, connection: Connection, number: int, name: str) -> None:
        self._connection = connection
        self.number = number
        self.name = name
        self.id = ""
        self._headers: dict[str, str] = {}
        self._tab: str | None = None
        self._window: str | None = None
        self._seq = 0

    async def join(self, code: str, consent: dict[str, Any]) -> Reply:
        """Open the link, read it, agree."""
        path = f"/api/v1/join/{code}"
        await self._connection.request("GET", path, {})
        body = {"name": self.name, "consent": consent}
        reply = await self._connection.request("POST", path, _JSON, json.dumps(body).encode())
        if reply.ok:
            found = reply.json()
            self.id = found["candidate"]["id"]
            self._headers = {"Authorization": f"Bearer {found['token']}"}
        return reply

    async def send(self, method: str, route: str, image: bytes = b"") -> Reply:
        """A call of the candidate's own, with a picture or without."""
        headers = self._headers | {"Content-Type": "image/jpeg"}
        if route == "frames":
            tab = {"X-Invigil-Tab": self._tab} if self._tab else {}
            return await self._numbered(headers | tab, image)
        return await self._connection.request(method, _mine(route), headers, image)

    async def say(self, route: str, body: dict[str, Any]) -> Reply:
        """A call of the candidate's own with a JSON body."""
        if route == "tickets" and body["tab"] != self._tab:
            self._tab, self._window = body["tab"], None
        headers = self._headers | _JSON
        return await self._connection.request(
            "POST", _mine(route), headers, json.dumps(body).encode()
        )

    async def _numbered(self, headers: dict[str, str], image: bytes) -> Reply:
        """As a page with a live connection must; once more where its window was over."""
        for last in (False, True):
            if self._window is None:
                reply = await self._connection.request("POST", _mine("frame-windows"), headers, b"")
                if not reply.ok:
                    return reply
                self._window, self._seq = reply.json()["nonce"], 0
            self._seq += 1
            marks = {"X-Frame-Nonce": self._window, "X-Frame-Seq": str(self._seq)}
            reply = await self._connection.request("POST", _mine("frames"), headers | marks, image)
            if last or reply.status != _CONFLICT:
                break
            self._window = None
        return reply

    def hang_up(self) -> None:
        """Lose the connection; the next call opens another."""
        self._connection.close()


def _mine(route: str) -> str:
    return f"/api/v1/candidates/me/{route}"


async def agreement(connection: Connection, code: str) -> dict[str, Any]:
    """Consent to what the join page says now. Raises `ValueError` when the link is not known."""
    reply = await connection.request("GET", f"/api/v1/join/{code}", {})
    if not reply.ok:
        raise ValueError(reply.status)
    return {"version": reply.json()["consent"]["version"], "accepted": True, "compare_face": True}
