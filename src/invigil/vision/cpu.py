"""What the processor can do."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
_DOT_PRODUCTS = frozenset({"avx512_vnni", "avx_vnni"})


@cache
def has_vnni(cpuinfo: Path = CPUINFO) -> bool:
    """Whether 8-bit products are summed in one instruction and without overflow.

    Elsewhere (and where it cannot be told) the 32-bit networks are as fast, and exact.
    """
    if platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    try:
        lines = cpuinfo.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return not _DOT_PRODUCTS.isdisjoint(flags.split())
