"""A worker process around the scripted engine, with pictures that hang, kill or confuse it.

Run as `python tests/support/scripted_worker.py`, as the server runs its own workers.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from invigil.domain.observation import Observation, Template
from invigil.vision.worker import serve
from tests.support.scripted import ScriptedEngine


class _Mischief(ScriptedEngine):
    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        if image == b"hang":
            time.sleep(600)
        if image == b"die":
            os.kill(os.getpid(), signal.SIGKILL)
        if image == b"fault":
            raise RuntimeError("a defect of the engine")
        return super().observe(image, templates)


if __name__ == "__main__":
    serve(_Mischief(), sys.stdin.buffer, sys.stdout.buffer)
