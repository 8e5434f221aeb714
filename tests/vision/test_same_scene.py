"""Whether two pictures are of one camera: portraits, and what happens to them on their way."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageFilter, ImageOps

from invigil.domain.errors import ImageRefused
from invigil.rules.frames_do_not_match_video import DIFFERS_BELOW, MATCHES_FROM
from invigil.vision.same_scene import side_by_side, similarity
from tests.support import pictures

PEOPLE = {
    "obama": pictures.obama(),
    "biden": pictures.biden(),
    "astronaut": pictures.astronaut(),
}
Change = Callable[[Image.Image], Image.Image]


def _gain(factor: float, offset: float) -> Change:
    return lambda image: image.point(lambda v: int(min(255, max(0, v * factor + offset))))


def _noisy(image: Image.Image) -> Image.Image:
    noise = np.random.default_rng(1).normal(0, 12, (image.height, image.width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))


def _zoomed(image: Image.Image) -> Image.Image:
    wide, high = image.size
    return image.crop((wide // 24, high // 24, wide - wide // 24, high - high // 24))


WAYS: dict[str, Change] = {
    "as it is": lambda image: image,
    "small": lambda image: image.resize((160, 120)),
    "darker": _gain(0.45, 0),
    "brighter, flatter": _gain(0.6, 80),
    "mirrored": ImageOps.mirror,
    "shifted": lambda image: ImageChops.offset(image, 30, 18),
    "zoomed": _zoomed,
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(4)),
    "noisy": _noisy,
    "cut to 16:9": lambda image: ImageOps.fit(image, (640, 360)),
    "bars at the sides": lambda image: ImageOps.pad(image, (1280, 720)),
    "bars above and below": lambda image: ImageOps.pad(image, (480, 640)),
    "mirrored, small, dark": lambda image: _gain(0.5, 5)(ImageOps.mirror(image).resize((176, 144))),
}


def alike(first: bytes, second: bytes) -> float:
    found = similarity(first, second)
    assert found is not None
    assert -1 <= found <= 1.0001
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PEOPLE)
def test_one_picture_on_two_ways_is_the_same(name: str, way: str) -> None:
    posted = pictures.webcam(PEOPLE[name])
    live = pictures.encoded(WAYS[way](pictures.opened(posted)), quality=35)
    assert alike(posted, live) >= MATCHES_FROM
    assert alike(live, posted) >= MATCHES_FROM


@pytest.mark.parametrize("pair", list(combinations(PEOPLE, 2)), ids="-".join)
@pytest.mark.parametrize("way", ["as it is", "small", "mirrored", "darker"])
def test_pictures_of_different_people_in_different_places_differ(
    pair: tuple[str, str], way: str
) -> None:
    first, second = (pictures.webcam(PEOPLE[name]) for name in pair)
    live = pictures.encoded(WAYS[way](pictures.opened(second)))
    assert alike(first, live) < DIFFERS_BELOW


def test_an_empty_room_differs_from_a_portrait() -> None:
    assert alike(pictures.webcam(pictures.obama()), pictures.empty_room()) < DIFFERS_BELOW


@pytest.mark.parametrize("level", [0, 9, 128, 255])
def test_a_dark_or_plain_picture_says_nothing(level: int) -> None:
    plain = pictures.encoded(Image.new("RGB", (640, 480), (level, level, level)))
    portrait = pictures.webcam(pictures.obama())
    assert similarity(plain, portrait) is None
    assert similarity(portrait, plain) is None
    assert similarity(plain, plain) is None


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(ImageRefused):
        similarity(pictures.obama(), b"\xff\xd8\xff broken")


def test_side_by_side_shows_the_first_on_the_left() -> None:
    red = pictures.encoded(Image.new("RGB", (640, 480), (255, 0, 0)))
    blue = pictures.encoded(Image.new("RGB", (320, 180), (0, 0, 255)))
    both = pictures.opened(side_by_side(red, blue))
    assert both.size == (640 + 8 + 853, 480)
    assert both.getpixel((300, 240)) == pytest.approx((254, 0, 0), abs=3)
    assert both.getpixel((1200, 240)) == pytest.approx((0, 0, 254), abs=3)
