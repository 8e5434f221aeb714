"""Results as the JSON that other tools read. Every rate has its interval beside it as `_ci`."""

from __future__ import annotations

from collections.abc import Mapping

from invigil.domain.incident import IncidentKind
from invigil.evaluate.counting import CountingResult, Retrieval
from invigil.evaluate.sessions import KINDS, REPORTED, SessionsResult
from invigil.evaluate.stats import Interval, Rate, events_per_hour_ci, median_ci
from invigil.evaluate.verification import FMRS, Errors, Tar, VerificationResult, worst_to_best

Json = dict[str, object]


def verification_numbers(result: VerificationResult) -> Json:
    """At the top: over all pairs, the subject's face even where the gate refuses. See `product`."""
    groups = result.groups
    return {
        **_error_numbers(result.all_pairs, result.tars, result.accuracy),
        "threshold": result.threshold,
        **_rate("failure_to_acquire", result.failure_to_acquire),
        "pairs": result.pairs,
        "protocol": f"all pairs; the {result.subject} face is compared even where the quality "
        "gate refuses; a picture without a face never matches",
        "people": result.people,
        "folds": result.folds,
        "models": list(result.models),
        "cross_pairs": result.cross_pairs,
        **({} if result.cross_fmr is None else _rate("cross_fmr", result.cross_fmr)),
        "tar_thresholds": {name: tar.threshold for name, tar in result.tars.items()},
        "failure_to_acquire_reasons": result.reasons,
        "no_face_found": result.no_face_found,
        "product": {
            **_error_numbers(result.product, result.product_tars, result.product_accuracy),
            "pairs": result.pairs - result.product.skipped,
            "pairs_not_compared": result.product.skipped,
            **_rate("same_person_not_compared", result.refused_same),
            **_rate("different_people_not_compared", result.refused_different),
        },
        "groups": {
            "by": {
                name: {**_rate("fmr", each.fmr), **_rate("fnmr", each.fnmr)}
                for name, each in groups.items()
            },
            "fmr_worst_to_best": worst_to_best([each.fmr for each in groups.values()]),
            "fnmr_worst_to_best": worst_to_best([each.fnmr for each in groups.values()]),
        },
    }


def counting_numbers(result: CountingResult) -> Json:
    return {
        "several": _retrieval(result.several),
        "nobody": _retrieval(result.nobody),
        **_rate("missed_single", result.missed_single),
        **_rate("exact_count", result.exact_count),
        "photos": len(result.photos),
        "models": list(result.models),
    }


def sessions_numbers(result: SessionsResult) -> Json:
    """`missed_swaps` is a number of swaps; `missed_swaps_ci` belongs to their share.

    The same for `untold_swaps`: those reported neither as a different person nor as somebody who is
    not recognised.
    """
    swaps = result.missed(IncidentKind.DIFFERENT_PERSON)
    delays = result.delays(IncidentKind.DIFFERENT_PERSON)
    return {
        "swaps": swaps.total,
        "missed_swaps": swaps.hits,
        "missed_swaps_share": swaps.value,
        "missed_swaps_ci": _listed(swaps.ci),
        "missed_swaps_not_recognised": len(result.noted),
        "swap_delay_median_s": result.median_delay(IncidentKind.DIFFERENT_PERSON),
        "swap_delay_median_s_ci": _listed(median_ci(delays)),
        "swap_delay_max_s": max(delays, default=None),
        "untold_swaps": result.swaps_untold.hits,
        "untold_swaps_ci": _listed(result.swaps_untold.ci),
        "swap_told_median_s": result.median_told,
        "swap_told_max_s": max(result.swaps_told, default=None),
        "false_incidents_per_hour": {
            kind.value: result.false_of(kind) / result.hours if result.hours else None
            for kind in REPORTED
        },
        "false_incidents_per_hour_ci": {
            kind.value: _listed(events_per_hour_ci(result.false_of(kind), result.hours))
            if result.hours
            else None
            for kind in REPORTED
        },
        "false_incidents": {kind.value: result.false_of(kind) for kind in REPORTED},
        "false_incidents_by_scene": {
            kind.value: dict(scenes.most_common())
            for kind, scenes in result.false_by_scene().items()
        },
        "hours": result.hours,
        "sittings": result.sittings,
        "sampling_s": result.sampling_s,
        "latency_s": result.latency_s,
        "events": {kind.value: _event_numbers(result, kind) for kind in KINDS},
        "repeated_incidents": result.repeats,
        "check_in_not_acquired": len(result.not_acquired),
        **_rate("check_in_to_proctor", result.to_proctor),
        "frames": result.frames,
        "different_pictures": result.looks,
        "outcomes_by_scene": result.outcomes,
        "models": list(result.models),
    }


def _event_numbers(result: SessionsResult, kind: IncidentKind) -> Json:
    delays = result.delays(kind)
    missed = result.missed(kind)
    return {
        "events": missed.total,
        "missed": missed.hits,
        "missed_ci": _listed(missed.ci),
        "delay_median_s": result.median_delay(kind),
        "delay_median_s_ci": _listed(median_ci(delays)),
        "delay_max_s": max(delays, default=None),
    }


def _error_numbers(errors: Errors, tars: Mapping[str, Tar], accuracy: Rate | None) -> Json:
    numbers: Json = {}
    for name in FMRS:
        tar = tars.get(name)
        numbers[f"tar_at_fmr_{name}"] = None if tar is None else tar.value
        numbers[f"tar_at_fmr_{name}_ci"] = None if tar is None else _listed(tar.ci)
    numbers |= _rate("accuracy_10fold", accuracy)
    return numbers | _rate("fmr", errors.fmr) | _rate("fnmr", errors.fnmr)


def _retrieval(retrieval: Retrieval) -> Json:
    return {**_rate("recall", retrieval.recall), **_rate("precision", retrieval.precision)}


def _rate(name: str, rate: Rate | None) -> Json:
    if rate is None:
        return {name: None, f"{name}_ci": None}
    return {name: rate.value, f"{name}_ci": _listed(rate.ci)}


def _listed(interval: Interval | None) -> list[float] | None:
    return None if interval is None else list(interval)
