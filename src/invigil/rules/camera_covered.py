"""The picture shows nothing: the camera is covered, or the room is dark. Information, no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from invigil.domain.incident import Incident, IncidentDetail, IncidentKind, ObservationRecord
from invigil.domain.session import Policy
from invigil.rules.hysteresis import Sign, weigh
from invigil.rules.rule import Verdict, conclude

# Somebody wipes the lens, a lamp goes out, a laptop's shutter is tried: over by then.
_LEAST_SPAN = timedelta(seconds=25)


class CameraCovered:
    """Says apart from "nobody is there" that nobody could be seen."""

    kind = IncidentKind.CAMERA_COVERED

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`. There is no detail, and no warning besides that of bad light."""
        weighed = weigh(
            policy,
            window,
            open_incident,
            classify=_sign,
            open_span=max(policy.open_span, _LEAST_SPAN),
        )
        verdict = conclude(
            weighed, open_incident, kind=self.kind, detail=IncidentDetail(), warning=None
        )
        # Time decides here, and more frames would not make it pass any quicker.
        return replace(verdict, undecided=verdict.undecided and open_incident is not None)


def _sign(frame: ObservationRecord) -> Sign:
    return Sign.SHOWS if frame.covered and frame.face_count == 0 else Sign.CLEAR
