"""After the rehearsal: is everything that was acknowledged there, and was everything shown?"""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise

from invigil.simulate.console import Json, Proctor
from invigil.simulate.plan import Ledger, is_simulated

_AT_ONCE = 4
_PAGE = 1000
_INCIDENTS = 200
_MESSAGES = 500
_STILL_OPEN = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Audit:
    """`..._lost`: acknowledged to a client and not to be found afterwards. `unshown`: incidents
    that no letter of the feed told of. `doubled`: two of one kind and candidate at the same time.
    `strangers`: candidates of the session that are not simulated."""

    candidates_lost: int
    frames_lost: int
    messages_lost: int
    incidents_lost: int
    photos_lost: int
    frames_stored: int
    incidents: int
    by_kind: dict[str, int] = field(default_factory=dict)
    unshown: int = 0
    doubled: int = 0
    strangers: int = 0

    @property
    def lost(self) -> int:
        return (
            self.candidates_lost
            + self.frames_lost
            + self.messages_lost
            + self.incidents_lost
            + self.photos_lost
        )


async def audit(proctor: Proctor, session_id: str, ledger: Ledger) -> Audit:
    """Compare the clients' memory with what the server gives out. Raises `CannotRehearse`."""
    snapshot = await proctor.ask("GET", f"sessions/{session_id}/snapshot")
    there = {each["id"] for each in snapshot["candidates"]}
    incidents = await all_incidents(proctor, session_id)
    messages = await _all_of(proctor, session_id, "messages", _MESSAGES)
    ids = {each["id"] for each in incidents}
    stored = await _observations(proctor, [each for each in ledger.frames if each in there])
    lost = sum(len(acked - stored.get(who, set())) for who, acked in ledger.frames.items())
    return Audit(
        candidates_lost=len(ledger.frames.keys() - there),
        frames_lost=lost,
        messages_lost=len(ledger.messages - {each["id"] for each in messages}),
        incidents_lost=len(ledger.incidents - ids),
        photos_lost=await _photos_lost(proctor, incidents),
        frames_stored=sum(map(len, stored.values())),
        incidents=len(incidents),
        by_kind=dict(Counter(each["kind"] for each in incidents)),
        unshown=len(ids - ledger.incidents),
        doubled=doubled(incidents),
        strangers=sum(not is_simulated(each["name"]) for each in snapshot["candidates"]),
    )


def doubled(incidents: Sequence[Json]) -> int:
    """How many began while another of the same kind and candidate lasted."""
    found = 0
    groups: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
    for each in incidents:
        began, ended = each["started_at"], each["ended_at"]
        span = (
            datetime.fromisoformat(began),
            datetime.fromisoformat(ended) if ended else _STILL_OPEN,
        )
        groups.setdefault((each["candidate_id"], each["kind"]), []).append(span)
    for spans in groups.values():
        found += sum(later[0] < earlier[1] for earlier, later in pairwise(sorted(spans)))
    return found


async def all_incidents(proctor: Proctor, session_id: str) -> list[Json]:
    """Of the session, newest first."""
    return await _all_of(proctor, session_id, "incidents", _INCIDENTS)


async def _all_of(proctor: Proctor, session_id: str, what: str, at_once: int) -> list[Json]:
    found: list[Json] = []
    more = True
    while more:
        query = {"limit": at_once, **({"before": found[-1]["id"]} if found else {})}
        page = await proctor.ask("GET", f"sessions/{session_id}/{what}", query=query)
        found += page[what]
        more = page["more"]
    return found


async def _observations(proctor: Proctor, candidates: Sequence[str]) -> dict[str, set[str]]:
    gate = asyncio.Semaphore(_AT_ONCE)

    async def of(candidate_id: str) -> set[str]:
        found: list[str] = []
        more = True
        async with gate:
            while more:
                query = {"limit": _PAGE, **({"after": found[-1]} if found else {})}
                page = await proctor.ask(
                    "GET", f"candidates/{candidate_id}/observations", query=query
                )
                found += [each["id"] for each in page["observations"]]
                more = page["more"]
        return set(found)

    return dict(zip(candidates, await asyncio.gather(*map(of, candidates)), strict=True))


async def _photos_lost(proctor: Proctor, incidents: Sequence[Json]) -> int:
    lost = 0
    for evidence in (photo for each in incidents for photo in each["evidence"]):
        image = await proctor.image(evidence["url"])
        lost += image is None or hashlib.sha256(image).hexdigest() != evidence["sha256"]
    return lost
