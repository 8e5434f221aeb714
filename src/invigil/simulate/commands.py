"""`invigil simulate`: exit status 0 when the targets hold, 1 when one is missed, 2 when it cannot
be done."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from invigil.evaluate.tables import BadInput, require_writable, writing
from invigil.evaluate.targets import Checked, check, overridden
from invigil.simulate import options as o
from invigil.simulate import report
from invigil.simulate.place import code_of, place_of, token_of
from invigil.simulate.plan import JITTER, CannotRehearse, Plan
from invigil.simulate.progress import show
from invigil.simulate.rehearsal import Outcome, Rehearsal

_OUT = Console(highlight=False, soft_wrap=True)
_NO_LINK = (
    "Give a proctor's sign-in link: --sign-in LINK. On the server, `invigil sign-in-link` prints a "
    "new one."
)
_FILES_EACH = 2
_FILES_BESIDE = 64
_SHARE_OF_COMING = 0.25
_MOST_COMING_S = 300.0
_FEW = 20
"""One in so many candidates acts, unless it is said otherwise."""


def simulate(  # noqa: PLR0917 - typer makes options of them, not positions
    candidates: o.Candidates = 20,
    minutes: o.Minutes = 5.0,
    url: o.Url = None,
    sign_in: o.SignIn = None,
    join_link: o.JoinLink = None,
    interval: o.Interval = 5,
    join_within: o.JoinWithin = None,
    herd: o.Herd = False,
    storm_every: o.StormEvery = 0.0,
    swaps: o.Swaps = None,
    jitter: o.Jitter = JITTER * 100,
    insecure: o.Insecure = False,
    ca: o.Ca = None,
    during_exams: o.DuringExams = False,
    give_up_after: o.GiveUpAfter = 60.0,
    json_to: o.JsonTo = None,
    html_to: o.HtmlTo = None,
    target: o.Target = None,
) -> None:
    """Rehearse an exam: simulated candidates take it on a server that runs.

    They sign in, consent, check in, send pictures, hold their live sockets, swap and come back
    after losing the network. Every target that is missed makes the exit status 1.
    """
    plan = _plan(candidates, minutes, join_within, swaps, storm_every, herd=herd, jitter=jitter)
    with _refusals():
        require_writable(json_to, html_to)
        wanted = overridden(report.TARGETS, target or [])
        links = [link for link in (sign_in, join_link) if link]
        place = place_of(url, links, insecure=insecure, ca=ca)
        if not links:
            raise CannotRehearse(_NO_LINK)
        _allow_files(candidates)
        work = _rehearse(
            Rehearsal(place, plan, give_up_after),
            sign_in and token_of(sign_in),
            join_link and code_of(join_link),
            interval,
            during_exams=during_exams,
        )
        outcome = asyncio.run(work)
    found = report.numbers(outcome, place.url)
    checked = check(report.targets_for(outcome, wanted), found)
    _tell(outcome, found, checked)
    with _refusals():
        _write(outcome, found, checked, json_to, html_to)
    if not all(each.met for each in checked):
        raise typer.Exit(1)


def _plan(
    candidates: int,
    minutes: float,
    join_within: float | None,
    swaps: int | None,
    storm_every: float,
    *,
    herd: bool,
    jitter: float,
) -> Plan:
    """`jitter` in percent."""
    seconds = minutes * 60
    acts = max(2, candidates // _FEW) if swaps is None else swaps
    return Plan(
        candidates=candidates,
        seconds=seconds,
        join_within_s=join_within or min(_MOST_COMING_S, seconds * _SHARE_OF_COMING),
        herd=herd,
        storm_every_s=storm_every,
        acts=min(acts, candidates),
        jitter=jitter / 100,
    )


async def _rehearse(
    rehearsal: Rehearsal, token: str | None, code: str | None, interval: int, *, during_exams: bool
) -> Outcome:
    with contextlib.suppress(NotImplementedError):  # Windows has no handlers of this sort
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, rehearsal.stop)
    async with rehearsal.prepared(token, code, interval, during_exams=during_exams) as outcome:
        view = asyncio.create_task(show(_OUT, outcome))
        try:
            await rehearsal.run(outcome)
        finally:
            view.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await view
    return outcome


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (CannotRehearse, BadInput) as error:
        _OUT.print(f"[red]{error}[/]")
        raise typer.Exit(2) from None


def _allow_files(candidates: int) -> None:
    """Every candidate holds two connections; raise the limit as far as we may."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    needed = candidates * _FILES_EACH + _FILES_BESIDE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if most < needed:
        raise CannotRehearse(
            f"This machine allows a program {hard} open connections, and {candidates} candidates "
            f"need {needed}. Raise it: ulimit -n {needed}"
        )
    if soft != resource.RLIM_INFINITY and soft < needed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))


def _tell(outcome: Outcome, found: dict[str, object], checked: list[Checked]) -> None:
    table = Table("", "count", "p50", "p95", "p99", "longest")
    for row in report.rows(found):
        table.add_row(*row)
    _OUT.print(table)
    for sentence in report.findings(found):
        _OUT.print(sentence, markup=False)
    for each in checked:
        _OUT.print(f"{'[green]met[/]   ' if each.met else '[red]missed[/]'} {each}")
    if not outcome.signed_in:
        _OUT.print("Incidents and losses were not checked: that needs --sign-in.")
    _OUT.print(report.farewell(outcome), markup=False)


def _write(
    outcome: Outcome,
    found: dict[str, object],
    checked: list[Checked],
    json_to: Path | None,
    html_to: Path | None,
) -> None:
    if json_to is not None:
        targets = {each.target.name: each.met for each in checked}
        document = {**found, "targets": targets}
        with writing(json_to):
            json_to.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if html_to is not None:
        with writing(html_to):
            html_to.write_text(report.html(outcome, found, checked), encoding="utf-8")
