"""Two servers behind the proxy of the documentation: it does not matter who takes what."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.cluster.conftest import Nodes
from tests.support import pictures
from tests.support.house import Candidate, Json, Proctor, read
from tests.support.process import command, command_within
from tests.support.server import Page, candidate_ticket, proctor_ticket

FRAMES = r"POST /api/v1/candidates/me/frames 200"
SOCKETS = r"GET /api/v1/live 101"
WITHIN_S = 15.0
"""After a server has died, its candidates are with the other one."""


async def second_person(candidate: Candidate, proctor: Proctor, session: Json) -> Json:
    """Until the incident is there."""
    async with asyncio.timeout(30):
        while not (found := await proctor.incidents(session)):
            read(await candidate.send(pictures.two_people()))
            await asyncio.sleep(0.3)
    return found[0]


def told(page: Page) -> list[tuple[int, str]]:
    events = [letter for letter in page.letters if letter["type"] == "event"]
    return [(letter["seq"], letter["event"]["kind"]) for letter in events]


async def all_of(page: Page, last: int) -> list[tuple[int, str]]:
    """Every event up to the number `last`, as this page was told of them."""
    while not told(page) or told(page)[-1][0] < last:
        await page.until("event")
    return [event for event in told(page) if event[0] <= last]


async def test_any_server_takes_any_frame_and_consoles_at_both_see_the_same(nodes: Nodes) -> None:
    proctor = await nodes.proctor()
    session = await proctor.open_session(sampling_interval_s=1)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(proctor.client.aclose)
        consoles = [
            await stack.enter_async_context(
                await nodes.dial(await proctor_ticket(proctor, session), place)
            )
            for place in (0, 1)
        ]
        ada = await nodes.join(session, "Ada", pictures.obama())
        stack.push_async_callback(ada.client.aclose)
        for _ in range(10):
            seen = read(await ada.send(pictures.obama()))["observation"]
            assert seen["identity"] == "match"
        incident = await second_person(ada, proctor, session)
        photo = await proctor.client.get(incident["evidence"][0]["url"])
        assert photo.status_code == 200

        last = (await proctor.snapshot(session))["cursor"]
        first, second = [await all_of(page, last) for page in consoles]
        assert first == second
        assert [seq for seq, _ in first] == sorted({seq for seq, _ in first})
        assert [kind for _, kind in first].count("incident_changed") >= 1
    taken = nodes.front.taken(FRAMES)
    assert len(taken) == 2
    assert min(taken.values()) >= 3


async def introduced(page: Page, peer: str) -> None:
    """The page knows of this peer: from its hello, or from a letter since."""
    known = {each["peer"] for each in page.letters[0]["peers"]}
    known |= {letter["peer"] for letter in page.letters if letter["type"] == "peer_joined"}
    if peer not in known:
        await page.until("peer_joined", peer=peer)


async def test_peers_at_different_servers_signal_through_the_proxy(nodes: Nodes) -> None:
    proctor = await nodes.proctor()
    session = await proctor.open_session()
    ada = await nodes.join(session, "Ada", pictures.obama())
    async with AsyncExitStack() as stack:
        stack.push_async_callback(proctor.client.aclose)
        stack.push_async_callback(ada.client.aclose)
        mine = await stack.enter_async_context(await nodes.dial(await candidate_ticket(ada)))
        # The proxy takes turns, and calls for tickets lie between: some of these are elsewhere.
        consoles = [
            await stack.enter_async_context(
                await nodes.dial(await proctor_ticket(proctor, session), place)
            )
            for place in (None, None, 0, 1)
        ]
        her_peer = mine.letters[0]["peer"]
        for page in consoles:
            peer = page.letters[0]["peer"]
            await introduced(page, her_peer)
            await introduced(mine, peer)
            signal = {"epoch": 1, "description": {"type": "offer", "sdp": f"for {peer}"}}
            await mine.send(type="signal", to=peer, signal=signal)
            found = await page.until("signal")
            assert (found["from"], found["signal"]) == (her_peer, signal)
            await page.send(type="signal", to=her_peer, signal={"want": "focus"})
            assert (await mine.until("signal"))["from"] == peer
    async with asyncio.timeout(10):
        while nodes.front.taken(SOCKETS).total() < 3:  # noqa: ASYNC110 - written when they end
            await asyncio.sleep(0.05)


async def rehearsed(nodes: Nodes, *more: str) -> tuple[int, Json, str]:
    """Exit status and numbers of a rehearsal through the proxy."""
    out = nodes.folder / "rehearsal.json"
    code, said = await command_within(
        240,
        *("simulate", "--sign-in", nodes.link, "--ca", str(nodes.front.chain)),
        *("--json", str(out), *more),
        cwd=nodes.folder,
    )
    assert out.exists(), said
    found: Json = json.loads(out.read_text())
    return code, found, said


RELAXED = [
    word
    for target in ("error_share=1", "stretched_share=1", "join.p95_s=20", "verdict.p95_s=10")
    for word in ("--target", target)
]


async def frames_at_both(nodes: Nodes, least: int) -> None:
    """Wait until each server has taken so many."""
    async with asyncio.timeout(90):
        taken = nodes.front.taken(FRAMES)
        while len(taken) < 2 or min(taken.values()) < least:
            await asyncio.sleep(0.1)
            taken = nodes.front.taken(FRAMES)


def nothing_lost(found: Json, said: str) -> None:
    assert found["lost_acknowledgements"] == 0, said
    assert found["acknowledged"]["frames"] > 0
    assert found["candidates"]["not_in_room"] == 0, said
    assert found["incidents"]["doubled"] == 0, said
    assert found["incidents"]["unshown"] == 0, said
    assert found["longest_silence_s"] <= WITHIN_S, said


async def test_a_server_dies_under_load_and_the_other_takes_its_candidates(nodes: Nodes) -> None:
    options = ("--candidates", "8", "--minutes", "0.5", "--interval", "1", "--join-within", "4")
    running = asyncio.create_task(rehearsed(nodes, *options, *RELAXED))
    await frames_at_both(nodes, 20)
    await nodes.kill(1)
    before = nodes.front.taken(FRAMES)[f"127.0.0.1:{nodes.ports[0]}"]
    code, found, said = await running
    nothing_lost(found, said)
    # It was no quiet moment, and the other did take over.
    assert found["incidents"]["acts_missed"] == 0, said
    assert nodes.front.taken(FRAMES)[f"127.0.0.1:{nodes.ports[0]}"] > before + 40
    assert code == 0, said


@pytest.mark.slow
async def test_servers_die_and_come_back_in_turns_under_load(installation: Nodes) -> None:
    nodes = installation
    options = ("--candidates", "20", "--minutes", "1.5", "--interval", "2", "--join-within", "10")
    storms = ("--herd", "--storm-every", "35")
    async with nodes.node(0), AsyncExitStack() as stack:
        async with nodes.node(1):
            nodes.front.start(nodes.ports)
            running = asyncio.create_task(rehearsed(nodes, *options, *storms, *RELAXED))
            stack.callback(running.cancel)
            await frames_at_both(nodes, 30)
            await nodes.kill(1)
            await asyncio.sleep(10)
        async with nodes.node(1):
            # Left out for a while, then tried again.
            before = nodes.front.taken(FRAMES)[f"127.0.0.1:{nodes.ports[1]}"]
            async with asyncio.timeout(30):
                while nodes.front.taken(FRAMES)[f"127.0.0.1:{nodes.ports[1]}"] < before + 10:  # noqa: ASYNC110
                    await asyncio.sleep(0.1)
            await nodes.kill(0)
            code, found, said = await running
    nothing_lost(found, said)
    assert found["storms"] >= 1
    assert code == 0, said


async def test_the_proxy_is_refused_without_its_certificate(
    installation: Nodes, tmp_path: Path
) -> None:
    """Plain words about TLS, before anything is opened."""
    installation.front.start(installation.ports)
    url = installation.front.url
    arguments = ("simulate", "--candidates", "1", "--sign-in", "x", "--url")
    code, said = await command(*arguments, url, cwd=tmp_path)
    assert code == 2
    assert "is not trusted here" in said
    assert "--insecure" in said
    # With it one gets as far as the servers, which are not there.
    for trusted in (("--insecure",), ("--ca", str(installation.front.chain))):
        code, said = await command(*arguments, url, *trusted, cwd=tmp_path)
        assert (code, "the server behind it does not" in said) == (2, True), said
    code, said = await command(*arguments, url.replace("https", "http"), cwd=tmp_path)
    assert code == 2
    assert "Traceback" not in said
