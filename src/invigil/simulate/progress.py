"""What is shown while a rehearsal runs."""

from __future__ import annotations

import asyncio

from rich.console import Console
from rich.live import Live
from rich.table import Table

from invigil.bench.latencies import Latencies
from invigil.simulate.rehearsal import Outcome

_EVERY_S = 0.5
_LINE_EVERY_S = 10.0
_WINDOW = 200
"""The last so many verdicts are what is shown: how it is now, not how it was."""


async def show(out: Console, outcome: Outcome) -> None:
    """Until it is cancelled: a table that changes, or a line now and then where none can be."""
    if out.is_terminal:
        with Live(table(outcome, 0), console=out, auto_refresh=False, transient=True) as live:
            began = asyncio.get_running_loop().time()
            while True:
                live.update(table(outcome, asyncio.get_running_loop().time() - began), refresh=True)
                await asyncio.sleep(_EVERY_S)
    began = asyncio.get_running_loop().time()
    while True:
        await asyncio.sleep(_LINE_EVERY_S)
        facts = state(outcome, asyncio.get_running_loop().time() - began)
        out.print(", ".join(f"{name} {value}" for name, value in facts.items()))


def table(outcome: Outcome, elapsed_s: float) -> Table:
    found = Table(title="Rehearsal (Ctrl-C ends it early, with a report)", show_header=False)
    for name, value in state(outcome, elapsed_s).items():
        found.add_row(name, value)
    return found


def state(outcome: Outcome, elapsed_s: float) -> dict[str, str]:
    """How it is at this moment."""
    tally, plan = outcome.tally, outcome.plan
    newest = Latencies(tally.verdicts.seconds[-_WINDOW:])
    errors = tally.all_errors()
    left = max(0, plan.seconds - elapsed_s)
    return {
        "left": f"{left // 60:.0f}:{left % 60:02.0f}" if left else "finishing",
        "joined": f"{len(outcome.ledger.frames)} of {plan.candidates}",
        "in the room": str(tally.inside),
        "live sockets": str(tally.sockets.connected),
        "verdicts": str(len(tally.verdicts.seconds)),
        "verdict p95 lately": f"{newest.quantile(0.95):.2f} s",
        "longer intervals": str(tally.stretched),
        "incidents shown": str(len(outcome.ledger.incidents)),
        "errors": f"{errors.total()} ({errors.most_common(1)[0][0]})" if errors else "0",
    }
