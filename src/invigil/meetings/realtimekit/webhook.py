"""Calls of RealtimeKit to us: signed with RSA-SHA256 over the body as it came."""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from invigil.clock import Clock
from invigil.domain.errors import InvalidRequest, MediaUnavailable, WebhookRefused
from invigil.meetings.port import MediaEvent, MediaEventKind

log = structlog.get_logger(__name__)

KINDS = {
    "meeting.participantJoined": MediaEventKind.JOINED,
    "meeting.participantLeft": MediaEventKind.LEFT,
}
SIGNATURES = ("rtk-signature", "dyte-signature")
FRESH = timedelta(minutes=1)
"""A key is asked for again when a signature does not fit it, but not more often than so."""


class Webhooks:
    """Checks calls against the service's public key, which is kept and asked for again only when
    a signature does not fit: then it may have been changed.

    While the key is on its way a call is answered with 503, and the service repeats it.
    """

    def __init__(self, fetch: Callable[[], Awaitable[str]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._key: RSAPublicKey | None = None
        self._asked_at: datetime | None = None
        self._asking: asyncio.Task[None] | None = None

    async def prepare(self) -> None:
        """Have a key before the first call comes."""
        if self._key is None:
            self._ask()

    def parse(self, headers: Mapping[str, str], raw: bytes) -> Sequence[MediaEvent]:
        """Raises `WebhookRefused`, or `MediaUnavailable` while there is no key to tell."""
        self._require_signed(headers, raw)
        try:
            body = json.loads(raw)
        except ValueError as error:
            raise InvalidRequest("This call is not JSON.") from error
        event = self._event(body, raw) if isinstance(body, dict) else None
        return [event] if event else []

    async def aclose(self) -> None:
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.gather(self._asking, return_exceptions=True)

    def _require_signed(self, headers: Mapping[str, str], raw: bytes) -> None:
        signature = _signature(headers)
        if self._key is None:
            self._ask()
            raise MediaUnavailable("The key for calls of the live-video service is not here yet.")
        try:
            self._key.verify(signature, raw, PKCS1v15(), SHA256())
        except InvalidSignature:
            if self._ask():
                raise MediaUnavailable("The key for calls is being asked for again.") from None
            raise WebhookRefused from None

    def _ask(self) -> bool:
        """Ask for the key beside everything else; whether it is on its way."""
        now = self._clock()
        if self._asking is not None and not self._asking.done():
            return True
        if self._asked_at is not None and now - self._asked_at < FRESH:
            return False
        self._asked_at = now
        self._asking = asyncio.get_running_loop().create_task(self._get())
        return True

    async def _get(self) -> None:
        try:
            key = load_pem_public_key((await self._fetch()).encode())
        except (MediaUnavailable, ValueError) as error:
            log.warning("realtimekit's key for webhooks is not to be had", why=type(error).__name__)
            return
        if isinstance(key, RSAPublicKey):
            self._key = key

    def _event(self, body: Mapping[str, Any], raw: bytes) -> MediaEvent | None:
        kind = KINDS.get(str(body.get("event")))
        meeting, person = body.get("meeting"), body.get("participant")
        if kind is None or not isinstance(meeting, dict) or not isinstance(person, dict):
            return None
        identity = person.get("customParticipantId") or person.get("clientSpecificId")
        if not identity or not meeting.get("id"):
            return None
        moment = person.get("joinedAt" if kind is MediaEventKind.JOINED else "leftAt")
        # The delivery's own id, rtk-uuid, is not signed: whoever has seen a call could send it
        # again under another one. What is signed names the moment, so that its hash is the id.
        return MediaEvent(
            id=hashlib.sha256(raw).hexdigest(),
            kind=kind,
            room_ref=str(meeting["id"]),
            identity=str(identity),
            at=_moment(moment) or self._clock(),
        )


def _signature(headers: Mapping[str, str]) -> bytes:
    given = next((headers[name] for name in SIGNATURES if name in headers), None)
    if given is None:
        raise WebhookRefused
    try:
        return base64.b64decode(given, validate=True)
    except binascii.Error as error:
        raise WebhookRefused from error


def _moment(said: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(said))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
