"""Webcam-like pictures composed from the bundled public-domain portraits."""

from __future__ import annotations

import io
import random
from importlib import resources

from PIL import Image, ImageEnhance, ImageFilter

SIZE = (640, 480)
PEOPLE = ("obama", "biden", "astronaut")
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
        self._scale = self._random.uniform(0.86, 1.0)
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
        portrait_ = self._portraits[person]
        height = int(SIZE[1] * self._scale)
        scale = height / portrait_.height
        size = (int(portrait_.width * scale), height)
        sitter = portrait_.resize(size)
        if sitter.width > width:
            cut = (sitter.width - width) // 2
            sitter = sitter.crop((cut, 0, cut + width, height))
        sway = self._random.randint(-6, 6)
        x = left + (width - sitter.width) // 2 + sway
        picture.paste(sitter, (x, SIZE[1] - height + self._random.randint(0, 4)))
