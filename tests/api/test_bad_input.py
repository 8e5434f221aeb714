"""What comes from outside can be anything. Each has a clear answer, and the server lives on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from httpx2 import Response

from invigil.storage.database import tables as t
from tests.support import pictures
from tests.support.house import Candidate, Json, Proctor, Running, read, refused

MB = 1_000_000
ROUTES = {"reference-photo": "PUT", "check-in-frames": "POST", "frames": "POST"}


@pytest.fixture
async def candidates(house: Running, session: Json) -> dict[str, Candidate]:
    """For each picture route somebody who may use it."""
    checking_in = await house.join(session, "Ben")
    read(await checking_in.reference_photo(pictures.obama()))
    return {
        "reference-photo": await house.join(session, "Ann"),
        "check-in-frames": checking_in,
        "frames": await house.enter(session),
    }


async def send(candidate: Candidate, route: str, body: bytes | AsyncIterator[bytes]) -> Response:
    address = f"/api/v1/candidates/me/{route}"
    return await candidate.client.request(ROUTES[route], address, content=body)


@pytest.mark.parametrize(
    ("make", "status", "code"),
    [
        (lambda: b"", 422, "image_broken"),
        (lambda: b"hello", 415, "unsupported_image"),
        (lambda: b"GIF89a" + bytes(100), 415, "unsupported_image"),
        (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_image"),
        (lambda: b"%PDF-1.7" + bytes(100), 415, "unsupported_image"),
        (lambda: pictures.obama()[: len(pictures.obama()) // 2], 422, "image_broken"),
        (lambda: pictures.obama()[:20], 422, "image_broken"),
        (lambda: b"\xff\xd8\xff" + bytes(1000), 422, "image_broken"),
        (pictures.huge_png, 422, "image_too_many_pixels"),
        (lambda: pictures.animated("PNG"), 422, "image_animated"),
        (lambda: pictures.animated("WEBP"), 422, "image_animated"),
        (lambda: pictures.obama() + bytes(20 * MB), 413, "image_too_large"),
    ],
)
async def test_what_is_no_picture_is_refused_on_every_route(
    house: Running,
    candidates: dict[str, Candidate],
    make: Callable[[], bytes],
    status: int,
    code: str,
) -> None:
    for route, candidate in candidates.items():
        refused(await send(candidate, route, make()), status, code)
    read(await candidates["frames"].send(pictures.obama()))


@pytest.mark.parametrize(
    "picture",
    [pictures.cmyk, pictures.sideways, pictures.grey_16_bit],
)
async def test_unusual_but_valid_pictures_are_understood(
    candidates: dict[str, Candidate], picture: Callable[[], bytes]
) -> None:
    read(await send(candidates["reference-photo"], "reference-photo", picture()))
    observation = read(await candidates["frames"].send(picture()))["observation"]
    assert (observation["faces"], observation["usable"]) == (1, True)


async def test_a_frame_may_cost_less_than_a_photo(candidates: dict[str, Candidate]) -> None:
    """A telephone's picture may be given once, and in PNG is too much to come again and again."""
    large = pictures.encoded(pictures.opened(pictures.obama()).resize((2200, 2750)), "PNG")
    assert len(large) < 5_000_000, len(large)
    for route in ("check-in-frames", "frames"):
        refused(await send(candidates[route], route, large), 422, "image_too_many_pixels")
    read(await send(candidates["reference-photo"], "reference-photo", large))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
async def test_other_formats_than_jpeg_are_fine(
    candidates: dict[str, Candidate], kind: str
) -> None:
    picture = pictures.encoded(pictures.opened(pictures.obama()), kind)
    observation = read(await candidates["frames"].send(picture))["observation"]
    assert observation["identity"] == "match"


