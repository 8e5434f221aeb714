"""What a unit of work needs of a connection."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

import sqlalchemy as sa


class Executes(Protocol):
    """The part of a connection that repositories use."""

    def execute(
        self, statement: sa.Executable, parameters: Mapping[str, Any] | None = None, /
    ) -> Coroutine[Any, Any, sa.CursorResult[Any]]: ...
