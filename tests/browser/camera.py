"""A camera whose picture the test decides.

Chromium plays a file as its camera and reads each frame from the file when its turn comes, again
and again in a loop. So frames that are overwritten in place are in front of the lens within one
loop, without any restart.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

import invigil

Scene = Literal["obama", "biden", "astronaut", "two", "empty", "dark"]
Pixels = NDArray[np.uint8]

WIDTH, HEIGHT = 640, 480
FRAMES, RATE = 8, 10
_HEADER = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{RATE}:1 Ip A1:1 C420\n".encode()
_MARK = b"FRAME\n"

_PHOTOS = Path(invigil.__file__).parent / "demo" / "photos"
# What a webcam would show of each photograph: left, top, right, bottom, in the shape of a frame.
_ALONE: dict[str, tuple[int, int, int, int]] = {
    "obama": (0, 30, 640, 510),
    "biden": (0, 10, 352, 274),
    "astronaut": (0, 0, 512, 384),
}
# The same in the shape of half a frame.
_BESIDE: dict[str, tuple[int, int, int, int]] = {
    "obama": (140, 40, 500, 580),
    "biden": (70, 10, 300, 355),
}


def photo(name: str) -> Path:
    """One of the bundled photographs."""
    return _PHOTOS / f"{name}.jpg"


class CameraFile:
    """A file that Chromium takes for a camera (`--use-file-for-fake-video-capture`)."""

    def __init__(self, path: Path, scene: Scene, frames: int = FRAMES) -> None:
        """`frames`: how many there are before the film begins anew; `RATE` of them a second."""
        self.path = path.resolve()
        self.path.write_bytes(_HEADER + _film(scene, frames))

    def show(self, scene: Scene) -> None:
        """Change the picture at once."""
        with self.path.open("r+b") as file:
            file.seek(len(_HEADER))
            file.write(_film(scene))
            file.flush()
            os.fsync(file.fileno())


def picture(scene: Scene) -> Image.Image:
    """The scene as a still."""
    if scene == "dark":
        return Image.fromarray(np.full((HEIGHT, WIDTH, 3), 6, np.uint8))
    if scene == "empty":
        return _room()
    if scene == "two":
        both = Image.new("RGB", (WIDTH, HEIGHT))
        for i, (name, box) in enumerate(_BESIDE.items()):
            both.paste(_cut(name, box, WIDTH // 2), (i * WIDTH // 2, 0))
        return both
    return _cut(scene, _ALONE[scene], WIDTH)


def _cut(name: str, box: tuple[int, int, int, int], width: int) -> Image.Image:
    with Image.open(photo(name)) as whole:
        return whole.convert("RGB").resize((width, HEIGHT), Image.Resampling.LANCZOS, box=box)


def _room() -> Image.Image:
    """A bright wall with a shelf: things to see, and nothing like a face."""
    wall = Image.new("RGB", (WIDTH, HEIGHT), (202, 196, 184))
    draw = ImageDraw.Draw(wall)
    for x in range(0, WIDTH, 80):
        draw.line((x, 0, x, HEIGHT), fill=(190, 184, 172), width=3)
    colours = ((150, 70, 60), (60, 100, 140), (180, 150, 70), (80, 120, 80), (120, 110, 130))
    for board in (60, 200):
        draw.rectangle((20, board + 90, 620, board + 100), fill=(120, 90, 60))
        for i, x in enumerate(range(30, 600, 34)):
            top = board + (i * 37 % 40)
            draw.rectangle((x, top, x + 26, board + 90), fill=colours[(i + board) % len(colours)])
    return wall.filter(ImageFilter.GaussianBlur(0.6))


@cache
def _film(scene: Scene, frames: int = FRAMES) -> bytes:
    """All frames of the loop: a little sway and the noise of a sensor, as a live camera has."""
    noise = np.random.default_rng(7)
    still = np.asarray(picture(scene))
    return b"".join(_MARK + _planes(_moved(still, i, noise)) for i in range(frames))


def _moved(still: Pixels, i: int, noise: np.random.Generator) -> Pixels:
    sway = round(3 * np.sin(2 * np.pi * i / FRAMES))
    shifted = np.roll(still, sway, axis=1).astype(np.int16)
    grain = noise.integers(-3, 4, (HEIGHT, WIDTH, 1), dtype=np.int16)
    return np.asarray(np.clip(shifted + grain, 0, 255), dtype=np.uint8)


def _planes(frame: Pixels) -> bytes:
    return cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes()
