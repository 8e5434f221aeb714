"""Squares cut out of pictures, and what lies beyond the edge of one."""

from __future__ import annotations

import numpy as np
import pytest

from invigil.vision.geometry import RgbImage, cut_square, quickly_smaller


def picture(width: int = 640, height: int = 480) -> RgbImage:
    chance = np.random.default_rng(1)
    return chance.integers(1, 256, (height, width, 3), dtype=np.uint8)


def at(x: float, y: float) -> np.ndarray:
    return np.array([x, y], dtype=np.float32)


def test_beyond_the_edge_is_black_or_the_mirror_image() -> None:
    image = picture(100, 100)
    black, scale, offset = cut_square(image, at(100, 50), 40, 40)
    mirrored, same_scale, same_offset = cut_square(image, at(100, 50), 40, 40, mirrored=True)
    assert scale == same_scale == 1
    assert offset.tolist() == same_offset.tolist() == [-80, -30]
    inside = image[30:70, 80:]
    assert np.array_equal(black[:, :20], inside)
    assert not black[:, 20:].any()
    assert np.array_equal(mirrored[:, :20], inside)
    assert np.array_equal(mirrored[:, 20:], inside[:, ::-1])


def test_within_the_picture_nothing_is_mirrored() -> None:
    image = picture()
    plain, *_ = cut_square(image, at(300, 200), 100, 64)
    assert np.array_equal(plain, cut_square(image, at(300, 200), 100, 64, mirrored=True)[0])


@pytest.mark.parametrize(
    ("centre", "side"),
    [((-300, 240), 602), ((-1151, 240), 2304), ((-900, 240), 600), ((320, 2000), 3100)],
)
def test_a_square_that_hardly_touches_the_picture_is_nearly_black(
    centre: tuple[float, float], side: float
) -> None:
    """With less than a pixel of it left there is nothing to mirror, which would never end."""
    square, _, _ = cut_square(picture(), at(*centre), side, 256, mirrored=True)
    assert square.shape == (256, 256, 3)
    assert square.any() == (centre[1] == 2000)


@pytest.mark.parametrize("height", [1, 2, 3])
def test_a_very_flat_picture_is_made_smaller_too(height: int) -> None:
    assert quickly_smaller(picture(640, height), 256, 1).shape == (1, 256, 3)
