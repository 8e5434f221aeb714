"""onnxruntime as this project uses it: one thread a call, on the CPU."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import onnxruntime as ort

from invigil.vision.registry import ModelEntry, Place

WEIGHTS = Path(__file__).parent / "weights"
_ERRORS = 3


class WeightsError(RuntimeError):
    """The weights are missing or are not those that the registry names."""


def open_session(
    model: ModelEntry, folder: Path = WEIGHTS, *, fixed: Mapping[str, int] | None = None
) -> ort.InferenceSession:
    """A session that several threads may share; it spends one core for each call.

    Cores are given to frames, not to parts of one frame: that way they all stay busy. `fixed`
    says how large a named dimension of the input always is, which lets more be optimised.
    """
    return session_of(read_weights(model, folder), fixed=fixed)


def session_of(weights: bytes, *, fixed: Mapping[str, int] | None = None) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS
    for name, size in (fixed or {}).items():
        options.add_free_dimension_override_by_name(name, size)
    return ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])


def read_weights(model: ModelEntry, folder: Path = WEIGHTS) -> bytes:
    """The bytes of the weights, after their hash was compared with the registry."""
    path = folder / model.weights
    try:
        weights = path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"The weights of {model.name} are not at {path}. {_remedy(model)}"
        ) from error
    if hashlib.sha256(weights).hexdigest() != model.weights_sha256:
        raise WeightsError(
            f"{path} is not the file that registry.toml names for {model.name}. "
            f"Remove it. {_remedy(model)}"
        )
    return weights


def checked(path: Path, sha256: str, name: str) -> Path:
    """`path`, after the hash of the file was compared."""
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise WeightsError(f"{path} is not the file that registry.toml names for {name}.")
    return path


def _remedy(model: ModelEntry) -> str:
    if model.place is Place.DOWNLOAD:
        return "Run `invigil models pull`, or choose INVIGIL_VISION=default."
    return "Install the package again: `uv sync --reinstall-package invigil`."
