"""How a worker process and its owner talk: a length, then a pickle.

Both ends are this program and the pipe is theirs alone; nothing from outside is ever unpickled.
"""

from __future__ import annotations

import pickle
import struct
from dataclasses import dataclass
from typing import Any

HEADER = struct.Struct("<Q")


LOOK = "look"


@dataclass(frozen=True, slots=True)
class Request:
    """Call `method` of the engine with `arguments`.

    `LOOK` is no method of the engine: its arguments are frames (`port.Frame`), and the value
    of the answer is a list with an `Answer` for each, whose value is a `Seen`.
    """

    method: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """`value`, or the error that the call raised. `fault`: what went wrong inside, for the log."""

    value: Any = None
    error: Exception | None = None
    fault: str | None = None


def pack(message: Request | Answer) -> bytes:
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> Any:
    return pickle.loads(body)  # noqa: S301 - see the top of this file
