"""A server that answers as the documentation of RealtimeKit says, in all three generations.

The service itself is on the internet and takes no tests. `/v2` is Dyte's API and the one in between
(Basic, errors as `error: {}`), `/client/v4/accounts/...` Cloudflare's own (Bearer, errors of its
gateway as `errors: [{}]`). Both have the same meetings.
"""

from __future__ import annotations

import base64
import json
import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.web import Answer, Handler, listening

ORG, KEY = "org-4711", "north-api-key"
ACCOUNT, APP, TOKEN = "account-4711", "app-4711", "north-api-token"
CANDIDATE, PROCTOR = "exam_candidate", "exam_proctor"
OLD, NEW = "/v2", f"/client/v4/accounts/{ACCOUNT}/realtime/kit/{APP}"
_BASIC = "Basic " + base64.b64encode(f"{ORG}:{KEY}".encode()).decode()


class RealtimeKit:
    """`meetings`: by id, each with `status` and `participants` by id. `asked`: calls in order.

    `trouble` answers every call; `refuse_twice`: adding a known person is a 409 instead of the
    same person again.
    """

    def __init__(self) -> None:
        self.origin = ""
        self.meetings: dict[str, dict[str, Any]] = {}
        self.kicked: list[tuple[str, list[str]]] = []
        self.asked: list[str] = []
        self.bodies: list[Any] = []
        self.trouble: Answer | None = None
        self.refuse_twice = False
        self.presets = [CANDIDATE, PROCTOR]
        self.keys_asked = 0
        self.key: RSAPrivateKey = generate_private_key(65537, 2048)

    def people(self, meeting: str) -> dict[str, str]:
        """Preset by custom id."""
        people = self.meetings[meeting]["participants"].values()
        return {each["custom_participant_id"]: each["preset_name"] for each in people}

    def sign(self, body: bytes) -> str:
        return base64.b64encode(self.key.sign(body, PKCS1v15(), SHA256())).decode()

    def change_key(self) -> None:
        self.key = generate_private_key(65537, 2048)

    @property
    def pem(self) -> str:
        public = self.key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    # What the API does -----------------------------------------------------------------------

    def act(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Status and data; words instead of data are an error."""
        match method, path.partition("?")[0].strip("/").split("/"):
            case "GET", ["presets"]:
                return 200, [{"id": str(uuid.uuid4()), "name": name} for name in self.presets]
            case "POST", ["meetings"]:
                return self._make(body)
            case _, ["meetings", meeting, *rest] if meeting in self.meetings:
                return self._in_meeting(method, meeting, rest, body)
            case _:
                return 404, "Not found"

    def _make(self, body: Any) -> tuple[int, Any]:
        meeting = str(uuid.uuid4())
        self.meetings[meeting] = {"status": "ACTIVE", "participants": {}, **body}
        return 201, {"id": meeting, "title": body["title"]}

    def _in_meeting(self, method: str, meeting: str, rest: list[str], body: Any) -> tuple[int, Any]:
        found = self.meetings[meeting]
        people = found["participants"]
        match method, rest:
            case "GET", []:
                return 200, {"id": meeting, "status": found["status"]}
            case "PATCH", []:
                found.update(body)
                return 200, {"id": meeting, **body}
            case _, ["participants", *who]:
                return self._participants(method, people, who, body)
            case "POST", ["active-session", action]:
                who = ["*"] if action == "kick-all" else body["custom_participant_ids"]
                self.kicked.append((meeting, who))
                return 200, {"action": action}
            case _:
                return 404, "Not found"

    def _participants(
        self, method: str, people: dict[str, Any], who: list[str], body: Any
    ) -> tuple[int, Any]:
        match method, who:
            case "GET", []:
                return 200, [{"id": key, **each} for key, each in people.items()]
            case "POST", []:
                return self._add(people, body)
            case "POST", [person, "token"] if person in people:
                return 200, {"token": token()}
            case "DELETE", [person] if person in people:
                return 200, people.pop(person)
            case _:
                return 404, "Not found"

    def _add(self, people: dict[str, Any], body: Any) -> tuple[int, Any]:
        if body["preset_name"] not in self.presets:
            return 404, "No preset found with name"
        same = [
            key
            for key, each in people.items()
            if each["custom_participant_id"] == body["custom_participant_id"]
        ]
        if same and self.refuse_twice:
            return 409, "Participant already exists"
        key = same[0] if same else str(uuid.uuid4())
        people[key] = body
        return 201, {"id": key, "token": token(), **body}


def token(expires: int = 1_777_892_400) -> str:
    """A token of a participant: a JWT, here without a signature that anybody checks."""
    claims = {"exp": expires, "meetingId": "m", "orgId": "o", "participantId": "p"}
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{middle}.{secrets.token_hex(8)}"


def refusal(
    status: int, words: str, *, old: bool = True, headers: dict[str, str] | None = None
) -> Answer:
    """An error in the form of this generation."""
    if old:
        body: Any = {"success": False, "error": {"code": status, "message": words}}
    else:
        errors = [{"code": 10_000 + status, "message": words}]
        body = {"success": False, "errors": errors, "messages": [], "result": None}
    return Answer(status, json.dumps(body).encode(), headers or {})


class _Handler(Handler):
    service: RealtimeKit

    def reply(self, body: bytes) -> Answer:
        if self.path == "/.well-known/webhooks.json":
            self.service.keys_asked += 1
            key = {"success": True, "data": {"publicKey": self.service.pem}, "message": ""}
            return Answer(200, json.dumps(key).encode())
        old = self.path.startswith(f"{OLD}/")
        prefix = OLD if old else NEW
        if self.service.trouble:
            self.service.asked.append(f"{self.command} {self.path}")
            return self.service.trouble
        if not self.path.startswith(prefix):
            return refusal(404, "Could not route to this path", old=False)
        if self.headers.get("Authorization") != (_BASIC if old else f"Bearer {TOKEN}"):
            return refusal(401, "Authentication error", old=old)
        path = self.path.removeprefix(prefix)
        self.service.asked.append(f"{self.command} {path}")
        given = json.loads(body) if body else None
        self.service.bodies.append(given)
        status, data = self.service.act(self.command, path, given)
        if isinstance(data, str):
            return refusal(status, data, old=old)
        return Answer(status, json.dumps({"success": True, "data": data}).encode())


@contextmanager
def realtimekit() -> Iterator[RealtimeKit]:
    """A server that runs until the end of the block."""

    class Bound(_Handler):
        service = RealtimeKit()

    with listening(Bound) as origin:
        Bound.service.origin = origin
        yield Bound.service
