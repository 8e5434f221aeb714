"""How far a frame may be trusted to say that it shows somebody else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from invigil.domain.observation import HeadPose, Unusable
from invigil.vision.quality import FaceQuality, Light, doubt, foremost, judge
from invigil.vision.registry import load_registry

LIMITS = load_registry().quality
CLEAR = FaceQuality(side=140, luma=120, sharpness=25, pose=None)


def test_a_clear_frame_leaves_no_doubt() -> None:
    assert doubt(CLEAR, 0.95, LIMITS) == 0


@pytest.mark.parametrize(
    ("face", "score"),
    [
        (replace(CLEAR, sharpness=9), 0.95),
        (replace(CLEAR, sharpness=200), 0.95),
        (replace(CLEAR, side=50), 0.95),
        (replace(CLEAR, luma=30), 0.95),
        (replace(CLEAR, luma=215), 0.95),
        (replace(CLEAR, pose=HeadPose(yaw=30, pitch=0, roll=0)), 0.95),
        (replace(CLEAR, pose=HeadPose(yaw=0, pitch=-30, roll=0)), 0.95),
        (CLEAR, 0.85),
    ],
)
def test_blur_noise_distance_and_cover_leave_some(face: FaceQuality, score: float) -> None:
    assert doubt(face, score, LIMITS) > 0


def test_a_face_unlike_its_mirror_image_leaves_some() -> None:
    limit = LIMITS.clear_disagreement
    doubts = [doubt(CLEAR, 0.95, LIMITS, limit + more) for more in (-0.05, 0.0, 0.05, 0.1)]
    assert doubts[:2] == [0, 0]
    assert 0 < doubts[2] < doubts[3]


def test_what_spoils_a_frame_adds_up() -> None:
    soft, far = replace(CLEAR, sharpness=5), replace(CLEAR, side=40)
    both = doubt(replace(soft, side=40), 0.8, LIMITS)
    alone = (doubt(soft, 0.95, LIMITS), doubt(far, 0.95, LIMITS), doubt(CLEAR, 0.8, LIMITS))
    assert both == pytest.approx(sum(alone))


def test_the_less_there_is_to_see_the_more_doubt_there_is() -> None:
    blurred = [doubt(replace(CLEAR, sharpness=value), 0.95, LIMITS) for value in (10, 8, 5, 3, 0)]
    dark = [doubt(replace(CLEAR, luma=value), 0.95, LIMITS) for value in (45, 30, 20, 0)]
    assert dark == sorted(dark)
    far = [doubt(replace(CLEAR, side=value), 0.95, LIMITS) for value in (60, 45, 35, 0)]
    assert blurred == sorted(blurred)
    assert far == sorted(far)
    assert len(set(blurred)) == len(blurred)


@pytest.mark.parametrize(
    ("yaw", "pitch", "usable", "compared"),
    [
        (35, 0, True, True),
        (-45, 0, False, True),
        (45, 0, False, True),
        (55, 0, False, False),
        (0, 30, True, True),
        (0, 60, False, True),
        (0, -30, True, True),
        (0, -40, False, False),
    ],
)
def test_frames_are_compared_beyond_what_makes_a_template(
    yaw: float, pitch: float, usable: bool, compared: bool
) -> None:
    """But not faces that look down, as over a sheet of paper."""
    face = replace(CLEAR, pose=HeadPose(yaw=yaw, pitch=pitch, roll=0))
    light = Light(120, 50)
    for limits, passes in ((LIMITS, usable), (LIMITS.wider, compared)):
        reason = None if passes else Unusable.TURNED_AWAY
        assert judge([face], light, face.sharpness, limits) is reason


def test_the_main_face_is_compared_alone_only_beside_small_ones() -> None:
    near, far = replace(CLEAR, side=110), replace(CLEAR, side=100)
    assert foremost([CLEAR, far]) == [CLEAR]
    assert foremost([CLEAR, near]) == [CLEAR, near]
    assert foremost([CLEAR]) == [CLEAR]
    assert foremost([]) == []
