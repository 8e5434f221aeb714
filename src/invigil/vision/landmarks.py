"""Which points of a face a detector gives, and what the head's pose is by them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from invigil.domain.observation import HeadPose
from invigil.vision.geometry import Floats

# BlazeFace: six points; right and left are the person's own.
RIGHT_EYE, LEFT_EYE, NOSE, MOUTH, RIGHT_EAR, LEFT_EAR = range(6)
# YuNet: the first three are the same, then the corners of the mouth.
RIGHT_MOUTH, LEFT_MOUTH = 3, 4

# A head from above: the tip of the nose stands this much further from the line between the ears
# than each ear from the middle.
_NOSE_REACH = 1.7
# The same from the line between the eyes, against half their distance; this and the next numbers
# with five points were fitted to the pose by six points on 1,400 portraits.
_NOSE_REACH_FROM_EYES = 1.18
# Seen from the side: where the nose of a level face lies between eyes (0) and mouth (1), and how
# far its tip stands out, in the same unit.
_NOSE_LEVEL = 0.54
_NOSE_HEIGHT = 0.45
_NOSE_LEVEL_BETWEEN_CORNERS = 0.57
_NOSE_HEIGHT_BETWEEN_CORNERS = 0.18


_Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Layout:
    """`shown`: the points that an observation carries, in its order.

    `align_by` and `targets`: the points that a face is aligned by, and where they lie in a chip
    of 150 pixels as dlib's own alignment cuts it. `pose` is None where the points cannot tell.
    `score_tells_cover`: whether the detector's score falls when a face is half covered.
    """

    shown: tuple[int, ...]
    align_by: tuple[int, ...]
    targets: tuple[tuple[float, float], ...]
    pose: Callable[[Floats], HeadPose] | None
    score_tells_cover: bool = True


def head_pose(points: Floats) -> HeadPose:
    """By BlazeFace's points. Coarse: a head of average shape, seen from far away."""
    roll, level = _levelled(points)
    right, left = level[RIGHT_EAR][0], level[LEFT_EAR][0]
    yaw = _yaw(level[NOSE][0] - (right + left) / 2, _NOSE_REACH, (left - right) / 2)
    pitch = _pitch(level, level[MOUTH][1], _NOSE_LEVEL, _NOSE_HEIGHT)
    return HeadPose(yaw, pitch, roll)


def head_pose_by_five(points: Floats) -> HeadPose:
    """By YuNet's points: without ears, coarser still."""
    roll, level = _levelled(points)
    right, left = level[RIGHT_EYE][0], level[LEFT_EYE][0]
    yaw = _yaw(level[NOSE][0] - (right + left) / 2, _NOSE_REACH_FROM_EYES, (left - right) / 2)
    mouth = (level[RIGHT_MOUTH][1] + level[LEFT_MOUTH][1]) / 2
    pitch = _pitch(level, mouth, _NOSE_LEVEL_BETWEEN_CORNERS, _NOSE_HEIGHT_BETWEEN_CORNERS)
    return HeadPose(yaw, pitch, roll)


# The targets are medians over the chips that dlib's own five-point alignment cuts from 799
# portraits.
BLAZEFACE = Layout(
    shown=(RIGHT_EYE, LEFT_EYE, NOSE),
    align_by=(RIGHT_EYE, LEFT_EYE, NOSE, MOUTH),
    targets=((46.17, 46.10), (102.49, 46.79), (74.38, 79.96), (74.07, 108.67)),
    pose=head_pose,
)
# These were fitted by least squares over such chips.
YUNET = Layout(
    shown=(RIGHT_EYE, LEFT_EYE, NOSE, RIGHT_MOUTH, LEFT_MOUTH),
    align_by=(RIGHT_EYE, LEFT_EYE, NOSE, RIGHT_MOUTH, LEFT_MOUTH),
    targets=(
        (47.416, 45.052),
        (103.129, 45.935),
        (75.411, 77.189),
        (51.329, 101.19),
        (99.23, 101.675),
    ),
    pose=head_pose_by_five,
)

# dlib aligns by itself, and its five points (corners of the eyes, base of the nose) tell no pose.
# Its scores are margins of a support vector machine.
DLIB = Layout(shown=(), align_by=(), targets=(), pose=None, score_tells_cover=False)


def _levelled(points: Floats) -> tuple[float, _Points]:
    """The roll in degrees, and the points turned back by it."""
    # A handful of points: numpy would spend ten times as long on getting ready.
    rows = points.tolist()
    (right_x, right_y), (left_x, left_y) = rows[RIGHT_EYE], rows[LEFT_EYE]
    roll = math.atan2(left_y - right_y, left_x - right_x)
    cosine, sine = math.cos(roll), math.sin(roll)
    level = [(x * cosine + y * sine, y * cosine - x * sine) for x, y in rows]
    return math.degrees(roll), level


def _yaw(aside: float, reach: float, half_width: float) -> float:
    """In degrees, by how far the nose lies aside from the middle of a line across the face."""
    return math.degrees(math.atan2(aside / reach, max(half_width, 1e-3)))


def _pitch(level: _Points, mouth: float, nose_level: float, nose_height: float) -> float:
    """In degrees, by where the nose lies between eyes and mouth."""
    eyes = (level[RIGHT_EYE][1] + level[LEFT_EYE][1]) / 2
    drop = (level[NOSE][1] - eyes) / max(mouth - eyes, 1e-3)
    return math.degrees(math.asin(min(1.0, max(-1.0, (nose_level - drop) / nose_height))))
