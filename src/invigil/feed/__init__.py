"""Tells pages that something changed. The database stays the truth; this only wakes them up."""

from invigil.feed.bus import Bus, LocalBus, Subscription

__all__ = ["Bus", "LocalBus", "Subscription"]
