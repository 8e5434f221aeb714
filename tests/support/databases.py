"""Which database the servers of the present test use: SQLite in their folder, or PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from tests.support.postgres import Cluster

SQLITE, POSTGRESQL = "sqlite", "postgresql"


class Dialect:
    """The database of one test. On PostgreSQL each data folder has a database of its own, so that
    a second server on the same folder finds what the first one has left."""

    def __init__(self, cluster: Cluster | None = None, template: str = "") -> None:
        self.name = SQLITE if cluster is None else POSTGRESQL
        self._cluster = cluster
        self._template = template
        self._urls: dict[Path, str] = {}

    def url(self, data_dir: Path) -> str | None:
        """The database with the schema for this folder; None for the SQLite file in it."""
        if self._cluster is None:
            return None
        if data_dir not in self._urls:
            self._urls[data_dir] = self._cluster.create(template=self._template)
        return self._urls[data_dir]

    def empty(self, data_dir: Path) -> str | None:
        """The same without the schema."""
        if self._cluster is None:
            return None
        return self._urls.setdefault(data_dir / "empty", self._cluster.create())

    def close(self) -> None:
        for url in self._urls.values():
            assert self._cluster
            self._cluster.drop(url)


class _Current:
    """Fixtures set it, `tests.support.house.settings` reads it."""

    dialect = Dialect()


current = _Current()
