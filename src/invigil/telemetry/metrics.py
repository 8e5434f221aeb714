"""Metrics in the words of Prometheus.

Every label has a fixed set of values, so that the number of series does not grow with people.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from invigil.domain.incident import IncidentKind
from invigil.domain.telemetry import FrameOutcome, Part, Vitals

VERDICT_BUCKETS_S = (0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0)
"""Fine up to a second, within which a verdict is promised."""


# Times of creation double the series and say nothing here.
disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """The numbers of one server since its start, in a registry of their own."""

    def __init__(self, version: str, provider: str) -> None:
        """`provider`: id of the live-video provider of this installation."""
        self._registry = CollectorRegistry()
        self._count(version, provider)
        self._gauge()
        ProcessCollector(registry=self._registry)
        # Series are there from the start, so that a rate over them is never without a beginning.
        for outcome in FrameOutcome:
            self.frames.labels(outcome.value)
        for kind in IncidentKind:
            self.incidents.labels(kind.value)

    def _count(self, version: str, provider: str) -> None:
        registry = self._registry
        Gauge(
            "invigil_build_info",
            "1; the version and the live-video provider are in the labels.",
            ("version", "provider"),
            registry=registry,
        ).labels(version, provider).set(1)
        self.frames = Counter(
            "invigil_frames",
            "Frame calls by how they ended: recorded, not_looked_at (busy), refused (the sender "
            "may not, or no picture), failed (disk, database or a defect).",
            ("outcome",),
            registry=registry,
        )
        self.verdicts = Histogram(
            "invigil_verdict_seconds",
            "From the receipt of a frame to the commit of what was made of it.",
            buckets=VERDICT_BUCKETS_S,
            registry=registry,
        )
        self.incidents = Counter(
            "invigil_incidents_opened",
            "Incidents put on record by this server, by kind.",
            ("kind",),
            registry=registry,
        )
        self.errors = Counter(
            "invigil_errors",
            "Error answers of the HTTP API, by the code in them.",
            ("code",),
            registry=registry,
        )

        self._replaced = Counter(
            "invigil_workers_replaced",
            "Analysis workers replaced because they died or hung.",
            registry=registry,
        )
        self._replaced_before = 0

    def _gauge(self) -> None:
        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"invigil_{name}", words, labels, registry=self._registry)

        self._waiting = gauge("frame_queue_length", "Pictures that wait for an analysis worker.")
        self._factor = gauge(
            "interval_stretch", "By how much every candidate's interval is stretched, from 1."
        )
        self._wanted = gauge("workers_wanted", "Analysis workers that there should be.")
        self._alive = gauge("workers_alive", "Analysis workers that are ready.")
        self._spool = gauge(
            "evidence_waiting", "Images on this server's disk that have yet to reach the store."
        )
        self._consoles = gauge("connected_consoles", "Proctor pages connected to this server.")
        self._candidates = gauge(
            "connected_candidates", "Candidate pages connected to this server."
        )
        self._unattended = gauge(
            "unattended_sessions",
            "Sessions with candidates in the room that no console has shown for a minute.",
        )
        self._draining = gauge("draining", "1 while the server is about to end.")
        self._parts = gauge(
            "part_up",
            "Whether what the server stands on works: 1 or 0; meetings is 1 when all providers of "
            "live video that are set up do.",
            "part",
        )
        self._providers = gauge(
            "live_video_up",
            "Whether each provider of live video that is set up works: 1 or 0.",
            "provider",
        )

    def render(self, vitals: Vitals) -> bytes:
        """Everything in Prometheus's text format, with the state as it is now."""
        self._waiting.set(vitals.workers.waiting)
        self._factor.set(vitals.interval_factor)
        self._wanted.set(vitals.workers.wanted)
        self._alive.set(vitals.workers.alive)
        # Counted where they are replaced; what has come since the last time is added here.
        self._replaced.inc(vitals.workers.replaced - self._replaced_before)
        self._replaced_before = vitals.workers.replaced
        self._spool.set(vitals.evidence_waiting)
        self._consoles.set(vitals.consoles)
        self._candidates.set(vitals.candidates)
        self._unattended.set(vitals.unattended)
        self._draining.set(vitals.draining)
        for part in Part:
            self._parts.labels(part.value).set(vitals.parts.get(part, False))
        for provider, works in vitals.live_video.items():
            self._providers.labels(provider).set(works)
        return generate_latest(self._registry)

    def described(self) -> list[tuple[str, str, str]]:
        """Name as queries write it, type and meaning of each of our metrics, by name."""
        found = []
        for family in self._registry.collect():
            suffix = "_total" if family.type == "counter" else ""
            found.append((family.name + suffix, family.type, family.documentation))
        return sorted(found)
