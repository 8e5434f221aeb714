"""The lint for words and models: it passes here, and finds what is planted."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
SCRIPT = PROJECT / "scripts" / "words.py"
REGISTRY = "src/invigil/vision/registry.toml"


def lint(root: Path) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, SCRIPT, root], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """As much of the project as the lint reads, without the weights themselves."""
    for name in ("docs", "deploy", "web/src", "src/invigil"):
        ignored = shutil.ignore_patterns("node_modules", "static", "weights", "__pycache__", "demo")
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=ignored)
    for name in ("README.md", "openapi.json", "web/index.html", "web/candidate.html"):
        shutil.copy(PROJECT / name, tmp_path / name)
    return tmp_path


def test_the_project_itself_passes() -> None:
    code, said = lint(PROJECT)
    assert code == 0, said


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("web/src/words.ts", 'export const HINT = "The candidate seems nervous";'),
        ("web/src/proctor/tile.tsx", "const faceAttention = 0.4;"),
        ("web/index.html", "<p>Engagement</p>"),
        ("openapi.json", '{"stress_level": 3}'),
        ("src/invigil/api/schemas.py", "emotion: str"),
        ("src/invigil/domain/consent.py", "# It judges feelings."),
        ("docs/privacy.md", "It measures the candidate's mood."),
        ("docs/new/page.md", "Drowsiness is shown."),
    ],
)
def test_a_planted_word_is_named_with_its_place(copy: Path, name: str, planted: str) -> None:
    assert lint(copy)[0] == 0
    path = copy / name
    path.parent.mkdir(exist_ok=True)
    before = path.read_text().rstrip("\n") + "\n" if path.exists() else ""
    path.write_text(before + planted + "\n")
    code, said = lint(copy)
    assert code == 1
    assert f"{name}:" in said
    assert "may not be used" in said


def test_a_permission_that_nobody_needs_is_named(copy: Path) -> None:
    (copy / "docs" / "fairness.md").write_text("Nothing.\n")
    code, said = lint(copy)
    assert code == 1
    assert "docs/fairness.md" in said


@pytest.mark.parametrize("task", ["emotion_classifier", "gaze", ""])
def test_a_model_of_another_kind_is_named(copy: Path, task: str) -> None:
    registry = copy / REGISTRY
    text = registry.read_text()
    registry.write_text(f'{text}\n[[model]]\nid = "planted"\ntask = "{task}"\n')
    code, said = lint(copy)
    assert code == 1
    assert "planted" in said


def test_weights_that_no_model_owns_are_named(copy: Path) -> None:
    weights = copy / "src/invigil/vision/weights"
    weights.mkdir()
    (weights / "extra.onnx").write_bytes(b"x")
    code, said = lint(copy)
    assert code == 1
    assert "extra.onnx" in said


def test_make_check_runs_it() -> None:
    assert "python scripts/words.py" in (PROJECT / "Makefile").read_text()
