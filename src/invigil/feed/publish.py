"""What a commit tells the feed."""

from __future__ import annotations

from collections.abc import Sequence

from invigil.domain.message import Event
from invigil.feed.bus import Bus, candidate_topic, proctors_of


def announce(bus: Bus, events: Sequence[Event]) -> None:
    """Wake the readers of each event. Called after the commit, never before."""
    for event in events:
        if event.candidate_id is None:
            bus.wake(proctors_of(event.session_id))
        else:
            bus.wake(candidate_topic(event.candidate_id))
