"""A fault that comes with every frame is one line in the log."""

from __future__ import annotations

from collections import OrderedDict

import structlog

from invigil.domain.errors import CannotOpen

log = structlog.get_logger(__name__)

REMEMBERED = 5_000


class ToldOnce:
    """Of which candidates it was said, until it is over."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, None] = OrderedDict()

    def tell(self, what: str, candidate_id: str, error: CannotOpen) -> None:
        """Log `what` cannot be opened of this candidate, unless that was said already."""
        if candidate_id in self._told:
            return
        log.warning(what, candidate=candidate_id, reason=error.code, fix=error.fix)
        self._told[candidate_id] = None
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)

    def over(self, candidate_id: str) -> bool:
        """Whether it was said, and so that it is over may be said as well."""
        return self._told.pop(candidate_id, self) is None
