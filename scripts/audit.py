"""Ask the advisory databases about every locked dependency, and write the SBOM.

Ends with 1 when a known vulnerability is reported. Where a database cannot be reached nothing is
known, which is said and is no failure: a build without a network must not break. `--strict` makes
it one (2), for the place that releases.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PIP_AUDIT = "pip-audit==2.10.1"
CYCLONEDX = "cyclonedx-bom==7.5.0"
SBOM = ROOT / "dist" / "sbom-python.json"
_PATIENCE_S = 600


class Verdict(StrEnum):
    CLEAN = "clean"
    VULNERABLE = "VULNERABLE"
    UNKNOWN = "not known: the advisory database cannot be reached"


def run(*command: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, timeout=_PATIENCE_S
    )


def python_verdict(report: dict[str, Any] | None) -> tuple[Verdict, list[str]]:
    """What pip-audit's JSON says. It calls a registry without advisories "skipped", not failed."""
    if report is None:
        return Verdict.UNKNOWN, []
    found = report["dependencies"]
    bad = [
        f"{each['name']} {each['version']}: {advisory['id']}"
        for each in found
        for advisory in each.get("vulns", [])
    ]
    if bad:
        return Verdict.VULNERABLE, bad
    asked = [each for each in found if "skip_reason" not in each]
    return (Verdict.CLEAN, []) if asked else (Verdict.UNKNOWN, [])


def npm_verdict(report: dict[str, Any] | None) -> tuple[Verdict, list[str]]:
    """What `npm audit --json` says."""
    if report is None or "vulnerabilities" not in report:
        return Verdict.UNKNOWN, []
    bad = [f"{name}: {each['severity']}" for name, each in report["vulnerabilities"].items()]
    return (Verdict.VULNERABLE, bad) if bad else (Verdict.CLEAN, [])


def parsed(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def ask_python(requirements: Path) -> tuple[Verdict, list[str]]:
    done = run(
        *("uvx", PIP_AUDIT, "--requirement", str(requirements), "--disable-pip"),
        *("--require-hashes", "--format", "json", "--progress-spinner", "off"),
    )
    return python_verdict(parsed(done.stdout))


def ask_npm(folder: Path) -> tuple[Verdict, list[str]]:
    return npm_verdict(parsed(run("npm", "audit", "--json", cwd=folder).stdout))


def write_sbom(requirements: Path) -> None:
    """CycloneDX, of what a wheel with all extras is installed with."""
    SBOM.parent.mkdir(exist_ok=True)
    done = run(
        *("uvx", "--from", CYCLONEDX, "cyclonedx-py", "requirements", str(requirements)),
        *("--output-reproducible", "--of", "JSON", "--output-file", str(SBOM)),
    )
    if done.returncode != 0:
        sys.exit(f"The SBOM could not be written: {done.stderr.strip()}")
    count = len(json.loads(SBOM.read_text())["components"])
    print(f"SBOM: {SBOM.relative_to(ROOT)}, {count} components")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        requirements = Path(folder) / "requirements.txt"
        exported = run(
            *("uv", "export", "--frozen", "--all-extras", "--no-dev", "--no-emit-project"),
            *("--quiet", "--output-file", str(requirements)),
        )
        if exported.returncode != 0:
            sys.exit(f"uv export: {exported.stderr.strip()}")
        answers = {"Python": ask_python(requirements)}
        for pages in ("web", "models"):
            answers[f"npm {pages}"] = ask_npm(ROOT / pages)
        write_sbom(requirements)
    for name, (verdict, bad) in answers.items():
        print(f"{name}: {verdict}")
        print("".join(f"  {line}\n" for line in bad), end="")
    verdicts = {verdict for verdict, _ in answers.values()}
    if Verdict.VULNERABLE in verdicts:
        sys.exit(1)
    if Verdict.UNKNOWN in verdicts and "--strict" in sys.argv:
        sys.exit(2)


if __name__ == "__main__":
    main()
