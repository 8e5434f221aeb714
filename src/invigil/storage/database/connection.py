"""What a unit of work needs of a connection."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Protocol

import sqlalchemy as sa

Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]] | None
"""Of one statement, or of the same one many times over."""


class Executes(Protocol):
    """The part of a connection that repositories use."""

    def execute(
        self, statement: sa.Executable, parameters: Parameters = None, /
    ) -> Coroutine[Any, Any, sa.CursorResult[Any]]: ...
