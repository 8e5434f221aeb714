"""The `Telemetry` of a server: metrics always, traces when they are switched on."""

from __future__ import annotations

from contextlib import AbstractContextManager

from invigil.domain.incident import IncidentKind
from invigil.domain.telemetry import FrameOutcome, Moment, Step, Vitals
from invigil.telemetry.metrics import Metrics
from invigil.telemetry.traces import Traces


class Teller:
    """A `Telemetry`."""

    def __init__(self, metrics: Metrics, traces: Traces) -> None:
        self._metrics = metrics
        self._traces = traces

    def frame(self, outcome: FrameOutcome) -> None:
        self._metrics.frames.labels(outcome.value).inc()
        self._traces.note_outcome(outcome)

    def verdict(self, seconds: float) -> None:
        self._metrics.verdicts.observe(seconds)

    def incident_opened(self, kind: IncidentKind) -> None:
        self._metrics.incidents.labels(kind.value).inc()

    def error(self, code: str) -> None:
        self._metrics.errors.labels(code).inc()

    def whole_frame(self) -> AbstractContextManager[None]:
        return self._traces.whole_frame()

    def step(self, step: Step, under: Moment | None = None) -> AbstractContextManager[Moment]:
        return self._traces.step(step, under)

    def render(self, vitals: Vitals) -> bytes:
        """All metrics in Prometheus's text format."""
        return self._metrics.render(vitals)
