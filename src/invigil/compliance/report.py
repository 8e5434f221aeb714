"""The papers in Markdown: inventory, DPIA draft, outline of the EU AI Act's technical file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from invigil import __version__
from invigil.compliance.facts import Detector, Facts

BLANK = "**[to be filled by you]**"

TITLE = "Invigil: data protection and AI papers of this installation"


def markdown(facts: Facts, now: datetime) -> str:
    """One document. It is a draft: what only the exam office can know is marked `BLANK`."""
    parts = [
        f"# {TITLE}",
        (
            f"Made by Invigil {__version__} on {now:%Y-%m-%d} from the settings that are in force. "
            f"A draft, no legal advice. What only you can know is marked {BLANK}."
        ),
        *_inventory(facts),
        *_detectors(facts),
        *_dpia(facts),
        *_technical_file(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _inventory(facts: Facts) -> list[str]:
    kept = [
        (
            each.data_class.value,
            each.what,
            f"at most {each.days} days, less where a session says less"
            if each.days
            else "as many days as the session says (1 to 365)",
        )
        for each in facts.kept
    ]
    kept.append(
        ("audit", "who did and saw what, by ids; no text, no picture", "never deleted (signed)")
    )
    places = [(each.what, each.where, "yes" if each.outside else "no") for each in facts.places]
    return [
        "## 1. What is kept, and for how long",
        _table(("class", "what", "kept"), kept),
        (
            "Templates and the newest picture are also deleted when the candidate finishes or the "
            "session is closed. Legal holds stop deletion for a session or a candidate. "
            "`invigil retention certificate` proves what was deleted."
        ),
        "## 2. Where data goes",
        _table(("what", "where", "run by others?"), places),
        f"Contracts with those who run them (Art. 28 GDPR) and transfers (Art. 44): {BLANK}",
    ]


def _detectors(facts: Facts) -> list[str]:
    rows = [(each.kind.value, each.what, each.severity, _rates(each)) for each in facts.detectors]
    models = [(each.name, each.task, each.licence, each.note) for each in facts.models]
    verification = "; ".join(f"{each.what}: {each.says}" for each in facts.verification)
    measured = (
        f"Measured {facts.measured} Brackets hold 95 % intervals. See docs/accuracy.md, also for "
        "what was not measured: real sittings, groups of people, attacks."
        if facts.measured
        else f"For the engine `{facts.engine}` nothing was measured here: run `invigil evaluate`. "
        + BLANK
    )
    return [
        "## 3. Detectors that are enabled",
        _table(("detector", "what it reports", "severity", "error rates"), rows),
        f"Verification: {verification}." if verification else "",
        measured,
        "Every report asks a human to look. No detector ends or fails an exam.",
        "### Models and thresholds",
        _table(("model", "task", "licence", "origin"), models),
        "\n".join(f"- {each}" for each in facts.thresholds),
    ]


def _rates(detector: Detector) -> str:
    return "; ".join(f"{each.what}: {each.says}" for each in detector.rates) or "not measured"


def _dpia(facts: Facts) -> list[str]:
    outside = [each for each in facts.places if each.outside]
    return [
        "## 4. Data protection impact assessment (draft, Art. 35 GDPR)",
        "### 4.1 Processing and purposes",
        (
            "Candidates of an online exam are watched by a camera. Software counts faces and "
            "compares "
            "the face with the one of check-in, to show a proctor where to look. Purpose of the "
            "exam "
            f"and why it is taken at a distance: {BLANK}"
        ),
        f"Controller, data protection officer, number of candidates a year: {BLANK}",
        "### 4.2 Necessity and proportionality",
        (
            "Comparing a face is biometric data for identification (Art. 9). Legal basis, and the "
            f"equal way for those who do not want it: {BLANK}"
        ),
        f"Why milder means (proctors' eyes alone, exams on site) do not do: {BLANK}",
        "### 4.3 Risks, and what this installation does about them",
        _table(
            ("risk", "measure here", "left to you"),
            (
                (
                    "a wrong report harms somebody",
                    "reports ask a human; decisions need a reason; both are on record",
                    f"training of proctors; appeals: {BLANK}",
                ),
                (
                    "faces or templates leak",
                    "encrypted with a key for each candidate; templates never leave the server",
                    f"disk encryption, access to the server: {BLANK}",
                ),
                (
                    "data is kept too long",
                    "deleted by class and day (section 1), on record",
                    f"backups: {BLANK}",
                ),
                (
                    "staff look without a reason",
                    "every view of a picture is in the audit log",
                    f"who reads the log: {BLANK}",
                ),
                (
                    "error rates differ between groups of people",
                    "not measured here",
                    f"own measurement and help: {BLANK}",
                ),
                (
                    "data reaches other companies",
                    f"{len(outside)} places in section 2 are run by others",
                    BLANK,
                ),
            ),
        ),
        "### 4.4 Rights",
        (
            "Access: `invigil export-candidate`. Erasure: `invigil erase`. Information before "
            "joining: "
            "the consent text, with its version on record. Objection and the other way to take the "
            f"exam: {BLANK}"
        ),
        "### 4.5 Views of candidates, advice of the officer, decision, date of the next review",
        BLANK,
    ]


def _technical_file(facts: Facts) -> list[str]:
    """The headings are those of Annex IV of Regulation (EU) 2024/1689."""
    models = ", ".join(each.name for each in facts.models)
    detectors = ", ".join(each.kind.value for each in facts.detectors)
    filled = (
        (
            "1. General description of the AI system",
            (
                f"Monitoring of candidates in exams (Annex III, 3(d)). Invigil {__version__}, "
                "engine "
                f"`{facts.engine}`, models {models}. It reports: {detectors}. Provider, intended "
                f"purpose here, hardware: {BLANK}"
            ),
        ),
        (
            "2. Elements of the system and its development",
            (
                "Pictures are measured by the models above; rules turn measurements into "
                "incidents; "
                "people decide. Pre-trained models, origin in section 3; thresholds listed "
                "there. Data "
                f"of training: as far as it is published, docs/models.md. Own tests: {BLANK}"
            ),
        ),
        (
            "3. Monitoring, functioning and control",
            (
                "Capabilities and limits: section 3 and docs/accuracy.md. Human oversight (Art. "
                "14): "
                "incidents are confirmed, dismissed or left open by people, with a reason. "
                "Persons who "
                f"oversee, and their training: {BLANK}"
            ),
        ),
        (
            "4. Appropriateness of the performance metrics",
            (
                "FMR and FNMR (ISO/IEC 19795-1), missed and false incidents per hour, with "
                "intervals. "
                f"Why they fit your exams: {BLANK}"
            ),
        ),
        ("5. Risk management system (Art. 9)", f"Section 4.3 is a beginning. {BLANK}"),
        (
            "6. Changes through the lifecycle",
            (
                "Every start of the server puts versions of models, thresholds and changed "
                "settings "
                f"into the audit log. Plan for changes: {BLANK}"
            ),
        ),
        (
            "7. Harmonised standards applied",
            f"None is claimed by the software. {BLANK}",
        ),
        ("8. EU declaration of conformity (Art. 47)", BLANK),
        (
            "9. Post-market monitoring (Art. 72)",
            (
                "Decisions of people on incidents show how often reports were right; logs are kept "
                f"longer than six months (Art. 19, 26(6)). Plan: {BLANK}"
            ),
        ),
    )
    out = [
        "## 5. Technical documentation (outline, Annex IV of the EU AI Act)",
    ]
    for heading, text in filled:
        out += [f"### {heading}", text]
    return out
