"""A server that answers as Imgur's documentation says, for its API and its pictures in one.

Imgur itself is on the internet and takes no tests. Here a picture is public as it is there: whoever
has the link gets it, without any header.
"""

from __future__ import annotations

import email
import email.policy
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.web import Answer, Handler, listening

CLIENT_ID = "4711abcdef01234"


def error(status: int, words: object, **headers: str) -> Answer:
    """An error in Imgur's own form; `X_Some_Header="1"` becomes a header."""
    body = {"data": {"error": words, "request": "/3/image"}, "success": False, "status": status}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, json.dumps(body).encode(), named)


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
        self.trouble: Answer | None = None
        self.picture_trouble: Answer | None = None
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


class _Handler(Handler):
    imgur: Imgur

    def reply(self, body: bytes) -> Answer:
        if self.path.startswith("/3/"):
            return self._api(body)
        if self.imgur.picture_trouble:
            return self.imgur.picture_trouble
        image = self.imgur.pictures.get(self.path[1:])
        if image is None:
            return Answer(302, b"", {"Location": f"{self.imgur.url}/removed.png"})
        return Answer(200, image, kind="image/jpeg")

    def _api(self, body: bytes) -> Answer:
        self.imgur.asked.append(f"{self.command} {self.path}")
        known = self.headers.get("Authorization")
        if self.imgur.trouble:
            return self.imgur.trouble
        if known is None:
            return error(401, "Authentication required")
        if known != f"Client-ID {CLIENT_ID}":
            return error(403, "Invalid client_id")
        return self._right(body)

    def _right(self, body: bytes) -> Answer:
        if self.command == "POST":
            return self._data(self.imgur.upload(_fields(self.headers["Content-Type"], body)))
        if self.command == "GET":
            return self._data({"UserLimit": 500, "UserRemaining": 490, "ClientRemaining": 12_400})
        if self.imgur.delete(self.path.rpartition("/")[2]):
            return self._data(True)
        return error(404, "Unable to find an image with the id")

    def _data(self, data: object) -> Answer:
        body = json.dumps({"data": data, "success": True, "status": 200}).encode()
        return Answer(200, body, self.imgur.headers)


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

    class Bound(_Handler):
        imgur = Imgur("")

    with listening(Bound) as origin:
        Bound.imgur.url = origin
        yield Bound.imgur
