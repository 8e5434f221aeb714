"""Meetings, participants and lists of the published tutorial, on top of our own services."""

from __future__ import annotations

import binascii
from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from invigil.clock import Clock
from invigil.domain.audit import CLASSIC
from invigil.domain.candidate import Candidate, CandidateState
from invigil.domain.errors import (
    ImageBroken,
    ImageTooLarge,
    InvalidRequest,
    InvigilError,
    NotFound,
)
from invigil.domain.incident import Evidence, Incident, IncidentKind
from invigil.domain.secrets import hash_token, new_token, same, sign
from invigil.domain.session import ExamSession
from invigil.services.check_in import CheckIn
from invigil.services.sessions import NewSession, Sessions
from invigil.storage.database import Database
from invigil.storage.evidence import EvidenceStore

LINK_LIFE = timedelta(seconds=120)
LISTED = (IncidentKind.DIFFERENT_PERSON, IncidentKind.MULTIPLE_FACES)
ANOMALY = {
    IncidentKind.DIFFERENT_PERSON: "Different Faces Detected",
    IncidentKind.MULTIPLE_FACES: "Multiple Faces Detected",
}


class NotMeetingAdmin(InvigilError):
    status = 401
    code = "not_meeting_admin"
    message = "This list needs the admin id of the meeting."
    fix = "Send the admin_id that creating the meeting returned."


class ForeignReference(InvalidRequest):
    code = "foreign_reference_image"
    message = "ref_image_url is not the reference photo that this server keeps for the participant."
    fix = "Send the img_url that /upload_photo returned, or leave the field out."


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a list. `link`: a short-lived address of the image, None without one."""

    incident: Incident
    name: str
    link: str | None

    @property
    def verdict(self) -> str:
        return (
            f"Participant Name: {self.name} <> Anomaly: {ANOMALY[self.incident.kind]}"
            f" <> Participant ID: {self.incident.candidate_id}"
        )


class Classic:
    def __init__(
        self,
        *,
        database: Database,
        store: EvidenceStore,
        sessions: Sessions,
        check_in: CheckIn,
        clock: Clock,
        key: bytes,
        base_url: str,
    ) -> None:
        self._database = database
        self._store = store
        self._sessions = sessions
        self._check_in = check_in
        self._clock = clock
        self._key = key
        self._base_url = base_url

    async def create_meeting(self, title: str) -> tuple[ExamSession, str]:
        """The session, and the secret that makes its holder the meeting's admin."""
        admin_id = new_token()
        return await self._sessions.create(NewSession(title), CLASSIC, admin_id=admin_id), admin_id

    async def add_participant(self, meeting_id: str, name: str) -> tuple[Candidate, str]:
        """Raises `NotFound` for sessions that were not made by `create_meeting`: whoever takes part
        this way is neither checked in nor watched, and no other exam has a door for that."""
        session, _ = await self._sessions.get(meeting_id)
        if session.admin_hash is None:
            raise NotFound
        return await self._check_in.add(session, name, monitored=False)

    async def is_admin(self, meeting_id: str, admin_id: str) -> bool:
        async with self._database.read() as work:
            session = await work.sessions.get(meeting_id)
        stored = session.admin_hash if session else None
        return stored is not None and same(stored, hash_token(admin_id))

    async def participant(self, meeting_id: str, participant_id: str) -> Candidate:
        """Raises `NotFound` unless the participant is one of this meeting, by `add_participant`.

        Who came by a join link is watched by the rules, which never see what is judged alone here.
        """
        candidate, _ = await self._check_in.get(participant_id)
        if candidate.session_id != meeting_id or candidate.monitored:
            raise NotFound
        return candidate

    async def upload_photo(self, candidate: Candidate, image: bytes, name: str) -> str:
        """Keep the reference photo; its address, which only proctors can open."""
        changed = await self._check_in.set_reference_photo(candidate.id, image, name=name)
        return self.reference_url(changed)

    def reference_url(self, candidate: Candidate) -> str:
        return f"{self._base_url}/api/v1/candidates/{candidate.id}/reference-photo"

    def require_own_reference(self, candidate: Candidate, ref_image_url: str | None) -> None:
        """Raise `ForeignReference` for any other address; nothing is ever fetched from it."""
        if ref_image_url and ref_image_url != self.reference_url(candidate):
            raise ForeignReference
        if candidate.reference_photo_id is None:
            raise ForeignReference(
                "There is no reference photo of this participant yet.",
                fix="Send one to /upload_photo first.",
            )

    async def ensure_in_room(self, candidate: Candidate) -> None:
        if candidate.state is not CandidateState.IN_ROOM:
            await self._check_in.enter(candidate.id)

    async def rows(self, meeting_id: str, admin_id: str) -> Sequence[Row]:
        """Newest first. Raises `NotMeetingAdmin`."""
        if not await self.is_admin(meeting_id, admin_id):
            raise NotMeetingAdmin
        async with self._database.read() as work:
            incidents = await work.incidents.page(meeting_id, limit=1000, kinds=LISTED)
            names = await work.candidates.names(meeting_id)
        return [
            Row(
                incident,
                names[incident.candidate_id],
                self._link(incident.evidence[0].id) if incident.evidence else None,
            )
            for incident in incidents
        ]

    def _link(self, evidence_id: str) -> str:
        expires = int((self._clock() + LINK_LIFE).timestamp())
        signature = sign(self._key, "evidence", evidence_id, expires)
        return f"{self._base_url}/evidence/{evidence_id}?expires={expires}&signature={signature}"

    async def linked_evidence(
        self, evidence_id: str, expires: int, signature: str
    ) -> tuple[Evidence, bytes]:
        """The image behind a short-lived address. Raises `NotFound` for any other."""
        expected = sign(self._key, "evidence", evidence_id, expires)
        if not same(expected, signature) or self._clock().timestamp() > expires:
            raise NotFound
        async with self._database.read() as work:
            evidence = await work.evidence.get(evidence_id)
        if evidence is None:
            raise NotFound
        return evidence, await self._store.get(evidence)


def image_of(data_url: str, most: int) -> bytes:
    """The bytes of a data URL. Raises `ImageBroken` or `ImageTooLarge`."""
    head, comma, payload = data_url.partition(",")
    if not comma or not head.startswith("data:") or not head.endswith(";base64"):
        raise ImageBroken(
            "base64_img is not a data URL.",
            fix="Send data:image/jpeg;base64, followed by the picture.",
        )
    if len(payload) * 3 // 4 > most + 3:
        raise ImageTooLarge
    try:
        return b64decode(payload, validate=True)
    except binascii.Error as error:
        raise ImageBroken("base64_img is not valid base64.") from error
