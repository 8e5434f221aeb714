"""The options of `invigil simulate`, in the words that its help says."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from invigil.simulate.plan import MOST_JITTER

Candidates = Annotated[int, typer.Option(help="How many simulated candidates.", min=1)]
Minutes = Annotated[
    float, typer.Option(help="How long, from the first candidate's coming on.", min=0.1)
]
Url = Annotated[
    str | None,
    typer.Option(help="Address of the server as candidates' browsers use it."),
]
SignIn = Annotated[
    str | None,
    typer.Option(
        envvar="INVIGIL_SIMULATE_SIGN_IN",
        help="One-use sign-in link of a proctor (`invigil sign-in-link` prints one). A session "
        "of its own is opened then, incidents are watched, and what was acknowledged is "
        "checked.",
    ),
]
JoinLink = Annotated[
    str | None,
    typer.Option(
        help="Join link of a session that is there. With --sign-in it must hold no real "
        'candidate; without, its title must be "Rehearsal", and nothing is checked afterwards.'
    ),
]
Interval = Annotated[
    int, typer.Option(help="Seconds between pictures, in a session of its own.", min=1, max=60)
]
JoinWithin = Annotated[
    float | None,
    typer.Option(
        help="Seconds over which candidates come. Default: a quarter of the time, 300 at most.",
        min=0.1,
    ),
]
Herd = Annotated[
    bool, typer.Option("--herd", help="A fifth of them come within the first 5 seconds.")
]
StormEvery = Annotated[
    float,
    typer.Option(help="Everybody loses every connection every so many seconds; 0: never.", min=0),
]
Swaps = Annotated[
    int | None,
    typer.Option(
        help="Candidates who swap with somebody or are joined by a second person, in turns. "
        "Default: one in 20, at least 2.",
        min=0,
    ),
]
Jitter = Annotated[
    float,
    typer.Option(
        metavar="PERCENT",
        help="Pictures come late by up to so many percent of the time between them, each by "
        "chance, as timers of browsers do; at most 50.",
        min=0,
        max=MOST_JITTER * 100,
    ),
]
Insecure = Annotated[bool, typer.Option("--insecure", help="Accept any certificate, for tests.")]
Ca = Annotated[
    Path | None, typer.Option(help="Certificates to trust (PEM) instead of the system's.")
]
DuringExams = Annotated[
    bool, typer.Option("--during-exams", help="Even while an exam is taken on this server.")
]
GiveUpAfter = Annotated[
    float,
    typer.Option(help="Seconds that the proctor's side waits for a server that is away.", min=0),
]
JsonTo = Annotated[
    Path | None, typer.Option("--json", help="Write the numbers to this file as well.")
]
HtmlTo = Annotated[
    Path | None, typer.Option("--html", help="Write the report to this file as well.")
]
Target = Annotated[
    list[str] | None, typer.Option(help="Set a target: NAME=NUMBER. May be repeated.")
]
