"""What the processor can do."""

from __future__ import annotations

import platform
from functools import cache
from pathlib import Path

CPUINFO = Path("/proc/cpuinfo")
# What the kernels are compiled for: x86-64-v4 and products of integers that are summed in one
# instruction, without overflow.
_NEEDED = frozenset(
    {
        "avx512f",
        "avx512bw",
        "avx512cd",
        "avx512dq",
        "avx512vl",
        "avx512_vnni",
        "abm",
        "avx2",
        "fma",
        "f16c",
        "bmi1",
        "bmi2",
        "movbe",
    }
)


@cache
def runs_kernels(cpuinfo: Path = CPUINFO) -> bool:
    """Whether the compiled networks run here. Where it cannot be told they do not."""
    if platform.system() != "Linux" or platform.machine().lower() not in {"x86_64", "amd64"}:
        return False
    try:
        lines = cpuinfo.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    flags = next((line for line in lines if line.startswith("flags")), "")
    return _NEEDED.issubset(flags.split())
