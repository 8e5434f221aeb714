"""What every request passes: a limit on bodies, headers that browsers enforce, a log line.

The log line has no query string (tokens and signatures live there) and no body.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from invigil.api.deps import get_house
from invigil.api.errors import render
from invigil.domain.errors import ImageTooLarge

log = structlog.get_logger(__name__)

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob: mediastream:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(self), display-capture=(self)",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
}


def _for_page(policy: str, nonce: str) -> str:
    """What runs on a page was put there by us, and the page says so with this copy's nonce."""
    for what in ("script-src", "style-src"):
        policy = policy.replace(f"{what} 'self'", f"{what} 'self' 'nonce-{nonce}'")
    return policy


class SecurityHeaders:
    """`page_origins`: of media servers, which pages may connect to besides ourselves."""

    def __init__(self, app: ASGIApp, *, https: bool, page_origins: Sequence[str] = ()) -> None:
        self._app = app
        self._headers = dict(_HEADERS)
        if page_origins:
            self._headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.replace(
                "connect-src 'self'", " ".join(("connect-src 'self'", *page_origins))
            )
        self._policy = self._headers["Content-Security-Policy"]
        if https:
            self._headers["Strict-Transport-Security"] = "max-age=31536000"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                nonce = scope.get("state", {}).get("csp_nonce")
                if nonce is not None:
                    headers["Content-Security-Policy"] = _for_page(self._policy, nonce)
            await send(message)

        await self._app(scope, receive, with_headers)


class BodyLimit:
    """Refuses bodies over `most` bytes as they arrive, whatever their headers say."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = dict(scope["headers"]).get(b"content-length", b"")
        if declared.isdigit() and int(declared) > self._most:
            await render(ImageTooLarge())(scope, receive, send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise ImageTooLarge
            return message

        await self._app(scope, counted, send)


class FrameTrace:
    """Begins a trace for each frame call; without traces it costs nothing to speak of."""

    def __init__(self, app: ASGIApp, *, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != self._path or scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        with get_house(HTTPConnection(scope)).telemetry.whole_frame():
            await self._app(scope, receive, send)


class RequestLog:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def watching(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watching)
        finally:
            route = scope.get("route")
            log.debug(
                "request",
                method=scope["method"],
                # The route's pattern, not the path: join codes are secrets.
                route=getattr(route, "path", "-"),
                status=status,
                ms=round((time.perf_counter() - began) * 1000, 1),
            )
