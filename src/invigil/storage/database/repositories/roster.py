"""Personal invites and their links. No token is in any row, only its hash."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.accommodations import Accommodations
from invigil.domain.invite import Invite, InviteLink
from invigil.storage.database import tables as t
from invigil.storage.database import tables_roster as r
from invigil.storage.database.repositories.base import Repository
from invigil.storage.database.repositories.candidates import stored_accommodations

_i, _l = r.invite.c, r.invite_link.c
_OPEN = sa.and_(_l.used_at.is_(None), _l.revoked_at.is_(None))
_WORKS = sa.exists().where(_l.invite_id == _i.id, _OPEN).label("link_works")
_INVITES = sa.select(r.invite, _WORKS)


class RosterRepository(Repository):
    async def add(self, invites: Sequence[Invite], links: Sequence[InviteLink]) -> None:
        """Invites with the first link of each. A thousand take as long as a few."""
        await self._run_many(r.invite.insert(), [_values(each) for each in invites])
        await self._run_many(r.invite_link.insert(), [_link_values(each) for each in links])

    async def add_link(self, link: InviteLink) -> None:
        await self._run(r.invite_link.insert().values(**_link_values(link)))

    async def people(self, session_id: str) -> Sequence[tuple[str | None, str | None, str]]:
        """External id, address and name of everybody who is invited."""
        asked = sa.select(_i.external_id, _i.email, _i.name).where(_i.session_id == session_id)
        rows = await self._all(asked)
        return [(row["external_id"], row["email"], row["name"]) for row in rows]

    async def of_session(self, session_id: str) -> Sequence[Invite]:
        """By name."""
        rows = await self._all(
            _INVITES.where(_i.session_id == session_id).order_by(_i.name, _i.created_at, _i.id)
        )
        return [_invite(row) for row in rows]

    async def get(self, session_id: str, invite_id: str) -> Invite | None:
        """Where the transaction may write, nobody else changes the invite until it ends. Ask for
        its session before, as everybody does: invites are locked after sessions and candidates."""
        where = sa.and_(_i.id == invite_id, _i.session_id == session_id)
        await self._lock(where)
        row = await self._one(_INVITES.where(where))
        return _invite(row) if row else None

    async def by_link(self, token_hash: str) -> tuple[Invite, InviteLink] | None:
        row = await self._one(sa.select(r.invite_link).where(_l.token_hash == token_hash))
        if row is None:
            return None
        invite = await self._exactly_one(_INVITES.where(_i.id == row["invite_id"]))
        return _invite(invite), InviteLink(**row)

    async def _lock(self, where: sa.ColumnElement[bool]) -> None:
        if self._locks.needed:
            await self._all(sa.select(_i.id).where(where).with_for_update())

    async def use(self, token_hash: str, candidate_id: str, now: datetime) -> bool:
        """True once for each link; the invite is then the candidate's."""
        mine = sa.select(_l.invite_id).where(_l.token_hash == token_hash).scalar_subquery()
        await self._lock(_i.id == mine)
        used = await self._run(
            r.invite_link.update().where(_l.token_hash == token_hash, _OPEN).values(used_at=now)
        )
        if used != 1:
            return False
        await self._run(
            r.invite.update()
            .where(_i.id == mine)
            .values(candidate_id=candidate_id, joined_at=sa.func.coalesce(_i.joined_at, now))
        )
        return True

    async def revoke_links(self, invite_id: str, now: datetime) -> int:
        """Those that nobody has used; how many there were."""
        return await self._run(
            r.invite_link.update().where(_l.invite_id == invite_id, _OPEN).values(revoked_at=now)
        )

    async def delete_before(self, session_id: str, before: datetime) -> int:
        """Invites that were never used and whose time was over before then. The others go with
        their candidates, or with the session."""
        return await self._run(
            r.invite.delete().where(
                _i.session_id == session_id,
                _i.candidate_id.is_(None),
                _i.created_at < before,
                sa.or_(
                    _i.closes_at < before,
                    sa.exists().where(
                        t.exam_session.c.id == session_id, t.exam_session.c.closed_at < before
                    ),
                ),
            )
        )


def _values(invite: Invite) -> dict[str, Any]:
    return {
        "id": invite.id,
        "session_id": invite.session_id,
        "name": invite.name,
        "email": invite.email,
        "external_id": invite.external_id,
        "created_at": invite.created_at,
        "opens_at": invite.opens_at,
        "closes_at": invite.closes_at,
        "accommodations": stored_accommodations(invite.accommodations),
    }


def _link_values(link: InviteLink) -> dict[str, Any]:
    return {
        "token_hash": link.token_hash,
        "invite_id": link.invite_id,
        "issued_at": link.issued_at,
    }


def _invite(row: RowMapping) -> Invite:
    values = dict(row)
    return Invite(
        **values | {"accommodations": Accommodations.from_facts(values["accommodations"])}
    )
