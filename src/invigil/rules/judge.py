"""All frame rules together: one stored frame in, one ruling out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise

from invigil.domain.changes import Change, Close, Open, Ruling, WarningCode
from invigil.domain.incident import Incident, IncidentKind, IncidentState, ObservationRecord
from invigil.domain.observation import Identity, Unusable
from invigil.domain.session import Policy
from invigil.rules.camera_covered import CameraCovered
from invigil.rules.camera_frozen import CameraFrozen
from invigil.rules.different_person import DifferentPerson
from invigil.rules.feed_looped import FeedLooped
from invigil.rules.multiple_faces import MultipleFaces
from invigil.rules.no_face import NoFace
from invigil.rules.not_recognised import NotRecognised
from invigil.rules.rule import LOOK_AGAIN, Rule

_WITHOUT_COMPARISON: tuple[Rule, ...] = (
    MultipleFaces(),
    NoFace(),
    CameraCovered(),
    CameraFrozen(),
    FeedLooped(),
)
_REMEMBERING = frozenset(
    {IncidentKind.FEED_LOOPED, IncidentKind.NOT_RECOGNISED, IncidentKind.NO_FACE}
)
_RULES: tuple[Rule, ...] = (DifferentPerson(), *_WITHOUT_COMPARISON, NotRecognised())
SEEN_ON_FRAMES = frozenset(rule.kind for rule in _RULES)
"""What goes on as long as frames show it, and of which nobody knows anything without frames."""

# A candidate may spend this much of the last `_BURST_MEMORY` in the burst rhythm, whatever the
# suspicion: one that more frames do not settle must not cost the others their share of the server.
_BURST_ALLOWANCE = timedelta(seconds=10)
_BURST_MEMORY = timedelta(seconds=30)
_GENTLER = 4  # times the burst interval, once the allowance is spent

# For so long after the last match somebody who is no longer recognised is looked at more often.
_RECOGNISED_WITHIN = timedelta(seconds=10)

_QUALITY_FRAMES = 3
_QUALITY_WARNINGS: dict[Unusable, WarningCode] = {
    Unusable.TOO_DARK: WarningCode.TOO_DARK,
    Unusable.TOO_BRIGHT: WarningCode.TOO_BRIGHT,
    Unusable.FACE_TOO_SMALL: WarningCode.FACE_TOO_SMALL,
    Unusable.BLURRED: WarningCode.BLURRED,
    Unusable.FACE_CUT_OFF: WarningCode.FACE_CUT_OFF,
}


def judge(
    policy: Policy,
    now: datetime,
    recent: Sequence[ObservationRecord],
    open_incidents: Sequence[Incident],
    *,
    compared: bool = True,
) -> Ruling:
    """Judge the newest frame of one candidate.

    `recent`: the candidate's stored observations in any order; duplicates and observations older
    than `policy.memory` before `now` do not matter. The newest one is the frame being judged.
    `open_incidents`: those of the same candidate; kinds without a frame rule are ignored.
    `compared`: whether there are templates of the candidate that frames are compared with.

    Open incidents of a rule that does not run (any more) end with the newest frame: nobody looks
    whether their cause goes on.
    """
    memory = _since(now - policy.memory, recent)
    window = [frame for frame in memory if frame.received_at >= now - policy.window]
    if not window:
        return Ruling(changes=(), warnings=(), next_frame=policy.sampling)
    by_kind = _by_kind(open_incidents)
    known = _RULES if compared else _WITHOUT_COMPARISON
    rules = [rule for rule in known if rule.kind not in policy.off]
    verdicts = [
        rule.evaluate(
            policy,
            memory if rule.kind in _REMEMBERING else window,
            by_kind.get(rule.kind),
        )
        for rule in rules
    ]
    warnings = [verdict.warning for verdict in verdicts]
    warnings.append(_quality_warning(window))
    undecided = any(verdict.undecided for verdict in verdicts)
    urgent = any(verdict.urgent for verdict in verdicts)
    changes = [verdict.change for verdict in verdicts if verdict.change is not None]
    changes += _ended_with_their_rules(rules, by_kind, window[-1].received_at)
    return Ruling(
        changes=tuple(_without_echo(changes, by_kind, window[-1].received_at)),
        warnings=tuple(dict.fromkeys(code for code in warnings if code is not None)),
        next_frame=_sooner(
            policy,
            _burst(policy, window, urgent) if undecided else _calm(policy, window),
            [verdict.look_in for verdict in verdicts if verdict.look_in is not None],
        ),
    )


def _ended_with_their_rules(
    running: Sequence[Rule], by_kind: Mapping[IncidentKind, Incident], now: datetime
) -> Iterator[Close]:
    idle = {rule.kind for rule in _RULES} - {rule.kind for rule in running}
    for kind, incident in by_kind.items():
        if kind in idle:
            yield Close(incident, max(now, incident.started_at))


def _without_echo(
    changes: Sequence[Change], by_kind: Mapping[IncidentKind, Incident], now: datetime
) -> Iterator[Change]:
    """Who is reported as a different person need not be reported as not recognised as well."""
    opened = {change.kind for change in changes if isinstance(change, Open)} | set(by_kind)
    told_apart = IncidentKind.DIFFERENT_PERSON in opened
    for change in changes:
        echo = isinstance(change, Open) and change.kind is IncidentKind.NOT_RECOGNISED
        if not (echo and told_apart):
            yield change
    doubt = by_kind.get(IncidentKind.NOT_RECOGNISED)
    closing = [change.incident for change in changes if isinstance(change, Close)]
    if doubt is not None and told_apart and doubt not in closing:
        yield Close(doubt, max(now, doubt.started_at))


def _since(oldest: datetime, recent: Sequence[ObservationRecord]) -> list[ObservationRecord]:
    """Each observation once, oldest first, none older than `oldest`."""
    kept = [frame for frame in recent if frame.received_at >= oldest]
    kept.sort(key=lambda frame: (frame.received_at, frame.id))
    return list({frame.id: frame for frame in kept}.values())


def _by_kind(open_incidents: Sequence[Incident]) -> dict[IncidentKind, Incident]:
    """The oldest open incident of each kind. There should be no second one."""
    oldest_last = sorted(
        (incident for incident in open_incidents if incident.state is IncidentState.OPEN),
        key=lambda incident: (incident.started_at, incident.id),
        reverse=True,
    )
    return {incident.kind: incident for incident in oldest_last}


def _quality_warning(window: Sequence[ObservationRecord]) -> WarningCode | None:
    """The trouble that the newest frames share, when they share one."""
    reasons = {frame.unusable for frame in window[-_QUALITY_FRAMES:]}
    if len(window) < _QUALITY_FRAMES or len(reasons) > 1:
        return None
    reason = reasons.pop()
    return None if reason is None else _QUALITY_WARNINGS.get(reason)


def _calm(policy: Policy, window: Sequence[ObservationRecord]) -> timedelta:
    """Time to the next frame while nothing is suspected.

    Somebody who was recognised a moment ago and no longer is (turned, blurred, in doubt) is looked
    at again soon: it is no sign of anything, but whoever sits there now, nobody has seen yet.
    """
    newest = window[-1]
    since = newest.received_at - max(policy.sampling * 2, _RECOGNISED_WITHIN)
    lost = (
        newest.face_count == 1
        and newest.identity is not Identity.MATCH
        and any(frame.identity is Identity.MATCH and frame.received_at >= since for frame in window)
    )
    return min(policy.sampling, LOOK_AGAIN) if lost else policy.sampling


def _sooner(policy: Policy, interval: timedelta, wanted: Sequence[timedelta]) -> timedelta:
    """The interval, or the time until a frame is wanted, but never less than in a burst."""
    shortest = min(policy.burst, interval)
    return max(min([interval, *wanted]), shortest)


def _burst(policy: Policy, window: Sequence[ObservationRecord], urgent: bool) -> timedelta:
    """Time to the next frame while something is undecided: short, but not for ever."""
    short = min(policy.burst, policy.sampling)
    gentle = min(short * _GENTLER, policy.sampling)
    since = window[-1].received_at - _BURST_MEMORY
    recent = [frame.received_at for frame in window if frame.received_at >= since]
    gaps = [after - before for before, after in pairwise(recent)]
    if urgent:
        return min(policy.first_look, short)
    # Frames arrive a little later than asked for, so anything nearer to `short` counts as burst.
    spent = sum((gap for gap in gaps if gap * 2 < short + gentle), timedelta())
    return short if spent < _BURST_ALLOWANCE else gentle
