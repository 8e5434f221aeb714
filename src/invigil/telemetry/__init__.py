"""What the server tells about itself: metrics for Prometheus, traces by OpenTelemetry.

The port is `invigil.domain.telemetry`. Nothing in here knows a name, an id or a token.
"""

from invigil.telemetry.metrics import Metrics
from invigil.telemetry.teller import Teller
from invigil.telemetry.traces import (
    NoTraces,
    Traces,
    TracesMisconfigured,
    require_otel,
    start_traces,
)

__all__ = [
    "Metrics",
    "NoTraces",
    "Teller",
    "Traces",
    "TracesMisconfigured",
    "require_otel",
    "start_traces",
]
