"""Processor time and memory of what runs on this machine (Linux); 0 where it cannot be told."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import psycopg
from redis import Redis

from invigil.settings import Settings
from invigil.wiring import database_url

_TICKS = os.sysconf("SC_CLK_TCK")
_IDLE = (3, 4)  # idle, waiting for the disk

Meter = Callable[[], float]
"""Processor seconds since some moment in the past."""


def children(pid: int) -> list[int]:
    """Processes that this one has started."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in listed.read_text().split()] if listed.exists() else []


def cpu_s(pid: int, *, with_ended_children: bool = False) -> float:
    """Processor seconds that a process has used."""
    fields = _stat(pid)
    return sum(int(each) for each in fields[11 : 15 if with_ended_children else 13]) / _TICKS


def memory_mb(pid: int) -> float:
    """Resident memory, with what it shares with others."""
    status = Path(f"/proc/{pid}/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def machine_s() -> float:
    """Processor seconds of everything on this machine."""
    times = [int(each) for each in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
    return (sum(times) - sum(times[place] for place in _IDLE)) / _TICKS


def shared_meters(settings: Settings) -> dict[str, Meter]:
    """Of the database and the feed of these settings, as far as they run on this machine."""
    found: dict[str, Meter] = {}
    url = database_url(settings)
    if url.startswith("postgres"):
        server = _postgres(url)
        if server:
            found["database"] = lambda: (
                cpu_s(server, with_ended_children=True) + sum(map(cpu_s, children(server)))
            )
    if settings.feed_url is not None:
        feed = settings.feed_url.get_secret_value()
        found["feed"] = lambda: _redis_cpu_s(feed)
    return found


def _postgres(url: str) -> int:
    """The process that all of PostgreSQL's others descend from; 0 when it is elsewhere."""
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        backend = _stat(int(row[0])) if row else []
    parent = int(backend[1]) if backend else 0
    name = Path(f"/proc/{parent}/comm")
    return parent if parent and name.exists() and name.read_text().startswith("postgres") else 0


def _redis_cpu_s(url: str) -> float:
    with Redis.from_url(url) as client:
        facts = client.info("cpu")
        return float(facts["used_cpu_sys"]) + float(facts["used_cpu_user"])


def _stat(pid: int) -> list[str]:
    """Fields of `/proc/PID/stat` behind the name, beginning with the state."""
    stat = Path(f"/proc/{pid}/stat")
    return stat.read_text().rpartition(")")[2].split() if stat.exists() else []
