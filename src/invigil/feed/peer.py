"""One connected page."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    PROCTOR = "proctor"
    CANDIDATE = "candidate"


@dataclass(frozen=True, slots=True)
class Peer:
    """One connected page. `candidate_id` only for a candidate's.

    `viewer`: what a proctor's page is called in the rooms of live video, so that candidates' pages
    can let it, and nobody else, see their tracks.
    `page`: False for the server itself, where it looks at live video.
    """

    id: str
    role: Role
    session_id: str
    candidate_id: str | None = None
    viewer: str | None = None
    page: bool = True

    def as_json(self) -> dict[str, str | None]:
        return {
            "peer": self.id,
            "role": self.role.value,
            "candidate_id": self.candidate_id,
            "viewer": self.viewer,
        }
