"""Measured times, and what is said of them."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field


@dataclass(slots=True)
class Latencies:
    """Seconds from sending a request to having its answer."""

    seconds: list[float] = field(default_factory=list)
    errors: int = 0

    def quantile(self, share: float) -> float:
        """0 without a single measurement."""
        if not self.seconds:
            return 0.0
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def as_json(self) -> dict[str, float]:
        return {
            "count": len(self.seconds),
            "errors": self.errors,
            "median_s": round(statistics.median(self.seconds), 4) if self.seconds else 0.0,
            "p95_s": round(self.quantile(0.95), 4),
            "p99_s": round(self.quantile(0.99), 4),
            "max_s": round(max(self.seconds, default=0.0), 4),
        }
