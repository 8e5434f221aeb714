"""One sitting through the real engine and the real rules, in virtual time.

Frames are made when the rules ask for them. Check-in follows `invigil.services.check_in`; a doubt
there goes to a proctor, who, knowing the truth, lets the candidate in.
"""

from __future__ import annotations

import hashlib
from array import array
from bisect import bisect_right
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from invigil.domain.changes import Change, Close, Open, Update
from invigil.domain.errors import ImageRefused
from invigil.domain.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    ObservationRecord,
)
from invigil.domain.observation import (
    TRACE_FRESH,
    Identity,
    Observation,
    Template,
    TemplateKind,
)
from invigil.domain.session import Policy
from invigil.evaluate.render import Renderer
from invigil.evaluate.script import Script
from invigil.evaluate.tables import BadInput, read_image
from invigil.rules import judge
from invigil.vision.look import observe
from invigil.vision.port import Frame, VisionEngine

_BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
# As in `invigil.services.check_in`, which this room may not import; a test holds them together.
CHECK_IN_FRAMES = 3
_CHECK_IN_TRIES = 20
# So long a posture is kept. A burst of half-second frames sees one posture, as in life.
POSTURE_S = 6.0
_JITTER_S = 0.5


@dataclass(frozen=True, slots=True)
class Opened:
    """An incident. `started_s`: first frame that showed it; `opened_s`: when it was there to see.

    `scene`: what the camera showed then.
    """

    kind: IncidentKind
    started_s: float
    opened_s: float
    scene: str


@dataclass(frozen=True, slots=True)
class Played:
    """What became of one sitting. `opened` None: the check-in got no usable frames.

    `outcomes`: by scene, how many frames had which outcome of the comparison, or why none.
    `best_scores`: by scene, the highest comparison score.
    """

    script: Script
    opened: list[Opened] | None
    to_proctor: bool = False
    frames: int = 0
    looks: int = 0
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    best_scores: dict[str, float] = field(default_factory=dict)


class Player:
    """Plays scripts with one engine. `latency`: from the camera to the server."""

    def __init__(self, engine: VisionEngine, latency: timedelta) -> None:
        self._engine = engine
        self._latency = latency

    def play(self, script: Script) -> Played:
        camera = _Camera(self._engine, script)
        templates, to_proctor = self._check_in(script, camera)
        if templates is None:
            return Played(script, None)
        camera.templates = templates
        room = _Room(Policy(sampling=timedelta(seconds=script.sampling_s)))
        outcomes: dict[str, Counter[str]] = {}
        best: dict[str, float] = {}
        seconds, frames = _phase(script), 0
        while seconds < script.duration_s:
            scene, seen = camera.look(seconds)
            frames += 1
            compared = seen.identity is not Identity.NOT_COMPARED
            outcome = str(seen.identity if compared else seen.unusable or seen.identity)
            outcomes.setdefault(scene, Counter())[outcome] += 1
            if seen.comparison_score is not None:
                best[scene] = max(best.get(scene, -1.0), seen.comparison_score)
            received = _BEGIN + timedelta(seconds=seconds) + self._latency
            seconds += room.take(seen, received, scene).total_seconds()
        return Played(
            script,
            room.opened,
            to_proctor,
            frames,
            len(camera.known),
            outcomes,
            best,
        )

    def _check_in(
        self, script: Script, camera: _Camera
    ) -> tuple[tuple[Template, ...] | None, bool]:
        """The templates of the exam, and whether a proctor had to decide."""
        photo = read_image(Path(script.images), script.reference.image)
        try:
            reference = self._engine.make_template(TemplateKind.REFERENCE, [photo])
        except (ValueError, ImageRefused) as error:
            raise BadInput(
                f"{script.name}: the reference photo {script.reference.image} cannot be used: "
                f"{error}."
            ) from error
        outcomes: list[Identity] = []
        vectors: list[array[float]] = []
        for attempt in range(_CHECK_IN_TRIES):
            frame = camera.renderer.frame(
                script.check_in, attempt % script.postures, attempt % script.jitters
            )
            seen = self._engine.observe(frame, (reference,))
            if not seen.usable:
                continue
            outcomes.append(seen.identity)
            vectors += self._engine.make_template(TemplateKind.SESSION, [frame]).vectors
            if len(outcomes) == CHECK_IN_FRAMES:
                break
        else:
            return None, False
        session = replace(reference, kind=TemplateKind.SESSION, vectors=tuple(vectors))
        matches = outcomes.count(Identity.MATCH)
        doubt = matches * 2 <= len(outcomes) or Identity.MISMATCH in outcomes
        # After a human decision the reference photo counts only if every frame matched it.
        return ((session,) if doubt else (reference, session)), doubt


