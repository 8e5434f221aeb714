"""The three reports in words, tables and charts."""

from __future__ import annotations

from collections.abc import Sequence

from invigil.domain.incident import IncidentKind
from invigil.evaluate.chart import Bar, decades, histogram, interval_chart, line_chart, linear
from invigil.evaluate.counting import CountingResult
from invigil.evaluate.page import (
    bullets,
    number,
    page,
    paragraph,
    rate,
    section,
    table,
    targets_section,
    with_interval,
)
from invigil.evaluate.sessions import KINDS, REPORTED, Event, SessionsResult
from invigil.evaluate.stats import Rate, events_per_hour_ci, median_ci
from invigil.evaluate.targets import Checked
from invigil.evaluate.verification import Tar, VerificationResult, worst_to_best

_KIND_WORDS = {
    IncidentKind.DIFFERENT_PERSON: "different person",
    IncidentKind.MULTIPLE_FACES: "several faces",
    IncidentKind.NO_FACE: "no face",
    IncidentKind.NOT_RECOGNISED: "not recognised",
}
_LISTED = 60  # rows of a table of single cases


def verification_page(result: VerificationResult, checked: Sequence[Checked]) -> str:
    intro = (
        f"{result.pairs} pairs of {result.people} people, compared by {', '.join(result.models)}: "
        "the first picture of a pair as reference photo, the second as live frame."
    )
    return page(
        "Verification: is it the same person?",
        intro,
        [
            targets_section(checked),
            _errors_section(result),
            _tar_section(result),
            _acquire_section(result),
            *_group_sections(result),
        ],
    )


def _errors_section(result: VerificationResult) -> str:
    everything, product = result.all_pairs, result.product
    rows = [
        ["False match rate (FMR)", rate(everything.fmr), rate(product.fmr)],
        ["False non-match rate (FNMR)", rate(everything.fnmr), rate(product.fnmr)],
        [
            f"Right answers, threshold from the other folds ({result.folds})",
            rate(result.accuracy),
            rate(result.product_accuracy),
        ],
        ["Pairs left out", str(everything.skipped), str(product.skipped)],
    ]
    if result.cross_fmr is not None:
        rows.insert(1, ["FMR over all with all", rate(result.cross_fmr, 6), "not counted"])
    return section(
        f"Errors at the threshold in use ({result.threshold:g})",
        table(
            f"All pairs: the {result.subject} face even where the gate refuses; no face never "
            "matches. As the product: pairs whose two pictures pass the gate.",
            ["", "all pairs", "as the product"],
            rows,
        ),
    )


def _tar_section(result: VerificationResult) -> str:
    where = (
        f"over {result.cross_pairs} comparisons of all with all"
        if result.cross_pairs
        else "over the listed pairs of different people"
    )
    rows = [
        [
            f"FMR {name}",
            _tar(tar),
            number(tar.threshold),
            _tar(result.product_tars.get(name)),
        ]
        for name, tar in result.tars.items()
    ]
    shown = [(point.fmr, point.fnmr) for point in result.det if point.fmr > 0]
    low = min([fmr for fmr, _ in shown] + [0.1])
    marks = [(tar.fmr, 1 - tar.value) for tar in result.tars.values()]
    return section(
        "True acceptance",
        table(
            f"Share of same-person pairs that match; false match rate {where}.",
            ["", "all pairs", "threshold", "as the product"],
            rows,
        ),
        line_chart(
            "Detection error trade-off (DET)",
            "False non-match rate against false match rate, both logarithmic. "
            + "; ".join(f"at FMR {fmr:g} FNMR is {fnmr:.3f}" for fmr, fnmr in marks),
            decades("false match rate", low),
            decades("false non-match rate", 1e-3),
            shown,
            marks=marks,
        ),
    )


def _acquire_section(result: VerificationResult) -> str:
    rows = [[reason.replace("_", " "), str(count)] for reason, count in result.reasons.items()]
    return section(
        "Failure to acquire",
        paragraph(
            f"Of all pictures {rate(result.failure_to_acquire)} have no usable face; on "
            f"{result.no_face_found} no face was found at all. The product would leave out "
            f"{rate(result.refused_same)} of the same-person pairs and "
            f"{rate(result.refused_different)} of the others. None of them counts against anybody."
        ),
        table("Pictures by reason", ["reason", "pictures"], rows),
    )


def _group_sections(result: VerificationResult) -> list[str]:
    if not result.groups:
        return []
    rows = [[name, rate(each.fmr), rate(each.fnmr)] for name, each in result.groups.items()]
    ratios = [
        worst_to_best([each.fmr for each in result.groups.values()]),
        worst_to_best([each.fnmr for each in result.groups.values()]),
    ]
    words = " and ".join(
        f"{name} {'cannot be told (a group has no error)' if ratio is None else f'{ratio:.1f}'}"
        for name, ratio in zip(("of FMR", "of FNMR"), ratios, strict=True)
    )
    return [
        section(
            "By group",
            table("At the threshold in use, all pairs", ["group", "FMR", "FNMR"], rows),
            paragraph(f"Worst group over best: {words}."),
        )
    ]


def _tar(tar: Tar | None) -> str:
    return "not measured" if tar is None else with_interval(tar.value, tar.ci)


