"""Pictures cut, scaled and turned. Every function gives a new array or a view, never a change."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

# height x width x 3, red first
RgbImage = NDArray[np.uint8]
# height x width: the luma of each pixel
GreyImage = NDArray[np.uint8]
Floats = NDArray[np.float32]
# Of a picture, a width and a height: the picture in that size.
Shrink = Callable[[RgbImage, int, int], RgbImage]

# Up to this much smaller (640 to 256 by way of 320), interpolation between neighbours shows the
# detector as much as a mean over areas.
_LINEAR_TO = 1.3


def grey_of(image: RgbImage) -> GreyImage:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def resized(image: RgbImage, width: int, height: int) -> RgbImage:
    if (width, height) == (image.shape[1], image.shape[0]):
        return image
    smaller = width < image.shape[1]
    method = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (width, height), interpolation=method), dtype=np.uint8)


def quickly_smaller(image: RgbImage, width: int, height: int) -> RgbImage:
    """Like `resized`, at a sixth of the cost where halving comes near to the size."""
    halvings = int(math.log2(max(1.0, image.shape[1] / width)))
    if not 1 < image.shape[1] / 2**halvings / width <= _LINEAR_TO:
        return resized(image, width, height)
    for _ in range(halvings):
        image = resized(image, image.shape[1] // 2, max(1, image.shape[0] // 2))
    done = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(done, dtype=np.uint8)


def letterbox(
    image: RgbImage, width: int, height: int | None = None, *, shrink: Shrink = quickly_smaller
) -> tuple[RgbImage, float, Floats]:
    """The whole picture in the middle of a black one; a point p lands on p * scale + offset."""
    height = height or width
    scale = min(width / image.shape[1], height / image.shape[0])
    inner_width = min(width, max(1, round(image.shape[1] * scale)))
    inner_height = min(height, max(1, round(image.shape[0] * scale)))
    inner = shrink(image, inner_width, inner_height)
    if inner.shape[:2] == (height, width):
        return inner, scale, np.zeros(2, dtype=np.float32)
    left, top = (width - inner_width) // 2, (height - inner_height) // 2
    canvas = np.zeros((height, width, 3), dtype=np.uint8)
    canvas[top : top + inner_height, left : left + inner_width] = inner
    return canvas, scale, np.array([left, top], dtype=np.float32)


def cut_square(
    image: RgbImage, centre: Floats, side: float, output: int, *, mirrored: bool = False
) -> tuple[RgbImage, float, Floats]:
    """A square around `centre`, black beyond the picture; p lands on p * scale + offset.

    `image`: in colours or in grey. `mirrored`: beyond it is its mirror image instead.
    """
    length = max(1, round(side))
    left, top = (round(float(c) - length / 2) for c in centre)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + length, image.shape[1]), min(top + length, image.shape[0])
    scale = output / length
    offset = np.array([-left * scale, -top * scale], dtype=np.float32)
    if x1 - x0 == y1 - y0 == length:
        return resized(image[y0:y1, x0:x1], output, output), scale, offset
    canvas = np.zeros((output, output, *image.shape[2:]), dtype=np.uint8)
    if x1 <= x0 or y1 <= y0:
        return canvas, scale, offset
    width, height = max(1, round((x1 - x0) * scale)), max(1, round((y1 - y0) * scale))
    inner = resized(image[y0:y1, x0:x1], width, height)
    x, y = round((x0 - left) * scale), round((y0 - top) * scale)
    inner = inner[: output - y, : output - x]
    if mirrored and inner.size:
        below, right = output - y - inner.shape[0], output - x - inner.shape[1]
        whole = cv2.copyMakeBorder(inner, y, below, x, right, cv2.BORDER_REFLECT)
        return np.asarray(whole, dtype=np.uint8), scale, offset
    canvas[y : y + inner.shape[0], x : x + inner.shape[1]] = inner
    return canvas, scale, offset


def similarity(source: Floats, target: Floats) -> Floats:
    """The 2 x 3 matrix of the turn, scale and shift that brings `source` nearest to `target`.

    Least squares over all points, in closed form.
    """
    # A handful of points: numpy would spend ten times as long on getting ready.
    count = len(source)
    from_x, from_y = source[:, 0].tolist(), source[:, 1].tolist()
    to_x, to_y = target[:, 0].tolist(), target[:, 1].tolist()
    mean_x, mean_y = sum(from_x) / count, sum(from_y) / count
    spread = along = across = 0.0
    for x, y, u, v in zip(from_x, from_y, to_x, to_y, strict=True):
        right, down = x - mean_x, y - mean_y
        spread += right * right + down * down
        along += right * u + down * v
        across += right * v - down * u
    if spread <= 0:
        raise ValueError("the points lie on one spot")
    cosine, sine = along / spread, across / spread
    shift_x = sum(to_x) / count - cosine * mean_x + sine * mean_y
    shift_y = sum(to_y) / count - sine * mean_x - cosine * mean_y
    return np.array([[cosine, -sine, shift_x], [sine, cosine, shift_y]], dtype=np.float32)
