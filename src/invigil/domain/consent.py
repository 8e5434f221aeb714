"""What a candidate accepts before any camera is opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from invigil.domain.session import ExamSession


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What leaves this server, so that candidates are told. `pictures`: the name of a public
    picture host; `video`: of the company that carries the live video."""

    pictures: str | None = None
    video: str | None = None


NOWHERE = Elsewhere()


def consent_text(session: ExamSession, elsewhere: Elsewhere = NOWHERE) -> tuple[str, ...]:
    """Paragraphs in plain words, true for this very session."""
    days = f"{session.retention_days} day{'s' if session.retention_days != 1 else ''}"
    interval = session.sampling_interval_s
    every = "every second" if interval == 1 else f"every {interval} seconds"
    return (
        (
            "During this exam a proctor can see your camera and hear your microphone live. Other "
            "candidates cannot see or hear you."
            + (
                f" The live video and sound go through {elsewhere.video}, another company."
                if elsewhere.video
                else ""
            )
        ),
        (
            f"About {every}, and more often for a moment when something is unclear, a "
            "picture from your camera is looked at by software on this server. It counts the "
            "faces in the picture and compares the face with your reference photo, to notice when "
            "several people are visible, when somebody else sits there, or when nobody does. It "
            "does not judge feelings, attention or behaviour."
        ),
        "The software never decides about you. It shows a picture to a person, who decides.",
        (
            "Kept are: your name, your reference photo, the features taken from it for the "
            "comparison, the newest picture, the pictures of incidents, the counts and times, and "
            "the messages. Other pictures, the live video and the sound are not recorded."
        ),
        (
            "The features and the newest picture are deleted when you finish or the session is "
            f"closed. Everything else is deleted {days} after it was recorded. "
            f"{_who_sees(elsewhere)}"
        ),
        (
            "If you do not want your face to be compared, or have other questions, do not continue "
            "and speak to your exam office."
        ),
    )


def _who_sees(elsewhere: Elsewhere) -> str:
    if elsewhere.pictures is None:
        return "Only the proctors of this exam can see it; it stays on this server."
    return (
        f"Your reference photo and the pictures of incidents are uploaded to {elsewhere.pictures}"
        ", another company's public picture site: until they are deleted, anybody who has the "
        "address of a picture can see it there. Everything else stays on this server, for "
        "the proctors of this exam alone."
    )


def consent_version(session: ExamSession, elsewhere: Elsewhere = NOWHERE) -> str:
    """Changes whenever the text does."""
    text = "\n".join(consent_text(session, elsewhere))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
