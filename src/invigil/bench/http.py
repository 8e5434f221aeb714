"""The least of an HTTP client: what it costs is taken from the server that is measured."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_LIMIT_S = 60.0
_SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes

    @property
    def ok(self) -> bool:
        return self.status in _SUCCESS

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One browser's connection: kept open, opened anew when the server has closed it meanwhile.

    Understands what this server says: HTTP/1.1 with `Content-Length`, no encodings.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self._host, self._port = parts.hostname or "localhost", parts.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        """Raises `OSError` or `asyncio.IncompleteReadError` when the server cannot be reached."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        message = "\r\n".join(lines).encode() + body
        async with asyncio.timeout(_LIMIT_S):
            if self._streams is not None:
                try:
                    return await self._exchange(message)
                except (OSError, asyncio.IncompleteReadError):
                    self.close()
            self._streams = await asyncio.open_connection(self._host, self._port)
            return await self._exchange(message)

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, message: bytes) -> Reply:
        if self._streams is None:
            raise ConnectionError
        reader, writer = self._streams
        writer.write(message)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(fields.get("content-length", "0")))
        return Reply(int(head[0].split()[1]), body)
