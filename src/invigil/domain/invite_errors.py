"""Why a personal link lets nobody in."""

from __future__ import annotations

from datetime import datetime

from invigil.domain.errors import IllegalTransition, InvigilError


class InviteNotOpen(IllegalTransition):
    code = "invite_not_open"
    message = "Your invitation does not let you in yet."
    fix = "Come back at the time that this page names."


class InviteSpent(InvigilError):
    """A personal link that lets nobody in any more."""

    status = 410
    code = "invite_used"
    message = "This personal link has been used already."
    fix = (
        "If that was you, go on in the browser that you used then. Otherwise, or on a new device, "
        "ask your exam office for a new link."
    )


class InviteRevoked(InviteSpent):
    code = "invite_revoked"
    message = "This personal link does not work any more."
    fix = "Use the newest link that was sent to you, or ask your exam office for a new one."


class InviteOver(InviteSpent):
    """Only who holds the link learns of it, and so of its times."""

    code = "invite_over"
    message = "The time in which this personal link let you in is over."
    fix = "If you think that is a mistake, contact your exam office."

    def __init__(self, opened_at: datetime | None, closed_at: datetime) -> None:
        super().__init__()
        self.opened_at = opened_at
        self.closed_at = closed_at
