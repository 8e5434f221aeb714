"""Somebody sits there, and for half a minute no frame tells who. Information, no accusation."""

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

# A lookalike, or somebody who keeps the face turned or blurred, is never a mismatch. Turning,
# moving, drinking and a hand before the face are over sooner than this.
_LEAST_SPAN = timedelta(seconds=25)
_FRAMES = 3
_DETAIL = IncidentDetail(comparison=Comparison.UNCLEAR)
_HIDDEN = frozenset({Unusable.TURNED_AWAY, Unusable.BLURRED, Unusable.FACE_TOO_SMALL})


class NotRecognised:
    """Asks a human to look, where the comparison has nothing to say for long."""

    kind = IncidentKind.NOT_RECOGNISED

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`. It never asks for more frames: there is no hurry in it."""
        weighed = weigh(
            policy,
            window,
            open_incident,
            classify=_sign,
            open_span=_LEAST_SPAN,
            open_frames=_FRAMES,
        )
        verdict = conclude(
            weighed,
            open_incident,
            kind=self.kind,
            detail=_DETAIL if open_incident is None else open_incident.detail,
            warning=None,
        )
        return replace(verdict, undecided=False)


def _sign(frame: ObservationRecord) -> Sign:
    """Bad light and an empty chair have words of their own."""
    if frame.face_count == 0:
        return Sign.SAYS_NOTHING
    if frame.identity is Identity.MATCH:
        return Sign.CLEAR
    if frame.identity in {Identity.UNCERTAIN, Identity.MISMATCH} or frame.unusable in _HIDDEN:
        return Sign.SHOWS
    return Sign.SAYS_NOTHING
