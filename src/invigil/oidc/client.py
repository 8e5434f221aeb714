"""The authorization code flow with PKCE, state and nonce, as OpenID Connect Core describes it.

Authlib speaks OAuth, joserfc reads the signed token; what must be compared with what is here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from invigil.domain.access_errors import OidcRefused, OidcUnavailable

log = structlog.get_logger(__name__)

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""Signed with a key of the provider's own: never with our shared secret, and never `none`."""
_LEEWAY_S = 60
_KNOWN_FOR_S = 3600.0
_TIMEOUT = httpx2.Timeout(10.0, connect=5.0)
_MOST_ANSWER = 1_000_000
_AUTH_METHODS = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class OidcSetting:
    issuer: str
    client_id: str
    client_secret: str = field(repr=False)
    scopes: str
    groups_claim: str
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Claims:
    """What the provider says of the person. `email` only where it says that it is verified."""

    subject: str
    name: str | None
    email: str | None
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Provider:
    """`metadata`: as its discovery document says. `known_at`: seconds of a steady clock."""

    metadata: Mapping[str, Any]
    keys: KeySet
    known_at: float


class OidcClient:
    def __init__(self, setting: OidcSetting) -> None:
        self._setting = setting
        self._provider: _Provider | None = None

    async def address(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in. Raises `OidcUnavailable`."""
        provider = await self._known()
        async with self._oauth(provider.metadata) as client:
            address, _ = client.create_authorization_url(
                provider.metadata["authorization_endpoint"],
                state=state,
                nonce=nonce,
                code_verifier=verifier,
            )
        return str(address)

    async def claims(self, *, code: str, issuer: str | None, nonce: str, verifier: str) -> Claims:
        """Who came back with `code`. `issuer`: as the answer names it (RFC 9207).

        Raises `OidcRefused` when the provider or the check of its token refuses it, and
        `OidcUnavailable`.
        """
        provider = await self._known()
        named = provider.metadata.get("authorization_response_iss_parameter_supported")
        if issuer != self._setting.issuer and (issuer is not None or named):
            raise _refused("issuer of the answer")
        token = await self._exchange(provider, code, verifier)
        claims = await self._verified(provider, token, nonce)
        return await self._person(provider, token, claims)

    # The provider -----------------------------------------------------------------------------

    async def _known(self, *, fresh: bool = False) -> _Provider:
        known = self._provider
        if known and not fresh and time.monotonic() - known.known_at < _KNOWN_FOR_S:
            return known
        base = self._setting.issuer.rstrip("/")
        async with _http() as http:
            metadata = await _json(http, f"{base}/.well-known/openid-configuration")
            if metadata.get("issuer") != self._setting.issuer:
                raise _unavailable("the discovery document names another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                self._require_address(metadata.get(name))
            keys = await _json(http, str(metadata["jwks_uri"]))
        try:
            known = _Provider(metadata, KeySet.import_key_set(keys), time.monotonic())  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _unavailable("keys that cannot be read") from error
        self._provider = known
        return known

    def _require_address(self, value: object) -> None:
        """The provider's own addresses are as safe as the one that was set."""
        scheme = self._setting.issuer.partition(":")[0]
        if not isinstance(value, str) or not value.startswith((f"{scheme}://", "https://")):
            raise _unavailable("an address of the provider is missing or not safe")

    def _oauth(self, metadata: Mapping[str, Any]) -> AsyncOAuth2Client:
        offered = metadata.get("token_endpoint_auth_methods_supported") or _AUTH_METHODS
        method = next((each for each in _AUTH_METHODS if each in offered), _AUTH_METHODS[0])
        return AsyncOAuth2Client(
            client_id=self._setting.client_id,
            client_secret=self._setting.client_secret,
            token_endpoint_auth_method=method,
            scope=self._setting.scopes,
            redirect_uri=self._setting.redirect_uri,
            code_challenge_method="S256",
            timeout=_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )

    async def _exchange(self, provider: _Provider, code: str, verifier: str) -> Mapping[str, Any]:
        try:
            async with self._oauth(provider.metadata) as client:
                token = await client.fetch_token(
                    provider.metadata["token_endpoint"],
                    code=code,
                    code_verifier=verifier,
                    grant_type="authorization_code",
                )
        except OAuthError as error:
            raise _refused(f"token endpoint: {error.error}") from error
        except (httpx2.HTTPError, ValueError) as error:
            raise _unavailable(type(error).__name__) from error
        if not isinstance(token.get("id_token"), str):
            raise _refused("no ID token")
        found: Mapping[str, Any] = token
        return found

    async def _verified(
        self, provider: _Provider, token: Mapping[str, Any], nonce: str
    ) -> Mapping[str, Any]:
        read = _decode(token["id_token"], provider.keys)
        if read is None:  # the provider may have changed its keys since
            read = _decode(token["id_token"], (await self._known(fresh=True)).keys)
        if read is None:
            raise _refused("signature of the ID token")
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": self._setting.issuer},
                "aud": {"essential": True, "value": self._setting.client_id},
            },
            params={
                "nonce": nonce,
                "client_id": self._setting.client_id,
                "access_token": token.get("access_token"),
            },
        )
        try:
            claims.validate(leeway=_LEEWAY_S)
        except JoseError as error:
            raise _refused(f"ID token: {error.error}") from error
        return read.claims

    async def _person(
        self, provider: _Provider, token: Mapping[str, Any], claims: Mapping[str, Any]
    ) -> Claims:
        found = dict(claims)
        endpoint = provider.metadata.get("userinfo_endpoint")
        wanted = ("email", "email_verified", self._setting.groups_claim)
        access = token.get("access_token")
        if endpoint and access and not all(name in found for name in wanted):
            self._require_address(endpoint)
            async with _http() as http:
                more = await _json(http, endpoint, {"Authorization": f"Bearer {access}"})
            if more.get("sub") != found["sub"]:
                raise _refused("user info of another person")
            found = {**more, **found}
        groups = found.get(self._setting.groups_claim)
        email = found.get("email")
        verified = found.get("email_verified") is True
        name = found.get("name") or found.get("preferred_username")
        return Claims(
            subject=str(found["sub"]),
            name=name if isinstance(name, str) else None,
            email=email if verified and isinstance(email, str) else None,
            groups=tuple(map(str, groups)) if isinstance(groups, list) else (),
        )


def _decode(id_token: str, keys: KeySet) -> jwt.Token | None:
    try:
        return jwt.decode(id_token, keys, algorithms=list(ALGORITHMS))
    except (JoseError, ValueError):
        return None


def _http() -> httpx2.AsyncClient:
    return httpx2.AsyncClient(timeout=_TIMEOUT, follow_redirects=False, trust_env=False)


async def _json(
    http: httpx2.AsyncClient, address: str, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    try:
        answer = await http.get(address, headers=headers)
        answer.raise_for_status()
        if len(answer.content) > _MOST_ANSWER:
            raise _unavailable("an answer that is too long")
        found = json.loads(answer.content)
    except (httpx2.HTTPError, ValueError) as error:
        raise _unavailable(type(error).__name__) from error
    if not isinstance(found, dict):
        raise _unavailable("an answer that is no JSON object")
    return found


def _refused(why: str) -> OidcRefused:
    log.warning("sign-in by OpenID Connect refused", why=why)
    return OidcRefused()


def _unavailable(why: str) -> OidcUnavailable:
    log.warning("the OpenID Connect provider cannot be used", why=why)
    return OidcUnavailable()
