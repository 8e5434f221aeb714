"""Webcam-like pictures composed from the bundled public-domain portraits."""

from __future__ import annotations

import io
import random
from importlib import resources

from PIL import Image, ImageEnhance, ImageFilter

SIZE = (640, 480)
PEOPLE = ("obama", "biden", "astronaut")
FACES = {"obama": (347, 198, 185), "biden": (206, 150, 106), "astronaut": (224, 126, 103)}
"""Centre of the face and its width in the bundled portraits, in pixels."""

_QUALITY = 80


def portrait(person: str) -> Image.Image:
    """The bundled portrait of one of `PEOPLE`."""
    data = (resources.files("invigil.demo") / "photos" / f"{person}.jpg").read_bytes()
    return Image.open(io.BytesIO(data)).convert("RGB")


class Scene:
    """What one simulated camera shows; `frame` gives a new JPEG with a little motion and noise.

    `seed` makes two cameras with the same person look a little different.
    """

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - scenery, not secrets
        self._light = self._random.uniform(0.9, 1.1)
        self._wall = tuple(self._random.randint(120, 200) for _ in range(3))
        self._zoom = self._random.uniform(2.6, 3.2)
        self._portraits = {person: portrait(person) for person in PEOPLE}

    def frame(self, *people: str) -> bytes:
        """A JPEG, 640x480, of nobody, one person or two side by side."""
        picture = Image.new("RGB", SIZE, self._wall)
        self._furnish(picture)
        width = SIZE[0] // max(1, len(people))
        for place, person in enumerate(people):
            self._seat(picture, person, place * width, width)
        picture = ImageEnhance.Brightness(picture).enhance(
            self._light * self._random.uniform(0.98, 1.02)
        )
        noise = Image.effect_noise(SIZE, 12).convert("RGB")
        picture = Image.blend(picture, noise, 0.04)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=_QUALITY)
        return out.getvalue()

    def _furnish(self, picture: Image.Image) -> None:
        """A shelf and a window, so that an empty room is a room and not a blank wall."""
        shelf = Image.new("RGB", (220, 14), (92, 64, 40))
        for y in (120, 210):
            picture.paste(shelf, (24, y))
        window = Image.new("RGB", (120, 150), (206, 222, 236))
        picture.paste(window.filter(ImageFilter.BoxBlur(2)), (480, 40))

    def _seat(self, picture: Image.Image, person: str, left: int, width: int) -> None:
        """Fill `width` pixels from `left` on with the person, as a webcam would show them."""
        portrait_ = self._portraits[person]
        x, y, face = FACES[person]
        # As wide as the place allows, but never so close that the face fills the picture.
        height = min(portrait_.height - 1, int(face * self._zoom))
        crop_width = min(portrait_.width - 1, height * width // SIZE[1])
        sway_x, sway_y = (self._random.randint(-face // 25, face // 25) for _ in range(2))
        crop_left = _within(x - crop_width // 2 + sway_x, portrait_.width - crop_width)
        crop_top = _within(y - int(height * 0.45) + sway_y, portrait_.height - height)
        sitter = portrait_.crop(
            (crop_left, crop_top, crop_left + crop_width, crop_top + height)
        ).resize((width, SIZE[1]))
        picture.paste(sitter, (left, 0))


def _within(value: int, most: int) -> int:
    return max(0, min(value, most))
