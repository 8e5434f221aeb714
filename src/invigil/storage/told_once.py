"""A fault that comes with every frame is one line in the log."""

from __future__ import annotations

from collections import OrderedDict

REMEMBERED = 5_000


class ToldOnce:
    """Of which candidates it was said, until it is over."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, None] = OrderedDict()

    def first(self, candidate_id: str) -> bool:
        """Whether it has yet to be said of this candidate; from now on it has been."""
        if candidate_id in self._told:
            return False
        self._told[candidate_id] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return True

    def over(self, candidate_id: str) -> bool:
        """Whether it was said, and so that it is over may be said as well."""
        return self._told.pop(candidate_id, self) is None
