"""More than one face in the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from invigil.domain.changes import WarningCode
from invigil.domain.incident import Incident, IncidentDetail, IncidentKind, ObservationRecord
from invigil.domain.observation import Box, Unusable
from invigil.domain.session import Policy
from invigil.rules.hysteresis import Run, Sign, Weighed, weigh
from invigil.rules.rule import Verdict, conclude

_SEVERAL = 2
_BLIND = frozenset({Unusable.TOO_DARK, Unusable.TOO_BRIGHT})

# A poster, a family photo, a face on a book: small beside the candidate, and it never moves.
# Somebody who sits beside the candidate is larger than this share of the candidate's face, and is
# reported at once; somebody further away is, as soon as the face has moved.
_NEAR = 0.75
# In shares of the face's own side. Detectors place a face on paper within less than a tenth; a
# living head sways by more than this within seconds.
_MOVED = 0.12
# So long it is worth asking for more frames, to see whether a small face moves.
_WATCHED = timedelta(seconds=6)


class MultipleFaces:
    """Counts faces; whose they are does not matter here."""

    kind = IncidentKind.MULTIPLE_FACES

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`. The detail carries the most faces seen so far."""
        weighed = weigh(policy, window, open_incident, classify=_sign, open_span=policy.open_span)
        if open_incident is None and not _alive(weighed.shows):
            weighed = _held_back(weighed)
        known = IncidentDetail() if open_incident is None else open_incident.detail
        counts = [frame.face_count for frame in weighed.shows.frames]
        if known.max_faces is not None:
            counts.append(known.max_faces)
        return conclude(
            weighed,
            open_incident,
            kind=self.kind,
            detail=replace(known, max_faces=max(counts, default=None)),
            warning=WarningCode.MULTIPLE_FACES,
        )


def _sign(frame: ObservationRecord) -> Sign:
    """A picture too dark or too bright to find any face does not prove that somebody left."""
    if frame.face_count >= _SEVERAL:
        return Sign.SHOWS
    if frame.face_count == 0 and frame.unusable in _BLIND:
        return Sign.SAYS_NOTHING
    return Sign.CLEAR


def _held_back(weighed: Weighed) -> Weighed:
    """The candidate is told of it, but no incident comes of what may be a picture on the wall."""
    frames = weighed.shows.frames
    watched = bool(frames) and frames[-1].received_at - frames[0].received_at >= _WATCHED
    return replace(
        weighed,
        opens_at=None,
        undecided=bool(frames) and not watched,
    )


def _alive(run: Run) -> bool:
    """Whether some face besides the largest is near, or is not where one was in the first frame.

    Frames whose boxes nobody kept count as alive. The largest is not always the main face: a
    candidate who leans half out of the picture is none beside a poster.
    """
    if not run.frames:
        return False
    first, *_ = seen = [sorted(frame.boxes, key=_side, reverse=True) for frame in run.frames]
    return any(
        not boxes or any(_near(box, boxes[0]) for box in boxes[1:]) or _somebody_moved(boxes, first)
        for boxes in seen
    )


def _somebody_moved(boxes: Sequence[Box], first: Sequence[Box]) -> bool:
    """Whether a face besides the largest is where none of `first` was."""
    shift = _shift(boxes, first)
    return any(all(_moved(box, before, shift) for before in first) for box in boxes[1:])


def _near(box: Box, largest: Box) -> bool:
    return _side(box) >= _NEAR * _side(largest)


def _shift(boxes: Sequence[Box], before: Sequence[Box]) -> tuple[float, float]:
    """By how much the largest face is elsewhere: when all are, it was the camera that moved."""
    (x, y), (x0, y0) = _middle(boxes[0]), _middle(before[0])
    return x - x0, y - y0


def _moved(box: Box, before: Box, shift: tuple[float, float]) -> bool:
    """Whether place or size is another, with the camera where it was or moved by `shift`."""
    allowed = _MOVED * _side(before)
    (x, y), (x0, y0) = _middle(box), _middle(before)
    still = math.hypot(x - x0, y - y0) <= allowed
    with_camera = math.hypot(x - x0 - shift[0], y - y0 - shift[1]) <= allowed
    return not (still or with_camera) or abs(_side(box) - _side(before)) > 2 * allowed


def _middle(box: Box) -> tuple[float, float]:
    return box.left + box.width / 2, box.top + box.height / 2


def _side(box: Box) -> float:
    return max(box.width, box.height)
