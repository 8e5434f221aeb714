"""A process that holds one engine and answers its owner until the pipe closes.

Started by `invigil.monitoring.workers`. It has no other connection: no network, no database.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import BinaryIO

from invigil.domain.errors import InvigilError
from invigil.vision.decode import DecodeLimits
from invigil.vision.factory import build_engine
from invigil.vision.messages import HEADER, Answer, Request, pack, unpack
from invigil.vision.port import VisionEngine


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
        return Answer(getattr(engine, request.method)(*request.arguments))
    except (InvigilError, ValueError) as error:
        return Answer(error=error)
    except Exception as error:  # noqa: BLE001 - a supervisor: the process lives, the owner hears
        return Answer(fault=f"{type(error).__name__}: {error}")


def main() -> None:
    """`python -m invigil.vision.worker '{"engine": …, "folder": …, "max_bytes": …}'`."""
    options = json.loads(sys.argv[1])
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a library prints must not get between the answers.
    os.dup2(2, 1)
    limits = DecodeLimits(max_bytes=options["max_bytes"])
    engine = build_engine(options["engine"], limits=limits, folder=Path(options.get("folder", ".")))
    serve(engine, sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
