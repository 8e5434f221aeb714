"""A candidate in front of a camera, in virtual time: frames in, incidents out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from invigil.domain.changes import Change, Close, Open, Ruling, Update
from invigil.domain.incident import Incident, IncidentKind, IncidentState, ObservationRecord
from invigil.domain.observation import Box, Identity, Unusable
from invigil.domain.session import Policy
from invigil.rules import judge

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
POLICY = Policy()


@dataclass(frozen=True)
class Shot:
    """What the models say about one picture."""

    face_count: int = 1
    unusable: Unusable | None = None
    identity: Identity = Identity.NOT_COMPARED
    boxes: tuple[Box, ...] = ()
    fingerprint: bytes | None = None
    covered: bool = False
    clear: bool = False


ME = Shot(identity=Identity.MATCH)
STRANGER = Shot(identity=Identity.MISMATCH)
UNSURE = Shot(identity=Identity.UNCERTAIN)
LOOKALIKE = Shot(identity=Identity.UNCERTAIN, clear=True)
NOT_COMPARED = Shot()
TWO = Shot(face_count=2, unusable=Unusable.SEVERAL_FACES)
THREE = Shot(face_count=3, unusable=Unusable.SEVERAL_FACES)
EMPTY = Shot(face_count=0, unusable=Unusable.NO_FACE)
DARK = Shot(face_count=0, unusable=Unusable.TOO_DARK)
GLARE = Shot(face_count=0, unusable=Unusable.TOO_BRIGHT)
DIM = Shot(unusable=Unusable.TOO_DARK)
TURNED = Shot(unusable=Unusable.TURNED_AWAY)
TURNED_UNLIKE = Shot(unusable=Unusable.TURNED_AWAY, identity=Identity.UNCERTAIN, clear=True)
BLURRED = Shot(unusable=Unusable.BLURRED)
CUT_OFF = Shot(unusable=Unusable.FACE_CUT_OFF)
SMALL = Shot(unusable=Unusable.FACE_TOO_SMALL)


def at(seconds: float) -> datetime:
    """The moment so many seconds into the film."""
    return START + timedelta(seconds=seconds)


def record(shot: Shot, seconds: float, name: str | None = None) -> ObservationRecord:
    """`shot` as stored so many seconds into the film."""
    return ObservationRecord(
        id=name or f"frame-{seconds:09.3f}",
        received_at=at(seconds),
        face_count=shot.face_count,
        unusable=shot.unusable,
        identity=shot.identity,
        boxes=shot.boxes,
        fingerprint=shot.fingerprint,
        covered=shot.covered,
        clear=shot.clear,
    )


def incident(
    kind: IncidentKind, started: float, name: str = "incident", **changes: object
) -> Incident:
    """An open incident that began so many seconds into the film."""
    plain = Incident(
        id=name,
        session_id="session",
        candidate_id="candidate",
        kind=kind,
        state=IncidentState.OPEN,
        started_at=at(started),
        ended_at=None,
        updated_at=at(started),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


class Film:
    """Feeds frames through `judge` and keeps what it rules, as the storage would."""

    def __init__(self, policy: Policy = POLICY) -> None:
        self.policy = policy
        self.seconds = 0.0
        self.next_in = 0.0
        self.records: list[ObservationRecord] = []
        self.incidents: list[Incident] = []
        self.rulings: list[Ruling] = []

    def shoot(self, *shots: Shot, every: float | None = None) -> Ruling:
        """Take frames, so many seconds apart or, without `every`, when the rules asked for them."""
        for shot in shots:
            self.seconds = round(self.seconds + (self.next_in if every is None else every), 3)
            name = f"frame-{len(self.records):05}"
            self.records.append(record(shot, self.seconds, name))
            ruling = judge(self.policy, at(self.seconds), self.records, self.open)
            self.rulings.append(ruling)
            self.next_in = ruling.next_frame.total_seconds()
            for change in ruling.changes:
                self._apply(change)
        return self.rulings[-1]

    def lasts(self, seconds: float, *shots: Shot) -> Ruling:
        """Take frames in the rhythm asked for until so much time is over, repeating `shots`."""
        end = self.seconds + seconds
        taken = 0
        while self.seconds + self.next_in <= end or not taken:
            self.shoot(shots[taken % len(shots)])
            taken += 1
        return self.rulings[-1]

    @property
    def open(self) -> list[Incident]:
        return [each for each in self.incidents if each.state is IncidentState.OPEN]

    def of(self, kind: IncidentKind) -> list[Incident]:
        """All incidents of one kind, in the order they were opened."""
        return [each for each in self.incidents if each.kind is kind]

    def _apply(self, change: Change) -> None:
        if isinstance(change, Open):
            assert change.kind not in {each.kind for each in self.open}, "second open incident"
            began = (change.started_at - START).total_seconds()
            name = f"incident-{len(self.incidents)}"
            self.incidents.append(incident(change.kind, began, name, detail=change.detail))
            return
        assert change.incident in self.open, "changed what is not open"
        index = self.incidents.index(change.incident)
        if isinstance(change, Update):
            assert change.detail != change.incident.detail, "update without news"
            self.incidents[index] = replace(change.incident, detail=change.detail)
        if isinstance(change, Close):
            assert change.ended_at >= change.incident.started_at, "ended before it began"
            self.incidents[index] = replace(
                change.incident, state=IncidentState.CLOSED, ended_at=change.ended_at
            )
