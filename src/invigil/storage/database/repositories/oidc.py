"""Sign-ins by OpenID Connect that are under way."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from invigil.storage.database import tables_access as ta
from invigil.storage.database.repositories.base import Repository

_o = ta.oidc_attempt.c


@dataclass(frozen=True, slots=True)
class Attempt:
    """`browser_hash`: of the cookie of the browser that left for the provider."""

    browser_hash: str
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)
    expires_at: datetime


class OidcRepository(Repository):
    async def add(self, state_hash: str, attempt: Attempt) -> None:
        await self._run(
            ta.oidc_attempt.insert().values(
                state_hash=state_hash,
                browser_hash=attempt.browser_hash,
                nonce=attempt.nonce,
                verifier=attempt.verifier,
                expires_at=attempt.expires_at,
            )
        )

    async def take(self, state_hash: str, now: datetime) -> Attempt | None:
        """The attempt, once: it is gone afterwards."""
        row = await self._one(
            ta.oidc_attempt.delete()
            .where(_o.state_hash == state_hash)
            .returning(_o.browser_hash, _o.nonce, _o.verifier, _o.expires_at)
        )
        return Attempt(**row) if row and row["expires_at"] > now else None
