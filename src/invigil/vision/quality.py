"""Can this frame be compared at all? The gate drops a frame, with the reason, before it can harm.

Single-frame errors come in bursts (a turned head, a hand, backlight), so this gate does more
against false alarms than any number of frames in a row. The limits are in `registry.toml`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from invigil.domain.observation import HeadPose, Unusable
from invigil.vision.detection import Detection
from invigil.vision.geometry import GreyImage, cut_square, resized
from invigil.vision.landmarks import BLAZEFACE, Layout
from invigil.vision.registry import QualityLimits

# Sharpness is measured on a face of this many pixels, so that distance and camera do not matter.
_SHARPNESS_SIDE = 96
_SECOND_DERIVATIVE = np.array([[1, -2, 1]], dtype=np.float32)
# Added to the variance of the luma, so that the noise of an even surface is not taken for detail.
_LEAST_CONTRAST = 25.0
# The picture's own light is measured on about this many pixels a side: it is an average.
_LIGHT_SIDE = 96
# The face's light is measured on the middle of its box, away from hair and background.
_LIGHT_SHARE = 0.7
# A face that is smaller than this share of the main one is further away or on a picture.
_FOREMOST = 0.75


@dataclass(frozen=True, slots=True)
class Light:
    """`luma` is the mean, `contrast` the standard deviation, both 0..255."""

    luma: float
    contrast: float


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """`side` is in pixels of the full-size picture. `cut_off`: by the edge of the picture."""

    side: float
    luma: float
    sharpness: float
    pose: HeadPose | None
    cut_off: bool = False


def picture_light(grey: GreyImage) -> Light:
    step = max(1, min(grey.shape) // _LIGHT_SIDE)
    mean, deviation = cv2.meanStdDev(np.ascontiguousarray(grey[::step, ::step]))
    return Light(float(mean[0, 0]), float(deviation[0, 0]))


def picture_sharpness(grey: GreyImage) -> float:
    """Of the whole picture, brought to a fixed size."""
    height, width = grey.shape
    scale = 2 * _SHARPNESS_SIDE / max(height, width)
    return _detail(resized(grey, max(1, round(width * scale)), max(1, round(height * scale))))


def face_quality(
    grey: GreyImage, face: Detection, scale: float, layout: Layout = BLAZEFACE
) -> FaceQuality:
    """`scale` brings pixels of `grey` to pixels of the full-size picture."""
    # What is missing of a face must not make it dark.
    crop, _, _ = cut_square(grey, face.centre, face.side, _SHARPNESS_SIDE, mirrored=face.cut_off)
    margin = round(_SHARPNESS_SIDE * (1 - _LIGHT_SHARE) / 2)
    middle = crop[margin:-margin, margin:-margin]
    return FaceQuality(
        side=face.side * scale,
        luma=cv2.sumElems(middle)[0] / middle.size,
        sharpness=_detail(crop),
        pose=layout.pose(face.points) if layout.pose else None,
        cut_off=face.cut_off,
    )


def judge(
    faces: Sequence[FaceQuality], light: Light, sharpness: float, limits: QualityLimits
) -> Unusable | None:
    """The reason why this frame cannot be compared, or None.

    `sharpness` is that of the main face, or of the picture when there is no face.
    """
    if not faces:
        return _without_face(light, sharpness, limits)
    if len(faces) > 1:
        return Unusable.SEVERAL_FACES
    face = faces[0]
    reasons = (
        (face.side < limits.face_pixels, Unusable.FACE_TOO_SMALL),
        (face.luma < limits.face_luma_low, Unusable.TOO_DARK),
        (face.luma > limits.face_luma_high, Unusable.TOO_BRIGHT),
        (face.cut_off and not limits.cut_off, Unusable.FACE_CUT_OFF),
        (_turned(face.pose, limits), Unusable.TURNED_AWAY),
        (face.sharpness < limits.sharpness, Unusable.BLURRED),
    )
    return next((reason for applies, reason in reasons if applies), None)


def foremost(faces: Sequence[FaceQuality]) -> Sequence[FaceQuality]:
    """The main face alone when it is clearly the nearest: it can be compared beside small ones.

    Otherwise all of `faces`, the largest first as they come: which one to compare is open then.
    """
    if len(faces) > 1 and faces[1].side < _FOREMOST * faces[0].side:
        return faces[:1]
    return faces


def doubt(
    face: FaceQuality, score: float | None, limits: QualityLimits, disagreement: float = 0.0
) -> float:
    """By how much the comparison score must lie under the threshold to be a mismatch; 0 if clear.

    `score`: the detector's, 0..1, or None where it says nothing of covers. `disagreement`: of the
    face with its mirror image, as `embedder.SecondLook` has it. A poor frame never makes a match
    harder, only an accusation.
    """
    grows = limits.doubt
    turned = max(abs(face.pose.yaw), abs(face.pose.pitch)) if face.pose else 0.0
    return (
        grows.blur * _efolds(limits.clear_sharpness, face.sharpness)
        + grows.noise * _efolds(face.sharpness, limits.noisy_sharpness)
        + grows.distance * _efolds(limits.clear_pixels, face.side)
        + grows.darkness * _efolds(limits.clear_luma_low, face.luma)
        + grows.glare * max(0.0, face.luma - limits.clear_luma_high)
        + grows.cover * (0.0 if score is None else max(0.0, limits.clear_score - score))
        + grows.turn * max(0.0, turned - limits.clear_turn)
        + grows.disagreement * max(0.0, disagreement - limits.clear_disagreement)
    )


def _efolds(larger: float, smaller: float) -> float:
    """How many times e, at least none, the one is larger than the other (which counts as >= 1)."""
    return max(0.0, math.log(max(larger, 1.0) / max(smaller, 1.0)))


def _without_face(light: Light, sharpness: float, limits: QualityLimits) -> Unusable:
    """A dark, covered, moving or unfocused camera cannot tell that nobody is there."""
    if light.luma > limits.picture_luma_high:
        return Unusable.TOO_BRIGHT
    if light.luma < limits.picture_luma_low or light.contrast < limits.picture_contrast:
        return Unusable.TOO_DARK
    if sharpness < limits.picture_sharpness:
        return Unusable.BLURRED
    return Unusable.NO_FACE


def _turned(pose: HeadPose | None, limits: QualityLimits) -> bool:
    return pose is not None and (
        abs(pose.yaw) > limits.yaw or not -limits.pitch_down <= pose.pitch <= limits.pitch_up
    )


def _detail(luma: GreyImage) -> float:
    """Fine detail for the contrast there is, in the direction that has less of it.

    The variance of the second derivative over the variance of the luma, in thousandths. Dim or
    flat light does not change it, and a picture smeared in one direction has little of it.
    """
    across = cv2.filter2D(luma, cv2.CV_16S, _SECOND_DERIVATIVE)
    down = cv2.filter2D(luma, cv2.CV_16S, _SECOND_DERIVATIVE.T)
    contrast = _variance(luma) + _LEAST_CONTRAST
    return 1000 * min(_variance(across), _variance(down)) / contrast


def _variance(values: cv2.typing.MatLike) -> float:
    """Of whole numbers. By their sums, several times quicker than OpenCV's own for 16 bits."""
    mean = cv2.sumElems(values)[0] / values.size
    return max(0.0, cv2.norm(values, cv2.NORM_L2SQR) / values.size - mean * mean)
