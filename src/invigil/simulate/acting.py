"""What a simulated candidate's camera shows: the candidate, and for a while something else."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum

from invigil.bench.people import Pictures
from invigil.simulate.plan import Act, Tally

LASTS_S = 60.0
"""An act goes on until a console has shown it, and at most so long."""

LEAST_S = 8.0
PATIENCE_S = 30.0
"""An act that was seen by nobody, and had less time than this, says nothing."""


class Sort(StrEnum):
    NONE = "none"
    SWAP = "swap"
    SECOND_PERSON = "second person"


_KINDS = {
    Sort.SWAP: frozenset({"different_person", "not_recognised"}),
    Sort.SECOND_PERSON: frozenset({"multiple_faces"}),
}


class Camera:
    """Pictures of one candidate. Seconds are of the loop's clock."""

    def __init__(self, pictures: Pictures, number: int, sort: Sort, tally: Tally) -> None:
        self._alone = pictures.alone(number)
        self._acting = (
            pictures.joined(number) if sort is Sort.SECOND_PERSON else pictures.swapped(number)
        )
        self._sort = sort
        self._tally = tally
        self._act: Act | None = None
        self._act_from_s = float("inf")

    @property
    def alone(self) -> Iterator[bytes]:
        """The candidate and nobody else."""
        return self._alone

    def act_from(self, second: float) -> None:
        if self._sort is not Sort.NONE:
            self._act_from_s = second

    def frame(self, candidate_id: str, now: float) -> bytes:
        """The next picture, at this second."""
        if now < self._act_from_s:
            return next(self._alone)
        if self._act is None:
            self._act = Act(candidate_id, _KINDS[self._sort], now)
            self._tally.acts.append(self._act)
        lasted = now - self._act.began_s
        most_s = LASTS_S if self._act.seen_s is None else LEAST_S
        return next(self._acting if lasted <= most_s else self._alone)

    def end(self, now: float) -> None:
        act = self._act
        if act is not None and act.seen_s is None:
            act.cut_short = now - act.began_s < PATIENCE_S
