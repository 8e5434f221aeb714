"""Builds the engine that a setting names."""

from __future__ import annotations

import cv2

from invigil.vision.decode import DecodeLimits, ImageDecoder
from invigil.vision.detector import BlazeFaceDetector
from invigil.vision.embedder import FaceEmbedder
from invigil.vision.engine import DefaultEngine
from invigil.vision.port import VisionEngine
from invigil.vision.registry import Task, load_registry
from invigil.vision.runtime import open_session

ENGINES = ("default",)


def build_engine(name: str = "default", *, limits: DecodeLimits | None = None) -> VisionEngine:
    """Loads the models once; share the engine between threads.

    Raises `ValueError` for an unknown name, `WeightsError` when the weights are missing.
    """
    if name not in ENGINES:
        raise ValueError(f"There is no vision engine {name!r}. Choose one of: {', '.join(ENGINES)}")
    cv2.setNumThreads(1)  # for the whole process: cores go to frames, not to parts of one frame
    registry = load_registry()
    return DefaultEngine(
        registry,
        ImageDecoder(limits),
        BlazeFaceDetector(open_session(registry.model_for(Task.DETECTOR)), registry.detector),
        FaceEmbedder(open_session(registry.model_for(Task.EMBEDDER))),
    )
