"""REST calls to RealtimeKit: who we are, how often we may ask, and what its errors mean."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import structlog

from invigil.clock import Clock
from invigil.domain.errors import (
    MediaAuthError,
    MediaConfigError,
    MediaNotFound,
    MediaRateLimited,
    MediaUnavailable,
)
from invigil.meetings.realtimekit.access import Access

log = structlog.get_logger(__name__)

BURST, PER_SECOND = 250, 10.8
"""Together below the documented 3,500 requests in five minutes, in any five minutes."""

_TIMEOUT, _WHOLE_S = httpx2.Timeout(8.0, connect=4.0), 12.0
_MOST_ANSWER = 2_000_000
_LONGEST_WAIT_S = 600
_REFUSED, _GONE, _CONFLICT = frozenset({401, 403}), frozenset({404, 410}), 409
_TOO_MANY, _BROKEN, _WRONG = 429, 500, 400


class MediaConflict(MediaUnavailable):
    """What was to be made is there already."""

    code = "media_conflict"


class Bucket:
    """Permission to ask: `BURST` at once, `PER_SECOND` in the long run."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._left = float(BURST)
        self._at = clock()
        self._closed_until: datetime | None = None

    def take(self) -> None:
        """Raises `MediaRateLimited` with the seconds to wait."""
        now = self._clock()
        if self._closed_until is not None and now < self._closed_until:
            raise MediaRateLimited(math.ceil((self._closed_until - now).total_seconds()))
        self._left = min(BURST, self._left + (now - self._at).total_seconds() * PER_SECOND)
        self._at = now
        if self._left < 1:
            raise MediaRateLimited(math.ceil((1 - self._left) / PER_SECOND))
        self._left -= 1

    def close(self, seconds: int) -> None:
        """The service itself said that it is enough for so long."""
        self._closed_until = self._clock() + timedelta(seconds=seconds)


class RestClient:
    """Calls of one application. Nothing is sent twice: pages ask again by themselves."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._bucket = Bucket(clock)
        self._http: httpx2.AsyncClient | None = None

    async def get(self, path: str) -> Any:
        return await self._call("GET", path, None)

    async def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return await self._call("POST", path, body)

    async def patch(self, path: str, body: Mapping[str, Any]) -> Any:
        return await self._call("PATCH", path, body)

    async def delete(self, path: str) -> Any:
        return await self._call("DELETE", path, None)

    async def fetch_key(self) -> str:
        """The public key of webhooks, as PEM. Needs no credentials and counts against no limit."""
        async with httpx2.AsyncClient(timeout=_TIMEOUT) as http:
            status, _, body = await self._exchange(http, "GET", self._access.key_url, None)
        data = _parse(body).get("data")
        key = data.get("publicKey") if isinstance(data, dict) else None
        if status >= _WRONG or not isinstance(key, str):
            raise MediaUnavailable("The key for calls of the live-video service is not to be had.")
        return key

    async def aclose(self) -> None:
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def _call(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        self._bucket.take()
        if self._http is None:
            headers = {"Authorization": self._access.credentials.header}
            self._http = httpx2.AsyncClient(timeout=_TIMEOUT, headers=headers)
        status, headers_, raw = await self._exchange(
            self._http, method, self._access.url + path, body
        )
        if status == _TOO_MANY:
            wait = _retry_after(headers_, self._clock())
            self._bucket.close(wait)
            raise MediaRateLimited(wait)
        answer = _parse(raw, lenient=status >= _WRONG)
        if status >= _WRONG or answer.get("success") is not True:
            raise self._error(status, answer)
        return answer.get("data", answer.get("result"))

    async def _exchange(
        self, http: httpx2.AsyncClient, method: str, url: str, body: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, str], bytes]:
        received = bytearray()
        try:
            async with (
                asyncio.timeout(_WHOLE_S),
                http.stream(method, url, json=body) as response,
            ):
                async for chunk in response.aiter_bytes():
                    received += chunk
                    if len(received) > _MOST_ANSWER:
                        raise MediaUnavailable("The live-video service answered far too much.")
                return response.status_code, response.headers, bytes(received)
        except (httpx2.HTTPError, OSError) as error:  # a timeout is an OSError
            raise MediaUnavailable from error

    def _error(self, status: int, answer: Mapping[str, Any]) -> MediaUnavailable:
        code, said = _complaint(answer)
        # Its words may repeat what was sent, names of presets for one, but hold no secret of ours.
        log.warning("realtimekit refused a call", status=status, code=code, said=said)
        if status in _REFUSED:
            return MediaAuthError()
        if status in _GONE:
            return MediaNotFound()
        if status == _CONFLICT:
            return MediaConflict()
        if status >= _BROKEN:
            return MediaUnavailable()
        return MediaConfigError(f"The live-video service does not understand us: {said}.")


def _parse(raw: bytes, *, lenient: bool = False) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except ValueError as error:
        if lenient:  # a proxy's page says nothing
            return {}
        raise MediaUnavailable("The live-video service answered something unclear.") from error
    if not isinstance(found, dict):
        raise MediaUnavailable("The live-video service answered something unclear.")
    return found


def _complaint(answer: Mapping[str, Any]) -> tuple[str, str]:
    """Code and words of `error: {}` (Dyte, in between) or `errors: [{}]` (Cloudflare's gateway)."""
    error = answer.get("error")
    if not isinstance(error, dict):
        errors = answer.get("errors")
        error = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(error, dict):
        error = {}
    said = "".join(each for each in str(error.get("message", "")) if each.isprintable())
    return str(error.get("code", "-"))[:20], said[:200].rstrip(".") or "no reason given"


def _retry_after(headers: Mapping[str, str], now: datetime) -> int:
    """Seconds to wait: a number or a date, and half a minute where there is neither."""
    said = headers.get("Retry-After", "")
    wait = 30.0
    with suppress(ValueError, TypeError):
        wait = (
            float(said) if said.isdigit() else (parsedate_to_datetime(said) - now).total_seconds()
        )
    return max(1, min(math.ceil(wait), _LONGEST_WAIT_S))
