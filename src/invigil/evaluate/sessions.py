"""Whole sittings: is what happens reported, how soon, and what is reported that did not happen?"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from invigil.domain.incident import IncidentKind
from invigil.evaluate.play import Opened, Played, Player
from invigil.evaluate.script import Script, Truth
from invigil.evaluate.stats import Rate
from invigil.vision.port import VisionEngine

KINDS = (IncidentKind.DIFFERENT_PERSON, IncidentKind.MULTIPLE_FACES, IncidentKind.NO_FACE)
# Information as well as what a script can ask for.
REPORTED = (*KINDS, IncidentKind.NOT_RECOGNISED)
# A decision that was under way when the cause ended may still come.
_GRACE_S = 3.0


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `delay_s`: until its incident was there to see; None: missed.

    `noted_s`: for somebody else who sits there, until "not recognised" was there to see, if at all.
    """

    session: str
    truth: Truth
    scene: str
    delay_s: float | None
    outcomes: dict[str, int]
    best_score: float | None
    noted_s: float | None = None

    @property
    def told_s(self) -> float | None:
        """Until the proctor was told of it in either way, if at all."""
        return min((at for at in (self.delay_s, self.noted_s) if at is not None), default=None)


@dataclass(frozen=True, slots=True)
class FalseIncident:
    session: str
    opened: Opened


@dataclass(frozen=True, slots=True)
class SessionsResult:
    """`hours`: simulated, without sittings that no check-in came about for (`not_acquired`).

    `repeats`: incidents after the first one within the same event. `frames`: judged by the rules;
    `looks`: of them, how many different pictures the engine saw.
    """

    models: tuple[str, ...]
    hours: float
    sittings: int
    not_acquired: list[str]
    to_proctor: Rate
    events: list[Event]
    false: list[FalseIncident]
    repeats: int
    frames: int
    looks: int
    sampling_s: float
    latency_s: float
    outcomes: dict[str, dict[str, int]]

    def of(self, kind: IncidentKind) -> list[Event]:
        return [event for event in self.events if event.truth.kind is kind]

    def delays(self, kind: IncidentKind) -> list[float]:
        """Of those that were found, in order of size."""
        return sorted(event.delay_s for event in self.of(kind) if event.delay_s is not None)

    def median_delay(self, kind: IncidentKind) -> float | None:
        return _median(self.delays(kind))

    def missed(self, kind: IncidentKind) -> Rate:
        events = self.of(kind)
        return Rate(sum(event.delay_s is None for event in events), len(events))

    @property
    def noted(self) -> list[Event]:
        """Missed swaps that came to the proctor as somebody who is not recognised."""
        missed = (
            event for event in self.of(IncidentKind.DIFFERENT_PERSON) if event.delay_s is None
        )
        return [event for event in missed if event.noted_s is not None]

    @property
    def swaps_told(self) -> list[float]:
        """Of all swaps that the proctor was told of in either way, the delays in order of size."""
        told = (event.told_s for event in self.of(IncidentKind.DIFFERENT_PERSON))
        return sorted(delay for delay in told if delay is not None)

    @property
    def median_told(self) -> float | None:
        return _median(self.swaps_told)

    @property
    def swaps_untold(self) -> Rate:
        swaps = len(self.of(IncidentKind.DIFFERENT_PERSON))
        return Rate(swaps - len(self.swaps_told), swaps)

    def false_of(self, kind: IncidentKind) -> int:
        return sum(each.opened.kind is kind for each in self.false)

    def false_by_scene(self) -> dict[IncidentKind, Counter[str]]:
        table: dict[IncidentKind, Counter[str]] = {}
        for each in self.false:
            table.setdefault(each.opened.kind, Counter())[plain_name(each.opened.scene)] += 1
        return table


def evaluate_sessions(
    scripts: Sequence[Script],
    engine: VisionEngine,
    *,
    latency_s: float = 0.1,
    progress: Callable[[str], None] = lambda _: None,
) -> SessionsResult:
    player = Player(engine, timedelta(seconds=latency_s))
    played = []
    for script in scripts:
        played.append(player.play(script))
        progress(script.name)
    return summarise(played, engine.models, latency_s)


def summarise(
    played: Sequence[Played], models: tuple[str, ...] = (), latency_s: float = 0.0
) -> SessionsResult:
    sat = [each for each in played if each.opened is not None]
    events: list[Event] = []
    false: list[FalseIncident] = []
    repeats = 0
    outcomes: dict[str, Counter[str]] = {}
    for each in sat:
        found, wrong, again = _compared(each)
        events += found
        false += wrong
        repeats += again
        for scene, counts in each.outcomes.items():
            outcomes.setdefault(plain_name(scene), Counter()).update(counts)
    return SessionsResult(
        models=models,
        hours=sum(each.script.duration_s for each in sat) / 3600,
        sittings=len(sat),
        not_acquired=[each.script.name for each in played if each.opened is None],
        to_proctor=Rate(sum(each.to_proctor for each in sat), len(sat)),
        events=events,
        false=false,
        repeats=repeats,
        frames=sum(each.frames for each in sat),
        looks=sum(each.looks for each in sat),
        sampling_s=max((each.script.sampling_s for each in played), default=0.0),
        latency_s=latency_s,
        outcomes={scene: dict(counts) for scene, counts in sorted(outcomes.items())},
    )


def _median(delays: Sequence[float]) -> float | None:
    return statistics.median(delays) if delays else None


def plain_name(scene: str) -> str:
    """`swap 3` is a swap."""
    name, _, number = scene.rpartition(" ")
    return name if name and number.isdigit() else scene


def _compared(played: Played) -> tuple[list[Event], list[FalseIncident], int]:
    """Events with their delay, incidents without a cause, and how many were repeats."""
    left = list(played.opened or ())
    events, repeats = [], 0
    for truth in played.script.truths:
        own = [incident for incident in left if _explains(truth, incident)]
        left = [incident for incident in left if incident not in own]
        repeats += max(0, len(own) - 1)
        notes = [incident for incident in left if _notes(truth, incident)]
        left = [incident for incident in left if incident not in notes]
        noted = min((incident.opened_s for incident in notes), default=None)
        scene = _scene_at(played.script, truth.from_s)
        delay = min((incident.opened_s for incident in own), default=None)
        events.append(
            Event(
                session=played.script.name,
                truth=truth,
                scene=scene,
                delay_s=None if delay is None else delay - truth.from_s,
                outcomes=dict(played.outcomes.get(scene, {})),
                best_score=played.best_scores.get(scene),
                noted_s=None if noted is None else noted - truth.from_s,
            )
        )
    return events, [FalseIncident(played.script.name, incident) for incident in left], repeats


def _explains(truth: Truth, incident: Opened) -> bool:
    return (
        incident.kind is truth.kind
        and truth.from_s <= incident.started_s
        and incident.started_s <= truth.to_s + _GRACE_S
        and incident.opened_s <= truth.to_s + _GRACE_S
    )


def _notes(truth: Truth, incident: Opened) -> bool:
    """Whether it says of a swap that nobody is recognised."""
    return (
        truth.kind is IncidentKind.DIFFERENT_PERSON
        and incident.kind is IncidentKind.NOT_RECOGNISED
        and truth.from_s <= incident.started_s <= truth.to_s
        and incident.opened_s <= truth.to_s + _GRACE_S
    )


def _scene_at(script: Script, seconds: float) -> str:
    return [act.scene for act in script.acts if act.from_s <= seconds][-1]
