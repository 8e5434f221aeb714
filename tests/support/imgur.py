"""A server that answers as Imgur's documentation says, for its API and its pictures in one.

Imgur itself is on the internet and takes no tests. Here a picture is public as it is there: whoever
has the link gets it, without any header.
"""

from __future__ import annotations

import email
import email.policy
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CLIENT_ID = "4711abcdef01234"


@dataclass
class Trouble:
    """An answer that comes instead of the right one. `cut`: it ends before its length."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    cut: bool = False


def error(status: int, words: object, **headers: str) -> Trouble:
    """An error in Imgur's own form; `X_Some_Header="1"` becomes a header."""
    body = {"data": {"error": words, "request": "/3/image"}, "success": False, "status": status}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Trouble(status, json.dumps(body).encode(), named)


OVERLOADED = Trouble(503, b"<html><body>503 Service Unavailable</body></html>", kind="text/html")
PUZZLE = Trouble(200, b"<html><body>Sign in</body></html>", kind="text/html")
CUT_OFF = Trouble(200, b'{"data":{"id":"abc', cut=True)


class Imgur:
    """`pictures`: bytes by file name; `deleted`: the hashes of all deletions, in order.

    `trouble` answers every request to the API; `re_encode` changes what is uploaded;
    `headers` come with every right answer; `asked` counts requests to the API.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.pictures: dict[str, bytes] = {}
        self.hashes: dict[str, str] = {}
        self.deleted: list[str] = []
        self.asked: list[str] = []
        self.sent: list[dict[str, bytes]] = []
        self.trouble: Trouble | None = None
        self.picture_trouble: Trouble | None = None
        self.answer: dict[str, Any] = {}
        self.re_encode = False
        self.headers: dict[str, str] = {}

    def upload(self, fields: dict[str, bytes]) -> dict[str, Any]:
        image = fields["image"] + (b" compressed" if self.re_encode else b"")
        name, delete_hash = secrets.token_hex(4)[:7], secrets.token_hex(8)[:15]
        self.sent.append(fields)
        self.pictures[f"{name}.jpg"] = image
        self.hashes[delete_hash] = f"{name}.jpg"
        return {
            "id": name,
            "deletehash": delete_hash,
            "type": "image/jpeg",
            "size": len(image),
            "link": f"{self.url}/{name}.jpg",
            **self.answer,
        }

    def delete(self, delete_hash: str) -> bool:
        self.deleted.append(delete_hash)
        name = self.hashes.pop(delete_hash, None)
        if name is None:
            return False
        del self.pictures[name]
        return True


class _Handler(BaseHTTPRequestHandler):
    imgur: Imgur
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.startswith("/3/"):
            self._api()
        elif trouble := self.imgur.picture_trouble:
            self._answer(trouble)
        elif (image := self.imgur.pictures.get(self.path[1:])) is not None:
            self._answer(Trouble(200, image, kind="image/jpeg"))
        else:
            self._answer(Trouble(302, b"", {"Location": f"{self.imgur.url}/removed.png"}))

    def do_POST(self) -> None:
        self._api()

    def do_DELETE(self) -> None:
        self._api()

    def _api(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.imgur.asked.append(f"{self.command} {self.path}")
        known = self.headers.get("Authorization")
        if self.imgur.trouble:
            self._answer(self.imgur.trouble)
        elif known is None:
            self._answer(error(401, "Authentication required"))
        elif known != f"Client-ID {CLIENT_ID}":
            self._answer(error(403, "Invalid client_id"))
        else:
            self._right(body)

    def _right(self, body: bytes) -> None:
        if self.command == "POST":
            self._data(self.imgur.upload(_fields(self.headers["Content-Type"], body)))
        elif self.command == "GET":
            self._data({"UserLimit": 500, "UserRemaining": 490, "ClientRemaining": 12_400})
        elif self.imgur.delete(self.path.rpartition("/")[2]):
            self._data(True)
        else:
            self._answer(error(404, "Unable to find an image with the id"))

    def _data(self, data: object) -> None:
        body = json.dumps({"data": data, "success": True, "status": 200}).encode()
        self._answer(Trouble(200, body, self.imgur.headers))

    def _answer(self, answer: Trouble) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body) + (100 if answer.cut else 0)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.cut:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Tests look at what was asked, not at a log."""


def _fields(kind: str, body: bytes) -> dict[str, bytes]:
    head = f"Content-Type: {kind}\r\n\r\n".encode()
    message = email.message_from_bytes(head + body, policy=email.policy.HTTP)
    found = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="Content-Disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(name)] = content
    return found


@contextmanager
def imgur_server() -> Iterator[Imgur]:
    """A server that runs until the end of the block."""

    class Handler(_Handler):
        imgur: Imgur

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    Handler.imgur = Imgur(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield Handler.imgur
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
