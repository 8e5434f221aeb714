"""All weights of the registry: check the sources, convert, check the results."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import blazeface, blazeface_int16, dlib_resnet, dlib_resnet_int8, faceres

CONVERTERS = {
    "blazeface": blazeface.convert,
    "blazeface_int16": blazeface_int16.convert,
    "dlib_resnet": dlib_resnet.convert,
    "dlib_resnet_int8": dlib_resnet_int8.convert,
    "faceres": faceres.convert,
}


class ConversionError(Exception):
    """The sources or the result are not those that the registry names."""


def read_models(registry: Path) -> list[dict[str, Any]]:
    """Those that the package carries."""
    models: list[dict[str, Any]] = tomllib.loads(registry.read_text(encoding="utf-8"))["model"]
    return [model for model in models if model["place"] == "package"]


def convert_all(registry: Path, packages: Mapping[str, Path], target: Path) -> None:
    """Writes every model of `registry` into the folder `target`.

    `packages`: for each package registry (npm, pypi) the folder in which its packages lie.
    The converted bytes are the same on every machine; if they are not those of the registry,
    nothing is kept.
    """
    target.mkdir(parents=True, exist_ok=True)
    for model in read_models(registry):
        done = target / model["weights"]
        if done.is_file() and _sha256(done) == model["weights_sha256"]:
            continue  # two entries may share one file
        sources = [
            _checked(_source(model, file["path"], packages), file["sha256"])
            for file in model["sources"]
        ]
        unchecked = target / f"{model['weights']}.unchecked"
        try:
            CONVERTERS[model["converter"]](sources[0], unchecked)
            _checked(unchecked, model["weights_sha256"])
            unchecked.replace(target / model["weights"])
        finally:
            unchecked.unlink(missing_ok=True)


def _source(model: Mapping[str, Any], path: str, packages: Mapping[str, Path]) -> Path:
    folder = packages[model["package_registry"]]
    if model["package_registry"] == "npm":
        folder = folder.joinpath(*model["package"].split("/"))
    return folder / path


def _checked(path: Path, sha256: str) -> Path:
    found = _sha256(path)
    if found != sha256:
        raise ConversionError(
            f"{path.name} has the SHA-256 {found}, but registry.toml names {sha256}. "
            "Either the download is damaged, or the package or the converter was changed."
        )
    return path


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
