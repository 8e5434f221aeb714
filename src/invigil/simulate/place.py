"""The server under rehearsal: where it is, how it is reached, and what is wrong if it is not."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2

from invigil.bench.http import Connection, Reply
from invigil.simulate.plan import CannotRehearse

_LIMIT_S = 30.0
_REDIRECTS = range(300, 400)
AWAY = frozenset({502, 503, 504})
"""Said by a proxy, or by a server whose database is away: later it may be there."""


@dataclass(frozen=True, slots=True)
class Place:
    """`url`: scheme and host, as `INVIGIL_PUBLIC_URL` has them."""

    url: str
    tls: ssl.SSLContext | None = field(default=None, repr=False)

    def connection(self) -> Connection:
        return Connection(self.url, self.tls, _LIMIT_S)

    def client(self) -> httpx2.AsyncClient:
        """A browser of ours; proctors' pages send their origin along."""
        return httpx2.AsyncClient(
            base_url=self.url,
            headers={"Origin": self.url},
            timeout=_LIMIT_S,
            verify=self.tls or True,
            trust_env=False,
        )


def place_of(url: str | None, links: list[str], *, insecure: bool, ca: Path | None) -> Place:
    """From `--url`, or from the first link that is whole. Raises `CannotRehearse`."""
    given = url or next((link for link in links if "://" in link), None)
    if given is None:
        raise CannotRehearse("Say where the server is: --url https://proctor.example.edu")
    parts = urlsplit(given)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise CannotRehearse(
            f"{given if url else 'The link'} is no address of a server. Write it as "
            "https://proctor.example.edu"
        )
    if url and parts.path.strip("/"):
        raise CannotRehearse(
            f"--url is scheme and host only, such as {parts.scheme}://{parts.netloc}"
        )
    return Place(f"{parts.scheme}://{parts.netloc}", _tls(parts.scheme, insecure, ca))


def _tls(scheme: str, insecure: bool, ca: Path | None) -> ssl.SSLContext | None:
    if scheme != "https":
        return None
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as error:
        raise CannotRehearse(f"--ca {ca}: no certificate can be read from it ({error}).") from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def token_of(link: str) -> str:
    """The secret of a sign-in link, or the secret itself."""
    query = parse_qs(urlsplit(link).query)
    return query["token"][0] if "token" in query else link.strip()


def code_of(link: str) -> str:
    """The secret of a join link, or the secret itself."""
    return urlsplit(link.strip()).path.rstrip("/").rpartition("/")[2]


async def require_invigil(place: Place) -> str:
    """The version of the server that answers at this place. Raises `CannotRehearse`."""
    connection = place.connection()
    try:
        reply = await connection.request("GET", "/healthz", {})
    except (OSError, EOFError, ValueError) as error:
        raise CannotRehearse(_unreachable(place, error)) from error
    finally:
        connection.close()
    return _version(place, reply)


def _version(place: Place, reply: Reply) -> str:
    if reply.status in _REDIRECTS:
        to = urlsplit(reply.location)
        raise CannotRehearse(
            f"{place.url} sends visitors on to {to.scheme}://{to.netloc}. Rehearse with that "
            "address: candidates' browsers end up there."
        )
    try:
        found = reply.json()
        version = str(found["version"])
    except (ValueError, LookupError, TypeError):
        hint = (
            "A proxy answers, and the server behind it does not. Is it running?"
            if reply.status in AWAY
            else "Is that the right host and port?"
        )
        raise CannotRehearse(
            f"Something answers at {place.url}, but it is not Invigil (status {reply.status}). "
            f"{hint}"
        ) from None
    return version


def _unreachable(place: Place, error: Exception) -> str:
    """Why nothing can be reached there, and what to look at."""
    url = place.url
    match error:
        case ssl.SSLCertVerificationError():
            words = (
                f"The certificate of {url} is not trusted here: {error.verify_message}. For a "
                "certificate of your own authority add --ca FILE, for a self-signed one in a test "
                "--insecure. Candidates' browsers will refuse such a certificate too."
            )
        case ssl.SSLError():
            words = (
                f"{url} does not speak TLS as expected ({error.reason}). Is it http:// instead of "
                "https://, or another port?"
            )
        case socket.gaierror():
            words = f"There is no host named as in {url}. Is the name spelled right?"
        case TimeoutError():
            words = f"{url} does not answer. Is a firewall between, or the address wrong?"
        case EOFError() | ConnectionResetError():
            words = f"{url} hangs up without an answer. Is it https:// instead of http://?"
        case OSError():
            words = f"Nothing can be reached at {url}. Is the server running, and the port right?"
        case _:
            words = f"What answers at {url} is no web server. Is the port right?"
    return words


def refusal(reply: Reply) -> str:
    """Status and code of an answer that is an error."""
    try:
        return f"{reply.status} {reply.json()['error']['code']}"
    except (ValueError, LookupError, TypeError):
        return f"{reply.status} (not from Invigil)"
