"""What is arranged for one candidate: detectors off, fewer pictures, breaks, extra time.

It says what is done, never why: a reason would be health data, and nobody here needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from invigil.domain.incident import IncidentKind
from invigil.domain.session import Policy

CAN_BE_OFF = (
    IncidentKind.MULTIPLE_FACES,
    IncidentKind.NO_FACE,
    IncidentKind.DIFFERENT_PERSON,
    IncidentKind.NOT_RECOGNISED,
)
"""What may be switched off for one candidate. A lost camera cannot: breaks are there for that."""

MOST_SECONDS = 300
MOST_BREAKS = 20
MOST_BREAK_MINUTES = 120
MOST_EXTRA_PERCENT = 300

_OFF_WORDS: Mapping[IncidentKind, str] = {
    IncidentKind.MULTIPLE_FACES: (
        "Somebody may be with you: a second face in the picture is not reported."
    ),
    IncidentKind.NO_FACE: "You may leave the picture: that no face is visible is not reported.",
    IncidentKind.DIFFERENT_PERSON: (
        "It is not reported when your face differs from your reference photo."
    ),
    IncidentKind.NOT_RECOGNISED: "It is not reported when your face is hidden or not recognised.",
}


@dataclass(frozen=True, slots=True)
class Accommodations:
    """`sampling_interval_s`: a longer interval than the session's, None for the session's.

    `breaks` of `break_minutes` each are allowed; `extra_time_percent` (25: a quarter more time)
    is information, as the exam itself runs elsewhere.
    """

    detectors_off: frozenset[IncidentKind] = frozenset()
    sampling_interval_s: int | None = None
    breaks: int = 0
    break_minutes: int = 0
    extra_time_percent: int = 0

    def applied_to(self, policy: Policy) -> Policy:
        """The session's policy as it is for this candidate. Never looks more often than it."""
        return replace(
            policy,
            sampling=max(policy.sampling, timedelta(seconds=self.sampling_interval_s or 0)),
            off=policy.off | self.detectors_off,
        )

    def in_words(self) -> tuple[str, ...]:
        """For the candidate and for proctors, in plain words; empty when nothing is arranged."""
        words = [_OFF_WORDS[kind] for kind in CAN_BE_OFF if kind in self.detectors_off]
        if self.sampling_interval_s:
            words.append(f"A picture is looked at only every {self.sampling_interval_s} seconds.")
        if self.breaks:
            times = "One break" if self.breaks == 1 else f"{self.breaks} breaks"
            each = " each" if self.breaks > 1 else ""
            words.append(f"{times} of {self.break_minutes} minutes{each}: ask the proctor for it.")
        if self.extra_time_percent:
            words.append(f"{self.extra_time_percent} % more time for the exam.")
        return tuple(words)

    def as_facts(self) -> dict[str, str | int]:
        """For the audit log: no words that anybody wrote."""
        return {
            "detectors_off": " ".join(sorted(self.detectors_off)),
            "sampling_interval_s": self.sampling_interval_s or 0,
            "breaks": self.breaks,
            "break_minutes": self.break_minutes,
            "extra_time_percent": self.extra_time_percent,
        }

    @classmethod
    def from_facts(cls, facts: Mapping[str, str | int] | None) -> Accommodations:
        """The opposite of `as_facts`; None is nothing arranged."""
        if facts is None:
            return NOTHING_ARRANGED
        return cls(
            detectors_off=frozenset(IncidentKind(x) for x in str(facts["detectors_off"]).split()),
            sampling_interval_s=int(facts["sampling_interval_s"]) or None,
            breaks=int(facts["breaks"]),
            break_minutes=int(facts["break_minutes"]),
            extra_time_percent=int(facts["extra_time_percent"]),
        )


NOTHING_ARRANGED = Accommodations()
