"""How many candidates several servers hold: computed from what one server was measured to need.

A simulation of queues, in virtual time: every candidate sends a picture, waits for the verdict and
for the rest of the interval, and sends the next. A picture takes the one process that serves
requests, then one of the processors that are left for the workers, then one of the database's; it
waits for the commit, and takes the one processor of the feed. Nothing here is measured;
`invigil bench server` and `invigil bench shared` measure what goes in.
"""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass

from invigil.bench.latencies import Latencies

LIMIT_S = 1.0
FULL = 0.95
"""Busier than this, a queue only seems to be held: the simulated minute is too short to show it."""

_SPREAD = 4.0
"""Shape of the gamma distribution of all service times: a deviation of half the mean."""

_WARM_UP = 2
_COUNTED = 8
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Costs:
    """Milliseconds of processor time for each picture, unless it is said otherwise.

    `app_ms`: of the process that serves requests, of the node that takes the picture; `worker_ms`:
    of its workers. `hear_ms`: of every other node, which hears of it. `watch_ms`: of every node,
    each second for every candidate of the installation. `commit_ms`: waiting, for the disk.
    """

    app_ms: float
    worker_ms: float
    database_ms: float
    feed_ms: float
    hear_ms: float
    watch_ms: float
    commit_ms: float
    node_cores: int = 2
    database_cores: int = 2
    interval_s: float = 5.0


MEASURED = Costs(
    app_ms=20.0,
    worker_ms=14.0,
    database_ms=6.0,
    feed_ms=0.1,
    hear_ms=0.17,
    watch_ms=0.034,
    commit_ms=5.0,
)
"""The most of what docs/capacity.md has, with PostgreSQL, Redis, S3 and live sockets."""


@dataclass(frozen=True, slots=True)
class Reached:
    """`..._busy`: share of its processors that a part uses; `app_busy`: of the one process."""

    nodes: int
    candidates: int
    p95_s: float
    app_busy: float
    node_busy: float
    database_busy: float
    feed_busy: float


class _Station:
    """Some processors and one queue in the order of arrival."""

    def __init__(self, processors: int, mean_s: float, chance: random.Random) -> None:
        self._free = [0.0] * processors
        self._mean_s = mean_s
        self._chance = chance

    def serve(self, now: float) -> float:
        """When a picture that arrives now has been dealt with."""
        start = max(now, heapq.heappop(self._free))
        lasts = self._chance.gammavariate(_SPREAD, self._mean_s / _SPREAD) if self._mean_s else 0.0
        end = start + lasts
        heapq.heappush(self._free, end)
        return end


def app_busy(costs: Costs, nodes: int, candidates: int) -> tuple[float, float]:
    """Share of the one process of a node that its own pictures take, and that everything else
    takes: the other nodes' pictures, and watching over all candidates."""
    rate = candidates / costs.interval_s / 1000
    own = rate / nodes * costs.app_ms
    beside = rate * (nodes - 1) / nodes * costs.hear_ms + candidates / 1000 * costs.watch_ms
    return own, beside


def node_busy(costs: Costs, nodes: int, candidates: int) -> float:
    """Share of one node's processors in use; 1 and more cannot be."""
    workers = candidates / costs.interval_s / 1000 / nodes * costs.worker_ms
    return (sum(app_busy(costs, nodes, candidates)) + workers) / costs.node_cores


def shared_busy(costs: Costs, candidates: int) -> tuple[float, float]:
    """The same of the database and of the feed."""
    rate = candidates / costs.interval_s / 1000
    return rate * costs.database_ms / costs.database_cores, rate * costs.feed_ms


def simulate(costs: Costs, nodes: int, candidates: int, seed: int = 1) -> Latencies:
    """Times to the verdict. What a node does for all of them makes it that much slower."""
    chance = random.Random(seed)  # noqa: S311 - no secrets
    _, beside = app_busy(costs, nodes, candidates)
    slow = 1000 * max(1e-6, 1 - beside)
    apps = [_Station(1, costs.app_ms / slow, chance) for _ in range(nodes)]
    # On one processor the two take turns, which is the same as one after the other.
    left = max(1, costs.node_cores - 1)
    workers = [_Station(left, costs.worker_ms / 1000, chance) for _ in range(nodes)]
    database = _Station(costs.database_cores, costs.database_ms / 1000, chance)
    feed = _Station(1, costs.feed_ms / 1000, chance)
    end = costs.interval_s * (_WARM_UP + _COUNTED)
    found = Latencies()
    # Time, order, step, when it was sent, its node. The proxy takes the nodes in turns.
    events = [(chance.uniform(0, costs.interval_s), n, 0, 0.0, 0) for n in range(candidates)]
    heapq.heapify(events)
    taken = 0
    while events and events[0][0] < end:
        now, candidate, step, sent, node = heapq.heappop(events)
        if step == 0:
            taken += 1
            sent, node = now, taken % nodes
            done = apps[node].serve(now)
        elif step == 1:
            done = workers[node].serve(now)
        elif step == 2:  # noqa: PLR2004 - the third
            done = database.serve(now) + costs.commit_ms / 1000
        else:
            answered = feed.serve(now)
            if sent >= costs.interval_s * _WARM_UP:
                found.seconds.append(answered - sent)
            done = max(sent + costs.interval_s * chance.uniform(1, 1.02), answered)
        heapq.heappush(events, (done, candidate, (step + 1) % 4, sent, node))
    return found


def held(costs: Costs, nodes: int, candidates: int) -> bool:
    """Whether 95 of 100 verdicts come within a second."""
    app = sum(app_busy(costs, nodes, candidates))
    busy = (node_busy(costs, nodes, candidates), app, *shared_busy(costs, candidates))
    if max(busy) > FULL:
        return False
    return simulate(costs, nodes, candidates).quantile(0.95) <= LIMIT_S


def reached(costs: Costs, nodes: int) -> Reached:
    """The most candidates that so many nodes hold."""
    low, high = 0, 64
    while high < _MOST and held(costs, nodes, high):
        low, high = high, high * 2
    while high - low > max(1, high // 200):
        middle = (low + high) // 2
        low, high = (middle, high) if held(costs, nodes, middle) else (low, middle)
    database, feed = shared_busy(costs, low)
    return Reached(
        nodes=nodes,
        candidates=low,
        p95_s=simulate(costs, nodes, low).quantile(0.95),
        app_busy=sum(app_busy(costs, nodes, low)),
        node_busy=node_busy(costs, nodes, low),
        database_busy=database,
        feed_busy=feed,
    )
