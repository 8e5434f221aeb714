"""What the page says of its camera is information at most, and nothing of its name is kept."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from PIL import Image

from invigil.services.camera_claims import looks_virtual
from tests.support import pictures
from tests.support.house import Candidate, Json, Proctor, Running

LABEL = "OBS Virtual Camera of Ada Example"


@pytest.fixture
async def ada(house: Running, session: Json) -> Candidate:
    return await house.enter(session)


async def test_a_virtual_camera_is_information_until_another_is_used(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    claims = house.rooms.camera_claims
    for _ in range(2):
        await claims.claim_device(ada.id, "device-1", LABEL)
    (incident,) = await proctor.incidents(session)
    assert (incident["kind"], incident["severity"]) == ("virtual_camera", "info")
    await claims.claim_device(ada.id, "device-2", "HD Webcam")
    kinds = {each["kind"]: each for each in await proctor.incidents(session)}
    assert set(kinds) == {"virtual_camera", "camera_changed"}
    assert {each["state"] for each in kinds.values()} == {"closed"}
    assert {each["severity"] for each in kinds.values()} == {"info"}


async def test_what_changes_again_and_again_is_one_incident(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    claims = house.rooms.camera_claims
    for number in range(41):
        label = LABEL if number % 2 else "HD Webcam"
        await claims.claim_device(ada.id, f"device-{number}", label)
        house.clock.advance(30)
    found = {each["kind"]: each for each in await proctor.incidents(session)}
    assert len(await proctor.incidents(session)) == len(found) == 2
    assert found["camera_changed"]["state"] == found["virtual_camera"]["state"] == "closed"
    began, ended = (
        datetime.fromisoformat(found["camera_changed"][name]) for name in ("started_at", "ended_at")
    )
    assert ended - began == timedelta(seconds=39 * 30)


async def test_another_change_later_or_after_a_decision_is_another_incident(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    claims = house.rooms.camera_claims
    for number in range(3):
        await claims.claim_device(ada.id, f"device-{number}", "HD Webcam")
        house.clock.advance(61)
    first, second = await proctor.incidents(session)
    await claims.claim_device(ada.id, "device-3", "HD Webcam")
    *_, third = await proctor.incidents(session)
    await proctor.decide(third, "dismissed")
    house.clock.advance(1)
    await claims.claim_device(ada.id, "device-4", "HD Webcam")
    *others, last = await proctor.incidents(session)
    assert [each["id"] for each in others] == [first["id"], second["id"], third["id"]]
    assert (last["kind"], last["decision"]) == ("camera_changed", None)


async def test_names_of_devices_are_not_kept(
    house: Running, ada: Candidate, capsys: pytest.CaptureFixture[str]
) -> None:
    await house.rooms.camera_claims.claim_device(ada.id, "device-of-ada", LABEL)
    stored = await house.everything_stored()
    assert b"OBS" not in stored
    assert b"device-of-ada" not in stored
    assert "OBS" not in capsys.readouterr().out


async def test_a_claim_of_a_good_camera_does_not_hide_a_covered_one(
    house: Running, proctor: Proctor, session: Json, ada: Candidate
) -> None:
    await house.rooms.camera_claims.claim_device(ada.id, "device-1", "HD Webcam: face ok")
    await ada.film(pictures.encoded(Image.new("RGB", (640, 480), (4, 4, 4))), 40)
    assert [each["kind"] for each in await proctor.incidents(session)] == ["camera_covered"]


@pytest.mark.parametrize(
    "label", ["OBS Virtual Camera", "ManyCam Video Source", "Snap Camera", "DroidCam Source 3"]
)
def test_names_of_programs_are_known(label: str) -> None:
    assert looks_virtual(label)


@pytest.mark.parametrize(
    "label", ["HD Webcam (04f2:b604)", "FaceTime HD Camera", "Logitech BRIO", "", "Robson's iPhone"]
)
def test_names_of_devices_are_not_taken_for_programs(label: str) -> None:
    assert not looks_virtual(label)
