"""Somebody sits there and no frame tells who. Information, no accusation.

Where the face is hidden, blurred or in doubt that is said after half a minute; where it is seen
clearly and is still not recognised, after some seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from invigil.domain.incident import (
    Comparison,
    Incident,
    IncidentDetail,
    IncidentKind,
    ObservationRecord,
)
from invigil.domain.observation import Identity, Unusable
from invigil.domain.session import Policy
from invigil.rules.hysteresis import Sign, weigh
from invigil.rules.rule import Verdict, conclude

# Somebody who keeps the face turned or blurred is never a mismatch. Turning, moving, drinking and
# a hand before the face are over sooner than this.
_LEAST_SPAN = timedelta(seconds=25)
_FRAMES = 3
# A lookalike is never a mismatch either. On a clear frame the right person is hardly ever not
# recognised (docs/models.md), so few of them tell, if they are not all of one moment.
_CLEAR_SPAN = timedelta(seconds=4)
_CLEAR_FRAMES = 4
_LOOK_AGAIN = timedelta(seconds=1)
_DETAIL = IncidentDetail(comparison=Comparison.UNCLEAR)
_HIDDEN = frozenset({Unusable.TURNED_AWAY, Unusable.BLURRED, Unusable.FACE_TOO_SMALL})


class NotRecognised:
    """Asks a human to look, where the comparison has nothing to say."""

    kind = IncidentKind.NOT_RECOGNISED

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`.

        It asks for frames only while a face that is seen clearly is not recognised, and for no more
        than decide that: there is no hurry in anything else.
        """
        weighed = weigh(
            policy,
            window,
            open_incident,
            classify=_sign,
            open_span=_LEAST_SPAN,
            open_frames=_FRAMES,
        )
        clearly = weigh(
            policy,
            window,
            open_incident,
            classify=_clear_sign,
            open_span=_CLEAR_SPAN,
            open_frames=_CLEAR_FRAMES,
        )
        verdict = conclude(
            clearly if open_incident is None and weighed.opens_at is None else weighed,
            open_incident,
            kind=self.kind,
            detail=_DETAIL if open_incident is None else open_incident.detail,
            warning=None,
        )
        newest_counts = _clear_sign(window[-1]) is Sign.SHOWS
        wanted = open_incident is None and newest_counts and clearly.undecided
        return replace(verdict, undecided=False, look_in=_LOOK_AGAIN if wanted else None)


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
