"""What repositories share that read and write encrypted columns."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import RowMapping

from invigil.domain.errors import NotFound
from invigil.storage.database import tables as t
from invigil.storage.database.connection import Executes
from invigil.storage.database.locks import Locks
from invigil.storage.database.repositories.base import Repository
from invigil.storage.sealing import CandidateKey, Vault, WrappedKey

KEYS = sa.select(
    t.candidate_key.c.candidate_id,
    t.candidate.c.session_id,
    t.candidate_key.c.master,
    t.candidate_key.c.wrapped,
).join(t.candidate)
_OF_CANDIDATE = KEYS.where(t.candidate_key.c.candidate_id == sa.bindparam("candidate_id"))


class SealingRepository(Repository):
    """`vault` None: the database was opened to be copied or looked over only."""

    def __init__(self, connection: Executes, locks: Locks, vault: Vault | None) -> None:
        super().__init__(connection, locks)
        self._vault = vault

    @property
    def vault(self) -> Vault:
        if self._vault is None:
            msg = "this database was opened without the keys of the installation"
            raise RuntimeError(msg)
        return self._vault

    async def key_of(self, candidate_id: str) -> CandidateKey:
        """Raises `NotFound` when there is none (any more), `KeyMissing` or `SealBroken`."""
        row = await self._one(_OF_CANDIDATE, candidate_id=candidate_id)
        if row is None:
            raise NotFound
        return self.unwrapped(row)

    def unwrapped(self, row: RowMapping) -> CandidateKey:
        """The key in a row that has the columns of `KEYS`."""
        return self.vault.unwrap(wrapped(row), owner(row))


def wrapped(row: RowMapping) -> WrappedKey:
    return WrappedKey(row["master"], row["wrapped"])


def owner(row: RowMapping) -> str:
    """Whom the key in a row is bound to."""
    return bound_to(row["session_id"], row["candidate_id"])


def bound_to(session_id: str, candidate_id: str) -> str:
    return f"{session_id}/{candidate_id}"
