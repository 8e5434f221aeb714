"""People are told apart by what they are called where nothing else is known of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import datetime

from invigil.domain.candidate import Candidate


def name_key(name: str) -> str:
    """The same for two ways to write one name: letters, capitals and spaces alike."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def removed_before(candidate: Candidate, removed: Iterable[Candidate]) -> datetime | None:
    """When somebody of the same name was removed, if that was before this candidate joined.

    `removed`: who is out of the session now. It says nothing of who this is: others may be called
    the same.
    """
    key = name_key(candidate.name)
    times = [
        each.state_since
        for each in removed
        if each.state_since is not None
        and each.state_since <= candidate.joined_at
        and each.id != candidate.id
        and name_key(each.name) == key
    ]
    return max(times, default=None)
