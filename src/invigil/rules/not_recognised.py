"""Somebody sits there and no frame tells who. Information, no accusation.

Where the face is hidden, blurred or in doubt that is said after half a minute; where it is seen
clearly and is still not recognised, or is turned and quite unlike, after some seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import takewhile

from invigil.domain.incident import (
    Comparison,
    Incident,
    IncidentDetail,
    IncidentKind,
    ObservationRecord,
)
from invigil.domain.observation import Identity, Unusable
from invigil.domain.session import Policy
from invigil.rules.hysteresis import Run, Sign, Weighed, weigh
from invigil.rules.rule import LOOK_AGAIN, Verdict, conclude, newest

# Somebody who keeps the face turned or blurred is never a mismatch. Turning, moving, drinking and
# a hand before the face are over sooner than this.
_LEAST_SPAN = timedelta(seconds=25)
_FRAMES = 3
# A lookalike is never a mismatch either. On a clear frame the right person is hardly ever not
# recognised (docs/models.md), so few of them tell, if they are not all of one moment. Who was in
# doubt like that and then recognised, in all that is remembered, is one of the few who hover: of
# them it is said after half a minute, or there would be one incident after another.
# A swap may come right after a frame, and the proctor is to know within eight seconds: five pass
# until the next frame, so less than three are left for the others.
_CLEAR_SPAN = timedelta(seconds=2.3)
_CLEAR_FRAMES = 4
_HARDLY_SEEN = IncidentDetail(comparison=Comparison.UNCLEAR)
_CLEARLY_SEEN = IncidentDetail(comparison=Comparison.NEITHER)
_HIDDEN = frozenset(
    {Unusable.TURNED_AWAY, Unusable.BLURRED, Unusable.FACE_TOO_SMALL, Unusable.FACE_CUT_OFF}
)


class NotRecognised:
    """Asks a human to look, where the comparison has nothing to say."""

    kind = IncidentKind.NOT_RECOGNISED

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`. `window`: all that is remembered (`Policy.memory`).

        It asks for frames only while a face that is seen clearly is not recognised, and for no more
        than decide that: there is no hurry in anything else.
        """
        recent = newest(policy, window)
        weighed = weigh(
            policy,
            recent,
            open_incident,
            classify=_sign,
            open_span=_LEAST_SPAN,
            open_frames=_FRAMES,
        )
        clearly = _clearly(policy, window, recent) if open_incident is None else None
        told = weighed if clearly is None or weighed.opens_at else clearly
        clear = [
            frame
            for frame in told.shows.frames
            if frame.unusable is None and _clear_sign(frame) is Sign.SHOWS
        ]
        detail = _CLEARLY_SEEN if len(clear) >= _CLEAR_FRAMES else _HARDLY_SEEN
        verdict = conclude(
            told,
            open_incident,
            kind=self.kind,
            detail=detail if open_incident is None else open_incident.detail,
            warning=None,
        )
        wanted = clearly is not None and clearly.undecided
        return replace(verdict, undecided=False, look_in=LOOK_AGAIN if wanted else None)


def _clearly(
    policy: Policy, remembered: Sequence[ObservationRecord], recent: Sequence[ObservationRecord]
) -> Weighed | None:
    """What clear frames say; None where the newest is none, or they are not to be trusted."""
    if _clear_sign(recent[-1]) is not Sign.SHOWS:
        return None
    clearly = weigh(
        policy,
        recent,
        None,
        classify=_clear_sign,
        open_span=_CLEAR_SPAN,
        open_frames=_CLEAR_FRAMES,
    )
    return None if _hovers(remembered, clearly.shows) else clearly


def _hovers(remembered: Sequence[ObservationRecord], run: Run) -> bool:
    """Whether clear frames did not recognise somebody before `run` either, and then they did."""
    began = run.frames[0]
    before = takewhile(lambda frame: frame.id != began.id, remembered)
    return any(_clear_sign(frame) is Sign.SHOWS for frame in before)


def _sign(frame: ObservationRecord) -> Sign:
    """Bad light and an empty chair have words of their own."""
    if frame.face_count == 0:
        return Sign.SAYS_NOTHING
    if frame.identity is Identity.MATCH:
        return Sign.CLEAR
    if frame.identity in {Identity.UNCERTAIN, Identity.MISMATCH} or frame.unusable in _HIDDEN:
        return Sign.SHOWS
    return Sign.SAYS_NOTHING


def _clear_sign(frame: ObservationRecord) -> Sign:
    """Frames that leave a doubt say nothing here. Who is told apart is seen clearly enough."""
    seen = frame.identity is Identity.MISMATCH or (
        frame.identity is Identity.UNCERTAIN and frame.clear
    )
    if seen or frame.identity is Identity.MATCH:
        return _sign(frame)
    return Sign.SAYS_NOTHING
