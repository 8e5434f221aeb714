"""Fails when a text, a name of the API or a model has to do with what people feel.

Guessing emotions in education is forbidden (Article 5(1)(f) of the EU AI Act), and attention,
stress and honesty cannot be read from a face. So no such word may be in what people read or in what
programs call, and the registry of models may hold only kinds that measure where a face is and
whether it is the same one.

    python scripts/words.py [FOLDER]    the folder of the project, by default this one
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent

# Parts of words: `faceAttention` and `stress_level` are found as well.
FORBIDDEN = re.compile(
    "emotion|feeling|sentiment|mood|stress|attention|attentive|engagement|honest|nervous|anxiet"
    "|anxious|boredom|drows|fatigue|arousal|decept|lie.?detect",
    re.IGNORECASE,
)
READ = (
    "README.md",
    "openapi.json",
    "docs/**/*.md",
    "deploy/**/*.md",
    "web/*.html",
    "web/src/**/*.ts",
    "web/src/**/*.tsx",
    "src/invigil/**/*.py",
    "src/invigil/**/*.toml",
)
# Where the words are needed to say that we do none of it. Each must still be there.
SAID: Mapping[str, Sequence[str]] = {
    "README.md": ("Honest limits", "no judgements of feelings, attention or behaviour"),
    "docs/fairness.md": ("no emotion, attention, stress or honesty",),
    "docs/models.md": ("Emotion, age, sex, descent", "guessing emotions in education is forbidden"),
    "docs/privacy.md": ("does not infer feelings, attention, stress or honesty",),
    "src/invigil/domain/consent.py": ("does not judge feelings, attention or behaviour",),
    "src/invigil/vision/registry.py": ("Guessing emotions, age, sex, descent or honesty is not",),
}

REGISTRY = "src/invigil/vision/registry.toml"
WEIGHTS = "src/invigil/vision/weights"
MODEL_KINDS = frozenset({"detector", "embedder", "second_embedder"})


def wrong_words(root: Path) -> Iterator[str]:
    """Each forbidden word with its place, and each permission that nobody needs any more."""
    for path in sorted({found for pattern in READ for found in root.glob(pattern)}):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        for said in SAID.get(name, ()):
            if said not in text:
                yield f"{name}: “{said}” is permitted in {Path(__file__).name} and not there"
            text = text.replace(said, "")
        for number, line in enumerate(text.splitlines(), 1):
            for found in FORBIDDEN.finditer(line):
                yield f"{name}:{number}: “{found[0]}” may not be used"


def wrong_models(root: Path) -> Iterator[str]:
    """Models of another kind, and weights that no model of the registry owns."""
    models = tomllib.loads((root / REGISTRY).read_text(encoding="utf-8")).get("model", [])
    for model in models:
        if model.get("task") not in MODEL_KINDS:
            yield (
                f"{REGISTRY}: {model.get('id')} is a “{model.get('task')}”; allowed are "
                f"{', '.join(sorted(MODEL_KINDS))}"
            )
    known = {model.get("weights") for model in models}
    for path in sorted((root / WEIGHTS).glob("*")):
        if path.name not in known:
            yield f"{WEIGHTS}/{path.name}: no model of the registry has these weights"


def main(root: Path) -> int:
    problems = [*wrong_words(root), *wrong_models(root)]
    print("\n".join(problems) or "No word and no model has to do with what people feel.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
