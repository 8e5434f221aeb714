"""A process that holds one engine and answers its owner until the pipe closes.

Started by `invigil.monitoring.workers`. It has no other connection: no network, no database.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from invigil.domain.errors import InvigilError
from invigil.vision.decode import DecodeLimits
from invigil.vision.factory import build_engine
from invigil.vision.look import look
from invigil.vision.messages import HEADER, LOOK, Answer, Request, pack, unpack
from invigil.vision.port import Frame, VisionEngine

NICER = 5
"""Levels by which a worker stands back: a picture can wait, whoever takes pictures in cannot."""


def serve(engine: VisionEngine, asked: BinaryIO, answers: BinaryIO) -> None:
    """Answer request after request until `asked` ends."""
    answers.write(pack(Answer("ready")))
    answers.flush()
    while header := asked.read(HEADER.size):
        (size,) = HEADER.unpack(header)
        answers.write(pack(_answer(engine, unpack(asked.read(size)))))
        answers.flush()


def _answer(engine: VisionEngine, request: Request) -> Answer:
    try:
        if request.method == LOOK:
            return Answer(_looks(engine, request.arguments))
        return Answer(getattr(engine, request.method)(*request.arguments))
    except (InvigilError, ValueError) as error:
        return Answer(error=error)
    except Exception as error:  # noqa: BLE001 - a supervisor: the process lives, the owner hears
        return Answer(fault=f"{type(error).__name__}: {error}")


def _looks(engine: VisionEngine, frames: Sequence[Frame]) -> list[Answer]:
    """An answer for each frame. One that brings the engine to fall is found by looking singly."""
    try:
        found = look(engine, frames)
    except Exception as error:  # noqa: BLE001 - as above
        if len(frames) == 1:
            return [Answer(fault=f"{type(error).__name__}: {error}")]
        return [_looks(engine, [frame])[0] for frame in frames]
    return [Answer(error=x) if isinstance(x, Exception) else Answer(x) for x in found]


def main() -> None:
    """`python -m invigil.vision.worker '{"engine": …, "folder": …, "max_bytes": …}'`."""
    options = json.loads(sys.argv[1])
    if hasattr(os, "nice"):
        os.nice(NICER)
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the answers.
    os.dup2(2, 1)
    limits = DecodeLimits(max_bytes=options["max_bytes"])
    engine = build_engine(options["engine"], limits=limits, folder=Path(options.get("folder", ".")))
    serve(engine, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
