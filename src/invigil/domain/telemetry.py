"""What the server tells about its own work: numbers and times, never a person.

The port. `invigil.telemetry` holds what stands behind it; rooms know only this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from invigil.domain.incident import IncidentKind


class FrameOutcome(StrEnum):
    """How a frame call ended."""

    RECORDED = "recorded"  # looked at, judged and stored
    NOT_LOOKED_AT = "not_looked_at"  # no room or no worker; a longer interval was asked for
    REFUSED = "refused"  # the sender may not, or the bytes are no picture
    FAILED = "failed"  # the server could not record it: disk, database or a defect


class Step(StrEnum):
    """Parts of a frame's way, as traces show them."""

    RECEIVE = "receive"  # reading the body
    ADMIT = "admit"  # whose it is, and whether it may come now
    LOOK = "look"  # waiting for a worker, decoding, inference
    RULES = "rules"
    COMMIT = "commit"  # the transaction from asking for it to its end; `RULES` is within
    PUBLISH = "publish"


class Part(StrEnum):
    """What the server stands on."""

    DATABASE = "database"
    EVIDENCE = "evidence"
    FEED = "feed"
    MEETINGS = "meetings"


@dataclass(frozen=True, slots=True)
class WorkerCount:
    """Analysis workers. `waiting`: pictures in the queue; `replaced`: since the start."""

    wanted: int
    alive: int
    replaced: int
    waiting: int


@dataclass(frozen=True, slots=True)
class Vitals:
    """The state of one server at one moment.

    `interval_factor`: by how much every candidate's interval is stretched, from 1.
    `evidence_waiting`: images on this server's disk that have yet to reach the store.
    `unattended`: sessions with candidates in the room that no console shows, for a minute.
    `parts`: whether each part works. `live_video`: whether each provider that is set up does, by
    its id.
    """

    workers: WorkerCount
    interval_factor: float
    evidence_waiting: int
    consoles: int
    candidates: int
    unattended: int
    draining: bool
    parts: Mapping[Part, bool] = field(default_factory=dict)
    live_video: Mapping[str, bool] = field(default_factory=dict)


Moment = object
"""A place in a trace, to hang steps under that run on another thread."""


class Telemetry(Protocol):
    """Counts and times. Nothing here may fail, wait, or take a name, an id or a token."""

    def frame(self, outcome: FrameOutcome) -> None:
        """A frame call has ended."""
        ...

    def verdict(self, seconds: float) -> None:
        """From the receipt of a frame to the commit of what was made of it."""
        ...

    def incident_opened(self, kind: IncidentKind) -> None:
        """An incident is on record."""
        ...

    def error(self, code: str) -> None:
        """A client was answered with an error; `code`: one of the fixed codes of our errors."""
        ...

    def whole_frame(self) -> AbstractContextManager[None]:
        """Everything of one frame call."""
        ...

    def step(self, step: Step, under: Moment | None = None) -> AbstractContextManager[Moment]:
        """A part of the frame call that runs here, or of the one at `under`."""
        ...


class Silent:
    """Tells nobody."""

    def frame(self, outcome: FrameOutcome) -> None: ...

    def verdict(self, seconds: float) -> None: ...

    def incident_opened(self, kind: IncidentKind) -> None: ...

    def error(self, code: str) -> None: ...

    @contextmanager
    def whole_frame(self) -> Iterator[None]:
        yield

    @contextmanager
    def step(self, step: Step, under: Moment | None = None) -> Iterator[Moment]:  # noqa: ARG002
        yield None
