"""Pictures at Imgur, as the published tutorial keeps them: PUBLIC to anybody who has the link.

Uploads are anonymous (`Authorization: Client-ID ...`). The delete hash of each answer is the only
way to delete the picture again; it is kept in a receipt in the data folder before anything else
happens. A picture is fetched back from one host alone, and must be byte for byte what was sent.

Limits of Imgur, counted by its own headers: 12,500 credits a day for an application (an upload is
10), a share of them for each address, and 1,250 POSTs an hour. Whoever passes them often is locked
out, so that nothing is asked while they are used up.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2
import structlog
from obstore.store import LocalStore

from invigil.clock import Clock
from invigil.domain.errors import NotFound, Unavailable
from invigil.storage.evidence.objects import Bucket, Conflict, Refused, StoreAway
from invigil.storage.evidence.receipts import Receipt, Receipts
from invigil.storage.evidence.shelf import Listed

log = structlog.get_logger(__name__)

API, PICTURES = "https://api.imgur.com", "https://i.imgur.com"
PAUSE = timedelta(seconds=30)
"""So long nothing is asked after an answer that was none."""

_MARGIN = 20
"""Credits that are left alone: an upload is 10, and passing a limit is what locks out."""

_TIMEOUT, _WHOLE_S = httpx2.Timeout(20.0, connect=5.0), 60.0
_DAY_S = 86_400
_MOST_JSON, _MOST_PICTURE = 100_000, 20_000_000
_NAME = re.compile(r"/([A-Za-z0-9]{3,20}\.(?:jpe?g|png|webp|gif))")
_HASH = re.compile(r"[A-Za-z0-9]{3,64}")
_UNCLEAR = "Imgur answered something that is not understood."
_OK, _BAD, _UNKNOWN = 200, 400, frozenset({404, 410})
_UNAUTHENTICATED, _FORBIDDEN, _TOO_MANY, _BROKEN = 401, 403, 429, 500


class Limited(StoreAway):
    """Imgur takes no more for a while."""

    code = "evidence_store_limited"


class Rejected(Conflict):
    """Imgur does not take this picture, and will not later."""

    code = "evidence_rejected"
    message = "Imgur does not take this picture."
    fix = "Keep evidence in a folder or a bucket instead: see docs/real-parts.md."


class ReEncoded(Unavailable):
    """What Imgur gives back is not what it was given."""

    code = "evidence_re_encoded"
    message = (
        "Imgur gives back another file than was uploaded (it compresses some pictures), so it is "
        "not shown as evidence."
    )
    fix = "Keep evidence in a folder or a bucket instead: see docs/real-parts.md."


@dataclass(frozen=True, slots=True)
class ImgurAccess:
    """`api` and `pictures` are others than Imgur's in tests alone."""

    client_id: str = field(repr=False)
    api: str = API
    pictures: str = PICTURES


