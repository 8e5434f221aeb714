"""The keys of candidates, at hand for images, and what is done about them as a whole."""

from __future__ import annotations

import json
from collections import OrderedDict
from datetime import datetime

import structlog

from invigil.domain.audit import COMMAND_LINE, Act, Action
from invigil.domain.errors import CannotOpen, KeyMisconfigured, NotFound
from invigil.storage.database import Database, UnitOfWork
from invigil.storage.sealing import CandidateKey
from invigil.storage.sealing.master import KeyFile
from invigil.storage.told_once import ToldOnce

log = structlog.get_logger(__name__)

REMEMBERED = 5_000
"""More candidates than one server has in its rooms; a key is a few hundred bytes."""


class KeyRing:
    """Remembers the keys of those whose images come and go."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: OrderedDict[str, CandidateKey] = OrderedDict()
        self._told = ToldOnce()

    async def of(self, candidate_id: str) -> CandidateKey:
        """Raises `NotFound` when there is none (any more), `KeyMissing` or `SealBroken`.

        Not to be asked from within a transaction: it may need a connection of its own.
        """
        key = self._known.get(candidate_id)
        if key is None:
            key = await self._asked(candidate_id)
            self._known[candidate_id] = key
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return key

    async def _asked(self, candidate_id: str) -> CandidateKey:
        try:
            key = await self._database.fetch(lambda work: work.keys.key_of(candidate_id))
        except CannotOpen as error:
            self._told.tell(
                "the key of a candidate cannot be opened: no picture can be kept or shown",
                candidate_id,
                error,
            )
            raise
        self._told.over(candidate_id)
        return key

    def forget(self, candidate_id: str) -> None:
        self._known.pop(candidate_id, None)


async def require_masters(database: Database, *, starting: bool = True) -> None:
    """Refuse other master keys than those in use. Raises `KeyMisconfigured`.

    `starting`: also others than the server that started last had. Nobody may have joined yet, and
    then no candidate's key is there to tell.
    """
    if database.vault is not None:
        _refuse(await _needed(database, starting=starting) - database.vault.known)


async def make_first(database: Database, file: KeyFile, *, starting: bool = True) -> None:
    """The first master key of an installation, where there is no file yet.

    Raises `KeyMisconfigured`, and makes none, where `database` needs another: it would be taken for
    the right one later.
    """
    if not file.path.exists():
        _refuse(await _needed(database, starting=starting))
        file.make()


async def _needed(database: Database, *, starting: bool) -> frozenset[str]:
    """Ids of the master keys without which something could not be read."""
    async with database.read() as work:
        needed = await work.keys.masters()
        noted = await work.audit.last_of([Action.SERVER_STARTED, Action.KEYS_REWRAPPED])
    if starting and noted is not None:
        needed |= {json.loads(noted.detail)["master"]}
    return needed


def _refuse(missing: frozenset[str]) -> None:
    if missing:
        raise KeyMisconfigured(
            f"This installation encrypts photos with a master key that is not here "
            f"({', '.join(sorted(missing))})."
        )


async def give_keys(database: Database) -> int:
    """A key for everybody who joined before there were keys, and their templates sealed with it.

    Images that were stored before stay as they are until they are deleted.
    """
    done = 0
    while some := await _give_some(database):
        done += some
    if done:
        log.info("templates are encrypted now", candidates=done)
    return done


async def _give_some(database: Database) -> int:
    async with database.begin() as work:
        keyless = await work.keys.keyless()
        for session_id, candidate_id in keyless:
            await _give(work, session_id, candidate_id)
    return len(keyless)


async def _give(work: UnitOfWork, session_id: str, candidate_id: str) -> None:
    if await work.candidates.get(candidate_id) is None:  # which also locks it
        return
    try:
        await work.keys.key_of(candidate_id)
    except NotFound:
        await work.keys.add(session_id, candidate_id)
        await work.templates.seal_plain(candidate_id)


async def rewrap_all(database: Database, now: datetime) -> int:
    """Wrap every key anew that is not under the newest master key; gives how many there were."""
    done = 0
    while True:
        async with database.begin() as work:
            some = await work.keys.rewrap()
            if not some:
                detail: dict[str, str | int] = {"keys": done, "master": work.keys.vault.newest}
                work.audit.note(Act(Action.KEYS_REWRAPPED, COMMAND_LINE, now, detail=detail))
                return done
        done += some
