"""The whole server on real files, and the people who use it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient, Response

from invigil.api.deps import House as Rooms
from invigil.app import create_app
from invigil.monitoring.tap import Tap
from invigil.monitoring.watch import Watch
from invigil.settings import Settings
from invigil.storage.database import Database
from invigil.storage.database.tables import metadata
from invigil.vision.port import VisionEngine
from invigil.wiring import Storage, database_of
from tests.support import pictures
from tests.support.clock import Clock
from tests.support.databases import current

Json = dict[str, Any]
ORIGIN = "http://localhost:8000"
JPEG = {"Content-Type": "image/jpeg"}


def read(response: Response, status: int = 200) -> Json:
    """The JSON of an answer that has this status."""
    assert response.status_code == status, f"{response.status_code}: {response.text[:500]}"
    found: Json = response.json()
    return found


def refused(response: Response, status: int, code: str) -> Json:
    """The error of an answer: status, code, plain words and what to do."""
    error: Json = read(response, status)["error"]
    assert error["code"] == code, error
    assert set(error) - {"fields", "window"} == {"code", "message", "fix", "retry_after_s"}
    assert error["message"]
    assert error["fix"]
    return error


def files_under(folder: Path) -> list[str]:
    """Paths of all files, relative to the folder, sorted."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return sorted(path.relative_to(folder).as_posix() for path in found)


class Running:
    """A server that has started. Tests talk to it over ASGI, or over a socket (`live_server`)."""

    def __init__(
        self,
        app: FastAPI,
        clock: Clock,
        stack: AsyncExitStack,
        config: Settings,
        database: Database,
    ) -> None:
        self.app = app
        self.clock = clock
        self.config = config
        self.base_url = config.base_url
        self.objects = config.data_dir / "objects"
        self.database = database
        self._stack = stack

    @property
    def rooms(self) -> Rooms:
        rooms: Rooms = self.app.state.house
        return rooms

    @property
    def watch(self) -> Watch:
        watch: Watch = self.app.state.watch
        return watch

    @property
    def tap(self) -> Tap:
        tap: Tap = self.app.state.tap
        return tap

    @property
    def storage(self) -> Storage:
        storage: Storage = self.app.state.storage
        return storage

    async def client(
        self, headers: Mapping[str, str] | None = None, *, address: str = "127.0.0.1"
    ) -> AsyncClient:
        """A browser without a cookie. `address`: where it comes from."""
        transport = ASGITransport(app=self.app, client=(address, 123))
        client = AsyncClient(transport=transport, base_url=self.base_url, headers=headers or {})
        return await self._stack.enter_async_context(client)

    async def proctor(self) -> Proctor:
        """An organiser, who signed in by a new link of the server, and so watches everything."""
        client = await self.client({"Origin": self.base_url})
        token = await self.rooms.access.new_sign_in_link()
        read(await client.post("/api/v1/sign-in", json={"token": token}))
        return Proctor(client)

    async def invited(self, by: Proctor, session: Json, name: str = "Petra") -> Proctor:
        """A proctor of this one session, in a browser of their own."""
        made = await by.invite(session, name)
        client = await self.client({"Origin": self.base_url})
        read(await client.post("/api/v1/proctor-invites/accept", json={"token": token_of(made)}))
        return Proctor(client, made["proctor"]["id"])

    async def join(self, session: Json, name: str = "Ada Example") -> Candidate:
        """Consent to what the join page says."""
        client = await self.client()
        code = session["join_url"].rpartition("/")[2]
        info = read(await client.get(f"/api/v1/join/{code}"))
        consent = {"version": info["consent"]["version"], "accepted": True, "compare_face": True}
        body = {"name": name, "consent": consent}
        joined = read(await client.post(f"/api/v1/join/{code}", json=body), 201)
        client.headers["Authorization"] = f"Bearer {joined['token']}"
        return Candidate(client, self.clock, joined["candidate"]["id"], joined["token"])

    async def enter(
        self, session: Json, name: str = "Ada Example", face: bytes | None = None
    ) -> Candidate:
        """All the way into the room. `face` is both the reference photo and the live frames."""
        candidate = await self.join(session, name)
        await candidate.check_in(face or pictures.obama())
        read(await candidate.post("enter"))
        return candidate

    async def rows(self, table: sa.Table) -> int:
        async with self.database.engine.connect() as connection:
            found = await connection.scalar(sa.select(sa.func.count()).select_from(table))
        return int(found or 0)

    async def everything_stored(self) -> bytes:
        """The database as a thief has it: SQLite's files, or all rows of all tables."""
        if self.database.is_sqlite:
            return b"".join(path.read_bytes() for path in self.objects.parent.glob("invigil.db*"))
        async with self.database.engine.connect() as connection:
            tables = [
                (await connection.execute(sa.select(table))).all()
                for table in metadata.sorted_tables
            ]
        return repr(tables).encode()

    async def tick(self, seconds: float) -> None:
        """Let time pass a second at a time, as the watch does."""
        for _ in range(int(seconds)):
            self.clock.advance(1)
            await self.watch.tick()


def token_of(made: Json) -> str:
    """The secret of a new invitation."""
    token: str = made["url"].partition("/proctor-invite#")[2]
    return token


