"""Nobody in the picture although it is bright enough to see somebody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from invigil.domain.changes import WarningCode
from invigil.domain.incident import Incident, IncidentDetail, IncidentKind, ObservationRecord
from invigil.domain.observation import Unusable
from invigil.domain.session import Policy
from invigil.rules.hysteresis import Sign, no_longer_shown, weigh
from invigil.rules.rule import Verdict, conclude, newest

# People look down, lean out of the picture, drink and yawn, and are back after a few seconds.
# The candidate is told early; the proctor hears of it only when it lasts this long.
_LEAST_SPAN = timedelta(seconds=6)


class NoFace:
    """Somebody who cannot be found in a picture is not there, if the picture is good."""

    kind = IncidentKind.NO_FACE

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`. There is no detail to carry. `window`: all that is remembered."""
        weighed = weigh(
            policy,
            newest(policy, window),
            open_incident,
            classify=_sign,
            open_span=max(policy.open_span, _LEAST_SPAN),
        )
        if open_incident is not None and weighed.closes_at is not None:
            # Who comes back in the dark was away for as long as that could be seen.
            ended = no_longer_shown(window, open_incident, _sign)
            weighed = replace(weighed, closes_at=ended)
        return conclude(
            weighed,
            open_incident,
            kind=self.kind,
            detail=IncidentDetail() if open_incident is None else open_incident.detail,
            warning=WarningCode.NO_FACE,
        )


def _sign(frame: ObservationRecord) -> Sign:
    """A dark, glaring or covered picture without a face is bad light, not an empty chair."""
    if frame.face_count >= 1:
        return Sign.CLEAR
    if frame.unusable is Unusable.NO_FACE and not frame.covered:
        return Sign.SHOWS
    return Sign.SAYS_NOTHING
