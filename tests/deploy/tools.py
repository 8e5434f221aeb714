"""The tools that read what deploy/ holds, from the registries or from Debian."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, TypeVar

import pytest

from tests.support.go import CACHE, NoGo, built, built_here, module_file

DEPLOY = Path(__file__).parents[2] / "deploy"
HELM, KUBECONFORM, KUBERNETES, LIVEKIT = "v4.3.1", "v0.8.0", "v1.37.2", "v1.13.5"
_PATIENCE_S = 120.0
_T = TypeVar("_T")


def absent(reason: str) -> NoReturn:
    """A test that is skipped with the reason, or fails where nothing may be missing."""
    if os.environ.get("INVIGIL_TEST_REQUIRE_DEPLOY"):
        pytest.fail(reason)
    pytest.skip(reason)


def _need(get: Callable[[], _T]) -> _T:
    try:
        return get()
    except NoGo as error:
        absent(str(error))


def helm() -> Path:
    return _need(lambda: built("helm", HELM, "helm.sh/helm/v4/cmd/helm"))


def kubeconform() -> Path:
    package = "github.com/yannh/kubeconform/cmd/kubeconform"
    return _need(lambda: built("kubeconform", KUBECONFORM, package))


def kubernetes_api() -> Path:
    """The OpenAPI document of Kubernetes, as its own source carries it."""
    path = "api/openapi-spec/swagger.json"
    return _need(lambda: module_file("k8s.io/kubernetes", KUBERNETES, path))


def compose() -> Path:
    """The loader of Docker Compose (compose-go), as a program of its own."""
    return _need(lambda: built_here("compose-loader", Path(__file__).parent / "compose"))


def livekit() -> Path:
    package = "github.com/livekit/livekit-server/cmd/server"
    return _need(lambda: built("livekit", LIVEKIT, package))


def installed(program: str, package: str) -> Path:
    """A program of this machine, which Debian has in `package`."""
    found = shutil.which(program)
    if found is None:
        absent(f"{program} is not here (Debian: apt-get install {package})")
    return Path(found)


def of_debian(program: str, package: str) -> Path:
    """A program of a Debian package that is unpacked, not installed: no service of it starts."""
    if found := shutil.which(program):
        return Path(found)
    unpacked = CACHE / "debian" / package / "usr" / "bin" / program
    if not unpacked.exists():
        absent(f"{program} is not here (.ci/run unpacks it from Debian's package {package})")
    return unpacked


def hadolint() -> Path:
    """The linter of Dockerfiles, which comes as a wheel of the development packages."""
    found = Path(sys.executable).with_name("hadolint")
    if not found.exists():
        absent("hadolint is not installed: its wheel is for Linux on x86-64")
    return found


def run(
    *command: str | Path, env: Mapping[str, str] | None = None, cwd: Path = DEPLOY
) -> tuple[int, str]:
    """Exit code, and all that was said."""
    base = {"PATH": os.environ["PATH"], "HOME": str(Path.home())}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=base | dict(env or {}),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PATIENCE_S,
    )
    return done.returncode, done.stdout


def passes(*command: str | Path, env: Mapping[str, str] | None = None, cwd: Path = DEPLOY) -> str:
    """What a command said that succeeded."""
    code, said = run(*command, env=env, cwd=cwd)
    assert code == 0, said
    return said
