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
from invigil.storage.database.unit_of_work import UnitOfWork
from tests.support.clock import Clock
from tests.support.house import Candidate, Running, running
from tests.support.scripted import SCENES, ScriptedEngine

SOURCES = Path(invigil.__file__).parent
DETECTORS = ("invigil.rules", "invigil.vision", "invigil.monitoring")

# All that the detectors' side may ask of the database. `candidates.touch` is the only one that
# writes a candidate, and a test below looks at what it writes. Think before you add to it.
MAY_ASK = {
    "candidates": {"by_token_hash", "get", "monitored", "touch"},
    "events": {"add"},
    "evidence": {"add", "mark_stored", "of_ids"},
    "incidents": {
        "add",
        "add_gap",
        "candidates_with_open",
        "end_gap",
        "newest_of_kind",
        "open_gaps",
        "open_of",
        "save",
    },
    "keys": {"add", "of", "of_candidate", "get", "put", "vault"},
    "observations": {"add", "recent"},
    "runs": {"beat", "last_beat", "start"},
    "sessions": {"all", "get"},
    "tap": {"add", "recent"},
    "templates": {"of_candidate"},
}
REPOSITORIES = {
    name
    for name in vars(UnitOfWork(None, lock=False))
    if not name.startswith("_")  # type: ignore[arg-type]
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
            assert node.level == 0, f"{module}: relative imports are not followed here"
            found.add(node.module or "")
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {name for name in found if name.startswith("invigil.") and module_file(name)}
    return ours | {name.rpartition(".")[0] for name in ours} - {"invigil"}


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
    named = {
        id(node.value): node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and _is_repository(node):
            method = named.get(id(node))
            if method not in MAY_ASK.get(node.attr, set()):
                yield f"line {node.lineno}: {ast.unparse(node)}.{method}"
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in {"getattr", "eval", "exec"}:
                yield f"line {node.lineno}: {ast.unparse(node)}"
            # A record of a candidate in another state, to be handed to somebody who saves it.
            for keyword in node.keywords:
                if keyword.arg == "state" and "CandidateState" in ast.unparse(keyword.value):
                    yield f"line {node.lineno}: {ast.unparse(node)}"


def _is_repository(node: ast.Attribute) -> bool:
    # `work` in all of our code; anything else that has such an attribute is looked at, too.
    if node.attr not in REPOSITORIES or isinstance(node.value, ast.Attribute):
        return False
    return not (isinstance(node.value, ast.Name) and node.value.id == "self")


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
        "async def f(work, c):\n    await work.candidates.save(c)",
        "async def f(work, c):\n    await work.acts.add(c)",
        "async def f(work, s):\n    await work.sessions.close(s, 0)",
        "async def f(work, d):\n    await work.decisions.add(d)",
        "async def f(work, c):\n    rows = work.candidates\n    await rows.save(c)",
        "async def f(work, c):\n    await getattr(work, 'candidates').save(c)",
        "def f(c):\n    return replace(c, state=CandidateState.FINISHED)",
        "async def f(unit, c):\n    await unit.candidates.delete(c)",
    ],
)
def test_the_test_would_notice(source: str) -> None:
    assert list(forbidden(source))


def test_a_sign_of_life_writes_nothing_but_signs_of_life() -> None:
    written = {column.name for column in candidate_rows._TOUCH._values or {}}
    assert written == {"last_frame_at", "next_frame_ms", "has_still"}


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
    up = running(tmp_path / "data", clock, ScriptedEngine())
    with asyncio.Runner() as runner:
        house = runner.run(up.__aenter__())
        try:

            @settings(max_examples=25)
            @given(steps)
            def play(script: list[tuple[str, bytes, float]]) -> None:
                runner.run(_play(house, script))

            play()
        finally:
            runner.run(up.__aexit__(None, None, None))


async def _play(house: Running, script: list[tuple[str, bytes, float]]) -> None:
    proctor = await house.proctor()
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