_Key = tuple[str, int, int]
"""A scene and its variation: posture and jitter."""


class _Camera:
    """Observations of one sitting, each variation of a scene looked at once.

    And once more for each that it may follow: then the face may be the one that was there before.
    """

    def __init__(self, engine: VisionEngine, script: Script) -> None:
        self.renderer = Renderer(script)
        self.templates: Sequence[Template] = ()
        self.known: dict[_Key, Observation] = {}
        self._followed: dict[tuple[_Key, _Key], Observation] = {}
        self._frames: dict[_Key, bytes] = {}
        self._before: tuple[_Key, float] | None = None
        self._engine = engine
        self._script = script
        self._starts = [act.from_s for act in script.acts]

    def look(self, seconds: float) -> tuple[str, Observation]:
        """The scene at that moment, and what the engine sees of it."""
        number = bisect_right(self._starts, seconds) - 1
        act = self._script.acts[number]
        into = seconds - act.from_s
        posture = _pick(self._script, number, int(into / POSTURE_S)) % self._script.postures
        jitter = _pick(self._script, number, int(into / _JITTER_S), 1) % self._script.jitters
        return act.scene, self._seen((act.scene, posture, jitter), seconds)

    def _seen(self, key: _Key, seconds: float) -> Observation:
        if key not in self.known:
            self._frames[key] = self.renderer.frame(*key)
            self.known[key] = self._observed(Frame(self._frames[key], self.templates))
        seen = self.known[key]
        before, at = self._before or (None, seconds)
        if before is not None and seconds - at <= TRACE_FRESH.total_seconds():
            if (before, key) not in self._followed:
                frame = Frame(self._frames[key], self.templates, self.known[before].trace)
                self._followed[before, key] = self._observed(frame)
            seen = self._followed[before, key]
        self._before = (key, seconds) if seen.trace else None
        return seen

    def _observed(self, frame: Frame) -> Observation:
        (seen,) = observe(self._engine, [frame])
        if isinstance(seen, ImageRefused):
            raise seen
        return seen


class _Room:
    """What the server would keep of one candidate: recent frames and open incidents."""

    def __init__(self, policy: Policy) -> None:
        self.opened: list[Opened] = []
        self._policy = policy
        self._recent: deque[ObservationRecord] = deque()
        self._open: list[Incident] = []
        self._count = 0

    def take(self, seen: Observation, received: datetime, scene: str) -> timedelta:
        """Judge a frame; the time until the next one is wanted."""
        self._count += 1
        self._recent.append(
            ObservationRecord(
                f"{self._count:08d}",
                received,
                seen.face_count,
                seen.unusable,
                seen.identity,
                seen.boxes,
                clear=seen.clear,
            )
        )
        while self._recent[0].received_at < received - self._policy.memory:
            self._recent.popleft()
        ruling = judge(self._policy, received, tuple(self._recent), tuple(self._open))
        for change in ruling.changes:
            self._apply(change, received, scene)
        return ruling.next_frame

    def _apply(self, change: Change, now: datetime, scene: str) -> None:
        if isinstance(change, Open):
            self.opened.append(
                Opened(change.kind, _seconds(change.started_at), _seconds(now), scene)
            )
            self._open.append(_incident(change, f"incident-{len(self.opened)}"))
        elif isinstance(change, Close):
            self._open.remove(change.incident)
        elif isinstance(change, Update):
            place = self._open.index(change.incident)
            self._open[place] = replace(change.incident, detail=change.detail)


def _incident(change: Open, name: str) -> Incident:
    return Incident(
        id=name,
        session_id="session",
        candidate_id="candidate",
        kind=change.kind,
        state=IncidentState.OPEN,
        started_at=change.started_at,
        ended_at=None,
        updated_at=change.started_at,
        detail=change.detail,
    )


def _seconds(moment: datetime) -> float:
    return (moment - _BEGIN).total_seconds()


def _phase(script: Script) -> float:
    """The first frame comes anywhere within the first interval."""
    return script.sampling_s * (_pick(script, 0, 0, 2) % 10_000) / 10_000


def _pick(script: Script, *numbers: int) -> int:
    """An even choice that depends on nothing but the script and `numbers`."""
    text = repr((script.seed, script.name, numbers)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
