"""Fails when a file or function has outgrown what a reader can hold in the head."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LINES = {".py": 400, ".c": 400, ".ts": 250, ".tsx": 250}
FUNCTION_LINES = 50
GENERATED = ("migrations/versions/", ".gen.")


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    return [Path(name) for name in listed if (ROOT / name).is_file()]


def long_functions(path: Path, source: str) -> list[str]:
    return [
        f"{path}:{node.lineno}: {node.name} has {node.end_lineno - node.lineno + 1} lines, "
        f"{FUNCTION_LINES} are allowed"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno >= FUNCTION_LINES
    ]


def main() -> int:
    problems: list[str] = []
    for path in tracked():
        allowed = LINES.get(path.suffix)
        if allowed is None or any(mark in str(path) for mark in GENERATED):
            continue
        source = (ROOT / path).read_text()
        lines = source.count("\n")
        if lines > allowed:
            problems.append(f"{path}: {lines} lines, {allowed} are allowed")
        if path.suffix == ".py":
            problems.extend(long_functions(path, source))
    print("\n".join(problems) or "All files and functions are within their budgets.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
