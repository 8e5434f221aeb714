"""More than one face in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from invigil.domain.changes import WarningCode
from invigil.domain.incident import Incident, IncidentDetail, IncidentKind, ObservationRecord
from invigil.domain.observation import Unusable
from invigil.domain.session import Policy
from invigil.rules.hysteresis import Sign, weigh
from invigil.rules.rule import Verdict, conclude

_SEVERAL = 2
_BLIND = frozenset({Unusable.TOO_DARK, Unusable.TOO_BRIGHT})


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
