"""Evidence images and stills, on whatever shelf they are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from invigil.clock import system_clock
from invigil.domain.errors import NotFound, Unavailable
from invigil.domain.incident import Evidence, EvidenceState
from invigil.domain.system import Space
from invigil.storage.evidence.shelf import Shelf

JPEG = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose image it is; becomes part of the object's key."""

    session_id: str
    candidate_id: str


class EvidenceStore:
    """Immutable images, and one replaceable still for each candidate."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def space(self) -> Space:
        return self.shelf.space()

    def trouble(self) -> str | None:
        """A sentence for the console when images are not where they should be."""
        return self.shelf.trouble()

    @property
    def waiting(self) -> int:
        """Images on this server's disk that have yet to reach the store."""
        return self.shelf.waiting

    async def put(
        self, evidence_id: str, owner: Owner, image: bytes, captured_at: datetime
    ) -> Evidence:
        """Store one image for good and describe it.

        Raises `StorageFull` when there is no room, `Unavailable` when the store cannot be reached.
        """
        key = f"evidence/{owner.session_id}/{owner.candidate_id}/{evidence_id}.jpg"
        state = await self.shelf.put(key, image, captured_at, replace=False)
        return Evidence(
            id=evidence_id,
            session_id=owner.session_id,
            candidate_id=owner.candidate_id,
            key=key,
            sha256=hashlib.sha256(image).hexdigest(),
            size=len(image),
            content_type=JPEG,
            captured_at=captured_at,
            state=state,
        )

    async def get(self, evidence: Evidence) -> bytes:
        """The bytes, checked against their SHA-256. Raises `NotFound` when they are gone."""
        try:
            image = await self.shelf.get(evidence.key)
        except NotFound:
            if evidence.state is EvidenceState.STORED:
                raise
            raise Unavailable(
                "This image still lies on the server that took it.",
                fix="Try again in a minute: it is sent on by itself.",
            ) from None
        if hashlib.sha256(image).hexdigest() != evidence.sha256:
            raise Unavailable(
                "This image was changed after it was stored, so it is not shown.",
                fix="Tell whoever runs the server: the evidence files were altered.",
            )
        return image

    async def put_still(self, owner: Owner, image: bytes) -> None:
        """Replace the candidate's newest still."""
        await self.shelf.put(_still(owner), image, system_clock(), replace=True)

    async def get_still(self, owner: Owner) -> bytes:
        return await self.shelf.get(_still(owner))

    async def delete(self, key: str) -> None:
        """Delete an object; one that is gone already is fine."""
        await self.shelf.delete(key)

    async def delete_still(self, owner: Owner) -> None:
        await self.delete(_still(owner))


def _still(owner: Owner) -> str:
    return f"stills/{owner.session_id}/{owner.candidate_id}.jpg"
