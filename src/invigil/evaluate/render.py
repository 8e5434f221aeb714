"""Webcam-like frames from portraits. The same script gives the same bytes on every run.

A frame is made from a small pool of variations of its scene: a posture (place, turn, tilt, light)
times a jitter (a pixel's motion, noise). What is one posture in life stays one here for some
seconds, because errors that come in bursts are what the rules have to live with.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from invigil.evaluate.script import Cast, Scene, Script, Seated
from invigil.evaluate.tables import BadInput, read_image

WIDTH, HEIGHT = 640, 480
Frame = NDArray[np.float32]  # HEIGHT x WIDTH x 3, blue first, 0..255

_NEEDED_SIDES = 3.0  # how much of a picture is used, in widths of the face each way
_FOCAL = 4.0  # distance of the virtual camera in widths of the face
_POSTURE_TURN, _POSTURE_TILT = 5.0, 3.0  # standard deviations, degrees
_SWAY = 0.12  # standard deviation, widths of the face
_JITTER = 0.008
_RIM = 2  # pixels


class Renderer:
    """Frames of one script."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._folder = Path(script.images)
        self._room = _room(np.random.default_rng([script.seed, 0]))
        self._numbers = {name: number for number, name in enumerate(sorted(script.scenes), 1)}

    def frame(self, scene_name: str, posture: int, jitter: int) -> bytes:
        """A JPEG, 640 x 480."""
        scene = self._script.scenes[scene_name]
        number = self._numbers[scene_name]
        held = np.random.default_rng([self._script.seed, number, posture])
        moving = np.random.default_rng([self._script.seed, number, posture, jitter, 1])
        picture = self._room.copy()
        if scene.poster is not None:
            _hang(picture, scene.poster, self._folder)
        for person in scene.people:
            self._seat(picture, person, scene.hand, held, moving)
        return _exposed(picture, scene, held, moving)

    def _seat(
        self, picture: Frame, person: Seated, hand: float, held: Generator, moving: Generator
    ) -> None:
        sprite, alpha, centre = _sprite(self._folder, person.cast, round(person.size * HEIGHT))
        face = person.size * HEIGHT
        if hand:
            sprite = _with_hand(sprite, centre, face, hand, held)
        sway = held.normal(0, _SWAY, 2) * face + moving.normal(0, _JITTER, 2) * face
        matrix = _pose(
            centre,
            (person.x * WIDTH + sway[0], person.y * HEIGHT + sway[1] / 2),
            turn=person.turn + held.normal(0, _POSTURE_TURN),
            tilt=person.tilt + held.normal(0, _POSTURE_TILT),
            scale=float(held.normal(1, 0.05)),
            focal=_FOCAL * face,
        )
        size = (WIDTH, HEIGHT)
        body = cv2.warpPerspective(sprite, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        cover = cv2.warpPerspective(alpha, matrix, size)[..., None]
        picture += (body.astype(np.float32) - picture) * cover


def _pose(
    centre: tuple[float, float],
    target: tuple[float, float],
    *,
    turn: float,
    tilt: float,
    scale: float,
    focal: float,
) -> NDArray[np.float64]:
    """The homography of a flat picture turned about its upright axis, then tilted and placed."""
    across, around = math.radians(turn), math.radians(tilt)
    to_origin = np.array([[1, 0, -centre[0]], [0, 1, -centre[1]], [0, 0, 1]])
    turned = np.array([[math.cos(across), 0, 0], [0, 1, 0], [math.sin(across) / focal, 0, 1]])
    cosine, sine = math.cos(around) * scale, math.sin(around) * scale
    placed = np.array([[cosine, -sine, target[0]], [sine, cosine, target[1]], [0, 0, 1]])
    return np.asarray(placed @ turned @ to_origin, dtype=np.float64)


@lru_cache(maxsize=64)
def _opened(folder: Path, name: str) -> NDArray[np.uint8]:
    data = np.frombuffer(read_image(folder, name), dtype=np.uint8)
    pixels = cv2.imdecode(data, cv2.IMREAD_COLOR) if len(data) else None
    if pixels is None:
        raise BadInput(f"The picture {folder / name} cannot be decoded.")
    return np.asarray(pixels, dtype=np.uint8)


@lru_cache(maxsize=64)
def _sprite(
    folder: Path, cast: Cast, face_px: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32], tuple[float, float]]:
    """The person at the size wanted, a soft cover of head and shoulders, the face's middle."""
    cut, centre, scale = _cut(_opened(folder, cast.image), cast, face_px)
    pad = face_px * 2
    padded = cv2.copyMakeBorder(cut, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    wide = np.asarray(padded, dtype=np.uint8)
    x, y = centre[0] * scale + pad, centre[1] * scale + pad
    high = cast.face[3] * scale
    cover = np.zeros(wide.shape[:2], dtype=np.float32)
    middle = (round(x), round(y - 0.15 * high))
    cv2.ellipse(cover, middle, (round(0.95 * face_px), round(1.2 * high)), 0, 0, 360, 1.0, -1)
    shoulders = [(-0.55, 0.5), (0.55, 0.5), (1.7, 1.5), (1.9, 9.0), (-1.9, 9.0), (-1.7, 1.5)]
    outline = [(round(x + dx * face_px), round(y + dy * high)) for dx, dy in shoulders]
    cv2.fillPoly(cover, [np.array(outline, dtype=np.int32)], 1.0)
    soft = cv2.GaussianBlur(cover, (0, 0), max(1.0, face_px * 0.06))
    return wide, np.asarray(soft, dtype=np.float32), (x, y)


def _cut(
    pixels: NDArray[np.uint8], cast: Cast, face_px: int
) -> tuple[NDArray[np.uint8], tuple[float, float], float]:
    """The surroundings of the face, scaled; the face's middle before scaling; the scale."""
    left, top, width, height = cast.face
    reach = _NEEDED_SIDES * max(width, height)
    x, y = left + width / 2, top + height / 2
    # The outermost pixels are left out: many pictures have a black line there.
    x0, y0 = max(_RIM, int(x - reach)), max(_RIM, int(y - reach))
    x1, y1 = (
        int(min(x + reach, pixels.shape[1] - _RIM)),
        int(min(y + reach, pixels.shape[0] - _RIM)),
    )
    part = pixels[y0:y1, x0:x1]
    scale = face_px / width
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    scaled = cv2.resize(part, None, fx=scale, fy=scale, interpolation=method)
    return np.asarray(scaled, dtype=np.uint8), (x - x0, y - y0), scale


def _hang(picture: Frame, poster: Seated, folder: Path) -> None:
    """A framed print on the wall."""
    face_px = round(poster.size * HEIGHT)
    cut, centre, scale = _cut(_opened(folder, poster.cast.image), poster.cast, face_px)
    x, y = (round(value * scale) for value in centre)
    print_ = cut[max(0, y - face_px) : y + face_px, max(0, x - face_px) : x + face_px]
    high, wide = print_.shape[:2]
    left, top = round(poster.x * WIDTH) - wide // 2, round(poster.y * HEIGHT) - high // 2
    left, top = max(4, min(left, WIDTH - wide - 4)), max(4, min(top, HEIGHT - high - 4))
    picture[top - 4 : top + high + 4, left - 4 : left + wide + 4] = 40
    picture[top : top + high, left : left + wide] = print_


def _with_hand(
    sprite: NDArray[np.uint8],
    centre: tuple[float, float],
    face: float,
    share: float,
    held: Generator,
) -> NDArray[np.uint8]:
    """Palm and fingers in the colour of the face, from below up to `share` of it."""
    covered = sprite.copy()
    x, y = centre[0] + held.normal(0, 0.1) * face, centre[1]
    cheek = sprite[round(y) - 2 : round(y) + 3, round(centre[0]) - 2 : round(centre[0]) + 3]
    colour = [float(value) for value in cheek.reshape(-1, 3).mean(axis=0) * 0.92]
    top = y + face * (0.5 - share)
    palm = (round(x), round(top + 0.45 * face))
    cv2.ellipse(covered, palm, (round(0.3 * face), round(0.4 * face)), 0, 0, 360, colour, -1)
    for number in range(4):
        shade = [value * (1 - 0.05 * (number % 2)) for value in colour]
        across = round(x + (number - 1.5) * 0.15 * face)
        tip = (across, round(top + 0.06 * face * abs(number - 1.5)))
        root = (across, round(top + 0.4 * face))
        cv2.line(covered, tip, root, shade, max(1, round(0.13 * face)), cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(covered, (0, 0), 1.0), dtype=np.uint8)


def _room(random: Generator) -> Frame:
    """A wall with a gradient, a shelf, a window: an empty room that is a room."""
    wall = random.uniform(110, 200, 3).astype(np.float32)
    fall = np.linspace(1.08, 0.85, HEIGHT, dtype=np.float32)[:, None, None]
    picture = np.ones((HEIGHT, WIDTH, 3), dtype=np.float32) * wall * fall
    for y in (110, 215):
        cv2.rectangle(picture, (20, y), (190, y + 14), (40, 60, 90), -1)
        for book in range(9):
            colour = [float(value) for value in random.uniform(30, 200, 3)]
            left = 26 + book * 17
            high = int(random.integers(30, 62))
            cv2.rectangle(picture, (left, y - high), (left + 13, y), colour, -1)
    cv2.rectangle(picture, (500, 40), (620, 200), (236, 222, 206), -1)
    cv2.line(picture, (560, 40), (560, 200), (120, 120, 120), 5)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 1.2), dtype=np.float32)


