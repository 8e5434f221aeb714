"""Two server processes with one PostgreSQL, one Redis and one S3 store, behind one nginx."""

from __future__ import annotations

import shutil
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from httpx2 import AsyncClient
from websockets.asyncio.client import connect

from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, read
from tests.support.nginx import Proxy, proxy
from tests.support.ports import free_port
from tests.support.postgres import Cluster
from tests.support.process import Served, served
from tests.support.redis import redis_server
from tests.support.s3 import gateway
from tests.support.server import Page


@dataclass
class Nodes:
    """The installation. `ports` are those of the two servers, in the order of the proxy."""

    folder: Path
    front: Proxy
    shared: dict[str, str]
    ports: tuple[int, int]
    up: dict[int, Served] = field(default_factory=dict)
    link: str = ""

    @property
    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.front.chain)

    def client(self, **headers: str) -> AsyncClient:
        """A browser at the address of the proxy."""
        return AsyncClient(
            base_url=self.front.url,
            headers={"Origin": self.front.url, **headers},
            verify=self.trusting,
            trust_env=False,
            timeout=30,
        )

    @asynccontextmanager
    async def node(self, place: int) -> AsyncIterator[Served]:
        """Server 0 or 1, until the end of the block."""
        data = self.folder / f"node-{place}"
        if place and not (data / "master.key").exists():
            data.mkdir(exist_ok=True)
            for key in ("secret.key", "master.key"):
                shutil.copy(self.folder / "node-0" / key, data / key)
        async with served(data, self.ports[place], **self.shared) as up:
            self.up[place] = up
            self.link = up.link
            yield up

    async def kill(self, place: int) -> None:
        """As a power cut does."""
        await self.up[place].end(signal.SIGKILL)

    async def proctor(self) -> Proctor:
        client = self.client()
        token = self.link.partition("token=")[2]
        read(await client.post("/api/v1/sign-in", json={"token": token}))
        return Proctor(client)

    async def join(self, session: Json, name: str, photo: bytes) -> Candidate:
        """Into the room, every request through the proxy."""
        code = session["join_url"].rpartition("/")[2]
        client = self.client()
        version = read(await client.get(f"/api/v1/join/{code}"))["consent"]["version"]
        body = {
            "name": name,
            "consent": {"version": version, "accepted": True, "compare_face": True},
        }
        joined = read(await client.post(f"/api/v1/join/{code}", json=body), 201)
        client.headers["Authorization"] = f"Bearer {joined['token']}"
        candidate = Candidate(client, Clock(), joined["candidate"]["id"], joined["token"])
        await candidate.check_in(photo)
        read(await candidate.post("enter"))
        return candidate

    async def dial(self, ticket: str, place: int | None = None, since: int | None = None) -> Page:
        """A page's live socket: through the proxy, or at one of the servers."""
        host = f"127.0.0.1:{self.ports[place]}" if place is not None else self.front.url[8:]
        address = f"{'ws' if place is not None else 'wss'}://{host}/api/v1/live?ticket={ticket}"
        if since is not None:
            address += f"&since={since}"
        connection = await connect(
            address,
            ssl=None if place is not None else self.trusting,
            additional_headers={"Origin": self.front.url},
            proxy=None,
            ping_interval=None,
        )
        page = Page(connection)
        await page.until("hello")
        return page


@pytest.fixture
async def installation(tmp_path: Path, cluster: Cluster, migrated: str) -> AsyncIterator[Nodes]:
    """Database, Redis, store and proxy; no server yet."""
    url = cluster.create(template=migrated)
    try:
        with (
            redis_server(tmp_path / "redis") as redis,
            gateway(tmp_path / "s3") as store,
            proxy(tmp_path / "nginx") as front,
        ):
            shared = {
                "INVIGIL_DATABASE_URL": url,
                "INVIGIL_FEED_URL": redis.url,
                "INVIGIL_EVIDENCE_URL": store.url,
                "INVIGIL_PUBLIC_URL": front.url,
                **store.environment,
            }
            yield Nodes(tmp_path, front, shared, (free_port(), free_port()))
    finally:
        cluster.drop(url)


@pytest.fixture
async def nodes(installation: Nodes) -> AsyncIterator[Nodes]:
    """Both servers and the proxy before them."""
    async with AsyncExitStack() as stack:
        for place in (0, 1):
            await stack.enter_async_context(installation.node(place))
        installation.front.start(installation.ports)
        yield installation
