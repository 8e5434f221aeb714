"""The fingerprint: one picture again turns no bit, a live camera turns many."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from invigil.rules.sameness import SAME_BITS, turned_bits
from invigil.vision.fingerprint import BITS, fingerprint, shows_nothing, thumbnail
from invigil.vision.geometry import grey_of
from tests.support import pictures

NOISE = np.random.default_rng(3)


def taken(scene: bytes, noise: float, gain: float = 1.0, quality: int = 80) -> bytes:
    """The scene as a camera on a stand gives it, with the noise of its sensor."""
    pixels = np.asarray(pictures.opened(scene), dtype=np.float64) * gain
    pixels += NOISE.normal(0, noise, pixels.shape) if noise else 0
    return pictures.encoded(
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), quality=quality
    )


def small(image: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return thumbnail(grey_of(np.asarray(Image.open(io.BytesIO(image)).convert("RGB"))))


def print_of(image: bytes) -> bytes:
    found = fingerprint(small(image))
    assert found is not None
    assert len(found) * 8 == BITS
    return found


SCENES = {"somebody": pictures.webcam(pictures.obama()), "nobody": pictures.empty_room()}


@pytest.mark.parametrize("noise", [0.7, 2.0, 4.0])
@pytest.mark.parametrize("gain", [0.3, 1.0])
def test_a_scene_that_does_not_move_is_another_picture_each_time(noise: float, gain: float) -> None:
    scene = SCENES["somebody"]
    for _ in range(10):
        first, second = (print_of(taken(scene, noise, gain)) for _ in range(2))
        assert turned_bits(first, second) > 2 * SAME_BITS


def test_one_picture_encoded_anew_is_the_same() -> None:
    raw = pictures.opened(taken(SCENES["somebody"], 2.0))
    first, second = (pictures.encoded(raw, quality=80) for _ in range(2))
    with_metadata = pictures.encoded(raw, quality=80, comment=b"another file, the same picture")
    assert with_metadata != first
    assert turned_bits(print_of(first), print_of(second)) == 0
    assert turned_bits(print_of(first), print_of(with_metadata)) == 0


def test_two_scenes_have_nothing_in_common() -> None:
    other = pictures.webcam(pictures.biden())
    difference = turned_bits(print_of(SCENES["somebody"]), print_of(other))
    assert difference > BITS / 4


def test_black_has_no_fingerprint_and_shows_nothing() -> None:
    black = pictures.encoded(Image.new("RGB", (640, 480)))
    assert fingerprint(small(black)) is None
    assert shows_nothing(small(black))


def test_a_hand_before_the_lens_shows_nothing() -> None:
    glow = Image.linear_gradient("L").resize((640, 480)).point(lambda v: 60 + v // 5)
    assert shows_nothing(small(taken(pictures.encoded(glow.convert("RGB")), 3.0)))


@pytest.mark.parametrize(
    "image", [*SCENES.values(), taken(SCENES["somebody"], 3.0, gain=0.3), pictures.blurred()]
)
def test_a_scene_shows_something(image: bytes) -> None:
    assert not shows_nothing(small(image))
