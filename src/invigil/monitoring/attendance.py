"""Whether anybody is there to see what comes up. Nothing of an exam depends on it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import structlog

from invigil.feed.presence import Presence

log = structlog.get_logger(__name__)

PATIENCE = timedelta(seconds=60)
"""A console that is loaded again, or whose line drops, is back before that."""


class Attendance:
    """Open sessions with candidates in the room that no console, at any server, shows."""

    def __init__(self, presence: Presence) -> None:
        self._presence = presence
        self._alone: dict[str, datetime] = {}
        """Since when, by session."""
        self._long: dict[str, datetime] = {}
        """Those of them whose time without a console is over the patience."""

    def look(self, in_exam: Iterable[str], now: datetime) -> None:
        """`in_exam`: ids of the sessions that have candidates in the room now."""
        alone = {each for each in in_exam if not self._presence.watched(each)}
        self._alone = {each: self._alone.get(each, now) for each in alone}
        long = {each: at for each, at in self._alone.items() if now - at >= PATIENCE}
        for session_id in long.keys() - self._long.keys():
            log.warning("an exam goes on and no console shows it", session=session_id)
        self._long = long

    def unattended_since(self, session_id: str) -> datetime | None:
        """None while somebody watches, and in the first minute."""
        return self._long.get(session_id)

    @property
    def unattended(self) -> int:
        return len(self._long)
