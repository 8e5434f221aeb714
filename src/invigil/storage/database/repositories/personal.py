"""All rows about one candidate, to give them out or to delete them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from invigil.storage.database import tables as t
from invigil.storage.database.personal import PERSONAL
from invigil.storage.database.repositories.base import Repository

Plain = str | int | float | bool | list[Any] | dict[str, Any] | None


class PersonalRepository(Repository):
    async def rows(self, candidate_id: str) -> dict[str, list[dict[str, Plain]]]:
        """By table; what is withheld is left out. Times are ISO 8601 in UTC."""
        found: dict[str, list[dict[str, Plain]]] = {}
        for each in PERSONAL:
            shown = [column for column in each.table.c if column.name not in each.withheld]
            order = list(each.table.primary_key.columns)
            wanted = sa.select(*shown).where(each.about(candidate_id)).order_by(*order)
            rows = await self._all(wanted)
            found[each.table.name] = [
                {name: _plain(value) for name, value in row.items()} for row in rows
            ]
        return found

    async def object_keys(self, candidate_id: str) -> list[str]:
        """Keys of all images that rows know of."""
        c = t.evidence.c
        rows = await self._all(sa.select(c.key).where(c.candidate_id == candidate_id))
        return [row["key"] for row in rows]

    def withheld(self) -> dict[str, str]:
        """Why a column is not among them, by `table.column`."""
        return {
            f"{each.table.name}.{column}": why
            for each in PERSONAL
            for column, why in each.withheld.items()
        }

    async def delete(self, candidate_id: str) -> dict[str, int]:
        """Delete all rows about a candidate but those of the audit log; their numbers by table."""
        gone: dict[str, int] = {}
        for each in PERSONAL:
            if each.goes_with is not None:
                where = each.about(candidate_id)
                gone[each.table.name] = await self._run(each.table.delete().where(where))
        return {table: number for table, number in gone.items() if number}


def _plain(value: object) -> Plain:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        raise TypeError("bytes are withheld")
    return value  # type: ignore[return-value]
