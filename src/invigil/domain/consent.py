"""What a candidate accepts before any camera is opened."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from invigil.domain.session import ExamSession, OwnIncidents


@dataclass(frozen=True, slots=True)
class Installation:
    """What candidates are told that depends on the server and not on the session.

    `pictures`: the name of a public picture host; `video`: of the company that carries the live
    video. `looks_at_video`: the server itself compares the live video with the posted pictures.
    """

    pictures: str | None = None
    video: str | None = None
    looks_at_video: bool = False


PLAIN = Installation()
"""Nothing leaves the server, and it looks at nothing but what pages post."""


def consent_text(session: ExamSession, installation: Installation = PLAIN) -> tuple[str, ...]:
    """Paragraphs in plain words, true for this very session."""
    days = _days(session.retention_days)
    interval = session.sampling_interval_s
    repeats = " or the same pictures come again" if session.report_repeats else ""
    every = "every second" if interval == 1 else f"every {interval} seconds"
    return (
        (
            "During this exam a proctor can see your camera and hear your microphone live. Other "
            "candidates cannot see or hear you."
            + (
                f" The live video and sound go through {installation.video}, another company."
                if installation.video
                else ""
            )
        ),
        (
            f"About {every}, and more often for a moment when something is unclear, a "
            "picture from your camera is looked at by software on this server. It counts the "
            "faces in the picture, to notice when several people are visible or nobody is, and "
            f"when the camera is covered{repeats}. Your browser tells it when another camera is in "
            "use, or one that is a program. It does not judge feelings, attention or behaviour."
        ),
        *_own_look(installation),
        *_comparison(session),
        "The software never decides about you. It shows a picture to a person, who decides.",
        (
            "Kept are: your name and what the invitation list of the exam office says of you, your "
            "reference photo, the newest picture, the pictures of incidents, the counts and times, "
            "a mark of each picture that cannot be turned back into it, your choices on this page, "
            "and the messages. Other pictures, the live video and the sound are not recorded."
        ),
        (
            "The newest picture is deleted when you finish or the session is "
            f"closed. Everything else is deleted {days} after it was recorded, unless the exam "
            f"office has to keep it longer for an appeal. {_who_sees(installation)}"
        ),
        _own_incidents(session),
        (
            "If you do not agree with this, or have other questions, do not continue and speak to "
            "your exam office."
        ),
    )


def _own_look(installation: Installation) -> tuple[str, ...]:
    if not installation.looks_at_video:
        return ()
    return (
        (
            "Now and then the server itself takes a picture out of the live video, to see that it "
            "shows the same as the pictures that your page sends. It is kept only where the two "
            "differ, for a person to look at."
        ),
    )


def _comparison(session: ExamSession) -> tuple[str, ...]:
    """What is said of the choice. It is asked beside this text, with nothing chosen beforehand."""
    by_eye = "a proctor compares your reference photo with your camera picture by eye"
    if not session.face_matching:
        return (f"Your face is not compared by software in this exam: {by_eye}.",)
    return (
        (
            "You choose below how it is checked that it is you. If you choose the comparison by "
            "software, it makes features of your face from your reference photo and your first "
            "camera pictures (biometric data), keeps them encrypted on this server, and compares "
            "the pictures of the exam with them, to notice when somebody else sits there. The "
            "features are used for nothing else and are deleted when you finish or the session is "
            "closed."
        ),
        (
            f"If you choose to be identified by a proctor instead, {by_eye}, and no features of "
            "your face are ever made. Both ways lead into the same exam, with the same time, and "
            "neither counts for or against you. During the exam you can stop the comparison at "
            "any time with the button on the page: the features are then deleted at once."
        ),
    )


def _own_incidents(session: ExamSession) -> str:
    answer = (
        "this page shows you what was noted about you, with the pictures, and you can answer "
        f"within {_days(session.answer_days)}."
    )
    match session.own_incidents:
        case OwnIncidents.AFTER_END:
            return f"When you have finished, {answer}"
        case OwnIncidents.AFTER_REVIEW:
            return f"When you have finished and people have looked at it, {answer}"
        case OwnIncidents.NEVER:
            return "You can ask your exam office at any time what was noted about you, and answer."


def _days(count: int) -> str:
    return f"{count} day{'s' if count != 1 else ''}"


def _who_sees(installation: Installation) -> str:
    if installation.pictures is None:
        return "Only the proctors of this exam can see it; it stays on this server."
    return (
        "Your reference photo and the pictures of incidents are uploaded to "
        f"{installation.pictures}, another company's public picture site: until they are deleted, "
        "anybody who has the "
        "address of a picture can see it there. Everything else stays on this server, for "
        "the proctors of this exam alone."
    )


def consent_version(session: ExamSession, installation: Installation = PLAIN) -> str:
    """Changes whenever the text does."""
    text = "\n".join(consent_text(session, installation))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
