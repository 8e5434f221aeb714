"""Everything that is kept about one candidate, as a file to hand over."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass

from invigil.clock import Clock
from invigil.domain.actor import Actor
from invigil.domain.audit import Act, Action, actor_name
from invigil.domain.authorize import Operation, authorize
from invigil.domain.errors import CannotOpen, NotFound, Unavailable
from invigil.domain.incident import Evidence
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.store import Owner

README = """What is kept about {name}
==========================================

Made on {made_at} (UTC) from the exam session "{title}".

data.json   all rows of the database about this person, by table
pictures/   all pictures of this person: the reference photo and those of incidents, by the id
            that data.json gives them under "evidence"; still.jpg is the newest of the camera

Times are in UTC. "incident" means: a rule asked a human to look; "review_decision" is what the
human said. "audit_entry" lists who did or saw what; people are named by numbers there.

Left out, and why:
{withheld}
{missing}
"""


@dataclass(frozen=True, slots=True)
class PersonalFile:
    """A zip file. `missing`: pictures that there should be and that could not be read."""

    name: str
    content: bytes
    missing: list[str]


class PersonalExport:
    def __init__(self, database: Database, store: EvidenceStore, clock: Clock) -> None:
        self._database = database
        self._store = store
        self._clock = clock

    async def make(self, actor: Actor, candidate_id: str) -> PersonalFile:
        """Put on record, then gathered. Raises `NotFound`."""
        now, by = self._clock(), actor_name(actor)
        async with self._database.begin() as work:
            candidate = authorize(
                actor, Operation.CANDIDATE_EXPORT, await work.candidates.get(candidate_id)
            )
            work.audit.note(
                Act(Action.CANDIDATE_EXPORTED, by, now, candidate.session_id, candidate_id)
            )
        async with self._database.read() as work:
            session = await work.sessions.get(candidate.session_id)
            rows = await work.personal.rows(candidate_id)
            ids = [str(row["id"]) for row in rows["evidence"]]
            images = await work.evidence.of_ids(ids)
            withheld = work.personal.withheld()
        pictures, missing = await self._pictures(images)
        if candidate.has_still:
            owner = Owner(candidate.session_id, candidate_id)
            try:
                pictures["pictures/still.jpg"] = await self._store.get_still(owner)
            except (NotFound, Unavailable, CannotOpen):
                missing.append("pictures/still.jpg")
        readme = README.format(
            name=candidate.name,
            title=session.title if session else "",
            made_at=f"{now:%Y-%m-%d %H:%M}",
            withheld="\n".join(f"- {column}: {why}" for column, why in withheld.items()),
            missing="".join(f"\nCould not be read just now: {each}" for each in missing),
        )
        data = json.dumps(rows, indent=1, ensure_ascii=False)
        files = {"README.txt": readme.encode(), "data.json": data.encode(), **pictures}
        return PersonalFile(f"candidate-{candidate_id}.zip", _zipped(files), missing)

    async def _pictures(self, images: Sequence[Evidence]) -> tuple[dict[str, bytes], list[str]]:
        found: dict[str, bytes] = {}
        missing = []
        for image in images:
            path = f"pictures/{image.id}.jpg"
            try:
                found[path] = await self._store.get(image)
            except (NotFound, Unavailable, CannotOpen):
                missing.append(path)
        return found, missing


def _zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return out.getvalue()
