"""Candidates, proctors and the clock in any order: a model beside the real server on SQLite.

After every step: each acknowledged act is stored once, what a console replays from events is what
its snapshot shows, and nobody was stopped, ended or blamed by anything but a person.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from invigil.domain.audit import AuditChecker
from invigil.storage.database import tables_acts as ta
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Proctor, Running, running
from tests.support.scripted import SCENES, ScriptedEngine

OK, REFUSED = 200, 409
VOLATILE = {"live", "last_frame_at", "next_frame_ms", "has_still", "online"}
"""What tiles are told beside the events."""

# The table of the domain, written down once more by hand.
LEADS = {
    ("pause", "in_room"): "paused",
    ("resume", "paused"): "in_room",
    ("readmit", "removed"): "approved",
    **{("remove", state): "removed" for state in ("approved", "in_room", "paused")},
    **{("end", state): "finished" for state in ("approved", "in_room", "paused", "removed")},
}


@dataclass
class Person:
    """What the model knows of a candidate who was checked in."""

    wire: Candidate
    state: str = "in_room"
    acts: int = 0
    last: tuple[str, int] | None = None
    commands: list[tuple[str, int, str]] = field(default_factory=list)
    out: list[tuple[datetime, datetime | None]] = field(default_factory=list)


@dataclass
class World:
    runner: asyncio.Runner
    house: Running
    proctors: list[Proctor]


class Exams(RuleBasedStateMachine):
    world: World

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.world.runner.run(doing)

    @initialize(second=st.booleans())
    def open(self, second: bool) -> None:
        self.house, self.proctors = self.world.house, self.world.proctors
        opening = self.proctors[0].open_session(second_reviewer=second, own_incidents="after_end")
        self.session: Json = self.run(opening)
        self.second = second
        self.people: list[Person] = []
        self.views: dict[str, dict[int, str]] = {}
        self.replayed: dict[str, dict[str, Json]] = {"candidate": {}, "incident": {}, "gap": {}}
        self.seq = 0
        self.closed = False
        self.commands = 0
        self.come()

    @precondition(lambda self: len(self.people) < 2 and not self.closed)
    @rule()
    def come(self) -> None:
        number = len(self.people)
        wire = self.run(self.house.enter(self.session, f"Person {number}", b"me"))
        self.people.append(Person(wire))

    @rule(who=st.integers(0, 1), scene=st.sampled_from(sorted(SCENES)), times=st.integers(1, 4))
    def frames(self, who: int, scene: bytes, times: int) -> None:
        person = self.people[who % len(self.people)]
        for _ in range(times):
            status = self.run(person.wire.send(scene)).status_code
            self.house.clock.advance(ms=700)
            if self.closed:
                assert status == 410
            elif person.state == "in_room":
                assert status == OK
            else:
                assert status == (403 if person.state == "removed" else REFUSED)

    @rule(seconds=st.sampled_from([1, 5, 20, 40]))
    def wait(self, seconds: int) -> None:
        self.run(self.house.tick(seconds))

    @rule(
        who=st.integers(0, 1),
        by=st.integers(0, 1),
        act=st.sampled_from(["pause", "resume", "remove", "readmit", "end"]),
        twice=st.booleans(),
    )
    def act(self, who: int, by: int, act: str, twice: bool) -> None:
        person = self.people[who % len(self.people)]
        self.house.clock.advance(ms=10)
        self.commands += 1
        command = f"command-{self.commands}"
        for _ in range(1 + twice):
            self._act(person, by, act, command)

    def _act(self, person: Person, by: int, act: str, command: str) -> None:
        answer = self.run(self.proctors[by].act(person.wire.id, act, "A reason.", command))
        if (act, by, command) in person.commands:
            assert answer.status_code == OK, "a repeated command is told what it was told"
            return
        to = LEADS.get((act, person.state))
        if to is None and person.last and person.last[0] == act and person.state in self._of(act):
            same = person.last[1] == by
            assert answer.status_code == (OK if same else REFUSED)
            return
        if self.closed:
            assert answer.status_code == 410
        elif to is None:
            assert answer.status_code == REFUSED
        else:
            assert answer.status_code == OK, answer.text
            person.commands.append((act, by, command))
            self._went(person, to)
            person.acts, person.last = person.acts + 1, (act, by)

    @staticmethod
    def _of(act: str) -> set[str]:
        return {to for (each, _), to in LEADS.items() if each == act}

    def _went(self, person: Person, to: str) -> None:
        now = self.house.clock()
        if person.state == "in_room":
            person.out.append((now, None))
        if to == "in_room" and person.out:
            person.out[-1] = (person.out[-1][0], now)
        person.state = to

    @precondition(lambda self: any(person.commands for person in self.people))
    @rule(data=st.data())
    def a_command_comes_late(self, data: st.DataObject) -> None:
        known = [(person, each) for person in self.people for each in person.commands]
        person, (act, by, command) = data.draw(st.sampled_from(known))
        self._act(person, by, act, command)

    @rule(who=st.integers(0, 1), what=st.sampled_from(["enter", "leave"]))
    def by_itself(self, who: int, what: str) -> None:
        person = self.people[who % len(self.people)]
        self.house.clock.advance(ms=10)
        status = self.run(person.wire.post(what)).status_code
        if what == "leave":
            allowed = person.state in {"in_room", "paused", "finished"}
            to = "finished"
        else:
            allowed, to = person.state in {"approved", "in_room"} and not self.closed, "in_room"
        assert (status == OK) is allowed
        if allowed and person.state != to:
            self._went(person, to)
            person.last = None

    @rule(data=st.data(), by=st.integers(0, 1), undo=st.booleans())
    def decide(self, data: st.DataObject, by: int, undo: bool) -> None:
        incidents = self.run(self.proctors[0].incidents(self.session))
        if not incidents:
            return
        self.house.clock.advance(ms=10)
        incident = data.draw(st.sampled_from(incidents), label="incident")
        mine = self.views.setdefault(incident["id"], {})
        path = f"/api/v1/incidents/{incident['id']}/decisions"
        client = self.proctors[by].client
        if undo and self.second:
            before = [o for o in incident["opinions"] if self._is(o, by)]
            status = self.run(client.delete(f"{path}/latest")).status_code
            assert (status == OK) is bool(before)
            left = [o["decision"] for o in before[:-1]]
            mine.pop(by, None)
            if left:
                mine[by] = left[-1]
            return
        decision = data.draw(st.sampled_from(["confirmed", "dismissed", "inconclusive"]))
        body = {"decision": decision, "reason": "Looked."}
        answer = self.run(client.post(path, json=body))
        if self.second and decision == mine.get(by) == "confirmed":
            assert answer.status_code == REFUSED
            return
        mine[by] = decision
        found = answer.json()["decision"]
        assert found["decision"] == decision
        alone = list(mine.values()).count("confirmed") < 2
        assert found["proposed"] is (self.second and decision == "confirmed" and alone)

    def _is(self, opinion: Json, by: int) -> bool:
        me: str = self.run(self.proctors[by].client.get("/api/v1/me")).json()["proctor"]["id"]
        return bool(opinion["by_id"] == me)

    @precondition(lambda self: not self.closed)
    @rule(really=st.integers(0, 9))
    def close(self, really: int) -> None:
        if really:
            return
        self.run(self.proctors[0].client.post(f"/api/v1/sessions/{self.session['id']}/close"))
        self.closed = True
        for person in self.people:
            if person.state in {"in_room", "paused"}:
                self._went(person, "finished")
                person.last = None

    @invariant()
    def all_is_well(self) -> None:
        snapshot = self.run(self.proctors[0].snapshot(self.session))
        states = {each["id"]: each["state"] for each in snapshot["candidates"]}
        # I1, I3: as people made it, and stored once.
        assert states == {person.wire.id: person.state for person in self.people}
        stored = self.run(self._stored_acts())
        assert stored == sum(person.acts for person in self.people)
        self._check_incidents(snapshot["incidents"], states)
        self._check_gaps(snapshot["gaps"])
        # I2: what a console has from events is what it would load.
        self.run(self._replay())
        for kind, shown in (
            ("candidate", snapshot["candidates"]),
            ("incident", snapshot["incidents"]),
            ("gap", snapshot["gaps"]),
        ):
            expected = {each["id"]: _steady(each) for each in shown}
            assert {k: _steady(v) for k, v in self.replayed[kind].items()} == expected

    def _check_incidents(self, incidents: list[Json], states: dict[str, str]) -> None:
        people = {person.wire.id: person for person in self.people}
        for incident in incidents:
            if incident["state"] == "open":
                assert states[incident["candidate_id"]] == "in_room"
            began, ended = _time(incident["started_at"]), incident["ended_at"]
            for since, until in people[incident["candidate_id"]].out:
                assert not (since < began and (until is None or began < until))
                if ended and began <= since:
                    assert _time(ended) <= since

    def _check_gaps(self, gaps: list[Json]) -> None:
        for person in self.people:
            mine = [gap for gap in gaps if gap["candidate_id"] == person.wire.id]
            open_ones = [gap["cause"] for gap in mine if gap["ended_at"] is None]
            if self.closed or person.state == "finished":
                assert open_ones == []
            elif person.state == "paused":
                assert open_ones == ["paused"]

    async def _stored_acts(self) -> int:
        c = ta.candidate_act.c
        counted = sa.select(sa.func.count()).where(c.session_id == self.session["id"])
        async with self.house.database.engine.connect() as connection:
            return int(await connection.scalar(counted) or 0)

    async def _replay(self) -> None:
        renderer = self.house.app.state.renderer
        log = self.house.rooms.events
        for event in await log.since(self.session["id"], self.seq, None, 10_000):
            self.seq = event.seq
            letter = await renderer.render(event)
            body = json.loads(letter)["event"] if letter else {}
            for kind, shown in self.replayed.items():
                if kind in body:
                    shown[body[kind]["id"]] = body[kind]

    def teardown(self) -> None:
        self.run(self._check_audit())

    async def _check_audit(self) -> None:
        checker, seq = AuditChecker(), 0
        async with self.house.storage.database.read() as work:
            while entries := await work.audit.after(seq, 1000):
                for entry in entries:
                    assert list(checker.take(entry)) == []
                seq = entries[-1].seq


def _steady(shown: Json) -> Json:
    return {name: value for name, value in shown.items() if name not in VOLATILE}


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.sqlite_only
def test_any_order_of_what_people_do(tmp_path: Path) -> None:
    up = running(
        tmp_path / "data",
        Clock(),
        ScriptedEngine(),
        joins_per_minute=6000,
        frames_per_minute=6000,
        login_hours=24 * 7,
    )
    with asyncio.Runner() as runner:
        house = runner.run(up.__aenter__())
        try:
            proctors = [runner.run(house.proctor()) for _ in range(2)]
            Exams.world = World(runner, house, proctors)
            run_state_machine_as_test(
                Exams,
                settings=settings(
                    max_examples=12, stateful_step_count=20, phases=[Phase.explicit, Phase.generate]
                ),
            )
        finally:
            runner.run(up.__aexit__(None, None, None))
