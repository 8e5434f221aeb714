"""The face in the picture is not the one that checked in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from invigil.domain.changes import WarningCode
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

_FIT = frozenset({None, Unusable.SEVERAL_FACES})
# On these somebody may be recognised, but nobody accused.
_RECOGNISES = _FIT | {Unusable.BLURRED, Unusable.TURNED_AWAY, Unusable.FACE_CUT_OFF}
_DETAIL = IncidentDetail(comparison=Comparison.DOES_NOT_MATCH)


# What may count as a mismatch is decided frame by frame, and strictly (`vision.quality.doubt`). Two
# frames that are no double of one another are enough then: seconds count, and an incident that a
# later frame contradicts ends by itself.
_FRAMES = 2
_SPAN = timedelta(milliseconds=150)


class DifferentPerson:
    """Follows the 1:1 comparison; only frames good enough to compare have a say."""

    kind = IncidentKind.DIFFERENT_PERSON

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`. The detail never changes while the incident is open."""
        weighed = weigh(
            policy,
            window,
            open_incident,
            classify=_sign,
            open_span=min(policy.open_span, _SPAN),
            open_frames=min(policy.open_frames, _FRAMES),
        )
        verdict = conclude(
            weighed,
            open_incident,
            kind=self.kind,
            detail=_DETAIL if open_incident is None else open_incident.detail,
            warning=WarningCode.DIFFERENT_PERSON,
        )
        first = open_incident is None and weighed.shows.frames == (window[-1],)
        return replace(verdict, urgent=verdict.undecided and first)


def _sign(frame: ObservationRecord) -> Sign:
    """Unusable never counts against the candidate.

    Beside small faces (a poster, somebody far away) the main one is still compared, or a picture on
    the wall would be all it takes to swap unseen.
    """
    if frame.identity is Identity.MISMATCH and frame.unusable in _FIT:
        return Sign.SHOWS
    if frame.identity is Identity.MATCH and frame.unusable in _RECOGNISES:
        return Sign.CLEAR
    return Sign.SAYS_NOTHING
