"""Shapes of legal holds and of erasure."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from invigil.api.schemas import In, Out


class NewHold(In):
    """`candidate_id`: hold this candidate alone; none: the whole session."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]
    candidate_id: Annotated[str | None, Field(max_length=64)] = None


class Hold(Out):
    id: str
    session_id: str
    candidate_id: str | None
    reason: str
    set_at: datetime
    released_at: datetime | None


class Holds(Out):
    holds: list[Hold]


class Erased(Out):
    """`later`: some images lie in a store that is away; nobody can read them any more, and they
    are deleted when it is back."""

    objects: int
    rows: dict[str, int]
    later: bool
