"""No way leads from a detector to stopping, ending or failing anybody's exam.

By the sources: what rules, vision and monitoring can reach, and what they ask of the database. By
running: whatever pictures come, the candidate's state is what people made it.
"""

from __future__ import annotations

import ast
import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import invigil
from invigil.domain.candidate import CandidateState
from invigil.storage.database import tables as t
from invigil.storage.database import tables_acts as ta
from invigil.storage.database.repositories import candidates as candidate_rows
from tests.support.clock import Clock
from tests.support.house import Candidate, Proctor, Running, running
from tests.support.scripted import SCENES, ScriptedEngine

SOURCES = Path(invigil.__file__).parent
DETECTORS = ("invigil.rules", "invigil.vision", "invigil.monitoring")

# All that the detectors' side may ask of the database. `candidates.touch` is the only one that
# writes a candidate, and a test below looks at what it writes. Think before you add to it.
MAY_ASK = {
    "candidates": {"by_token_hash", "get", "monitored", "touch"},
    "events": {"note"},
    "evidence": {"add"},
    "incidents": {
        "add",
        "add_gap",
        "candidates_with_open",
        "end_gap",
        "newest_ended",
        "newest_of_kind",
        "open_gaps",
        "open_of",
        "save",
    },
    "observations": {"add", "of_upload", "recent"},
    "runs": {"beat", "last_beat", "start"},
    "sessions": {"all", "get"},
    "tap": {"add", "recent"},
    "templates": {"of_candidate"},
}


def module_file(module: str) -> Path | None:
    path = SOURCES.parent.joinpath(*module.split("."))
    for found in (path.with_suffix(".py"), path / "__init__.py"):
        if found.exists():
            return found
    return None


def imports(module: str) -> set[str]:
    """Modules of ours that this one imports, and the packages that are run on the way."""
    file = module_file(module)
    assert file is not None, module
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            source = _source(module, node, package=file.stem == "__init__")
            found.add(source)
            found |= {f"{source}.{alias.name}" for alias in node.names}
    ours = {name for name in found if name.startswith("invigil.") and module_file(name)}
    return ours | {name.rpartition(".")[0] for name in ours} - {"invigil"}


def _source(module: str, node: ast.ImportFrom, *, package: bool) -> str:
    """The absolute name of what is imported from."""
    if node.level == 0:
        return node.module or ""
    above = module.split(".")
    above = above[: len(above) - node.level + package]
    return ".".join([*above, *([node.module] if node.module else [])])


def modules_of(room: str) -> set[str]:
    folder = SOURCES.parent.joinpath(*room.split("."))
    return {
        ".".join(file.relative_to(SOURCES.parent).with_suffix("").parts).removesuffix(".__init__")
        for file in folder.rglob("*.py")
    }


def reachable(starts: set[str], stop: tuple[str, ...] = ()) -> set[str]:
    seen: set[str] = set()
    left = set(starts)
    while left:
        module = left.pop()
        if module in seen or module.startswith(stop):
            continue
        seen.add(module)
        left |= imports(module)
    return seen


def forbidden(source: str) -> Iterator[str]:
    """What in a module asks the database for more than `MAY_ASK`, or hides what it asks for."""
    tree = ast.parse(source)
    units = set(_units_of_work(tree))
    around = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in units and isinstance(node.ctx, ast.Load):
            repository = around[id(node)]
            method = around[id(repository)]
            if not (_is_handed_on(node, repository) or _is_allowed(repository, method)):
                yield f"line {node.lineno}: {ast.unparse(method)}"
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec"}:
                yield f"line {node.lineno}: {ast.unparse(node)}"
            # A record of a candidate in another state, to be handed to somebody who saves it.
            for keyword in node.keywords:
                if keyword.arg == "state" and "CandidateState" in ast.unparse(keyword.value):
                    yield f"line {node.lineno}: {ast.unparse(node)}"


