"""Invitations of proctors to sessions. Only hashes of their secrets are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.proctor_invite import ProctorInvite
from invigil.storage.database import tables as t
from invigil.storage.database import tables_access as ta
from invigil.storage.database.repositories.base import Repository

_i = ta.proctor_invite.c


class ProctorInviteRepository(Repository):
    async def add(self, invite: ProctorInvite, token_hash: str) -> None:
        await self._run(
            ta.proctor_invite.insert().values(
                id=invite.id,
                session_id=invite.session_id,
                name=invite.name,
                token_hash=token_hash,
                created_at=invite.created_at,
                expires_at=invite.expires_at,
            )
        )

    async def of_session(self, session_id: str) -> Sequence[ProctorInvite]:
        """Newest first."""
        found = await self._all(
            _select().where(_i.session_id == session_id).order_by(_i.created_at.desc(), _i.id)
        )
        return [_invite(row) for row in found]

    async def get(self, session_id: str, invite_id: str) -> ProctorInvite | None:
        row = await self._one(_select().where(_i.id == invite_id, _i.session_id == session_id))
        return _invite(row) if row else None

    async def by_token(self, token_hash: str) -> ProctorInvite | None:
        row = await self._one(_select().where(_i.token_hash == token_hash))
        return _invite(row) if row else None

    async def use(self, invite_id: str, login_id: str, now: datetime) -> bool:
        """True once, for an invitation that is still open."""
        used = await self._run(
            ta.proctor_invite.update()
            .where(
                _i.id == invite_id,
                _i.used_at.is_(None),
                _i.revoked_at.is_(None),
                _i.expires_at > now,
            )
            .values(used_at=now, login_id=login_id)
        )
        return used == 1

    async def revoke(self, invite_id: str, now: datetime) -> bool:
        """False when it was revoked already."""
        revoked = await self._run(
            ta.proctor_invite.update()
            .where(_i.id == invite_id, _i.revoked_at.is_(None))
            .values(revoked_at=now)
        )
        return revoked == 1


def _select() -> sa.Select[tuple[object, ...]]:
    """With the end of the log-in that used the invitation; NULL where that is over."""
    return sa.select(
        ta.proctor_invite, t.proctor_login.c.expires_at.label("login_until")
    ).outerjoin(t.proctor_login, t.proctor_login.c.id == _i.login_id)


def _invite(row: RowMapping) -> ProctorInvite:
    return ProctorInvite(**{name: value for name, value in row.items() if name != "token_hash"})