class Proctor:
    """Or an organiser. `invite_id`: of the invitation by which a proctor came."""

    def __init__(self, client: AsyncClient, invite_id: str = "") -> None:
        self.client = client
        self.invite_id = invite_id

    async def invite(self, session: Json, name: str = "Petra", **fields: object) -> Json:
        """A new invitation to the session: its record and its link."""
        address = f"/api/v1/sessions/{session['id']}/proctors"
        return read(await self.client.post(address, json={"name": name, **fields}), 201)

    async def revoke(self, session: Json, proctor: Proctor) -> None:
        address = f"/api/v1/sessions/{session['id']}/proctors/{proctor.invite_id}"
        assert (await self.client.delete(address)).status_code == 204

    async def open_session(self, **fields: object) -> Json:
        # Most films here are one picture again and again, as no live camera gives it.
        body = {"title": "Algebra", "report_repeats": False, **fields}
        return read(await self.client.post("/api/v1/sessions", json=body), 201)

    async def snapshot(self, session: Json) -> Json:
        return read(await self.client.get(f"/api/v1/sessions/{session['id']}/snapshot"))

    async def incidents(self, session: Json) -> list[Json]:
        """Oldest first."""
        found: list[Json] = (await self.snapshot(session))["incidents"]
        return found[::-1]

    async def candidate(self, session: Json, candidate_id: str) -> Json:
        found: list[Json] = (await self.snapshot(session))["candidates"]
        return next(each for each in found if each["id"] == candidate_id)

    async def act(
        self, candidate_id: str, act: str, reason: str, command: str | None = None
    ) -> Response:
        """Pause, resume, remove, let in again or end."""
        body = {"act": act, "reason": reason, "command": command}
        return await self.client.post(f"/api/v1/candidates/{candidate_id}/acts", json=body)

    async def decide(self, incident: Json, decision: str, reason: str = "Looked at it.") -> Json:
        return read(
            await self.client.post(
                f"/api/v1/incidents/{incident['id']}/decisions",
                json={"decision": decision, "reason": reason},
            )
        )


class Candidate:
    def __init__(self, client: AsyncClient, clock: Clock, id_: str, token: str) -> None:
        self.client = client
        self.clock = clock
        self.id = id_
        self.token = token
        self._tab: str | None = None
        self._window: str | None = None
        self._seq = 0

    async def post(self, what: str, json: Json | None = None) -> Response:
        answer = await self.client.post(f"/api/v1/candidates/me/{what}", json=json)
        if what == "tickets" and json and answer.is_success:
            self._tab, self._window = json["tab"], None
        return answer

    async def me(self) -> Json:
        return read(await self.client.get("/api/v1/candidates/me"))

    async def reference_photo(self, image: bytes) -> Response:
        return await self.client.put(
            "/api/v1/candidates/me/reference-photo", content=image, headers=JPEG
        )

    async def check_in_frame(self, image: bytes) -> Json:
        self.clock.advance(ms=700)
        return read(
            await self.client.post(
                "/api/v1/candidates/me/check-in-frames", content=image, headers=JPEG
            )
        )

    async def check_in(self, face: bytes, live: bytes | None = None) -> Json:
        """Reference photo and three live frames; gives the last progress."""
        read(await self.reference_photo(face))
        progress: Json = {}
        for _ in range(3):
            progress = await self.check_in_frame(live or face)
        return progress

    async def send(self, image: bytes, *, tab: str | None = None) -> Response:
        """As pages do: numbered from the first live connection on."""
        headers = JPEG if tab is None else JPEG | {"X-Invigil-Tab": tab}
        return await self.client.post(
            "/api/v1/candidates/me/frames",
            content=image,
            headers=headers | await self.number(self.client),
        )

    async def number(self, client: AsyncClient) -> dict[str, str]:
        """Nothing without a live connection, or where no window is to be had: `send` hears why."""
        if self._tab is None:
            return {}
        if self._window is None:
            answer = await client.post(
                "/api/v1/candidates/me/frame-windows", headers={"X-Invigil-Tab": self._tab}
            )
            if not answer.is_success:
                return {}
            self._window, self._seq = answer.json()["nonce"], 0
        self._seq += 1
        return {"X-Frame-Nonce": self._window, "X-Frame-Seq": str(self._seq)}

    async def frame(self, image: bytes) -> Json:
        """One frame, and the time until the next one is wanted."""
        reply = read(await self.send(image))
        self.clock.advance(ms=reply["next_frame_ms"])
        return reply

    async def film(self, image: bytes, seconds: float) -> list[Json]:
        """Frames in the rhythm that the server asks for, over so many seconds."""
        end = self.clock.now.timestamp() + seconds
        replies = []
        while self.clock.now.timestamp() <= end:
            replies.append(await self.frame(image))
        return replies


def settings(data_dir: Path, **chosen: Any) -> Settings:
    """Defaults, folder and database of the test, and nothing from the environment."""
    ours = {"disk_reserve_mb": 0, "database_url": current.dialect.url(data_dir)}
    return Settings(_env_file=None, data_dir=data_dir, **{**ours, **chosen})


@asynccontextmanager
async def started(app: FastAPI) -> AsyncIterator[FastAPI]:
    """The app within its lifespan. It begins and ends in one task, as under uvicorn."""
    up, stop = asyncio.Event(), asyncio.Event()

    async def live() -> None:
        async with app.router.lifespan_context(app):
            up.set()
            await stop.wait()

    task = asyncio.create_task(live())
    waiting = asyncio.create_task(up.wait())
    await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    try:
        if not task.done():
            yield app
    finally:
        stop.set()
        await task


@asynccontextmanager
async def running(
    data_dir: Path, clock: Clock, engine: VisionEngine, **chosen: Any
) -> AsyncIterator[Running]:
    """A server on `data_dir`. Starting one on the same folder again is a restart."""
    config = settings(data_dir, **chosen)
    app = create_app(config, clock=clock, monotonic=clock.monotonic, engine=lambda: engine)
    async with started(app), AsyncExitStack() as stack:
        # Beside the server, as another program would open its file.
        database = database_of(config, opening=True)
        stack.push_async_callback(database.close)
        yield Running(app, clock, stack, config, database)
