"""Traces of frame calls by OpenTelemetry, sent with OTLP over HTTP.

Off unless INVIGIL_TRACES is on. Where to and how is said by OpenTelemetry's own variables
(OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER and so on). Spans carry how a frame ended and
nothing else: no candidate, no session, no address. What callers say in `traceparent` is not
followed: they are candidates' pages.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol

from invigil.domain.errors import InvigilError
from invigil.domain.telemetry import FrameOutcome, Moment, Step

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider

EXPORT_WITHIN_S = 3.0
CLOSE_WITHIN_S = 4.0
"""A collector that does not answer costs the end of the server no more than this."""


class TracesMisconfigured(InvigilError):
    """For whoever runs the server: why INVIGIL_TRACES cannot be followed."""

    status = 503
    code = "traces_misconfigured"
    message = "INVIGIL_TRACES is on and OpenTelemetry is not installed."
    fix = "Install it with pip install 'invigil[otel]' (uv sync --extra otel), or set it to off."


class Traces(Protocol):
    """Where steps of frame calls are noted."""

    def whole_frame(self) -> AbstractContextManager[None]: ...

    def step(self, step: Step, under: Moment | None = None) -> AbstractContextManager[Moment]: ...

    def note_outcome(self, outcome: FrameOutcome) -> None: ...

    def close(self) -> None:
        """Send what is left. May wait for the collector, though not for ever."""
        ...


class NoTraces:
    """A `Traces` that notes nothing."""

    @contextmanager
    def whole_frame(self) -> Iterator[None]:
        yield

    @contextmanager
    def step(self, step: Step, under: Moment | None = None) -> Iterator[Moment]:  # noqa: ARG002
        yield None

    def note_outcome(self, outcome: FrameOutcome) -> None: ...

    def close(self) -> None: ...


def require_otel() -> None:
    """Raise `TracesMisconfigured` when the extra is missing."""
    try:
        import opentelemetry.exporter.otlp.proto.http.trace_exporter  # noqa: F401, PLC0415
    except ImportError as error:
        raise TracesMisconfigured from error


def start_traces(version: str) -> Traces:
    """Traces that are sent. Raises `TracesMisconfigured` when the extra is missing."""
    require_otel()
    # Here only: the extra is not installed everywhere, and the import is slow.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.version": version})
    if str(resource.attributes.get("service.name", "")).startswith("unknown_service"):
        resource = resource.merge(Resource({"service.name": "invigil"}))
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(timeout=EXPORT_WITHIN_S)))
    return OtelTraces(provider)


class OtelTraces:
    """A `Traces` that ends at a provider of OpenTelemetry's."""

    def __init__(self, provider: TracerProvider) -> None:
        from opentelemetry import context, trace  # noqa: PLC0415 - of the extra, as above

        self._provider = provider
        self._tracer = provider.get_tracer("invigil")
        self._trace = trace
        self._context = context

    @contextmanager
    def whole_frame(self) -> Iterator[None]:
        # An empty context: whatever is current, a frame begins a trace of its own.
        with self._tracer.start_as_current_span(
            "frame", context=self._context.Context(), record_exception=False
        ):
            yield

    @contextmanager
    def step(self, step: Step, under: Moment | None = None) -> Iterator[Moment]:
        within: Context = under if under is not None else self._context.get_current()  # type: ignore[assignment]
        if not self._trace.get_current_span(within).get_span_context().is_valid:
            yield None  # not within a frame
            return
        # Texts of exceptions stay out of traces: they may say more than traces are to hold.
        with self._tracer.start_as_current_span(
            step.value, context=within, record_exception=False, set_status_on_exception=False
        ):
            yield self._context.get_current()

    def note_outcome(self, outcome: FrameOutcome) -> None:
        self._trace.get_current_span().set_attribute("invigil.outcome", outcome.value)

    def close(self) -> None:
        # It tries batch after batch; on a thread of its own, so that a collector that is away does
        # not hold up a restart.
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(CLOSE_WITHIN_S)