async def test_an_endless_upload_is_cut_off_at_the_limit(
    house: Running, candidates: dict[str, Candidate]
) -> None:
    """Without a length in the headers, so that only counting helps."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 20 * MB:
            sent += 100_000
            yield bytes(100_000)

    refused(await send(candidates["frames"], "frames", endless()), 413, "image_too_large")
    assert sent <= 6 * MB


async def test_a_large_json_body_is_refused_too(house: Running, proctor: Proctor) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"title": "'
        for _ in range(200):
            yield b"x" * 100_000

    answer = await proctor.client.post(
        "/api/v1/sessions", content=endless(), headers={"Content-Type": "application/json"}
    )
    refused(answer, 413, "image_too_large")
    body = {"title": "x" * 20 * MB}
    refused(await proctor.client.post("/api/v1/sessions", json=body), 413, "image_too_large")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"null", "application/json"),
        (b'"text"', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b'{"title": "Algebra"}', "text/plain"),
        (b"title=Algebra", "application/x-www-form-urlencoded"),
        (b'{"title": "\\ud800"}', "application/json"),
        (b"[" * 100_000, "application/json"),
    ],
)
async def test_what_is_no_json_is_refused(
    house: Running, proctor: Proctor, body: bytes, kind: str
) -> None:
    address = "/api/v1/sessions"
    answer = await proctor.client.post(address, content=body, headers={"Content-Type": kind})
    refused(answer, 422, "invalid_request")
    assert read(await proctor.client.get(address))["sessions"] == []


@pytest.mark.parametrize(
    "name",
    ["<img src=x onerror=alert(1)>", "Zoë 😀 学生", "x" * 200, "'; DROP TABLE candidate; --"],
)
async def test_any_name_is_kept_as_it_is(
    house: Running, proctor: Proctor, session: Json, name: str
) -> None:
    candidate = await house.join(session, name)
    assert (await candidate.me())["name"] == name
    assert (await proctor.candidate(session, candidate.id))["name"] == name


@pytest.mark.parametrize("name", ["", "   ", "x" * 500, "A\x00da", "A\nda", "\x1b[31mAda", None, 7])
async def test_a_name_that_is_none_is_refused(house: Running, session: Json, name: object) -> None:
    client = await house.client()
    path = f"/api/v1/join/{session['join_url'].rpartition('/')[2]}"
    version = read(await client.get(path))["consent"]["version"]
    body = {"name": name, "consent": {"version": version, "accepted": True}}
    refused(await client.post(path, json=body), 422, "invalid_request")


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("ask-proctor", {"note": "x" * 301}),
        ("ask-proctor", {"reason": "x"}),
        ("messages", {"text": "x", "kind": "warning"}),
        ("tickets", {"tab": ""}),
        ("tickets", {"tab": "short"}),
        ("tickets", {"tab": "tab with blanks"}),
        ("tickets", {"tab": "x" * 65}),
        ("tickets", {}),
    ],
)
async def test_wrong_and_unknown_fields_are_named(
    house: Running, session: Json, what: str, body: Json
) -> None:
    ada = await house.join(session)
    error = refused(await ada.post(what, body), 422, "invalid_request")
    field = next(iter(set(body) & {"note", "reason", "kind", "tab"}), "tab")
    assert field in error["message"]


async def test_what_is_wrong_is_said_in_sentences_and_for_each_field(proctor: Proctor) -> None:
    body = {"title": "Algebra", "exam_url": "exam", "sampling_interval_s": 2.5}
    error = refused(
        await proctor.client.post("/api/v1/sessions", json=body), 422, "invalid_request"
    )
    address = "Must be a web address that starts with https:// or http://."
    interval = "Input should be a valid integer, got a number with a fractional part."
    assert error["message"] == f"sampling_interval_s: {interval} exam_url: {address}"
    assert error["fields"] == {"sampling_interval_s": interval, "exam_url": address}


async def test_breaks_without_minutes_are_asked_for_their_minutes(
    house: Running, proctor: Proctor, session: Json
) -> None:
    ada = await house.join(session)
    where = f"/api/v1/candidates/{ada.id}/accommodations"
    for field, other in (("break_minutes", "breaks"), ("breaks", "break_minutes")):
        answer = await proctor.client.put(where, json={other: 5})
        assert list(refused(answer, 422, "invalid_request")["fields"]) == [field]


async def test_an_error_never_repeats_what_was_sent(house: Running, proctor: Proctor) -> None:
    answer = await proctor.client.post("/api/v1/sessions", json={"title": {"secret": "canary"}})
    refused(answer, 422, "invalid_request")
    assert "canary" not in answer.text


async def test_too_many_frames_are_refused_for_their_sender_alone(
    house: Running, session: Json, candidates: dict[str, Candidate]
) -> None:
    ada = candidates["frames"]
    answers = [await ada.send(b"no picture") for _ in range(241)]
    assert {answer.status_code for answer in answers[:236]} == {415}
    error = refused(answers[-1], 429, "too_many_requests")
    assert answers[-1].headers["Retry-After"] == str(error["retry_after_s"])
    read(await send(candidates["check-in-frames"], "check-in-frames", pictures.obama()))


async def test_reference_photos_are_few(candidates: dict[str, Candidate]) -> None:
    ann = candidates["reference-photo"]
    answers = [await send(ann, "reference-photo", b"no picture") for _ in range(11)]
    assert answers[9].status_code == 415
    refused(answers[-1], 429, "too_many_requests")


@pytest.mark.parametrize(
    ("what", "body", "most"),
    [
        ("tickets", {"tab": "tab-0001"}, 120),
        ("ask-proctor", {"note": "My camera is odd."}, 10),
        ("enter", None, 30),
        ("leave", None, 30),
    ],
)
async def test_what_leaves_a_record_is_limited_for_each_candidate(
    house: Running, session: Json, what: str, body: Json | None, most: int
) -> None:
    ada, ben = await house.join(session, "Ada"), await house.join(session, "Ben")
    for _ in range(most):
        assert (await ada.post(what, body)).status_code != 429
    refused(await ada.post(what, body), 429, "too_many_requests")
    assert (await ben.post(what, body)).status_code != 429


async def test_a_candidate_can_not_fill_the_store_with_reference_photos(scripted: Running) -> None:
    session = await (await scripted.proctor()).open_session()
    ada = await scripted.join(session)
    for _ in range(10):
        read(await ada.reference_photo(b"me"))
    refused(await ada.reference_photo(b"me"), 429, "too_many_requests")
    assert await scripted.rows(t.evidence) == 10


async def test_asking_for_a_proctor_again_tells_nothing_new(
    house: Running, session: Json, candidates: dict[str, Candidate]
) -> None:
    ann = candidates["reference-photo"]
    asked = read(await ann.post("ask-proctor", {"note": "My camera is odd."}))
    before = await house.rows(t.event)
    assert read(await ann.post("ask-proctor", {"note": "My camera is odd."})) == asked
    assert await house.rows(t.event) == before
    read(await ann.post("ask-proctor", {"note": "It is broken."}))
    assert await house.rows(t.event) == before + 2


async def test_tab_and_header_nonsense_is_harmless(
    house: Running, candidates: dict[str, Candidate]
) -> None:
    ada = candidates["frames"]
    address = "/api/v1/candidates/me/frames"
    long = await ada.client.post(
        address, content=pictures.obama(), headers={"X-Invigil-Tab": "x" * 65}
    )
    refused(long, 422, "invalid_request")
    wrong_kind = await ada.client.post(
        address, content=pictures.obama(), headers={"Content-Type": "text/html; charset=x"}
    )
    read(wrong_kind)
