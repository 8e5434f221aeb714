"""What the console says about the server itself."""

from __future__ import annotations

from invigil.domain.system import AnalysisState, Space, SystemStatus
from invigil.domain.telemetry import Part, WorkerCount
from invigil.feed.bus import ALL_PROCTORS, Bus
from invigil.monitoring.analysis import ManagedAnalysis
from invigil.storage.evidence import EvidenceStore

_BUSY_FROM = 1.1

_TEXTS = {
    Space.FULL: "The server's disk is full. The exam goes on and live video works, but no more "
    "photos can be stored. Free some space now.",
    Space.LOW: "The server's disk is nearly full. Free some space before photos can no longer be "
    "stored.",
}


class Health:
    """Watches storage and analysis, and tells the consoles when something changes."""

    def __init__(self, store: EvidenceStore, analysis: ManagedAnalysis, bus: Bus) -> None:
        self._store = store
        self._analysis = analysis
        self._bus = bus
        self._database_full = False
        self._told: SystemStatus | None = None

    def status(self) -> SystemStatus:
        storage = Space.FULL if self._database_full else self._store.space()
        factor = round(self._analysis.interval_factor, 1)
        analysis = self._analysis_state(factor)
        trouble = None if self._database_full else self._store.trouble()
        text = (
            trouble
            or _TEXTS.get(storage)
            or _analysis_text(analysis, factor)
            or self._bus.trouble()
        )
        return SystemStatus(storage, analysis, factor, text)

    @property
    def workers(self) -> WorkerCount:
        return self._analysis.workers

    @property
    def interval_factor(self) -> float:
        return self._analysis.interval_factor

    @property
    def evidence_waiting(self) -> int:
        """Images on this server's disk that have yet to reach the store."""
        return self._store.waiting

    def parts(self) -> dict[Part, bool]:
        """Whether what is known here without asking anybody works."""
        stored = self._store.trouble() is None and self._store.space() is not Space.FULL
        return {Part.EVIDENCE: stored, Part.FEED: self._bus.trouble() is None}

    def _analysis_state(self, factor: float) -> AnalysisState:
        if not self._analysis.healthy:
            return AnalysisState.PAUSED
        return AnalysisState.BUSY if factor >= _BUSY_FROM else AnalysisState.OK

    def database_full(self, full: bool) -> None:
        """Note whether the last write found the database full."""
        if full != self._database_full:
            self._database_full = full
            self.tell()

    def tell(self) -> None:
        """Tell the consoles, if anything has changed since the last time."""
        status = self.status()
        if status != self._told:
            self._told = status
            # Each server tells its own consoles how it is itself.
            self._bus.here.latest(
                ALL_PROCTORS, "system", {"type": "system", "system": as_json(status)}
            )


def as_json(status: SystemStatus) -> dict[str, object]:
    return {
        "storage": status.storage.value,
        "analysis": status.analysis.value,
        "interval_factor": status.interval_factor,
        "text": status.text,
    }


def _analysis_text(state: AnalysisState, factor: float) -> str | None:
    if state is AnalysisState.PAUSED:
        return (
            "Pictures are not being looked at right now: the analysis is restarting. Live video "
            "works, and nobody is blamed for it."
        )
    if state is AnalysisState.BUSY:
        return (
            f"The server is busy: pictures are looked at {factor} times less often than planned, "
            "for everybody alike."
        )
    return None
