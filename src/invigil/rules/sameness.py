"""Whether two frames are one and the same picture. Measured: docs/accuracy.md."""

from __future__ import annotations

from invigil.domain.incident import ObservationRecord

SAME_BITS = 8
"""Of 256. The noise of a sensor turns more, even of a camera on a stand before an empty wall."""


def same_picture(first: ObservationRecord, second: ObservationRecord) -> bool:
    """Whether nothing of a live camera lies between the two; False where that cannot be said."""
    if first.fingerprint is None or second.fingerprint is None:
        return False
    return turned_bits(first.fingerprint, second.fingerprint) <= SAME_BITS


def turned_bits(first: bytes, second: bytes) -> int:
    return (int.from_bytes(first) ^ int.from_bytes(second)).bit_count()
