"""Database and image store for commands that work beside the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from invigil.clock import system_clock
from invigil.db_commands import run_with
from invigil.services.keeping import Keeping
from invigil.settings import Settings
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore
from invigil.storage.keyring import KeyRing, require_masters
from invigil.wiring import shelf_of

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Tools:
    settings: Settings
    database: Database
    store: EvidenceStore
    keeping: Keeping


def run_with_tools(settings: Settings, work: Callable[[Tools], Awaitable[_T]]) -> _T:
    """As `run_with`, with the keys and the images. Other master keys than those in use are
    refused before anything is done."""

    async def go(database: Database) -> _T:
        await require_masters(database, starting=False)
        shelf = shelf_of(settings, system_clock)
        store = EvidenceStore(shelf, KeyRing(database), public=settings.public_pictures)
        keeping = Keeping.of(database, store, system_clock)
        return await work(Tools(settings, database, store, keeping))

    return run_with(settings, go, opening=True)