class Imgur:
    """`Objects` at Imgur. `home`: what is replaced every few seconds stays on this disk."""

    quick = False

    def __init__(
        self, access: ImgurAccess, receipts: Receipts, home: LocalStore, clock: Clock
    ) -> None:
        self._access = access
        self._receipts = receipts
        self._home = Bucket(home)
        self._clock = clock
        self._pause: tuple[datetime, StoreAway] | None = None
        # Of pictures that were uploaded when this disk was full: nothing is until they are kept.
        self._unkept: dict[str, Receipt] = {}
        # One upload at a time: the same picture is never sent twice, and Imgur wants no bursts.
        self._turn = asyncio.Lock()

    async def put(self, key: str, image: bytes, *, replace: bool) -> None:
        if replace:
            await self._home.put(key, image, replace=True)
            return
        async with self._turn:
            sent = hashlib.sha256(image).hexdigest()
            await self._keep()
            there = await asyncio.to_thread(self._receipts.read, key)
            if there is None:
                self._unkept[key] = await self._upload(image, sent)
                await self._keep()
            elif there.sha256 != sent:
                raise Conflict

    async def _keep(self) -> None:
        """Write receipts to the disk. Raises `StorageFull` or `Unavailable`."""
        for key, receipt in list(self._unkept.items()):
            await asyncio.to_thread(self._receipts.keep, key, receipt)
            self._unkept.pop(key, None)

    async def get(self, key: str) -> bytes:
        receipt = await asyncio.to_thread(self._receipts.read, key)
        if receipt is None:
            return await self._home.get(key)
        image = await self._fetch(receipt.file)
        if hashlib.sha256(image).hexdigest() != receipt.sha256:
            raise ReEncoded
        return image

    async def delete(self, key: str) -> None:
        receipt = self._unkept.get(key) or await asyncio.to_thread(self._receipts.read, key)
        if receipt is None:
            await self._home.delete(key)
            return
        status, answer = await self._ask("DELETE", f"/3/image/{quote(receipt.delete_hash)}")
        if status == _OK or status in _UNKNOWN:
            self._unkept.pop(key, None)
            await asyncio.to_thread(self._receipts.drop, key)
            return
        log.error("imgur did not delete a picture, its receipt is set aside", key=key, said=answer)
        if key not in self._unkept:
            await asyncio.to_thread(self._receipts.set_aside, key)

    async def keys(self, folder: str) -> list[str]:
        sent = await asyncio.to_thread(self._receipts.keys, folder)
        return sent + await self._home.keys(folder)

    async def listed(self, prefix: str) -> AsyncIterator[Listed]:
        """What lies on this disk: Imgur does not tell anonymous visitors what they uploaded."""
        async for each in self._home.listed(prefix):
            yield each

    async def probe(self) -> None:
        """Ask for the credits that are left: an answer means that the client id is known."""
        await self._ask("GET", "/3/credits")

    async def _upload(self, image: bytes, sent: str) -> Receipt:
        # The name says nothing: it would be as public as the picture.
        status, answer = await self._ask(
            "POST", "/3/image", data={"type": "file"}, files={"image": ("image", image)}
        )
        if status != _OK:
            raise Rejected(f"Imgur does not take this picture: {answer}.")
        found = answer if isinstance(answer, dict) else {}
        link, delete_hash = str(found.get("link", "")), str(found.get("deletehash", ""))
        name = _NAME.fullmatch(urlsplit(link).path)
        ours = urlsplit(link).netloc == urlsplit(self._access.pictures).netloc
        if not (name and ours and _HASH.fullmatch(delete_hash)):
            raise self._pausing(StoreAway(_UNCLEAR))
        if found.get("size") not in {None, len(image)}:
            log.warning("imgur changed a picture: it cannot be shown as evidence")
        return Receipt(file=name[1], sha256=sent, delete_hash=delete_hash)

    async def _fetch(self, name: str) -> bytes:
        """The picture, from the one host that it may come from and without following it on."""
        try:
            async with (
                httpx2.AsyncClient(timeout=_TIMEOUT) as client,
                client.stream("GET", f"{self._access.pictures}/{name}") as response,
            ):
                # A picture that was removed is answered with the way to a notice.
                if response.status_code in _UNKNOWN or response.is_redirect:
                    raise NotFound
                if response.status_code != _OK:
                    raise StoreAway(f"Imgur answers {response.status_code} for a picture.")
                return await _body(response, _MOST_PICTURE)
        except httpx2.HTTPError as error:
            raise StoreAway("Imgur cannot be reached.") from error

    async def _ask(self, method: str, path: str, **content: Any) -> tuple[int, Any]:
        """Status and `data` of an answer to the API; its words instead when it is an error that
        is none of those raised here.

        Raises `Refused`, `Limited` or `StoreAway`.
        """
        if self._pause and self._clock() < self._pause[0]:
            known = self._pause[1]
            raise type(known)(known.message)
        try:
            async with asyncio.timeout(_WHOLE_S):
                status, headers, body = await self._exchange(method, path, content)
            answer = _parse(body, status)
        except ValueError as error:
            raise self._pausing(StoreAway(_UNCLEAR)) from error
        except (httpx2.HTTPError, OSError) as error:
            raise self._pausing(StoreAway("Imgur cannot be reached.")) from error
        if status == _OK and answer.get("success") is not True:
            status = answer["status"] if isinstance(answer.get("status"), int) else _BAD
        said = _words(answer)
        if complaint := self._complaint(status, said, headers):
            raise complaint
        self._pause = None
        if _used_up(headers):
            self._limited(headers)
        return status, answer.get("data") if status == _OK else said

    async def _exchange(
        self, method: str, path: str, content: Mapping[str, Any]
    ) -> tuple[int, Mapping[str, str], bytes]:
        headers = {"Authorization": f"Client-ID {self._access.client_id}"}
        async with (
            httpx2.AsyncClient(timeout=_TIMEOUT, headers=headers) as client,
            client.stream(method, self._access.api + path, **content) as response,
        ):
            if response.status_code == _TOO_MANY:  # its body may be anything
                return _TOO_MANY, response.headers, b"{}"
            return response.status_code, response.headers, await _body(response, _MOST_JSON)

    def _complaint(self, status: int, said: str, headers: Mapping[str, str]) -> StoreAway | None:
        if status == _TOO_MANY:
            return self._limited(headers)
        # "Over capacity" comes as 403 too, and passes.
        if status == _UNAUTHENTICATED or (status == _FORBIDDEN and "capacity" not in said):
            return self._pausing(Refused(f"Imgur refuses the client id ({said})."))
        if status >= _BROKEN or status == _FORBIDDEN:
            return self._pausing(StoreAway(f"Imgur answers {status} ({said})."))
        return None

    def _pausing(self, error: StoreAway, until: datetime | None = None) -> StoreAway:
        self._pause = (until or self._clock() + PAUSE, error)
        return error

    def _limited(self, headers: Mapping[str, str]) -> StoreAway:
        until = _reset(headers, self._clock())
        said = until.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
        return self._pausing(Limited(f"Imgur takes no more pictures until {said} UTC."), until)


