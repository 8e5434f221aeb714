"""What a rehearsal came to: numbers, targets, words, one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from invigil.bench.latencies import Latencies
from invigil.evaluate.page import bullets, page, paragraph, section, table, targets_section
from invigil.evaluate.targets import Bound, Checked, Target
from invigil.simulate.rehearsal import Outcome

TARGETS: tuple[Target, ...] = (
    Target("lost_acknowledgements", Bound.AT_MOST, 0, "Acknowledged and lost"),
    Target("incidents.acts_missed", Bound.AT_MOST, 0, "Swaps and second persons not shown"),
    Target("incidents.unshown", Bound.AT_MOST, 0, "Incidents that no console was told of"),
    Target("incidents.doubled", Bound.AT_MOST, 0, "Incidents recorded twice"),
    Target("candidates.not_in_room", Bound.AT_MOST, 0, "Candidates who did not get in"),
    Target("join.p95_s", Bound.AT_MOST, 3, "Joining, p95, seconds"),
    Target("verdict.p95_s", Bound.AT_MOST, 1, "Picture to verdict, p95, seconds"),
    Target("error_share", Bound.AT_MOST, 0.001, "Share of calls that failed"),
    Target("stretched_share", Bound.AT_MOST, 0.01, "Share of intervals longer than planned"),
)
_NEED_PROCTOR = {
    "lost_acknowledgements",
    "incidents.acts_missed",
    "incidents.unshown",
    "incidents.doubled",
}
LAG_LIMIT_S = 0.1
_PAGE_INTRO = "Simulated candidates took an exam at {url}: {candidates} of them, for {minutes}."


def targets_for(outcome: Outcome, wanted: Sequence[Target]) -> list[Target]:
    """Without a proctor nobody can look into the books: those targets are left out, and said so."""
    if outcome.signed_in:
        return list(wanted)
    return [target for target in wanted if target.name not in _NEED_PROCTOR]


def numbers(outcome: Outcome, url: str) -> dict[str, Any]:
    """Everything, as JSON."""
    tally, ledger, plan = outcome.tally, outcome.ledger, outcome.plan
    frames = len(tally.verdicts.seconds)
    errors = tally.all_errors()
    return {
        "url": url,
        "version": outcome.version,
        "plan": asdict(plan),
        "took_s": round(outcome.took_s, 1),
        "candidates": {
            "planned": plan.candidates,
            "joined": len(ledger.frames),
            "in_room": tally.inside,
            "not_in_room": plan.candidates - tally.inside,
        },
        "join": tally.joins.as_json(),
        "check_in": tally.check_ins.as_json(),
        "verdict": tally.verdicts.as_json(),
        "verdict_when_all_are_in": tally.settled.as_json(),
        "announcement": tally.announced.as_json(),
        "socket_opening": tally.sockets.openings.as_json(),
        "storms": tally.storms,
        "calls": tally.calls,
        "error_share": round(errors.total() / max(1, tally.calls), 6),
        "errors": dict(errors.most_common()),
        "gave_up": dict(tally.gave_up.most_common()),
        "stretched_share": round(tally.stretched / max(1, frames), 4),
        "frames_not_looked_at": tally.not_looked_at,
        "longest_silence_s": round(tally.longest_silence_s, 2),
        "incidents": _incidents(outcome),
        "acknowledged": {
            "candidates": len(ledger.frames),
            "frames": sum(map(len, ledger.frames.values())),
            "messages": len(ledger.messages),
            "incidents": len(ledger.incidents),
        },
        **_lost(outcome),
        "trouble": outcome.trouble,
        "own_lag_p95_s": round(Latencies(outcome.lags).quantile(0.95), 4),
    }


def _incidents(outcome: Outcome) -> dict[str, Any]:
    acts = [act for act in outcome.tally.acts if act.seen_s is not None or not act.cut_short]
    delays = Latencies([act.seen_s - act.began_s for act in acts if act.seen_s is not None])
    found: dict[str, Any] = {
        "acts": len(acts),
        "acts_missed": len(acts) - len(delays.seconds),
        "shown_after": delays.as_json(),
        "told": len(outcome.ledger.incidents),
    }
    if outcome.audit is not None:
        found |= {
            "stored": outcome.audit.incidents,
            "by_kind": outcome.audit.by_kind,
            "unshown": outcome.audit.unshown,
            "doubled": outcome.audit.doubled,
        }
    return found


def _lost(outcome: Outcome) -> dict[str, Any]:
    """Nothing at all when nobody looked: "0 lost" has to be a finding."""
    if outcome.audit is None:
        return {}
    found = outcome.audit
    return {
        "lost_acknowledgements": found.lost,
        "lost": {
            "candidates": found.candidates_lost,
            "frames": found.frames_lost,
            "messages": found.messages_lost,
            "incidents": found.incidents_lost,
            "photos": found.photos_lost,
        },
        "frames_stored": found.frames_stored,
        "real_candidates": found.strangers,
    }


def rows(found: dict[str, Any]) -> list[tuple[str, ...]]:
    """Times: what, how many, p50, p95, p99, longest."""
    what = {
        "join": "joining",
        "check_in": "check-in, photo to room",
        "verdict": "picture to verdict",
        "verdict_when_all_are_in": "the same, when all are in",
        "announcement": "announcement to pages",
        "socket_opening": "opening the live socket",
    }
    times = {words: found[key] for key, words in what.items()}
    times["swap or second person to console"] = found["incidents"]["shown_after"]
    return [
        (
            words,
            str(each["count"]),
            *(_s(each[key]) for key in ("median_s", "p95_s", "p99_s", "max_s")),
        )
        for words, each in times.items()
        if each["count"]
    ]


def _s(seconds: float) -> str:
    return f"{seconds:.3f} s" if seconds < 1 else f"{seconds:.1f} s"


def findings(found: dict[str, Any]) -> list[str]:
    """The rest in sentences."""
    who, seen = found["candidates"], found["incidents"]
    shown = seen["acts"] - seen["acts_missed"]
    told = [
        f"{who['joined']} of {who['planned']} candidates joined, {who['in_room']} got in.",
        _kept(found, found["acknowledged"]),
        (
            f"{shown} of {seen['acts']} swaps and second persons were shown on the console; "
            f"{seen['told']} incidents were shown in all."
        ),
        (
            f"{found['stretched_share']:.1%} of the intervals were longer than planned; "
            f"{found['frames_not_looked_at']} pictures were not looked at."
        ),
        f"The longest time without a verdict for anybody: {_s(found['longest_silence_s'])}.",
    ]
    told += found["trouble"]
    if found["storms"]:
        told.append(f"{found['storms']} times everybody lost every connection at once.")
    told += [f"Failed: {kind}, {count} times." for kind, count in found["errors"].items()]
    told += [f"Gave up: {why}, {count} candidates." for why, count in found["gave_up"].items()]
    if any("429" in kind for kind in found["errors"]):
        told.append(
            "All simulated candidates come from one address, and the server limits what one may "
            "do. Raise INVIGIL_JOINS_PER_MINUTE for the rehearsal, or --join-within."
        )
    if found["own_lag_p95_s"] > LAG_LIMIT_S:
        told.append(
            f"This machine itself was slow (p95 {_s(found['own_lag_p95_s'])} late): the times "
            "above are longer than the server's. Rehearse from another machine, or from two."
        )
    if found.get("real_candidates"):
        told.append(f"{found['real_candidates']} real candidates came into this session meanwhile.")
    return told


def _kept(found: dict[str, Any], acked: dict[str, int]) -> str:
    what = (
        f"{acked['frames']} pictures, {acked['messages']} messages, {acked['incidents']} incidents"
    )
    if "lost" not in found:
        return f"Acknowledged: {what}. Whether all of it is kept was not checked."
    if not found["lost_acknowledgements"]:
        return f"Acknowledged: {what}. All of it was found afterwards."
    lost = ", ".join(f"{count} {kind}" for kind, count in found["lost"].items() if count)
    return f"Acknowledged: {what}. LOST: {lost}."


def farewell(outcome: Outcome) -> str:
    """What is left on the server, and how it goes."""
    session = outcome.session
    days = session.facts["retention_days"]
    later = "1 day" if days == 1 else f"{days} days"
    if session.own:
        return (
            f'The session "{session.facts["title"]}" is closed. The server deletes it with all '
            f"simulated candidates, pictures and incidents by itself, {later} after now."
        )
    return (
        f'The candidates named "Simulated ..." have finished and stay in the session '
        f'"{session.facts["title"]}". Close it; the server deletes all of it {later} later.'
    )


def html(outcome: Outcome, found: dict[str, Any], checked: Sequence[Checked]) -> str:
    """A report to hand round: no name and no link of anybody is in it."""
    minutes = f"{outcome.took_s / 60:.1f} minutes"
    heads = ("", "count", "p50", "p95", "p99", "longest")
    intro = _PAGE_INTRO.format(
        url=found["url"], candidates=outcome.plan.candidates, minutes=minutes
    )
    return page(
        "Rehearsal",
        intro,
        [
            targets_section(checked),
            section("Times", table("As the candidates' side measured them", heads, rows(found))),
            section("What happened", bullets(findings(found))),
            section("Afterwards", paragraph(farewell(outcome))),
        ],
        "Candidates were composed from public-domain portraits.",
    )
