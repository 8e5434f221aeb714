"""Templates and the live frames they are made from. Vectors leave this room only as Templates."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from invigil.domain.observation import Identity, Template, TemplateKind
from invigil.storage.database import tables as t
from invigil.storage.database.repositories.base import Repository

Vectors = tuple[tuple[float, ...], ...]


_OF_CANDIDATE = sa.select(t.template).where(
    t.template.c.candidate_id == sa.bindparam("candidate_id")
)


class TemplateRepository(Repository):
    async def of_candidate(self, candidate_id: str) -> tuple[Template, ...]:
        rows = await self._all(_OF_CANDIDATE, candidate_id=candidate_id)
        return tuple(
            Template(
                TemplateKind(row["kind"]),
                row["model"],
                _unpacked(row["vectors"], row["width"]),
            )
            for row in rows
        )

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

    async def put(self, candidate_id: str, template: Template) -> None:
        """Replace the candidate's template of this kind."""
        await self.delete(candidate_id, template.kind)
        await self._run(
            t.template.insert().values(
                candidate_id=candidate_id,
                kind=template.kind.value,
                model=template.model,
                width=len(template.vectors[0]),
                vectors=_packed(template.vectors),
            )
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


def _packed(vectors: Vectors) -> bytes:
    """Little-endian 32-bit floats, one vector after the other."""
    return b"".join(struct.pack(f"<{len(vector)}f", *vector) for vector in vectors)


def _unpacked(data: bytes, width: int) -> Vectors:
    return tuple(struct.iter_unpack(f"<{width}f", data))
