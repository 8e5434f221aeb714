"""Templates, scores and hashes never leave the server. People never enter the log."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator

import pytest
import structlog
from httpx2 import Response

from invigil import logs
from invigil.domain.message import MessageKind
from invigil.settings import LogFormat
from tests.support import pictures
from tests.support.house import Json, Running, read

NAME = "Canaria Zwölfenbein"
ALLOWED_NUMBERS = {"interval_factor"}
NEVER = re.compile(r"score|vector|hash|embedding|distance|similarity|landmark|sharpness|brightness")


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """All that is logged, in most detail."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.set_up(LogFormat.JSON, debug=True)
    yield stream
    logs.take_down()


async def whole_flow(house: Running) -> tuple[list[Response], list[str]]:
    """Everything that people do on a day; the answers, and the secrets that were handed out."""
    proctor = await house.proctor()
    heard: list[Response] = []

    async def listen(response: Response) -> None:
        await response.aread()
        heard.append(response)

    proctor.client.event_hooks["response"].append(listen)
    session = await proctor.open_session()
    ada = await house.join(session, NAME)
    ada.client.event_hooks["response"].append(listen)
    await ada.reference_photo(pictures.two_people())
    await ada.check_in(pictures.obama(), live=pictures.biden())
    await proctor.client.post(
        f"/api/v1/candidates/{ada.id}/check-in-decision", json={"decision": "approve"}
    )
    await ada.post("enter")
    for picture in (pictures.biden(), pictures.obama(), pictures.two_people()):
        await ada.film(picture, 3)
    ticket = read(await ada.post("tickets", {"tab": "tab-0001"}))["ticket"]
    await ada.post("messages", {"text": "A canary sings."})
    await proctor.client.post(
        f"/api/v1/sessions/{session['id']}/messages",
        json={"kind": MessageKind.WARNING.value, "text": "Canaries must be silent."},
    )
    for incident in await proctor.incidents(session):
        await proctor.decide(incident, "confirmed", "The canary did it.")
        await proctor.client.get(incident["evidence"][0]["url"])
    await ada.me()
    for path in (
        "/api/v1/system",
        "/api/v1/sessions",
        f"/api/v1/sessions/{session['id']}/incidents",
    ):
        await proctor.client.get(path)
    await ada.post("leave")
    await proctor.client.post(f"/api/v1/sessions/{session['id']}/close")
    cookie = proctor.client.cookies["invigil"]
    return heard, [ada.token, cookie, ticket, session["join_url"].rpartition(".")[2]]


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every value in a JSON answer with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}")
    elif isinstance(value, list):
        for item in value:
            yield from leaves(item, f"{path}[]")
    else:
        yield path, value


async def test_no_answer_holds_a_score_a_template_or_a_hash(house: Running) -> None:
    heard, _ = await whole_flow(house)
    answers = [each for each in heard if "json" in each.headers.get("content-type", "")]
    assert len(answers) > 25
    for answer in answers:
        for path, value in leaves(answer.json()):
            name = path.rpartition(".")[2]
            assert not NEVER.search(name) or name == "sha256", path
            assert not isinstance(value, float) or name in ALLOWED_NUMBERS, path
            assert not (isinstance(value, int) and path.endswith("[]")), path


async def test_the_events_of_the_socket_hold_none_either(house: Running) -> None:
    await whole_flow(house)
    (session,) = read(await (await house.proctor()).client.get("/api/v1/sessions"))["sessions"]
    async with house.database.read() as work:
        candidates = [each.id for each in await work.candidates.of_session(session["id"])]
        events = [
            event
            for audience in (None, *candidates)
            for event in await work.events.since(session["id"], 0, audience, 1000)
        ]
    letters = [await house.app.state.renderer.render(event) for event in events]
    assert len([letter for letter in letters if letter]) > 10
    for letter in filter(None, letters):
        for path, value in leaves(json.loads(letter)):
            name = path.rpartition(".")[2]
            assert not NEVER.search(name) or name == "sha256", path
            assert not isinstance(value, float), path


async def test_the_log_names_nobody_and_holds_no_secret_and_no_picture(
    house: Running, logged: io.StringIO
) -> None:
    _, secrets = await whole_flow(house)
    text = logged.getvalue()
    assert '"incident opened"' in text  # it did log
    assert '"request"' in text
    for canary in ("Canaria", "Zwölfenbein", "Zw\\u00f6", "anar", *secrets):
        assert canary not in text
    assert not re.search(r"[A-Za-z0-9+/]{120,}", text), "something like base64 is in the log"


def test_private_fields_are_dropped_even_where_somebody_logs_them(logged: io.StringIO) -> None:
    log = structlog.get_logger("test")
    log.info("somebody", name="Canaria", token="canary-token", image=b"canary", candidate="c1")
    written: Json = json.loads(logged.getvalue())
    assert (written["name"], written["token"], written["image"]) == ("(left out)",) * 3
    assert written["candidate"] == "c1"


async def test_no_browser_keeps_or_embeds_what_it_is_shown(house: Running) -> None:
    heard, _ = await whole_flow(house)
    for answer in heard:
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        if answer.headers.get("content-type") == "image/jpeg":
            assert answer.headers["cache-control"] == "no-store"
