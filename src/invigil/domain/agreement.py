"""When a decision of people stands, and when it waits for one more of them."""

from __future__ import annotations

from collections.abc import Sequence

from invigil.domain.incident import Decision, ReviewDecision

NEEDED = 2
"""People who have to confirm an incident where a second reviewer is asked for."""


def opinions(standing: Sequence[ReviewDecision]) -> dict[str, ReviewDecision]:
    """The newest decision of each person. `standing`: those not undone, oldest first."""
    return {_person(each): each for each in standing}


def is_proposal(standing: Sequence[ReviewDecision], *, second_reviewer: bool) -> bool:
    """Whether the newest decision still needs another person.

    Only confirming does: it is the one decision that goes against the candidate. Without
    `second_reviewer` nothing does.
    """
    if not second_reviewer or not standing or standing[-1].decision is not Decision.CONFIRMED:
        return False
    confirming = [
        each for each in opinions(standing).values() if each.decision is Decision.CONFIRMED
    ]
    return len(confirming) < NEEDED


def disagree(standing: Sequence[ReviewDecision]) -> bool:
    """Whether people who have decided came to different conclusions."""
    return len({each.decision for each in opinions(standing).values()}) > 1


def _person(decision: ReviewDecision) -> str:
    # Records from before ids were kept: each of them is somebody, and may be the same one.
    return decision.by_id or f"name:{decision.by}"