def _units_of_work(tree: ast.AST) -> Iterator[str]:
    """The names that units of work go by: mypy sees to it that each parameter has its type."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            if "UnitOfWork" in ast.unparse(node.annotation):
                yield node.arg
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith((".write", ".fetch")):
            yield from (a.arg for x in node.args if isinstance(x, ast.Lambda) for a in x.args.args)
        elif isinstance(node, ast.withitem) and isinstance(node.optional_vars, ast.Name):
            opened = ast.unparse(node.context_expr)
            if opened.endswith((".begin()", ".read()")):
                yield node.optional_vars.id


def _is_handed_on(unit: ast.Name, call: ast.AST) -> bool:
    """As an argument: whoever takes it is looked at as well. Reflection is no such taker."""
    if not isinstance(call, ast.Call) or unit not in call.args:
        return False
    return ast.unparse(call.func) not in {"getattr", "setattr", "vars", "iter", "attrgetter"}


def _is_allowed(repository: ast.AST, method: ast.AST) -> bool:
    return (
        isinstance(repository, ast.Attribute)
        and isinstance(method, ast.Attribute)
        and method.attr in MAY_ASK.get(repository.attr, set())
    )


DETECTORS_SIDE = reachable(
    set().union(*(modules_of(room) for room in DETECTORS)), stop=("invigil.storage.database",)
)


def test_detectors_reach_no_room_of_people() -> None:
    everything = reachable(set().union(*(modules_of(room) for room in DETECTORS)))
    for module in everything:
        assert not module.startswith(("invigil.services", "invigil.api")), module
        assert not module.endswith("wiring"), module
    assert {"invigil.rules.judge", "invigil.storage.incident_log"} <= DETECTORS_SIDE
    users = {module for module in everything if "invigil.domain.acts" in imports(module)}
    # The rows of acts are beside all other rows; the unit of work is handed out as a whole, so the
    # next test looks at what is asked of it.
    assert users == {"invigil.storage.database.repositories.acts"}


@pytest.mark.parametrize("module", sorted(DETECTORS_SIDE))
def test_detectors_ask_for_nothing_that_changes_anybodys_exam(module: str) -> None:
    file = module_file(module)
    assert file is not None
    assert list(forbidden(file.read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        "async def f(work: UnitOfWork, c):\n    await work.candidates.save(c)",
        "async def f(work: UnitOfWork, c):\n    await work.acts.add(c)",
        "async def f(work: UnitOfWork, s):\n    await work.sessions.close(s, 0)",
        "async def f(unit: UnitOfWork, d):\n    await unit.decisions.add(d)",
        "async def f(work: UnitOfWork, c):\n    rows = work.candidates\n    await rows.save(c)",
        "async def f(work: UnitOfWork, c):\n    await getattr(work, 'candidates').save(c)",
        "async def f(work: UnitOfWork, c):\n    other = work\n    await other.candidates.save(c)",
        "async def f(db, c):\n    async with db.begin() as w:\n        await w.acts.add(c)",
        "async def f(database, c):\n    await database.write(lambda w: w.candidates.save(c))",
        "def f(c):\n    return replace(c, state=CandidateState.FINISHED)",
    ],
)
def test_the_test_would_notice(source: str) -> None:
    assert list(forbidden(source))


def test_a_sign_of_life_writes_nothing_but_signs_of_life() -> None:
    written = str(candidate_rows._TOUCH).partition(" SET ")[2].partition(" WHERE ")[0]
    columns = {each.partition("=")[0].strip() for each in written.split(",")}
    assert columns == {"last_frame_at", "next_frame_ms", "has_still", "frame_seq"}


def test_only_routes_of_proctors_lead_to_acts() -> None:
    found = 0
    for module in modules_of("invigil.api"):
        file = module_file(module)
        assert file is not None
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.AsyncFunctionDef) and "house.acts." in ast.unparse(node):
                found += 1
                kinds = {ast.unparse(arg.annotation) for arg in node.args.args if arg.annotation}
                assert "ProctorDep" in kinds, f"{module}.{node.name}"
    assert found == 1


steps = st.lists(
    st.one_of(
        st.tuples(st.just("film"), st.sampled_from(sorted(SCENES)), st.floats(0.2, 20)),
        st.tuples(st.just("silence"), st.just(b""), st.integers(1, 60).map(float)),
        st.tuples(st.just("broken"), st.just(b""), st.just(0.0)),
    ),
    min_size=1,
    max_size=8,
)


def test_whatever_is_seen_nobodys_exam_ends(tmp_path: Path) -> None:
    clock = Clock()
    up = running(
        tmp_path / "data", clock, ScriptedEngine(), joins_per_minute=6000, frames_per_minute=6000
    )
    with asyncio.Runner() as runner:
        house = runner.run(up.__aenter__())
        proctor = runner.run(house.proctor())
        try:

            @settings(max_examples=25)
            @given(steps)
            def play(script: list[tuple[str, bytes, float]]) -> None:
                runner.run(_play(house, proctor, script))

            play()
        finally:
            runner.run(up.__aexit__(None, None, None))


async def _play(house: Running, proctor: Proctor, script: list[tuple[str, bytes, float]]) -> None:
    session = await proctor.open_session()
    ada = await house.enter(session, face=b"me")
    for what, scene, seconds in script:
        if what == "film":
            await ada.film(scene, seconds)
        elif what == "silence":
            await house.tick(seconds)
        else:
            assert (await ada.send(b"no picture")).status_code == 422
        assert await _state(house, ada) == (CandidateState.IN_ROOM, None, None)
    assert (await proctor.snapshot(session))["session"]["closed_at"] is None
    assert await house.rows(ta.candidate_act) == 0
    assert await house.rows(t.review_decision) == 0


async def _state(house: Running, candidate: Candidate) -> tuple[str, object, object]:
    c = t.candidate.c
    async with house.database.engine.connect() as connection:
        row = (
            await connection.execute(
                sa.select(c.state, c.state_since, c.state_reason).where(c.id == candidate.id)
            )
        ).one()
    return (row.state, row.state_since, row.state_reason)