@lru_cache(maxsize=1)
def _noise() -> NDArray[np.float32]:
    """Standard normal, long enough to begin anywhere in the second half of it."""
    random = np.random.default_rng(0)
    return random.standard_normal(2 * WIDTH * HEIGHT * 3, dtype=np.float32)


def _exposed(picture: Frame, scene: Scene, held: Generator, moving: Generator) -> bytes:
    """Light, lens, sensor and compression, in this order."""
    sides = np.linspace(-1, 1, WIDTH, dtype=np.float32)[None, :, None]
    tone = held.normal(1, 0.03, 3).astype(np.float32)
    gain = np.float32(scene.gain * held.normal(1, 0.06) * moving.normal(1, 0.01))
    picture *= tone * gain * (1 + np.float32(scene.side_light * 0.6) * sides)
    if scene.blur:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), scene.blur), dtype=np.float32)
    if scene.smear > 1:
        kernel = np.full((1, scene.smear), 1 / scene.smear, dtype=np.float32)
        picture = np.asarray(cv2.filter2D(picture, -1, kernel), dtype=np.float32)
    # Drawing new noise for every pixel would cost more than looking for the face.
    start = int(moving.integers(0, len(_noise()) - picture.size))
    picture += _noise()[start : start + picture.size].reshape(picture.shape) * scene.noise
    pixels = cv2.convertScaleAbs(np.maximum(picture, 0))
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, scene.jpeg])
    return encoded.tobytes()
