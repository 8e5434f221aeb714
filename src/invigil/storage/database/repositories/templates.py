"""Templates and the live frames they are made from. Vectors leave this room only as Templates."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.errors import SealBroken
from invigil.domain.observation import Identity, Template, TemplateKind
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.sealing import SealingRepository
from invigil.storage.sealing import CandidateKey

Vectors: TypeAlias = "tuple[array[float], ...]"

_OF_CANDIDATE = (
    sa.select(
        t.template,
        t.candidate.c.session_id,
        t.candidate_key.c.master,
        t.candidate_key.c.wrapped,
    )
    .join(t.candidate, t.template.c.candidate_id == t.candidate.c.id)
    .join(t.candidate_key, t.template.c.candidate_id == t.candidate_key.c.candidate_id)
    .where(t.template.c.candidate_id == sa.bindparam("candidate_id"))
)


class TemplateRepository(SealingRepository):
    async def of_candidate(self, candidate_id: str) -> tuple[Template, ...]:
        """Raises `CannotOpen`: then nobody knows, and nobody is accused."""
        rows = await self._all(_OF_CANDIDATE, candidate_id=candidate_id)
        if not rows:
            return ()
        key = self.unwrapped(rows[0])
        return tuple(_opened(key, row) for row in rows)

    async def exist(self, candidate_id: str) -> bool:
        """Whether there is any, without opening it."""
        c = t.template.c
        return await self._one(sa.select(c.kind).where(c.candidate_id == candidate_id)) is not None

    async def kinds(self, session_id: str) -> dict[str, frozenset[TemplateKind]]:
        """Which kinds of template each candidate of the session has."""
        rows = await self._all(
            sa.select(t.template.c.candidate_id, t.template.c.kind)
            .join(t.candidate)
            .where(t.candidate.c.session_id == session_id)
        )
        found: dict[str, frozenset[TemplateKind]] = {}
        for row in rows:
            owner = row["candidate_id"]
            found[owner] = found.get(owner, frozenset()) | {TemplateKind(row["kind"])}
        return found

    async def kinds_of(self, candidate_id: str) -> frozenset[TemplateKind]:
        """Which kinds of template the candidate has, whether they can be opened or not."""
        rows = await self._all(
            sa.select(t.template.c.kind).where(t.template.c.candidate_id == candidate_id)
        )
        return frozenset(TemplateKind(row["kind"]) for row in rows)

    async def put(self, candidate_id: str, template: Template) -> None:
        """Replace the candidate's template of this kind. Raises `NotFound` without a key."""
        key = await self.key_of(candidate_id)
        await self.delete(candidate_id, template.kind)
        await self._run(
            t.template.insert().values(
                candidate_id=candidate_id,
                kind=template.kind.value,
                model=template.model,
                width=len(template.vectors[0]),
                vectors=key.seal(_name(template.kind), _packed(template.vectors)),
            )
        )

    async def seal_plain(self, candidate_id: str) -> None:
        """Encrypt what was stored before the candidate had a key."""
        key = await self.key_of(candidate_id)
        for row in await self._all(
            sa.select(t.template).where(t.template.c.candidate_id == candidate_id)
        ):
            kind = row["kind"]
            await self._run(
                t.template.update()
                .where(t.template.c.candidate_id == candidate_id, t.template.c.kind == kind)
                .values(vectors=key.seal(_name(TemplateKind(kind)), row["vectors"]))
            )

    async def delete(self, candidate_id: str, kind: TemplateKind | None = None) -> int:
        statement = t.template.delete().where(t.template.c.candidate_id == candidate_id)
        if kind is not None:
            statement = statement.where(t.template.c.kind == kind.value)
        return await self._run(statement)

    async def add_check_in_frame(
        self, frame_id: str, candidate_id: str, received_at: datetime, identity: Identity
    ) -> None:
        await self._run(
            t.check_in_frame.insert().values(
                id=frame_id,
                candidate_id=candidate_id,
                received_at=received_at,
                identity=identity.value,
            )
        )

    async def check_in_outcomes(self, candidate_id: str) -> Sequence[Identity]:
        """Outcomes of the usable live frames so far, oldest first."""
        rows = await self._all(
            sa.select(t.check_in_frame.c.identity)
            .where(t.check_in_frame.c.candidate_id == candidate_id)
            .order_by(t.check_in_frame.c.received_at, t.check_in_frame.c.id)
        )
        return [Identity(row["identity"]) for row in rows]

    async def clear_check_in(self, candidate_id: str) -> None:
        await self._run(
            t.check_in_frame.delete().where(t.check_in_frame.c.candidate_id == candidate_id)
        )


def _opened(key: CandidateKey, row: RowMapping) -> Template:
    kind = TemplateKind(row["kind"])
    vectors = _unpacked(key.open(_name(kind), row["vectors"]), row["width"])
    return Template(kind, row["model"], vectors)


def _name(kind: TemplateKind) -> str:
    return f"template/{kind.value}"


def _packed(vectors: Vectors) -> bytes:
    """Little-endian 32-bit floats, one vector after the other."""
    return b"".join(_little(vector).tobytes() for vector in vectors)


def _unpacked(data: bytes, width: int) -> Vectors:
    """Raises `SealBroken` where the bytes are not vectors of that width.

    A width that divides the right one is not seen here: an engine compares only templates as wide
    as it makes them.
    """
    size = width * array("f").itemsize
    if width <= 0 or not data or len(data) % size:
        raise SealBroken
    return tuple(_little(array("f", data[at : at + size])) for at in range(0, len(data), size))


def _little(values: array[float]) -> array[float]:
    """From this machine's order of bytes to the stored one, or back."""
    if sys.byteorder == "little":
        return values
    turned = values[:]
    turned.byteswap()
    return turned
