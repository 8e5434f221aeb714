"""JPEG bytes to Observation, engine by engine, each in a process of its own.

`python -m invigil.bench.frames ENGINE FOLDER SECONDS [MODELS]` measures one and prints JSON.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from invigil.demo.scenes import PEOPLE, Scene
from invigil.domain.errors import ImageRefused
from invigil.domain.observation import Observation, Template, TemplateKind
from invigil.vision.factory import build_engine
from invigil.vision.port import BatchEngine, Frame, VisionEngine

SCENES = 4
_WARM_UP = 3
_LEAST_FRAMES = 12
_BATCH = 8
# The engines take turns, because how fast a shared machine is changes from minute to minute.
_ROUNDS = 3
_KIB_IN_MB = 1024

_Shot = tuple[bytes, list[Template]]


class BenchFailed(Exception):
    """Says what went wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Result:
    """Milliseconds are those of one processor; `compared` is the share of frames with a score.

    `seated_cpu_ms`: of somebody who does not move, whose features are compared on every second
    frame only; as much as can be saved so.
    `ready_mb` is the process's memory before the first frame, `peak_mb` its greatest.
    """

    engine: str
    models: tuple[str, ...]
    frames: int
    compared: float
    cpu_ms: float
    cpu_ms_p95: float
    frames_per_s: float
    threads: int
    ready_mb: float
    peak_mb: float
    batch_cpu_ms: float
    seated_cpu_ms: float


def compose(folder: Path) -> None:
    """Frames as a webcam sends them (640 x 480), made of the bundled photographs."""
    for seed in range(SCENES):
        scene = Scene(seed)
        for number, person in enumerate(PEOPLE):
            (folder / f"{seed}-{number}-{person}.jpg").write_bytes(scene.frame(person))


def measure_all(
    engines: list[str], images: Path | None, seconds: float, models: Path
) -> list[Result]:
    """Every engine for about `seconds` a step, in turns. Raises `BenchFailed`."""
    with tempfile.TemporaryDirectory(prefix="invigil-bench-") as scratch:
        folder = images or Path(scratch)
        if images is None:
            compose(folder)
        rounds = [
            [_in_own_process(engine, folder, seconds / _ROUNDS, models) for engine in engines]
            for _ in range(_ROUNDS)
        ]
        return [_combined(results) for results in zip(*rounds, strict=True)]


def _combined(rounds: Sequence[Result]) -> Result:
    """The middle of what each round found."""

    def middle(field: str) -> float:
        return float(statistics.median(getattr(each, field) for each in rounds))

    return replace(
        rounds[0],
        frames=sum(each.frames for each in rounds),
        compared=middle("compared"),
        cpu_ms=middle("cpu_ms"),
        cpu_ms_p95=middle("cpu_ms_p95"),
        frames_per_s=middle("frames_per_s"),
        ready_mb=middle("ready_mb"),
        peak_mb=max(each.peak_mb for each in rounds),
        batch_cpu_ms=middle("batch_cpu_ms"),
        seated_cpu_ms=middle("seated_cpu_ms"),
    )


