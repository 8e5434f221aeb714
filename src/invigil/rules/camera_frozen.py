"""One and the same picture again and again: the camera hangs, or is a still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from invigil.domain.incident import Incident, IncidentDetail, IncidentKind, ObservationRecord
from invigil.domain.session import Policy
from invigil.rules.hysteresis import Sign, weigh
from invigil.rules.rule import Verdict, conclude
from invigil.rules.sameness import same_picture

_FRAMES = 4
_LEAST_SPAN = timedelta(seconds=20)


class CameraFrozen:
    """Somebody who sits still is no still: noise alone tells live pictures apart."""

    kind = IncidentKind.CAMERA_FROZEN

    def evaluate(
        self,
        policy: Policy,
        window: Sequence[ObservationRecord],
        open_incident: Incident | None,
    ) -> Verdict:
        """See `Rule.evaluate`. There is no detail and no warning."""
        signs = _signs(window)
        weighed = weigh(
            policy,
            window,
            open_incident,
            classify=lambda frame: signs[frame.id],
            open_span=max(policy.open_span, _LEAST_SPAN),
            open_frames=max(policy.open_frames, _FRAMES),
        )
        verdict = conclude(
            weighed, open_incident, kind=self.kind, detail=IncidentDetail(), warning=None
        )
        # Time decides here, and more frames would not make it pass any quicker.
        return replace(verdict, undecided=verdict.undecided and open_incident is not None)


def _signs(window: Sequence[ObservationRecord]) -> dict[str, Sign]:
    """Of each frame, against the one before it."""
    signs: dict[str, Sign] = {}
    before: ObservationRecord | None = None
    for frame in window:
        signs[frame.id] = Sign.SAYS_NOTHING
        if frame.fingerprint is None:
            continue
        if before is not None:
            signs[frame.id] = Sign.SHOWS if same_picture(before, frame) else Sign.CLEAR
        before = frame
    return signs
