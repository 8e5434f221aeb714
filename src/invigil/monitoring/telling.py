"""What is said of a frame: its record, what a tile shows of it, a line in the log."""

from __future__ import annotations

from datetime import datetime

import structlog

from invigil.domain.candidate import Candidate
from invigil.domain.incident import ObservationRecord
from invigil.domain.observation import Identity, Observation
from invigil.feed.bus import Bus, proctors_of

log = structlog.get_logger(__name__)


def recorded(observation_id: str, now: datetime, observed: Observation) -> ObservationRecord:
    return ObservationRecord(
        observation_id,
        now,
        observed.face_count,
        observed.unusable,
        observed.identity,
        observed.boxes,
    )


def live_json(record: ObservationRecord) -> dict[str, object]:
    """What a tile shows of the newest observation: facts, no score."""
    return {
        "faces": record.face_count,
        "usable": record.unusable is None,
        "reason": record.unusable and record.unusable.value,
        "identity": record.identity.value,
    }


def show_on_tile(
    bus: Bus,
    session_id: str,
    candidate_id: str,
    *,
    at: datetime,
    next_frame_ms: int,
    live: dict[str, object] | None,
) -> None:
    """Tell the session's proctors of a picture taken at `at`; the newest one counts."""
    bus.latest(
        proctors_of(session_id),
        f"tile:{candidate_id}",
        {
            "type": "tile",
            "candidate_id": candidate_id,
            "last_frame_at": at.isoformat(),
            "next_frame_ms": next_frame_ms,
            "has_still": True,
            "live": live,
        },
    )


def log_frame(candidate: Candidate, observed: Observation, now: datetime) -> None:
    """Detections by candidate id and time. Plain frames only when debugging."""
    plain = observed.face_count == 1 and observed.identity is not Identity.MISMATCH
    (log.debug if plain else log.info)(
        "frame" if plain else "detection",
        candidate=candidate.id,
        detected_at=now.isoformat(),
        faces=observed.face_count,
        unusable=observed.unusable and observed.unusable.value,
        identity=observed.identity.value,
    )
