"""`invigil evaluate ...`: exit status 0 when the targets hold, 1 when one is missed, 2 for bad
input."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from invigil.evaluate import reports, targets
from invigil.evaluate.counting import evaluate_counting
from invigil.evaluate.generate import generate
from invigil.evaluate.probe import LookCache, Subject, build_prober
from invigil.evaluate.results import (
    Json,
    counting_numbers,
    sessions_numbers,
    verification_numbers,
)
from invigil.evaluate.script import read_scripts, write_script
from invigil.evaluate.sessions import evaluate_sessions
from invigil.evaluate.tables import (
    BadInput,
    read_counts,
    read_pairs,
    require_folder,
    require_writable,
    writing,
)
from invigil.evaluate.targets import Checked, Target
from invigil.evaluate.verification import evaluate_verification

app = typer.Typer(
    help="Measure accuracy on pictures of your own: verification, counting, whole sittings.",
    no_args_is_help=True,
)
_out = Console(highlight=False, soft_wrap=True)
_err = Console(stderr=True, highlight=False, soft_wrap=True)

Images = Annotated[Path, typer.Option(help="Folder of the pictures that the table names.")]
JsonOut = Annotated[Path | None, typer.Option("--json", help="Write the numbers to this file.")]
HtmlOut = Annotated[Path | None, typer.Option("--html", help="Write the report to this file.")]
Engine = Annotated[str, typer.Option(help="The vision engine to measure.")]
Models = Annotated[
    Path | None, typer.Option(help="Folder of downloaded models, for engines that need any.")
]
Targets = Annotated[
    bool, typer.Option("--targets/--no-targets", help="Whether missed targets fail the command.")
]
Changes = Annotated[
    list[str] | None, typer.Option("--target", help="Set a target: NAME=NUMBER. May be repeated.")
]


SubjectOption = Annotated[
    Subject,
    typer.Option(
        help="Whose face counts where a picture shows several, over all pairs. The product "
        "compares nobody then. LFW's labels belong to the central face."
    ),
]
CrossPairs = Annotated[
    bool | None,
    typer.Option(
        "--cross-pairs/--no-cross-pairs",
        help="Compare all different people with each other; without either, when there are "
        "enough pictures.",
    ),
]
CachePath = Annotated[
    Path | None,
    typer.Option(
        help="Keep features in this .npz file for the next run. They are templates of the "
        "people: delete the file afterwards."
    ),
]


@app.command()
def verification(
    pairs: Annotated[Path, typer.Argument(help="CSV: a, b, same, fold and, if known, group.")],
    *,
    images: Images,
    json_out: JsonOut = None,
    html_out: HtmlOut = None,
    engine: Engine = "default",
    models: Models = None,
    subject: SubjectOption = Subject.CENTRAL,
    cross_pairs: CrossPairs = None,
    cache: CachePath = None,
    check: Targets = True,
    target: Changes = None,
) -> None:
    """Measure error rates of the 1:1 comparison on pairs of pictures."""
    with _bad_input():
        require_writable(json_out, html_out, cache)
        wanted = _targets(targets.VERIFICATION, target, check=check)
        listed = read_pairs(pairs)
        require_folder(images)
        prober = build_prober(engine, subject, models)
        looks = LookCache(cache, prober)
        files = {name for pair in listed for name in (pair.a, pair.b)}
        with _bar("Pictures", len(files)) as tick:
            result = evaluate_verification(
                listed,
                images,
                looks,
                prober.match_threshold,
                models=prober.models,
                subject=subject,
                similarity=prober.similarity,
                cross=cross_pairs,
                progress=tick,
            )
        looks.save()
    numbers = verification_numbers(result)
    checked = targets.check(wanted, numbers)
    _finish(numbers, reports.verification_page(result, checked), checked, json_out, html_out)


@app.command()
def counting(
    counts: Annotated[Path, typer.Argument(help="CSV: file, faces, exact (0: many).")],
    *,
    images: Images,
    json_out: JsonOut = None,
    html_out: HtmlOut = None,
    engine: Engine = "default",
    models: Models = None,
    check: Targets = True,
    target: Changes = None,
) -> None:
    """Measure whether nobody, one and several faces are told apart."""
    with _bad_input():
        require_writable(json_out, html_out)
        wanted = _targets(targets.COUNTING, target, check=check)
        listed = read_counts(counts)
        require_folder(images)
        prober = build_prober(engine, folder=models)
        with _bar("Photographs", len(listed)) as tick:
            result = evaluate_counting(listed, images, prober, tick)
    numbers = counting_numbers(result)
    checked = targets.check(wanted, numbers)
    _finish(numbers, reports.counting_page(result, checked), checked, json_out, html_out)


@app.command()
def sessions(
    scripts: Annotated[Path, typer.Argument(help="Folder of session scripts (*.json).")],
    *,
    json_out: JsonOut = None,
    html_out: HtmlOut = None,
    engine: Engine = "default",
    models: Models = None,
    latency_ms: Annotated[
        int, typer.Option(help="From the camera to the server.", min=0, max=10_000)
    ] = 100,
    check: Targets = True,
    target: Changes = None,
) -> None:
    """Play scripted sittings through the real rules in virtual time."""
    with _bad_input():
        require_writable(json_out, html_out)
        wanted = _targets(targets.SESSIONS, target, check=check)
        listed = read_scripts(scripts)
        prober = build_prober(engine, folder=models)
        with _bar("Sittings", len(listed)) as tick:
            result = evaluate_sessions(listed, prober, latency_s=latency_ms / 1000, progress=tick)
    numbers = sessions_numbers(result)
    checked = targets.check(wanted, numbers)
    _finish(numbers, reports.sessions_page(result, checked), checked, json_out, html_out)


SecondVisible = Annotated[
    float,
    typer.Option(
        help="Share of the second person's face that is in the picture; its edge cuts off the "
        "rest.",
        min=0.1,
        max=1.0,
    ),
]


@app.command("generate-sessions")
def generate_sessions(
    *,
    images: Images,
    out: Annotated[Path, typer.Option(help="Folder to write the scripts to.")],
    hours: Annotated[int, typer.Option(help="Sittings of one hour each.", min=1)] = 100,
    seed: Annotated[int, typer.Option(help="The same seed gives the same scripts.", min=0)] = 1,
    looks: Annotated[
        int,
        typer.Option(
            help="Pictures of the candidate that one sitting changes between. 1 is milder than "
            "life, more is harsher.",
            min=1,
        ),
    ] = 1,
    sampling: Annotated[
        float, typer.Option(help="Seconds between two frames while nothing is suspected.", min=0.5)
    ] = 5.0,
    second_visible: SecondVisible = 1.0,
    engine: Engine = "default",
    models: Models = None,
) -> None:
    """Write scripts of sittings from portraits named like Name_0001.jpg. Nothing is copied."""
    with _bad_input():
        prober = build_prober(engine, folder=models)
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadInput(f"{out} cannot be made: {error.strerror}.") from error
        if any(out.glob("*.json")):
            raise BadInput(f"{out} holds scripts already. Choose another folder or empty it.")
        with _bar("Sittings", hours) as tick:
            made = generate(
                images,
                out,
                prober,
                hours=hours,
                seed=seed,
                looks=looks,
                sampling_s=sampling,
                second_visible=second_visible,
                progress=tick,
            )
        for script in made:
            write_script(script, out)
    _out.print(f"{len(made)} scripts are in {out}. Play them with `invigil evaluate sessions`.")


@contextmanager
def _bad_input() -> Iterator[None]:
    try:
        yield
    except BadInput as error:
        _err.print(str(error), markup=False)
        raise typer.Exit(2) from error


@contextmanager
def _bar(title: str, total: int) -> Iterator[Callable[[str], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=_err) as progress:
        task = progress.add_task(title, total=total)
        yield lambda _: progress.advance(task)


def _targets(
    known: Sequence[Target], changes: Sequence[str] | None, *, check: bool
) -> list[Target]:
    return targets.overridden(known, changes or ()) if check else []


def _finish(
    numbers: Json,
    html: str,
    checked: Sequence[Checked],
    json_out: Path | None,
    html_out: Path | None,
) -> None:
    """Write what was asked for; without any file, print the numbers."""
    text = json.dumps(numbers, indent=1) + "\n"
    with _bad_input():
        for path, content in ((json_out, text), (html_out, html)):
            if path is not None:
                with writing(path):
                    path.write_text(content, encoding="utf-8")
    if json_out is None and html_out is None:
        _out.print(text, markup=False, end="")
    for each in checked:
        _err.print(f"{'met   ' if each.met else 'MISSED'}  {each}", markup=False)
    if not all(each.met for each in checked):
        raise typer.Exit(1)
