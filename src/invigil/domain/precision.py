"""How often people agreed with what rules reported."""

from __future__ import annotations

from dataclasses import dataclass

from invigil.domain.incident import IncidentKind
from invigil.domain.proportion import wilson

ENOUGH = 10
"""Reviewed incidents of a kind below which a share says nothing yet."""


@dataclass(frozen=True, slots=True)
class KindTally:
    """Incidents of one kind that rules opened, and what people decided about them.

    `reviewed`: decided by people, proposals not counted.
    """

    kind: IncidentKind
    opened: int = 0
    confirmed: int = 0
    dismissed: int = 0
    inconclusive: int = 0

    @property
    def reviewed(self) -> int:
        return self.confirmed + self.dismissed + self.inconclusive

    @property
    def settled(self) -> int:
        """With a clear answer, for or against."""
        return self.confirmed + self.dismissed

    @property
    def precision(self) -> float | None:
        """Confirmed among those with a clear answer; None where there is none."""
        return self.confirmed / self.settled if self.settled else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's interval of the precision, 95 percent."""
        return wilson(self.confirmed, self.settled) if self.settled else None

    @property
    def words(self) -> str:
        """What a reviewer reads before deciding."""
        if self.reviewed == 0:
            return "No incident of this kind has been reviewed here yet."
        found = (
            f"{self.confirmed} of {self.reviewed} such "
            f"{'incident was' if self.reviewed == 1 else 'incidents were'} confirmed here."
        )
        if self.reviewed < ENOUGH:
            return f"{found} Too few to tell how often this rule is right."
        return found
