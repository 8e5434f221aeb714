"""What a rehearsal is to be like, and what came of it while it runs."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

from invigil.bench.latencies import Latencies
from invigil.bench.wire import Sockets

HERD_SHARE = 0.2
HERD_S = 5.0
CHECK_IN_S = 10.0
JITTER = 0.02
MOST_JITTER = 0.5
TITLE = "Rehearsal"
NAME = "Simulated"


class CannotRehearse(Exception):
    """Says in plain words what is in the way and what to do."""


@dataclass(frozen=True, slots=True)
class Plan:
    """`seconds`: from the first candidate's coming to the end. `herd`: a fifth comes in the first
    five seconds. `storm_every_s`: so often everybody loses every connection at once; 0 for never.
    `acts`: candidates of whom an incident is to arise. `jitter`: the share of its time by which a
    page's timer is late at most."""

    candidates: int
    seconds: float
    join_within_s: float
    herd: bool = False
    storm_every_s: float = 0.0
    acts: int = 0
    jitter: float = JITTER
    seed: int = 1

    @property
    def settled_s(self) -> float:
        """From when on nobody checks in any more, as far as it can be foreseen."""
        return self.join_within_s + CHECK_IN_S

    def arrivals(self) -> list[float]:
        """Seconds after the start at which each candidate opens the link, first to last."""
        chance = random.Random(self.seed)  # noqa: S311 - no secrets
        herd = round(self.candidates * HERD_SHARE) if self.herd else 0
        times = [chance.uniform(0, min(HERD_S, self.join_within_s)) for _ in range(herd)]
        rest = self.candidates - herd
        times += [self.join_within_s * (place + 0.5) / rest for place in range(rest)]
        return sorted(times)

    def actors(self) -> frozenset[int]:
        """Numbers of those who act, spread over all."""
        return frozenset(
            (2 * place + 1) * self.candidates // (2 * self.acts) for place in range(self.acts)
        )


def name_of(number: int) -> str:
    """What the console calls a simulated candidate."""
    return f"{NAME} {number + 1:04}"


def is_simulated(name: str) -> bool:
    first, _, digits = name.partition(" ")
    return first == NAME and digits.isdecimal()


@dataclass(slots=True)
class Act:
    """Something that a console has to show. Seconds are of the loop's clock; `seen_s` None: not
    seen, `cut_short`: the rehearsal ended before there was time for it."""

    candidate_id: str
    kinds: frozenset[str]
    began_s: float
    seen_s: float | None = None
    cut_short: bool = False


@dataclass(slots=True)
class Tally:
    """What happened so far. Everything is of the client's side. `settled`: the verdicts since
    everybody had come."""

    joins: Latencies = field(default_factory=Latencies)
    check_ins: Latencies = field(default_factory=Latencies)
    verdicts: Latencies = field(default_factory=Latencies)
    settled: Latencies = field(default_factory=Latencies)
    sockets: Sockets = field(default_factory=Sockets)
    calls: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    gave_up: Counter[str] = field(default_factory=Counter)
    stretched: int = 0
    not_looked_at: int = 0
    longest_silence_s: float = 0.0
    storms: int = 0
    inside: int = 0
    announced: Latencies = field(default_factory=Latencies)
    acts: list[Act] = field(default_factory=list)

    def error(self, kind: str) -> None:
        self.errors[kind] += 1

    def all_errors(self) -> Counter[str]:
        """With those of the live sockets."""
        return self.errors + Counter({f"socket: {k}": n for k, n in self.sockets.errors.items()})


@dataclass(slots=True)
class Ledger:
    """What the server has said yes to, as its clients remember it.

    `frames`: ids of observations by candidate; `incidents`: what consoles were told of.
    """

    frames: dict[str, set[str]] = field(default_factory=dict)
    messages: set[str] = field(default_factory=set)
    incidents: set[str] = field(default_factory=set)

    def joined(self, candidate_id: str) -> None:
        self.frames.setdefault(candidate_id, set())