def counting_page(result: CountingResult, checked: Sequence[Checked]) -> str:
    named = [
        ("Several, found", result.several.recall),
        ("Several, reported rightly", result.several.precision),
        ("Nobody, found", result.nobody.recall),
        ("Nobody, reported rightly", result.nobody.precision),
        ("Single faces missed", result.missed_single),
        ("Exact count agrees", result.exact_count),
    ]
    bars = [Bar(name, *_three(each)) for name, each in named if each.total]
    wrong = [
        [photo.truth.file, _at_least(photo.truth.faces, exact=photo.truth.exact), str(photo.found)]
        for photo in result.photos
        if _kind(photo.found) != _kind(photo.truth.faces)
    ]
    return page(
        "Counting: nobody, one, several?",
        f"{len(result.photos)} photographs counted by eye, looked at by {result.models[0]}."
        if result.models
        else f"{len(result.photos)} photographs counted by eye.",
        [
            targets_section(checked),
            section(
                "Rates",
                table("Wilson intervals", ["", "rate"], [[name, rate(r)] for name, r in named]),
                interval_chart(
                    "Rates with their intervals",
                    "; ".join(f"{bar.label} {bar.value:.3f}" for bar in bars),
                    linear("share", 1.0),
                    bars,
                ),
            ),
            section(
                "Photographs taken for something else",
                table("Nobody, one or several", ["file", "counted", "found"], wrong[:_LISTED])
                if wrong
                else paragraph("None."),
            ),
        ],
    )


def _three(value: Rate) -> tuple[float, float, float]:
    low, high = value.ci or (0.0, 1.0)
    return value.value or 0.0, low, high


def _at_least(faces: int, *, exact: bool) -> str:
    return str(faces) if exact else f"about {faces}"


def _kind(faces: int) -> int:
    return min(faces, 2)


def sessions_page(result: SessionsResult, checked: Sequence[Checked]) -> str:
    swaps = result.delays(IncidentKind.DIFFERENT_PERSON)
    return page(
        "Sittings: what is reported, how soon, and what did not happen",
        f"{result.sittings} simulated sittings, {result.hours:g} hours, a frame every "
        f"{result.sampling_s:g} seconds, {result.latency_s:g} seconds from camera to server. "
        f"{result.frames} frames were judged; the engine looked at {result.looks} different "
        "pictures.",
        [
            targets_section(checked),
            section(
                "What happened",
                table(
                    "Delay: from the moment it begins until its incident is there to see.",
                    ["event", "events", "missed", "median delay, s", "longest, s"],
                    [_event_row(result, kind) for kind in KINDS] + [_told_row(result)],
                ),
                histogram(
                    "Delay of different-person incidents",
                    f"{len(swaps)} delays"
                    + (f", from {swaps[0]:.1f} to {swaps[-1]:.1f} seconds" if swaps else ""),
                    "seconds",
                    swaps,
                ),
                _missed_table(result),
            ),
            section("What did not happen", _false_table(result), _scene_table(result)),
            section(
                "How often what was seen",
                table(
                    "Frames by scene and by outcome of the comparison, or why there was none",
                    ["scene", "frames"],
                    [[scene, _counts(counts)] for scene, counts in result.outcomes.items()],
                ),
            ),
            section("Check-in", bullets(_check_in(result))),
        ],
    )


def _event_row(result: SessionsResult, kind: IncidentKind) -> list[str]:
    delays = result.delays(kind)
    missed = result.missed(kind)
    return [
        _KIND_WORDS[kind],
        str(missed.total),
        rate(missed),
        with_interval(result.median_delay(kind), median_ci(delays), 1),
        number(max(delays, default=None), 1),
    ]


def _told_row(result: SessionsResult) -> list[str]:
    told = result.swaps_told
    return [
        "different person, told in either way",
        str(result.swaps_untold.total),
        rate(result.swaps_untold),
        with_interval(result.median_told, median_ci(told), 1),
        number(max(told, default=None), 1),
    ]


def _missed_table(result: SessionsResult) -> str:
    missed = [event for event in result.events if event.delay_s is None]
    if not missed:
        return paragraph("Nothing was missed.")
    head = ["sitting", "event", "seen", "best score", "reported as not recognised after, s"]
    return table("Missed", head, [*map(_missed, missed)])


def _missed(event: Event) -> list[str]:
    return [
        event.session,
        f"{event.scene} at {event.truth.from_s:.0f} s",
        _counts(event.outcomes),
        number(event.best_score),
        number(event.noted_s, 1),
    ]


def _false_table(result: SessionsResult) -> str:
    rows = []
    for kind in REPORTED:
        found = result.false_of(kind)
        per_hour = found / result.hours if result.hours else None
        interval = events_per_hour_ci(found, result.hours) if result.hours else None
        rows.append([_KIND_WORDS[kind], str(found), with_interval(per_hour, interval)])
    return table("Incidents without a cause", ["kind", "number", "per hour"], rows)


def _scene_table(result: SessionsResult) -> str:
    rows = [
        [_KIND_WORDS[kind], _counts(dict(scenes.most_common()))]
        for kind, scenes in result.false_by_scene().items()
    ]
    if not rows:
        return ""
    return table("During which scene they opened", ["kind", "scene"], rows)


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items()) or "-"


def _check_in(result: SessionsResult) -> list[str]:
    lines = [f"Sent to a proctor for a decision: {rate(result.to_proctor)}."]
    if result.not_acquired:
        lines.append(
            "No check-in came about, and so no sitting was simulated: "
            + ", ".join(result.not_acquired[:_LISTED])
        )
    return lines