def _in_own_process(engine: str, folder: Path, seconds: float, models: Path) -> Result:
    command = [sys.executable, "-m", "invigil.bench.frames", engine, str(folder), str(seconds)]
    done = subprocess.run([*command, str(models)], capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise BenchFailed(f"The engine {engine} could not be measured: {lines[-1]}")
    return Result(**json.loads(done.stdout))


def measure(name: str, folder: Path, seconds: float, models: Path) -> Result:
    engine = build_engine(name, folder=models)
    frames = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    shots = _shots(engine, frames)
    ready_mb = _peak_mb()
    for shot in shots[:_WARM_UP]:
        engine.observe(*shot)
    times, compared = _alone(engine, shots, seconds)
    threads = os.cpu_count() or 1
    return Result(
        engine=name,
        models=engine.models,
        frames=len(times),
        compared=compared / len(times),
        cpu_ms=_quantile(times, 0.5),
        cpu_ms_p95=_quantile(times, 0.95),
        frames_per_s=_together(engine, shots, seconds, threads),
        threads=threads,
        ready_mb=ready_mb,
        peak_mb=_peak_mb(),
        batch_cpu_ms=_batched(engine, shots),
        seated_cpu_ms=_seated(engine, shots, seconds / 2),
    )


def _shots(engine: VisionEngine, frames: list[bytes]) -> list[_Shot]:
    """The frames that are pictures, each with a template of whoever is on it.

    As in an exam, where nearly everybody is recognised at the first look.
    """
    pictures: list[bytes] = []
    templates: dict[int, Template] = {}
    for frame in frames:
        try:
            seen = engine.observe(frame)
        except ImageRefused:
            continue
        if seen.usable:
            own = engine.make_template(TemplateKind.REFERENCE, [frame])
            templates[len(pictures)] = own
        pictures.append(frame)
    if not templates:
        raise BenchFailed("none of the pictures shows exactly one usable face")
    other = next(iter(templates.values()))
    return [(frame, [templates.get(n, other)]) for n, frame in enumerate(pictures)]


def _alone(engine: VisionEngine, shots: Sequence[_Shot], seconds: float) -> tuple[list[float], int]:
    """Processor time of the whole process for each frame, one after another."""
    times: list[float] = []
    compared = 0
    end = time.monotonic() + seconds
    while len(times) < _LEAST_FRAMES or time.monotonic() < end:
        shot = shots[len(times) % len(shots)]
        start = time.process_time()
        seen = engine.observe(*shot)
        times.append((time.process_time() - start) * 1000)
        compared += seen.comparison_score is not None
    return times, compared


def _seated(engine: BatchEngine, shots: Sequence[_Shot], seconds: float) -> float:
    """Processor time for each frame when every picture comes twice, one after the other."""
    times: list[float] = []
    end = time.monotonic() + seconds
    while len(times) < _LEAST_FRAMES or time.monotonic() < end:
        image, templates = shots[len(times) % len(shots)]
        start = time.process_time()
        (before,) = engine.observe_many([Frame(image, templates)])
        trace = before.trace if isinstance(before, Observation) else None
        engine.observe_many([Frame(image, templates, trace)])
        times.append((time.process_time() - start) * 1000 / 2)
    return _quantile(times, 0.5)


def _together(engine: VisionEngine, shots: Sequence[_Shot], seconds: float, threads: int) -> float:
    """Frames a second with one thread a core."""
    start = time.monotonic()
    end = start + seconds

    def work(offset: int) -> int:
        done = 0
        while not done or time.monotonic() < end:
            engine.observe(*shots[(offset + done) % len(shots)])
            done += 1
        return done

    with ThreadPoolExecutor(threads) as pool:
        total = sum(pool.map(work, range(threads)))
    return total / (time.monotonic() - start)


def _batched(engine: BatchEngine, shots: Sequence[_Shot]) -> float:
    """Processor time for each frame when eight come at once."""
    batch = [Frame(*shots[number % len(shots)]) for number in range(_BATCH)]
    engine.observe_many(batch)
    times = []
    for _ in range(3):
        start = time.process_time()
        engine.observe_many(batch)
        times.append((time.process_time() - start) * 1000 / _BATCH)
    return _quantile(times, 0.5)


def _quantile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _peak_mb() -> float:
    """Greatest resident memory so far, of this process alone."""
    try:
        # getrusage would count what the parent had at the fork.
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / _KIB_IN_MB
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / _KIB_IN_MB / (_KIB_IN_MB if sys.platform == "darwin" else 1)


def main(arguments: list[str]) -> None:
    name, folder, seconds, models = arguments
    print(json.dumps(asdict(measure(name, Path(folder), float(seconds), Path(models)))))


if __name__ == "__main__":
    main(sys.argv[1:])
