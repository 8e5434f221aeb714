"""Evidence images and stills, encrypted, on whatever shelf they are kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from invigil.clock import system_clock
from invigil.domain.errors import NotFound, SealBroken, Unavailable
from invigil.domain.incident import Evidence, EvidenceState
from invigil.domain.system import Space
from invigil.storage.evidence.shelf import Shelf
from invigil.storage.sealing import CandidateKey

JPEG = "image/jpeg"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose image it is; becomes part of the object's key."""

    session_id: str
    candidate_id: str


class Keys(Protocol):
    """Where the keys of candidates come from."""

    async def of(self, candidate_id: str) -> CandidateKey:
        """Raises `NotFound` when there is none (any more), `CannotOpen` when it is lost."""
        ...

    def forget(self, candidate_id: str) -> None:
        """Ask the database again the next time."""
        ...


class EvidenceStore:
    """Immutable images, and one replaceable still for each candidate.

    `public`: the shelf takes pictures only, for all to see, so that evidence is not encrypted.
    """

    def __init__(self, shelf: Shelf, keys: Keys, *, public: bool = False) -> None:
        self.shelf = shelf
        self._keys = keys
        self._public = public

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

        Raises `StorageFull` when there is no room, `Unavailable` when the store cannot be reached,
        `NotFound` when the candidate is gone, `CannotOpen` when the key is lost. Not to be called
        within a transaction.
        """
        key = f"{_folder(owner)}/{evidence_id}.jpg"
        stored, sealed_sha256 = image, None
        if not self._public:
            stored = (await self._keys.of(owner.candidate_id)).seal(key, image)
            sealed_sha256 = hashlib.sha256(stored).hexdigest()
        state = await self.shelf.put(key, stored, captured_at, replace=False)
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
            sealed_sha256=sealed_sha256,
        )

    async def get(self, evidence: Evidence) -> bytes:
        """The bytes, checked against their SHA-256. Raises `NotFound` when they are gone."""
        image = await self._fetch(evidence)
        if evidence.sealed_sha256 is not None:
            image = (await self._keys.of(evidence.candidate_id)).open(evidence.key, image)
        if hashlib.sha256(image).hexdigest() != evidence.sha256:
            raise SealBroken
        return image

    async def _fetch(self, evidence: Evidence) -> bytes:
        try:
            return await self.shelf.get(evidence.key)
        except NotFound:
            if evidence.state is EvidenceState.STORED:
                raise
            raise Unavailable(
                "This image still lies on the server that took it.",
                fix="Try again in a minute: it is sent on by itself.",
            ) from None

    async def put_still(self, owner: Owner, image: bytes) -> None:
        """Replace the candidate's newest still."""
        name = _still(owner)
        sealed = (await self._keys.of(owner.candidate_id)).seal(name, image)
        await self.shelf.put(name, sealed, system_clock(), replace=True)

    async def get_still(self, owner: Owner) -> bytes:
        name = _still(owner)
        sealed = await self.shelf.get(name)
        return (await self._keys.of(owner.candidate_id)).open(name, sealed)

    async def delete(self, key: str) -> None:
        """Delete an object; one that is gone already is fine."""
        await self.shelf.delete(key)

    async def delete_still(self, owner: Owner) -> None:
        await self.delete(_still(owner))

    async def delete_all_of(self, owner: Owner) -> int:
        """Delete every object of a candidate, those that no row knows of too: what a crash left
        between object and row. Gives how many there were. Raises `Unavailable`."""
        self._keys.forget(owner.candidate_id)
        found = await self.shelf.keys(_folder(owner))
        for key in found:
            await self.delete(key)
        await self.delete_still(owner)
        return len(found)


def _folder(owner: Owner) -> str:
    return f"evidence/{owner.session_id}/{owner.candidate_id}"


def _still(owner: Owner) -> str:
    return f"stills/{owner.session_id}/{owner.candidate_id}.jpg"
