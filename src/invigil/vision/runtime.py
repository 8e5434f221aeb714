"""onnxruntime as this project uses it: one thread a call, on the CPU."""

from __future__ import annotations

import hashlib
from pathlib import Path

import onnxruntime as ort

from invigil.vision.registry import ModelEntry

WEIGHTS = Path(__file__).parent / "weights"


class WeightsError(RuntimeError):
    """The weights are missing or are not those that the registry names."""


def open_session(model: ModelEntry, folder: Path = WEIGHTS) -> ort.InferenceSession:
    """A session that several threads may share; it spends one core for each call.

    Cores are given to frames, not to parts of one frame: that way they all stay busy.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    weights = read_weights(model, folder)
    return ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def read_weights(model: ModelEntry, folder: Path = WEIGHTS) -> bytes:
    """The bytes of the converted file, after their hash was compared with the registry."""
    path = folder / model.weights
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The weights of {model.name} are not at {path}. Install the package again: "
            "`uv sync --reinstall-package invigil`."
        ) from error
    if hashlib.sha256(weights).hexdigest() != model.weights_sha256:
        raise WeightsError(
            f"{path} is not the file that registry.toml names for {model.name}. "
            f"Remove {folder} and install the package again."
        )
    return weights
