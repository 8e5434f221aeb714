"""Where the server is, and plain words when it is not there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from invigil.simulate.place import Place, code_of, place_of, require_invigil, token_of
from invigil.simulate.plan import CannotRehearse
from tests.support.ports import free_port


def where(url: str | None, *links: str) -> str:
    return place_of(url, list(links), insecure=False, ca=None).url


def test_the_address_is_said_or_in_a_link() -> None:
    link = "https://proctor.example.edu/?token=abc"
    assert where("http://localhost:8000/") == "http://localhost:8000"
    assert where(None, "abc", link) == "https://proctor.example.edu"
    assert where("https://other.example", link) == "https://other.example"
    assert token_of(link) == token_of("abc") == "abc"
    assert code_of("https://proctor.example.edu/join/1.x") == code_of("1.x") == "1.x"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "https://", "host"])
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(CannotRehearse, match="is no address"):
        where(url)


def test_an_address_is_needed_and_no_more_than_that() -> None:
    with pytest.raises(CannotRehearse, match="Say where the server is"):
        where(None, "abc")
    with pytest.raises(CannotRehearse, match="scheme and host only"):
        where("https://proctor.example.edu/sessions/1")


@asynccontextmanager
async def answering(*lines: bytes) -> AsyncIterator[str]:
    """Something that answers every request with this; the address."""
    said = b"\r\n".join(lines)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(said)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", free_port())
    async with server:
        yield f"://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def refusal(url: str) -> str:
    with pytest.raises(CannotRehearse) as caught:
        await require_invigil(place_of(url, [], insecure=False, ca=None))
    return str(caught.value)


async def test_nobody_there() -> None:
    said = await refusal(f"http://127.0.0.1:{free_port()}")
    assert "Nothing can be reached at" in said
    assert "Is the server running" in said
    assert "no host named" in await refusal("http://no-such-host.invalid")


async def test_something_else_is_there() -> None:
    async with answering(b"HTTP/1.1 200 OK", b"Content-Length: 5", b"", b"hello") as there:
        said = await refusal("http" + there)
        assert "it is not Invigil (status 200). Is that the right host and port?" in said
    async with answering(b"HTTP/1.1 502 Bad Gateway", b"Content-Length: 0", b"", b"") as there:
        assert "A proxy answers, and the server behind it does not" in await refusal("http" + there)
    async with answering(
        b"HTTP/1.1 308 x", b"Location: https://exam.example/healthz", b"Content-Length: 0", b"", b""
    ) as there:
        assert "sends visitors on to https://exam.example." in await refusal("http" + there)
    async with answering(b"SSH-2.0-x", b"", b"") as there:
        assert "is no web server" in await refusal("http" + there)
        assert "does not speak TLS" in await refusal("https" + there)
    async with answering(b"") as there:
        assert "hangs up without an answer" in await refusal("http" + there)


async def test_answers_in_chunks_and_without_length_are_read() -> None:
    body = b'{"status":"ok","version":"7"}'
    heads = (b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", b"")
    async with answering(*heads, b"5", body[:5], b"18;x=y", body[5:], b"0", b"", b"") as there:
        assert await require_invigil(Place("http" + there)) == "7"
    async with answering(b"HTTP/1.0 200 OK", b"", body) as there:
        assert await require_invigil(Place("http" + there)) == "7"
