"""The least of an HTTP client: what it costs is taken from the server that is measured."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_LIMIT_S = 60.0
_SUCCESS = range(200, 300)
_NO_BODY = frozenset({204, 304})
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    location: str = ""

    @property
    def ok(self) -> bool:
        return self.status in _SUCCESS

    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One browser's connection: kept open, opened anew when the server has closed it meanwhile.

    Requests wait for one another. Understands what this server and proxies before it say: HTTP/1.1
    with `Content-Length` or in chunks, no encodings. `tls`: for https; the system's own rules
    without one.
    """

    def __init__(
        self, base_url: str, tls: ssl.SSLContext | None = None, limit_s: float = _LIMIT_S
    ) -> None:
        parts = urlsplit(base_url)
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _PORTS[parts.scheme]
        self._authority = parts.netloc
        self._tls = (tls or ssl.create_default_context()) if parts.scheme == "https" else None
        self._limit_s = limit_s
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._turn = asyncio.Lock()

    async def request(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        """Raises `OSError` (with `TimeoutError`), `EOFError` or `ValueError` when no answer comes
        that can be read; the connection is closed then."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self._authority}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        lines += [f"Content-Length: {len(body)}", "", ""]
        message = "\r\n".join(lines).encode() + body
        async with self._turn:
            try:
                async with asyncio.timeout(self._limit_s):
                    return await self._once_or_twice(message)
            except BaseException:
                # Whatever is still to come on it belongs to this request.
                self.close()
                raise

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _once_or_twice(self, message: bytes) -> Reply:
        if self._streams is not None:
            try:
                return await self._exchange(message)
            except (ConnectionError, EOFError, ssl.SSLError):
                self.close()  # TLS has errors of its own for a connection that was let go
        self._streams = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        return await self._exchange(message)

    async def _exchange(self, message: bytes) -> Reply:
        if self._streams is None:
            raise ConnectionError
        reader, writer = self._streams
        writer.write(message)
        await writer.drain()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        fields = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        version, status, *_ = head[0].split(" ", 2)
        reply = Reply(
            int(status), await _body(reader, int(status), fields), fields.get("location", "")
        )
        if version == "HTTP/1.0" or fields.get("connection", "").lower() == "close":
            self.close()
        return reply


async def _body(reader: asyncio.StreamReader, status: int, fields: Mapping[str, str]) -> bytes:
    if fields.get("transfer-encoding", "").lower() == "chunked":
        return await _chunks(reader)
    if "content-length" in fields:
        return await reader.readexactly(int(fields["content-length"]))
    return b"" if status in _NO_BODY else await reader.read()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    found = bytearray()
    while size := int((await reader.readline()).split(b";")[0], 16):
        found += await reader.readexactly(size)
        await reader.readexactly(2)
    while (await reader.readline()).strip():
        pass  # trailers
    return bytes(found)


def kind_of(error: Exception) -> str:
    """A few words for a table of errors."""
    match error:
        case TimeoutError():
            return "no answer in time"
        case ssl.SSLError():
            return "TLS failed"
        case EOFError() | ConnectionResetError() | BrokenPipeError():
            return "cut off"
        case OSError():
            return "server not reachable"
    return "unreadable answer"
