"""Accounts of organisers and tokens of programs. Only hashes of secrets are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from invigil.domain.account import Account, ApiToken
from invigil.domain.actor import Scope
from invigil.storage.database import tables as t
from invigil.storage.database import tables_access as ta
from invigil.storage.database.repositories.base import Repository

_a, _t = ta.organiser_account.c, ta.api_token.c


class AccountRepository(Repository):
    async def add(self, account: Account) -> bool:
        """False when the name is taken."""
        try:
            await self._run(
                ta.organiser_account.insert().values(
                    id=account.id,
                    name=account.name,
                    password_hash=account.password_hash,
                    created_at=account.created_at,
                )
            )
        except IntegrityError:
            return False
        return True

    async def all(self) -> Sequence[Account]:
        """By name."""
        rows = await self._all(sa.select(ta.organiser_account).order_by(_a.name))
        return [Account(**row) for row in rows]

    async def any(self) -> bool:
        return await self._one(sa.select(_a.id).limit(1)) is not None

    async def by_name(self, name: str) -> Account | None:
        row = await self._one(sa.select(ta.organiser_account).where(_a.name == name))
        return Account(**row) if row else None

    async def set_password(self, account_id: str, password_hash: str) -> None:
        await self._run(
            ta.organiser_account.update()
            .where(_a.id == account_id)
            .values(password_hash=password_hash)
        )

    async def delete(self, account_id: str) -> None:
        await self._run(ta.organiser_account.delete().where(_a.id == account_id))

    async def end_logins(self, account_id: str) -> int:
        """Sign the account out everywhere."""
        return await self._run(
            t.proctor_login.delete().where(t.proctor_login.c.account_id == account_id)
        )

    # Tokens of programs -----------------------------------------------------------------------

    async def add_token(self, token: ApiToken, token_hash: str) -> None:
        await self._run(
            ta.api_token.insert().values(
                id=token.id,
                name=token.name,
                token_hash=token_hash,
                scopes=" ".join(sorted(token.scopes)),
                created_at=token.created_at,
                expires_at=token.expires_at,
            )
        )

    async def tokens(self) -> Sequence[ApiToken]:
        """Oldest first."""
        rows = await self._all(sa.select(ta.api_token).order_by(_t.created_at, _t.id))
        return [_token(row) for row in rows]

    async def token_by(self, token_hash: str) -> ApiToken | None:
        row = await self._one(sa.select(ta.api_token).where(_t.token_hash == token_hash))
        return _token(row) if row else None

    async def revoke_token(self, token_id: str, now: datetime) -> bool:
        """False when there is none such that is not revoked yet."""
        revoked = await self._run(
            ta.api_token.update()
            .where(_t.id == token_id, _t.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return revoked == 1


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(
        id=row["id"],
        name=row["name"],
        scopes=frozenset(Scope(each) for each in row["scopes"].split()),
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        revoked_at=row["revoked_at"],
    )