async def _body(response: httpx2.Response, most: int) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > most:
            raise httpx2.DecodingError("the answer is too long")
    return bytes(body)


def _parse(body: bytes, status: int) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        if status < _BROKEN:
            raise
        return {}
    return found if isinstance(found, dict) else {}


def _words(answer: Mapping[str, Any]) -> str:
    """What an error says: `data.error` is a sentence, or an object with a message; newer parts of
    the API answer `errors: [{detail}]`."""
    data = answer.get("data")
    error = data.get("error") if isinstance(data, dict) else None
    if isinstance(error, dict):
        error = error.get("message")
    if error is None and isinstance(errors := answer.get("errors"), list) and errors:
        error = errors[0].get("detail") if isinstance(errors[0], dict) else None
    return re.sub(r"[^ -~]", "", str(error or "no reason given"))[:200].rstrip(".")


def _number(headers: Mapping[str, str], name: str) -> int | None:
    with suppress(KeyError, ValueError):
        return int(headers[name])
    return None


def _used_up(headers: Mapping[str, str]) -> bool:
    if _number(headers, "X-Post-Rate-Limit-Remaining") == 0:
        return True
    left = (_number(headers, f"X-RateLimit-{whose}Remaining") for whose in ("User", "Client"))
    return any(each is not None and each < _MARGIN for each in left)


def _reset(headers: Mapping[str, str], now: datetime) -> datetime:
    """When to ask again: what the answer says, or in an hour, as Imgur's documentation has it."""
    after = _number(headers, "Retry-After")
    if after is None and _number(headers, "X-Post-Rate-Limit-Remaining") == 0:
        after = _number(headers, "X-Post-Rate-Limit-Reset")
    if after is not None:
        return now + timedelta(seconds=max(1, min(after, _DAY_S)))
    moment = _number(headers, "X-RateLimit-UserReset")
    if moment is not None and now.timestamp() < moment < now.timestamp() + _DAY_S:
        return datetime.fromtimestamp(moment, UTC)
    return now + timedelta(hours=1)
