"""An OpenID Connect provider: discovery, authorization code with PKCE, signed tokens, user info.

It keeps to OpenID Connect Core, RFC 6749 and RFC 7636, errors included, and lies on request, so
that a test sees what becomes of a token that is not as it must be.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "invigil-exams"
CLIENT_SECRET = "north-4711-oidc-client-7c1e"
PATIENCE_S = 20.0


@dataclass
class Lies:
    """What the provider does wrongly."""

    claims: dict[str, Any] = field(default_factory=dict)
    """Put into ID tokens over what belongs there; None takes the claim out."""
    foreign_key: bool = False
    unsigned: bool = False
    shared_secret: bool = False
    issuer: str | None = None
    """In the discovery document."""
    user_info: dict[str, Any] | None = None
    down: bool = False


@dataclass
class Provider:
    """`person`: the claims of whoever signs in there; None says no."""

    issuer: str
    person: dict[str, Any] | None
    lies: Lies = field(default_factory=Lies)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    """Queries of authorization requests."""
    refused: list[str] = field(default_factory=list)
    """Errors that the token endpoint gave."""

    def change_key(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})

    def routes(self) -> list[Route]:
        return [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
            Route("/me", self._user_info),
        ]

    async def _discovery(self, _request: Request) -> Response:
        if self.lies.down:
            return JSONResponse({"error": "temporarily_unavailable"}, status_code=503)
        return JSONResponse(
            {
                "issuer": self.lies.issuer or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "userinfo_endpoint": f"{self.issuer}/me",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    async def _keys(self, _request: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        query = dict(request.query_params)
        self.asked.append(query)
        if query.get("client_id") != CLIENT_ID or "redirect_uri" not in query:
            return JSONResponse({"error": "invalid_client"}, status_code=400)
        back = {"state": query.get("state", ""), "iss": self.issuer}
        if self.person is None:
            back["error"] = "access_denied"
        elif not _asks_rightly(query):
            back["error"] = "invalid_request"
        else:
            back["code"] = secrets.token_urlsafe(16)
            self.codes[back["code"]] = query
        return RedirectResponse(f"{query['redirect_uri']}?{urlencode(back)}", status_code=302)

    async def _token(self, request: Request) -> Response:
        sent = {name: each[0] for name, each in parse_qs((await request.body()).decode()).items()}
        fault = self._fault(request.headers.get("authorization", ""), sent)
        if fault is not None:
            self.refused.append(fault)
            status = 401 if fault == "invalid_client" else 400
            return JSONResponse({"error": fault}, status_code=status)
        asked = self.codes.pop(sent["code"])
        return JSONResponse(
            {
                "access_token": "access-to-user-info",
                "token_type": "Bearer",
                "expires_in": 300,
                "id_token": self._id_token(asked),
            },
            headers={"Cache-Control": "no-store"},
        )

    def _fault(self, authorization: str, sent: dict[str, str]) -> str | None:
        basic = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        if authorization != f"Basic {basic}":
            return "invalid_client"
        if sent.get("grant_type") != "authorization_code":
            return "unsupported_grant_type"
        asked = self.codes.get(sent.get("code", ""))
        if asked is None or asked["redirect_uri"] != sent.get("redirect_uri"):
            return "invalid_grant"
        digest = hashlib.sha256(sent.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return None if challenge == asked["code_challenge"] else "invalid_grant"

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": asked.get("nonce"),
            **(self.person or {}),
            **self.lies.claims,
        }
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.lies.unsigned:
            head, body = (
                base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode()
                for part in ('{"alg":"none"}', json.dumps(claims))
            )
            return f"{head}.{body}."
        if self.lies.shared_secret:
            shared = OctKey.import_key(CLIENT_SECRET)
            return jwt.encode({"alg": "HS256"}, claims, shared)
        key = RSAKey.generate_key(2048) if self.lies.foreign_key else self.key
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, key)

    async def _user_info(self, request: Request) -> Response:
        if request.headers.get("authorization") != "Bearer access-to-user-info":
            return JSONResponse({"error": "invalid_token"}, status_code=401)
        return JSONResponse(self.lies.user_info or self.person or {})


def _asks_rightly(query: dict[str, str]) -> bool:
    pkce = query.get("code_challenge_method") == "S256" and bool(query.get("code_challenge"))
    return pkce and query.get("response_type") == "code" and "openid" in query.get("scope", "")


@asynccontextmanager
async def provider(person: dict[str, Any] | None) -> AsyncIterator[Provider]:
    """A provider on a port of its own."""
    listener = socket.create_server(("127.0.0.1", 0))
    up = Provider(f"http://127.0.0.1:{listener.getsockname()[1]}", person)
    server = uvicorn.Server(
        uvicorn.Config(Starlette(routes=up.routes()), log_level="error", lifespan="off")
    )
    task = asyncio.create_task(server.serve([listener]))
    async with asyncio.timeout(PATIENCE_S):
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells no other way
            await asyncio.sleep(0.01)
    try:
        yield up
    finally:
        server.should_exit = True
        await task
