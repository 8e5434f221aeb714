"""Coverage-guided fuzzing of the image path: `python tests/faults/fuzz_decode.py CORPUS`.

Whatever the bytes are, the decoder gives an upright RGB picture or one of our refusals. Atheris
writes what breaks that to the folder of `-artifact_prefix=`.
"""

from __future__ import annotations

import sys

import atheris
import numpy as np

with atheris.instrument_imports(include=["invigil.vision", "PIL"]):
    from invigil.domain import errors
    from invigil.vision.decode import ImageDecoder

DECODER = ImageDecoder()


def one(data: bytes) -> None:
    """One file."""
    try:
        picture = DECODER.decode(data, needed_side=800)
    except errors.ImageRefused:
        return
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.ndim == 3
    assert picture.pixels.shape[2] == 3
    assert min(picture.width, picture.height) > 0


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
