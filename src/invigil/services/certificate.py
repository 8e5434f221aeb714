"""What was deleted and when, from the audit log, signed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection
from datetime import datetime

from invigil.domain.audit import Action, AuditEntry
from invigil.storage.database import Database
from invigil.storage.signing import Signer

FORMAT = "invigil-deletion-certificate/1"
_ACTIONS = (Action.RETENTION_DELETED, Action.CANDIDATE_ERASED)
_PAGE = 1000


async def certificate(
    database: Database, signer: Signer, now: datetime, since: datetime | None
) -> dict[str, object]:
    """One line for each deletion, oldest first, with its entry in the audit log.

    `signature` is over the JSON of everything else, keys sorted, without spaces.
    """
    deletions = [
        {
            "entry": entry.seq,
            "hash": entry.hash,
            "at": entry.at,
            "why": "retention" if entry.action == Action.RETENTION_DELETED else "erasure",
            "by": entry.actor,
            "session_id": entry.session_id,
            "candidate_id": entry.candidate_id,
            "deleted": json.loads(entry.detail),
        }
        async for entry in entries(database, _ACTIONS)
        if since is None or datetime.fromisoformat(entry.at) >= since
    ]
    found: dict[str, object] = {
        "format": FORMAT,
        "made_at": now.isoformat(),
        "since": since.isoformat() if since else None,
        "deletions": deletions,
        "public_key": signer.public_key,
    }
    return {**found, "signature": signer.sign(signed_text(found))}


def signed_text(found: dict[str, object]) -> bytes:
    rest = {name: value for name, value in found.items() if name != "signature"}
    return json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()


async def entries(
    database: Database, actions: Collection[Action] | None = None, after: int = 0
) -> AsyncIterator[AuditEntry]:
    """The whole audit log, or the entries of these actions, oldest first."""
    while True:
        async with database.read() as work:
            some = await work.audit.after(after, _PAGE)
        for entry in some:
            if actions is None or entry.action in actions:
                yield entry
        if len(some) < _PAGE:
            return
        after = some[-1].seq
