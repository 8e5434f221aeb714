"""Builds the engine that a setting names."""

from __future__ import annotations

import cv2
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from invigil.vision import cpu
from invigil.vision.decode import DecodeLimits, ImageDecoder
from invigil.vision.detector import HEIGHTS, BlazeFaceDetector
from invigil.vision.embedder import FaceEmbedder
from invigil.vision.engine import DefaultEngine
from invigil.vision.port import VisionEngine
from invigil.vision.registry import EngineEntry, ModelEntry, load_registry
from invigil.vision.runtime import open_session

ENGINES = ("default",)
_CANNOT_OPEN = (ort_errors.Fail, ort_errors.NotImplemented, ort_errors.RuntimeException)


def build_engine(name: str = "default", *, limits: DecodeLimits | None = None) -> VisionEngine:
    """Loads the models once; share the engine between threads.

    Raises `ValueError` for an unknown name, `WeightsError` when the weights are missing.
    """
    if name not in ENGINES:
        raise ValueError(f"There is no vision engine {name!r}. Choose one of: {', '.join(ENGINES)}")
    cv2.setNumThreads(1)  # for the whole process: cores go to frames, not to parts of one frame
    registry = load_registry()
    entry = registry.engines[name]
    embedder, session = _open_embedder(entry)
    sessions = {
        height: open_session(entry.detector, fixed={"batch": 1, "height": height})
        for height in HEIGHTS
    }
    return DefaultEngine(
        registry,
        ImageDecoder(limits),
        BlazeFaceDetector(sessions, registry.detector),
        FaceEmbedder(session),
        models=(entry.detector, embedder),
    )


def _open_embedder(entry: EngineEntry) -> tuple[ModelEntry, ort.InferenceSession]:
    """The first that this processor is fit for and that can be opened."""
    *small, exact = entry.embedders
    for model in small if cpu.has_vnni() else ():
        try:
            return model, open_session(model)
        except _CANNOT_OPEN:
            continue
    return exact, open_session(exact)
