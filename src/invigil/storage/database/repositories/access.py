"""Sign-in links, proctor log-ins and socket tickets. Only hashes of secrets are kept."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from invigil.domain.actor import Organiser, Proctor, Role, Staff, Ticket
from invigil.storage.database import tables as t
from invigil.storage.database import tables_access as ta
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

    async def sign_in_link_was_used(self, token_hash: str) -> bool:
        """Known until the link would have expired."""
        c = t.sign_in_link.c
        found = await self._one(
            sa.select(c.used_at).where(c.token_hash == token_hash, c.used_at.is_not(None))
        )
        return found is not None

    async def add_login(
        self, who: Staff, token_hash: str, now: datetime, expires_at: datetime
    ) -> None:
        role = Role.ORGANISER if isinstance(who, Organiser) else Role.PROCTOR
        await self._run(
            t.proctor_login.insert().values(
                id=who.id,
                name=who.name,
                role=role,
                account_id=who.account_id,
                token_hash=token_hash,
                created_at=now,
                expires_at=expires_at,
            )
        )

    async def staff_by(self, token_hash: str, now: datetime) -> Staff | None:
        """Who is signed in with this cookie, with what they may reach right now."""
        return await self._staff(t.proctor_login.c.token_hash == token_hash, now)

    async def staff(self, login_id: str, now: datetime) -> Staff | None:
        """The same by the id of the log-in."""
        return await self._staff(t.proctor_login.c.id == login_id, now)

    async def _staff(self, which: sa.ColumnElement[bool], now: datetime) -> Staff | None:
        c, i = t.proctor_login.c, ta.proctor_invite.c
        rows = await self._all(
            sa.select(c.id, c.name, c.role, c.account_id, i.session_id)
            .outerjoin_from(
                t.proctor_login,
                ta.proctor_invite,
                sa.and_(i.login_id == c.id, i.revoked_at.is_(None)),
            )
            .where(which, c.expires_at > now)
        )
        if not rows:
            return None
        who = rows[0]
        if who["role"] == Role.ORGANISER:
            return Organiser(who["id"], who["name"], account_id=who["account_id"])
        sessions = frozenset(row["session_id"] for row in rows if row["session_id"])
        # Without any session left there is nothing that this log-in is good for.
        return Proctor(who["id"], who["name"], sessions) if sessions else None

    async def prolong_login(self, login_id: str, until: datetime) -> None:
        c = t.proctor_login.c
        await self._run(t.proctor_login.update().where(c.id == login_id).values(expires_at=until))

    async def delete_login(self, login_id: str) -> None:
        await self._run(t.proctor_login.delete().where(t.proctor_login.c.id == login_id))

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
        """The ticket, once: it is gone afterwards.

        Whoever gives a candidate another token deletes the tickets got with the one before, and
        waits for this transaction: the token that is read here is the ticket's.
        """
        row = await self._one(
            t.ticket.delete().where(t.ticket.c.token_hash == token_hash).returning(t.ticket)
        )
        if row is None or row["expires_at"] <= now:
            return None
        c = t.candidate.c
        owner = await self._one(sa.select(c.token_hash).where(c.id == row["actor_id"]))
        return Ticket(
            role=row["role"],
            actor_id=row["actor_id"],
            session_id=row["session_id"],
            tab=row["tab"],
            expires_at=row["expires_at"],
            holder=owner["token_hash"] if owner else None,
        )

    async def delete_tickets(self, actor_id: str) -> None:
        """All that were got and not taken yet."""
        await self._run(t.ticket.delete().where(t.ticket.c.actor_id == actor_id))

    async def delete_expired(self, now: datetime) -> int:
        gone = 0
        for table in (t.ticket, t.sign_in_link, t.proctor_login, ta.oidc_attempt):
            gone += await self._run(table.delete().where(table.c.expires_at <= now))
        return gone
