from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from invigil.domain.candidate import CameraClaim
from invigil.domain.changes import Close, Open
from invigil.domain.incident import GapCause, IncidentDetail, IncidentKind
from invigil.rules import Presence, judge_silence

from .film import POLICY, at, incident

# The candidate entered after 100 s and sent the last frame after 200 s.
PRESENT = Presence(
    last_frame_at=at(200),
    entered_at=at(100),
    expected_every=POLICY.sampling,
    camera=CameraClaim.OK,
    camera_claimed_at=at(100),
    server_available_since=at(0),
    connected=True,
)
LOST = incident(IncidentKind.CAMERA_LOST, 200)


def opened(presence: Presence, seconds: float) -> Open | None:
    change = judge_silence(POLICY, at(seconds), presence, None)
    assert not isinstance(change, Close)
    return change


def lost(started: float, cause: GapCause) -> Open:
    return Open(
        kind=IncidentKind.CAMERA_LOST,
        started_at=at(started),
        detail=IncidentDetail(cause=cause),
        with_image=False,
    )


def test_opens_after_three_missed_frames() -> None:
    assert opened(PRESENT, 214.9) is None
    assert opened(PRESENT, 215) == lost(200, GapCause.UNKNOWN)


def test_slower_rhythm_asked_by_the_server_is_waited_for() -> None:
    slow = replace(PRESENT, expected_every=timedelta(seconds=20))
    assert opened(slow, 259) is None
    assert opened(slow, 260) == lost(200, GapCause.UNKNOWN)


def test_burst_rhythm_does_not_shorten_the_wait() -> None:
    burst = replace(PRESENT, expected_every=POLICY.burst)
    assert opened(burst, 214.9) is None
    assert opened(burst, 215) is not None


def test_without_any_frame_time_counts_from_entering() -> None:
    silent = replace(PRESENT, last_frame_at=None)
    assert opened(silent, 114.9) is None
    assert opened(silent, 115) == lost(100, GapCause.UNKNOWN)


def test_time_without_the_server_never_counts() -> None:
    back = replace(PRESENT, server_available_since=at(400))
    assert opened(back, 414.9) is None
    assert opened(back, 415) == lost(400, GapCause.UNKNOWN)


@pytest.mark.parametrize("claim", [CameraClaim.ENDED, CameraClaim.MUTED])
def test_stopped_camera_is_believed_three_seconds_after_the_claim(claim: CameraClaim) -> None:
    stopped = replace(PRESENT, camera=claim, camera_claimed_at=at(202))
    assert opened(stopped, 204.9) is None
    assert opened(stopped, 205) == lost(200, GapCause.CAMERA)


@pytest.mark.parametrize("claim", [CameraClaim.OK, CameraClaim.HIDDEN, CameraClaim.UNKNOWN])
def test_other_claims_shorten_nothing(claim: CameraClaim) -> None:
    other = replace(PRESENT, camera=claim, camera_claimed_at=at(202))
    assert opened(other, 214.9) is None
    assert opened(other, 215) == lost(200, GapCause.UNKNOWN)


def test_claim_with_a_frame_since_shortens_nothing() -> None:
    stopped = replace(PRESENT, camera=CameraClaim.ENDED, camera_claimed_at=at(199))
    assert opened(stopped, 214.9) is None
    assert opened(stopped, 215) == lost(200, GapCause.CAMERA)


def test_frame_of_the_moment_of_the_claim_is_not_since() -> None:
    stopped = replace(PRESENT, camera=CameraClaim.ENDED, camera_claimed_at=at(200))
    assert opened(stopped, 203) == lost(200, GapCause.CAMERA)


def test_claim_without_a_time_shortens_nothing() -> None:
    stopped = replace(PRESENT, camera=CameraClaim.ENDED, camera_claimed_at=None)
    assert opened(stopped, 214.9) is None
    assert opened(stopped, 215) is not None


def test_claim_from_before_entering_counts_from_entering() -> None:
    stopped = replace(
        PRESENT, last_frame_at=None, camera=CameraClaim.ENDED, camera_claimed_at=at(50)
    )
    assert opened(stopped, 102.9) is None
    assert opened(stopped, 103) == lost(100, GapCause.CAMERA)


def test_claim_from_before_a_server_outage_counts_from_its_end() -> None:
    stopped = replace(
        PRESENT,
        camera=CameraClaim.ENDED,
        camera_claimed_at=at(202),
        server_available_since=at(400),
    )
    assert opened(stopped, 402.9) is None
    assert opened(stopped, 403) == lost(400, GapCause.CAMERA)


def test_page_that_is_gone_lost_its_connection() -> None:
    gone = replace(PRESENT, connected=False)
    assert opened(gone, 214.9) is None
    assert opened(gone, 215) == lost(200, GapCause.CONNECTION)


def test_stopped_camera_is_the_cause_even_when_the_page_is_gone_later() -> None:
    gone = replace(PRESENT, connected=False, camera=CameraClaim.ENDED, camera_claimed_at=at(201))
    assert opened(gone, 215) == lost(200, GapCause.CAMERA)


def test_lasting_silence_is_one_incident() -> None:
    assert judge_silence(POLICY, at(900), PRESENT, LOST) is None


def test_closes_with_the_first_frame_after_its_start() -> None:
    back = replace(PRESENT, last_frame_at=at(240))
    assert judge_silence(POLICY, at(241), back, LOST) == Close(incident=LOST, ended_at=at(240))


def test_without_any_frame_it_stays_open() -> None:
    silent = replace(PRESENT, last_frame_at=None)
    assert judge_silence(POLICY, at(900), silent, LOST) is None
