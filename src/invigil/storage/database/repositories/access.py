"""Sign-in links, proctor log-ins and socket tickets. Only hashes of secrets are kept."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from invigil.domain.actor import Proctor, Ticket
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository


class AccessRepository(Repository):
    async def add_sign_in_link(self, token_hash: str, expires_at: datetime) -> None:
        await self._run(
            t.sign_in_link.insert().values(token_hash=token_hash, expires_at=expires_at)
        )

    async def use_sign_in_link(self, token_hash: str, now: datetime) -> bool:
        """True once, for a link that has not expired."""
        c = t.sign_in_link.c
        used = await self._run(
            t.sign_in_link.update()
            .where(c.token_hash == token_hash, c.used_at.is_(None), c.expires_at > now)
            .values(used_at=now)
        )
        return used == 1

    async def add_login(
        self, proctor: Proctor, token_hash: str, now: datetime, expires_at: datetime
    ) -> None:
        await self._run(
            t.proctor_login.insert().values(
                id=proctor.id,
                name=proctor.name,
                token_hash=token_hash,
                created_at=now,
                expires_at=expires_at,
            )
        )

    async def proctor_by(self, token_hash: str, now: datetime) -> Proctor | None:
        c = t.proctor_login.c
        row = await self._one(
            sa.select(c.id, c.name).where(c.token_hash == token_hash, c.expires_at > now)
        )
        return Proctor(row["id"], row["name"]) if row else None

    async def proctor_alive(self, proctor_id: str, now: datetime) -> bool:
        c = t.proctor_login.c
        return (
            await self._one(sa.select(c.id).where(c.id == proctor_id, c.expires_at > now))
            is not None
        )

    async def delete_login(self, proctor_id: str) -> None:
        await self._run(t.proctor_login.delete().where(t.proctor_login.c.id == proctor_id))

    async def add_ticket(self, token_hash: str, ticket: Ticket) -> None:
        await self._run(
            t.ticket.insert().values(
                token_hash=token_hash,
                role=ticket.role,
                actor_id=ticket.actor_id,
                session_id=ticket.session_id,
                tab=ticket.tab,
                expires_at=ticket.expires_at,
            )
        )

    async def take_ticket(self, token_hash: str, now: datetime) -> Ticket | None:
        """The ticket, once: it is gone afterwards."""
        row = await self._one(
            t.ticket.delete().where(t.ticket.c.token_hash == token_hash).returning(t.ticket)
        )
        if row is None or row["expires_at"] <= now:
            return None
        return Ticket(
            role=row["role"],
            actor_id=row["actor_id"],
            session_id=row["session_id"],
            tab=row["tab"],
            expires_at=row["expires_at"],
        )

    async def delete_expired(self, now: datetime) -> int:
        gone = 0
        for table in (t.ticket, t.sign_in_link, t.proctor_login):
            gone += await self._run(table.delete().where(table.c.expires_at <= now))
        return gone
