"""`invigil simulate` as people run it, against a server process of its own."""

from __future__ import annotations

import asyncio
import json
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.test_kill import enter
from tests.support.house import Json, read
from tests.support.ports import free_port
from tests.support.process import Served, command, command_within, served

PATIENCE_S = 240
RELAXED = [
    word
    for target in ("error_share=1", "stretched_share=1", "join.p95_s=20", "verdict.p95_s=10")
    for word in ("--target", target)
]
SHORT = ("--minutes", "0.4", "--interval", "1", "--join-within", "4")


@pytest.fixture
async def up(tmp_path: Path) -> AsyncIterator[Served]:
    async with served(tmp_path / "data", free_port()) as server:
        yield server


async def simulate(up: Served, folder: Path, *more: str) -> tuple[int, Json, str]:
    """Exit status, numbers, and what was printed."""
    out = folder / "rehearsal.json"
    code, said = await command_within(
        PATIENCE_S,
        *("simulate", "--url", up.base_url, "--json", str(out), *more),
        cwd=folder,
        COLUMNS="120",
    )
    assert "Traceback" not in said, said
    return code, json.loads(out.read_text()) if out.exists() else {}, said


async def new_link(folder: Path, up: Served) -> str:
    code, said = await command("sign-in-link", "--data-dir", str(folder / "data"), cwd=folder)
    assert code == 0
    return said.partition("token=")[2].strip()


async def test_an_exam_is_rehearsed_from_sign_in_to_report(up: Served, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    code, found, said = await simulate(
        up,
        tmp_path,
        *("--sign-in", up.link, "--candidates", "6", *SHORT, *RELAXED),
        *("--herd", "--storm-every", "7", "--html", str(page)),
    )
    assert code == 0, said
    assert found["candidates"] == {"planned": 6, "joined": 6, "in_room": 6, "not_in_room": 0}
    assert found["lost_acknowledgements"] == 0
    assert found["frames_stored"] >= found["acknowledged"]["frames"] > 30
    assert found["incidents"]["acts"] == 2
    assert found["incidents"]["told"] >= 2
    assert set(found["incidents"]["by_kind"]) >= {"multiple_faces"}
    # One question, and one announcement to everybody.
    assert found["acknowledged"]["messages"] == 7
    assert found["announcement"]["count"] == 6
    assert found["storms"] >= 2
    # Everybody and the console, again after each storm.
    assert found["socket_opening"]["count"] >= 7 * 2
    assert all(found["targets"].values())
    assert "All of it was found afterwards" in said
    assert "deletes it with all simulated candidates" in said
    assert up.link.partition("token=")[2] not in said

    report = page.read_text()
    assert "picture to verdict" in report
    assert "token=" not in report

    # What is left: a closed session that goes by itself, with names that show what they are.
    proctor = up.client()
    token = await new_link(tmp_path, up)
    read(await proctor.post("/api/v1/sign-in", json={"token": token}))
    (session,) = read(await proctor.get("/api/v1/sessions"))["sessions"]
    assert session["closed_at"]
    assert session["retention_days"] == 1
    people = read(await proctor.get(f"/api/v1/sessions/{session['id']}/snapshot"))["candidates"]
    assert sorted(each["name"] for each in people) == [f"Simulated {n:04}" for n in range(1, 7)]
    assert {each["state"] for each in people} == {"finished"}
    await proctor.aclose()


async def test_a_missed_target_is_the_exit_status(up: Served, tmp_path: Path) -> None:
    code, found, said = await simulate(
        up,
        tmp_path,
        *("--sign-in", up.link, "--candidates", "1", "--swaps", "0"),
        *("--minutes", "0.15", *RELAXED, "--target", "verdict.p95_s=0"),
    )
    assert code == 1
    assert [name for name, met in found["targets"].items() if not met] == ["verdict.p95_s"]
    assert "missed" in said


async def test_a_server_that_does_not_come_back_is_no_success(tmp_path: Path) -> None:
    """What could not be looked up counts as not kept, and is said so."""
    data = tmp_path / "data"
    async with served(data, free_port()) as up:
        running = asyncio.create_task(
            simulate(
                up,
                tmp_path,
                *("--sign-in", up.link, "--candidates", "2", "--swaps", "0", *RELAXED),
                *("--minutes", "0.3", "--interval", "1", "--join-within", "1"),
                "--give-up-after",
                "1",
            )
        )
        async with asyncio.timeout(90):
            while observations(data) < 4:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.05)
        await up.end(signal.SIGKILL)
        code, found, said = await running
    assert code == 1
    assert found["targets"]["lost_acknowledgements"] is False
    assert "could not be checked" in said
    assert "could not be closed" in said


