"""Pictures that were there before come again: a recording is played in place of the camera."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from invigil.domain.changes import Change, Close, Open
from invigil.domain.incident import Incident, IncidentDetail, IncidentKind, ObservationRecord
from invigil.domain.session import Policy
from invigil.rules.rule import Verdict
from invigil.rules.sameness import same_picture

# Repeats that lie apart by multiples of one time: a clip that goes round.
_REPEATS = 3
# Repeats without such a time (cut together, or times blurred by a bad line) need to be more.
_DISORDERLY = 5
# Nearer frames may be one picture that a slow camera gave twice.
_LEAST_LAG = timedelta(seconds=2)
_PART = 3  # bytes
_LEAST_PERIOD, _MOST_ROUNDS = 2.0, 100  # seconds; rounds of the clip between two repeats
_TOLERANCE = 0.4  # seconds that a frame may be late on its way
# Repeats count for so long, and an incident without a new one for so long is over.
_QUIET = timedelta(seconds=90)
_QUIET_INTERVALS = 6
_ONE_IN = 1 / 8


@dataclass(frozen=True, slots=True)
class _Repeat:
    """`later` is `earlier` again, after something else was seen."""

    earlier: ObservationRecord
    later: ObservationRecord

    @property
    def lag(self) -> timedelta:
        return self.later.received_at - self.earlier.received_at


class FeedLooped:
    """A sensor never gives one picture twice; so a few that come again are no chance."""

    kind = IncidentKind.FEED_LOOPED

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`; `window` reaches back as far as `policy.memory`.

        One repeat tells after what time to look for the next: that finds a loop quickly, with
        hardly a frame more than usual.
        """
        quiet = max(_QUIET, policy.sampling * _QUIET_INTERVALS)
        now = window[-1].received_at
        repeats = _repeats(window, now - quiet)
        return Verdict(
            change=_change(repeats, window, open_incident, now - quiet),
            look_in=_next_repeat(window, repeats[-1].lag)
            if repeats
            else _out_of_step(policy, window),
        )


def _change(
    repeats: Sequence[_Repeat],
    window: Sequence[ObservationRecord],
    open_incident: Incident | None,
    since: datetime,
) -> Change | None:
    if open_incident is not None:
        if repeats or open_incident.started_at >= since:
            return None
        # Once there is a window without one, it has ended at the window's beginning.
        ended = next((f.received_at for f in window if f.received_at > since), since)
        return Close(incident=open_incident, ended_at=ended)
    if not repeats or repeats[-1].later is not window[-1]:
        return None
    if not (_go_round(repeats) or len(repeats) >= _DISORDERLY):
        return None
    started = repeats[0].later.received_at
    return Open(
        kind=IncidentKind.FEED_LOOPED, started_at=started, detail=IncidentDetail(), with_image=True
    )


def _repeats(window: Sequence[ObservationRecord], since: datetime) -> list[_Repeat]:
    """Frames after `since` that were there before, each with the newest one it repeats.

    No frame is repeated twice: one still that comes now and then is one repeat.
    """
    frames = [frame for frame in window if frame.fingerprint is not None]
    known: dict[tuple[int, bytes], list[int]] = {}
    found: list[_Repeat] = []
    used: set[int] = set()
    for place, later in enumerate(frames):
        parts = _parts(later)
        if later.received_at > since:
            near = {each for part in parts for each in known.get(part, ())}
            earlier = next((e for e in _before(frames, place, near) if e not in used), None)
            if earlier is not None:
                used.add(earlier)
                found.append(_Repeat(frames[earlier], later))
        for part in parts:
            known.setdefault(part, []).append(place)
    return found


def _parts(frame: ObservationRecord) -> list[tuple[int, bytes]]:
    """More than bits may turn: of two fingerprints of one picture, at least one part is equal."""
    bits = frame.fingerprint or b""
    return [(start, bits[start : start + _PART]) for start in range(0, len(bits), _PART)]


def _before(
    frames: Sequence[ObservationRecord], place: int, near: Collection[int]
) -> Iterator[int]:
    """Places of frames that the one at `place` repeats, newest first.

    Another picture must lie in between, or it is a still. `near`: all that may be the same.
    """
    later = frames[place]
    same = sorted((each for each in near if same_picture(frames[each], later)), reverse=True)
    for nearer, earlier in enumerate(same):
        changed = place - earlier - 1 > nearer
        if changed and later.received_at - frames[earlier].received_at >= _LEAST_LAG:
            yield earlier


def _go_round(repeats: Sequence[_Repeat]) -> bool:
    """Whether enough of the lags are multiples of one period."""
    lags = sorted(each.lag.total_seconds() for each in repeats)
    if len(lags) < _REPEATS:
        return False
    shortest = lags[0]
    periods = (shortest / rounds for rounds in range(1, _MOST_ROUNDS))
    return any(
        sum(_is_multiple(lag, period) for lag in lags) >= _REPEATS
        for period in periods
        if period >= _LEAST_PERIOD
    )


def _is_multiple(lag: float, period: float) -> bool:
    allowed = min(_TOLERANCE, period / 8)
    return abs(lag - round(lag / period) * period) <= allowed


def _out_of_step(policy: Policy, window: Sequence[ObservationRecord]) -> timedelta | None:
    """Now and then a shorter wait: in step with the clip, the same moments of it would be missed
    for ever. The fingerprint's bits are the dice, so that the same frames are judged the same."""
    dice = window[-1].fingerprint
    if dice is None or dice[0] >= _ONE_IN * 256:
        return None
    return policy.sampling * (0.5 + dice[1] / 512)


def _next_repeat(window: Sequence[ObservationRecord], lag: timedelta) -> timedelta | None:
    """Time until a frame would be the next one to come again, if the clip goes round in `lag`."""
    now = window[-1].received_at
    due = (f.received_at + lag - now for f in window if f.fingerprint is not None)
    return next((wait for wait in due if wait > timedelta()), None)
