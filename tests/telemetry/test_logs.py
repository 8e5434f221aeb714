"""The log of a real server over a whole exam: JSON in every line, when and whose, and no names."""

from __future__ import annotations

import asyncio
import base64
import json
import sqlite3
from datetime import datetime
from pathlib import Path

from tests.support import pictures
from tests.support.house import Json, Proctor, read
from tests.support.ports import free_port
from tests.support.process import PATIENCE_S, Served, served_with_log

NAME = "Canaria Zwolfenbein"
WORDS = "The canary sings at midnight"


async def exam(up: Served, proctor: Proctor, data: Path) -> tuple[str, list[str]]:
    """Everything that may happen, mistakes included; the candidate's id, and what must not show."""
    session = await proctor.open_session(title="Canary exam", sampling_interval_s=1)
    code = session["join_url"].rpartition("/")[2]
    async with up.client() as client:
        version = read(await client.get(f"/api/v1/join/{code}"))["consent"]["version"]
        body = {
            "name": NAME,
            "consent": {"version": version, "accepted": True, "compare_face": True},
        }
        joined = read(await client.post(f"/api/v1/join/{code}", json=body), 201)
        await client.post("/api/v1/sign-in", json={"token": "canary-guess-token"})
        await client.get("/api/v1/join/canary-guess-code")
        await client.post(f"/api/v1/join/{code}", content=b'{"name": "Canaria')
    ada = up.candidate(joined["candidate"]["id"], joined["token"])
    await ada.check_in(pictures.obama())
    read(await ada.post("enter"))
    for picture in (pictures.obama(), b"canary, no picture"):
        await ada.send(picture)
    async with asyncio.timeout(PATIENCE_S):
        while not await proctor.incidents(session):
            await ada.send(pictures.two_people())
            await asyncio.sleep(0.4)
    await ada.post("messages", {"text": WORDS})
    ticket = read(await ada.post("tickets", {"tab": "tab-0001"}))["ticket"]
    async with up.client() as client:
        await client.get("/api/v1/live", params={"ticket": ticket})
    read(await ada.send(pictures.obama()))  # numbered from here on
    with sqlite3.connect(data / "invigil.db", isolation_level=None, timeout=1) as other:
        other.execute("BEGIN IMMEDIATE")
        ada.client.timeout = PATIENCE_S  # the server itself waits for some seconds
        assert (await ada.send(pictures.obama())).status_code == 503
        other.execute("ROLLBACK")
    other.close()
    for incident in await proctor.incidents(session):
        await proctor.decide(incident, "confirmed", WORDS)
        await proctor.client.get(incident["evidence"][0]["url"])
    await ada.post("leave")
    cookie = proctor.client.cookies["invigil"]
    await ada.client.aclose()
    secrets = [joined["token"], cookie, ticket, code, up.link.partition("token=")[2]]
    return ada.id, secrets


def moment(line: Json) -> datetime:
    return datetime.fromisoformat(line["detected_at"])


async def test_a_whole_exam(tmp_path: Path) -> None:
    log, data = tmp_path / "log", tmp_path / "data"
    chosen = {"INVIGIL_LOG_FORMAT": "json", "INVIGIL_ANALYSIS_WORKERS": "1"}
    async with served_with_log(log, data, free_port(), "--debug", **chosen) as up:
        proctor = await up.proctor()
        candidate_id, secrets = await exam(up, proctor, data)
        await proctor.client.aclose()
        await up.stop()
    text = log.read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    events = {line["event"] for line in lines}
    assert {"request", "frame", "detection", "incident opened", "incident closed"} <= events
    about = [line for line in lines if line["event"] in events - {"request"} and "faces" in line]
    about += [line for line in lines if line["event"].startswith("incident ")]
    assert len(about) >= 4
    for line in about:
        assert line["candidate"] == candidate_id
        assert abs((moment(line) - datetime.fromisoformat(line["timestamp"])).total_seconds()) < 60
    for canary in (NAME, "anaria", "canary", "Canary", WORDS, *secrets):
        assert canary not in text, canary
    for picture in (pictures.obama(), pictures.two_people()):
        for form in (base64.b64encode(picture).decode()[40:120], repr(picture)[40:120]):
            assert form not in text


async def test_what_libraries_say_is_json_as_well(tmp_path: Path) -> None:
    """uvicorn complains about a request that is none; its line must be one of ours."""
    log, port = tmp_path / "log", free_port()
    chosen = {"INVIGIL_LOG_FORMAT": "json", "INVIGIL_ANALYSIS_WORKERS": "1"}
    async with served_with_log(log, tmp_path / "data", port, **chosen) as up:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"canary-no-http\r\n\r\n")
        await writer.drain()
        assert b"400" in await reader.read()
        writer.close()
        await up.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event"] for line in lines if line["level"] == "warning"] == [
        "Invalid HTTP request received."
    ]
