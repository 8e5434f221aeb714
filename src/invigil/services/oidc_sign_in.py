"""Signing organisers in with the accounts of a provider of OpenID Connect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from invigil.clock import Clock
from invigil.domain.access_errors import OidcNotAllowed, OidcRefused
from invigil.domain.actor import Organiser
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.secrets import hash_token, new_id, new_nonce, new_token
from invigil.oidc import Claims, OidcClient
from invigil.services.access import Login
from invigil.storage.database import Database
from invigil.storage.database.repositories.oidc import Attempt

ATTEMPT_LIFE = timedelta(minutes=10)
_LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may sign in: anybody whom one of the three names. Lower case but for groups."""

    emails: frozenset[str]
    domains: frozenset[str]
    groups: frozenset[str]

    def lets_in(self, claims: Claims) -> bool:
        if self.groups & set(claims.groups):
            return True
        email = (claims.email or "").lower()
        return bool(email) and (email in self.emails or email.rpartition("@")[2] in self.domains)


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where the browser goes, and the secret that its cookie holds until it is back."""

    address: str
    browser: str


class OidcSignIn:
    def __init__(
        self,
        database: Database,
        clock: Clock,
        client: OidcClient,
        allowed: Allowed,
        *,
        login_life: timedelta,
    ) -> None:
        self._database = database
        self._clock = clock
        self._client = client
        self._allowed = allowed
        self._login_life = login_life

    async def begin(self) -> Leaving:
        """Raises `OidcUnavailable`."""
        state, browser, nonce, verifier = new_token(), new_token(), new_nonce(), new_token()
        address = await self._client.address(state=state, nonce=nonce, verifier=verifier)
        attempt = Attempt(hash_token(browser), nonce, verifier, self._clock() + ATTEMPT_LIFE)
        async with self._database.begin() as work:
            await work.oidc.add(hash_token(state), attempt)
        return Leaving(address, browser)

    async def finish(
        self, *, state: str, browser: str | None, code: str | None, issuer: str | None
    ) -> Login:
        """Sign in whoever comes back. Works once for a state, and in the browser that left.

        Raises `OidcRefused`, `OidcNotAllowed` or `OidcUnavailable`.
        """
        async with self._database.begin() as work:
            attempt = await work.oidc.take(hash_token(state), self._clock())
        if attempt is None or not browser or attempt.browser_hash != hash_token(browser):
            raise OidcRefused
        if not code:  # the provider says no, or the person did
            raise OidcRefused
        claims = await self._client.claims(
            code=code, issuer=issuer, nonce=attempt.nonce, verifier=attempt.verifier
        )
        if not self._allowed.lets_in(claims):
            raise OidcNotAllowed
        return await self._let_in(claims)

    async def _let_in(self, claims: Claims) -> Login:
        now, cookie = self._clock(), new_token()
        shown = claims.name or claims.email or "Organiser"
        name = " ".join(shown.split())[:_LONGEST_NAME]
        # The provider's own id for the person would be a name: its hash tells them apart.
        account = hash_token(claims.subject)[:32]
        organiser = Organiser(new_id(), name, account_id=account)
        async with self._database.begin() as work:
            await work.access.add_login(organiser, hash_token(cookie), now, now + self._login_life)
            act = Act(Action.SIGNED_IN, actor_name(organiser), now, ref=f"oidc:{account}")
            work.audit.note(act)
        return Login(organiser, cookie, self._login_life)