def observations(data: Path) -> int:
    with closing(sqlite3.connect(data / "invigil.db")) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM observation").fetchone()[0])


async def test_a_server_that_is_killed_meanwhile_loses_nothing_acknowledged(
    tmp_path: Path,
) -> None:
    data, port = tmp_path / "data", free_port()
    async with served(data, port) as first:
        running = asyncio.create_task(
            simulate(
                first,
                tmp_path,
                *("--sign-in", first.link, "--candidates", "6", *RELAXED),
                *("--minutes", "0.8", "--interval", "1", "--join-within", "4"),
            )
        )
        async with asyncio.timeout(90):
            while observations(data) < 30:  # noqa: ASYNC110 - a file tells nobody
                await asyncio.sleep(0.05)
        await first.end(signal.SIGKILL)
    before = observations(data)
    async with served(data, port):
        code, found, said = await running
        assert found["lost_acknowledgements"] == 0, said
        assert found["errors"], said
        assert found["longest_silence_s"] > 1
        # Everybody went on afterwards, and everything was acknowledged twice over.
        assert found["frames_stored"] > before + 30
        assert found["frames_stored"] >= found["acknowledged"]["frames"] > before
        assert found["incidents"]["acts_missed"] == found["incidents"]["unshown"] == 0, said
        assert code == 0, said


async def test_what_must_not_be_rehearsed_is_refused(up: Served, tmp_path: Path) -> None:
    proctor = await up.proctor()
    exam = await proctor.open_session(sampling_interval_s=60)
    ada = await enter(up, exam)

    async def refusal(*arguments: str) -> str:
        code, found, said = await simulate(up, tmp_path, "--candidates", "1", *arguments)
        assert (code, found) == (2, {}), said
        return " ".join(said.split())

    said = await refusal("--sign-in", await new_link(tmp_path, up))
    assert "An exam is running on this server: 1 in the room" in said
    link = await new_link(tmp_path, up)
    said = await refusal("--sign-in", link, "--join-link", exam["join_url"], "--during-exams")
    assert "1 of 1 candidates are real people" in said
    assert "nobody can tell whether real candidates" in await refusal(
        "--join-link", exam["join_url"]
    )
    assert "was used already" in await refusal("--sign-in", link)
    assert "This exam link is not known here" in await refusal("--join-link", "1.x")
    assert "sign-in-link" in await refusal()
    # Nobody was sent into the exam.
    assert len((await proctor.snapshot(exam))["candidates"]) == 1
    await proctor.client.aclose()
    await ada.client.aclose()


async def test_a_join_link_is_enough_for_a_session_that_is_marked(
    up: Served, tmp_path: Path
) -> None:
    proctor = await up.proctor()
    session = await proctor.open_session(title="Rehearsal", sampling_interval_s=1)
    code, found, said = await simulate(
        up,
        tmp_path,
        *("--join-link", session["join_url"], "--candidates", "2"),
        *("--minutes", "0.2", "--join-within", "1", *RELAXED),
    )
    assert code == 0, said
    assert found["candidates"]["in_room"] == 2
    assert "lost_acknowledgements" not in found
    assert "not checked: that needs --sign-in" in said
    assert "Close it; the server deletes all of it 30 days later" in " ".join(said.split())
    snapshot = await proctor.snapshot(session)
    assert snapshot["session"]["closed_at"] is None
    assert {each["state"] for each in snapshot["candidates"]} == {"finished"}
    await proctor.client.aclose()


async def test_a_wrong_address_is_said_in_one_sentence(tmp_path: Path) -> None:
    code, said = await command(
        *("simulate", "--url", f"http://127.0.0.1:{free_port()}", "--sign-in", "x"), cwd=tmp_path
    )
    assert code == 2
    assert said.startswith("Nothing can be reached at http://127.0.0.1:")
    assert len(said.strip().splitlines()) == 1
