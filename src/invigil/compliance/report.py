"""The papers in Markdown: `draft.md`, filled with facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from invigil import __version__
from invigil.compliance.facts import Facts, Rate

BLANK = "**[to be filled by you]**"

TITLE = "Invigil: data protection and AI papers of this installation"

_DRAFT = Path(__file__).parent / "draft.md"
_ENCRYPTED = "encrypted with a key for each candidate; templates never leave the server"
_PUBLIC = "NONE for pictures, which are PUBLIC at Imgur; templates are encrypted and stay here"


def markdown(facts: Facts, now: datetime) -> str:
    """One document. It is a draft: what only the exam office can know is marked `BLANK`."""
    outside = sum(each.outside for each in facts.places)
    return _DRAFT.read_text(encoding="utf-8").format(
        title=TITLE,
        version=__version__,
        date=f"{now:%Y-%m-%d}",
        blank=BLANK,
        kept=_kept(facts),
        places=_table(
            ("what", "where", "run by others?"),
            ((each.what, each.where, "yes" if each.outside else "no") for each in facts.places),
        ),
        detectors=_table(
            ("detector", "what it reports", "severity", "error rates"),
            (
                (each.kind.value, each.what, each.severity, _rates(each.rates) or "not measured")
                for each in facts.detectors
            ),
        ),
        measured=_measured(facts),
        models=_table(
            ("model", "task", "licence", "origin"),
            ((each.name, each.task, each.licence, each.note) for each in facts.models),
        ),
        thresholds="\n".join(f"- {each}" for each in facts.thresholds),
        leak=_PUBLIC if facts.public else _ENCRYPTED,
        outside=outside or "no",
        engine=facts.engine,
        model_names=", ".join(each.name for each in facts.models),
        kinds=", ".join(each.kind.value for each in facts.detectors),
    )


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _kept(facts: Facts) -> str:
    rows = [
        (
            each.data_class.value,
            each.what,
            f"at most {_days(each.days)}, less where a session says less"
            if each.days
            else "as many days as the session says (1 to 365)",
        )
        for each in facts.kept
    ]
    audit = ("audit", "who did and saw what, by ids; no text, no picture", "never deleted")
    return _table(("class", "what", "kept"), [*rows, audit])


def _measured(facts: Facts) -> str:
    if not facts.measured:
        return (
            f"For the engine `{facts.engine}` nothing was measured here: run `invigil evaluate`. "
            f"{BLANK}"
        )
    return (
        f"Verification: {_rates(facts.verification)}.\n\nMeasured {facts.measured} Brackets hold "
        "95 % intervals. See docs/accuracy.md, also for what was not measured: real sittings, "
        "groups of people, attacks."
    )


def _rates(rates: Sequence[Rate]) -> str:
    return "; ".join(f"{each.what}: {each.says}" for each in rates)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
