"""Measures how many candidates this machine holds, for each way to store: docs/capacity.md.

    .venv/bin/python scripts/capacity.py --out capacity.json

Starts everything itself: PostgreSQL with fsync on, Redis, an S3 server, Invigil, the candidates.
Needed: what the tests need for these. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from tests.support import postgres, redis, s3  # noqa: E402 - our own, from the repository
from tests.support.ports import free_port  # noqa: E402

STORES = ("sqlite", "postgres", "postgres-redis-s3")
STEPS = {1: (100, 150, 200, 250, 300), 2: (200, 250, 300, 350, 400, 450, 500)}
Json = dict[str, Any]


@contextmanager
def parts(store: str, folder: Path) -> Iterator[dict[str, str]]:
    """The settings of a server that stores this way; all that it needs runs meanwhile."""
    with ExitStack() as stack:
        chosen: dict[str, str] = {}
        if store != "sqlite":
            cluster = stack.enter_context(postgres.cluster(safe=True))
            chosen["INVIGIL_DATABASE_URL"] = cluster.create()
        if store == "postgres-redis-s3":
            feed = stack.enter_context(redis.redis_server(folder / "redis"))
            (folder / "s3").mkdir()
            gateway = stack.enter_context(s3.gateway(folder / "s3", durable=True))
            chosen |= {"INVIGIL_FEED_URL": feed.url, "INVIGIL_EVIDENCE_URL": gateway.url}
            chosen |= gateway.environment
        yield chosen


def run(arguments: list[str], chosen: dict[str, str], out: Path) -> Json:
    """`invigil bench ...` with these settings and no others; what it wrote."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("INVIGIL_", "DB_"))}
    command = [sys.executable, "-m", "invigil", "bench", *arguments, "--json", str(out)]
    subprocess.run(command, env=kept | chosen, check=True, stdout=subprocess.DEVNULL)
    found: Json = json.loads(out.read_text())
    return found


def measure(store: str, cores: int, given: argparse.Namespace, folder: Path) -> Json:
    """One way to store, on so many processors: more and more candidates until they are too many."""
    steps = given.candidates or STEPS[cores]
    arguments = ["server", "--sockets", "--seconds", str(given.seconds), "--port", str(free_port())]
    arguments += ["--joins", str(max(steps))]
    arguments += [word for count in steps for word in ("--candidates", str(count))]
    with parts(store, folder) as chosen:
        if cores == 1:
            # Invigil on the first processor; candidates and stores go where they like.
            arguments += ["--cpus", "0"]
        found = run(
            arguments, chosen | {"INVIGIL_ANALYSIS_WORKERS": str(cores)}, folder / "out.json"
        )
        if store != "sqlite":
            found["bytes_of_an_observation"] = _bytes(chosen["INVIGIL_DATABASE_URL"])
    return {"store": store, "cores_of_invigil": cores, **found}


def _bytes(url: str) -> int:
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT pg_total_relation_size('observation') / GREATEST(COUNT(*), 1) FROM observation"
        ).fetchone()
    return int(row[0]) if row else 0


def shared(folder: Path) -> Json:
    """What several servers have in common, measured alone."""
    with parts("postgres-redis-s3", folder) as chosen:
        return run(["shared"], chosen, folder / "out.json")


def row(found: Json) -> str:
    """A line of the table for the newest step that was held, and one for the one that was not."""
    lines = []
    for step in found["steps"][-2:]:
        cores, frames = step["cores"], step["frames"]
        beside = [f"{cores[name]:.2f}" if name in cores else "-" for name in ("database", "feed")]
        cells = (
            found["store"],
            str(found["cores_of_invigil"]),
            f"{step['candidates']} {'held' if step['held'] else 'NOT held'}",
            f"{frames['median_s']:.3f} s; {frames['p95_s']:.3f} s",
            f"{cores['server']:.2f}",
            f"{cores['workers']:.2f}",
            *beside,
            f"{cores['machine']:.2f}",
            f"{cores['server_mb'] + cores['workers_mb']:.0f} MB",
            f"{cores['load_average']:.1f}",
        )
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--out", type=Path, default=Path("capacity.json"))
    parser.add_argument("--store", action="append", choices=STORES, help="default: all")
    parser.add_argument("--cores", action="append", type=int, choices=(1, 2), help="default: both")
    parser.add_argument("--candidates", action="append", type=int, help="a step; repeat")
    parser.add_argument("--seconds", type=float, default=20.0, help="counted for each step")
    given = parser.parse_args()
    results: list[Json] = []
    for store in given.store or STORES:
        for cores in given.cores or (1, 2):
            with tempfile.TemporaryDirectory(prefix="invigil-capacity-") as folder:
                results.append(measure(store, cores, given, Path(folder)))
            print(row(results[-1]), flush=True)
    with tempfile.TemporaryDirectory(prefix="invigil-capacity-") as folder:
        alone = shared(Path(folder))
    print(json.dumps(alone, indent=1))
    document = {"results": results, "shared": alone}
    given.out.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
