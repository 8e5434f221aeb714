"""Bytes from outside to an upright RGB picture, refused as early and as cheaply as possible.

Nothing is decoded before the file's own header was read: kind, pixels, animation. Pillow reads
headers, but for the plainest, and decodes what is unusual, strictly; OpenCV decodes ordinary JPEG
frames, because it is faster and lets other threads work meanwhile.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image, ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from invigil.domain.errors import (
    ImageAnimated,
    ImageBroken,
    ImageTooLarge,
    ImageTooManyPixels,
    UnsupportedImage,
)
from invigil.vision.geometry import RgbImage
from invigil.vision.plain import plain_size, scans
from invigil.vision.webp import webp_header

_JPEG = b"\xff\xd8\xff"
_JPEG_END = b"\xff\xd9"
_PNG = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND"
_RIFF, _WEBP = b"RIFF", b"WEBP"
_ORIENTATION = 0x0112
_TURNS: dict[int, Callable[[RgbImage], RgbImage]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: np.rot90(pixels, -1),
    7: lambda pixels: np.rot90(pixels, 2).swapaxes(0, 1),
    8: lambda pixels: np.rot90(pixels, 1),
}
_SIDEWAYS = range(5, 9)
_READ_REDUCED = {
    1: cv2.IMREAD_COLOR_RGB,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
# What Pillow's readers raise on files that are not what they say.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    struct.error,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """`max_pixels`: of any picture. What a picture may cost beside that is bounded by `Effort`."""

    max_bytes: int = 5 * 1024 * 1024
    max_pixels: int = 40_000_000


@dataclass(frozen=True, slots=True)
class Effort:
    """What may be spent on one picture. A file of two kilobytes can cost seconds.

    `whole`: most pixels of a PNG or WebP, of which all are decoded whatever is needed.
    `scanned`: most pixels times scans of a JPEG: one scan is shrunk while it is decoded, but of
    several each goes over the full size. `fix`: what to do with one that needs more.
    """

    whole: int
    scanned: int
    fix: str


PHOTO = Effort(
    whole=12_500_000,
    scanned=400_000_000,
    fix="Choose a JPEG of at most 40 megapixels that is not progressive, or a PNG or WebP of at "
    "most 12 megapixels.",
)
"""Given once in an exam, perhaps as a telephone made it: half a second of a processor core."""

FRAME = Effort(
    whole=1 << 22,
    scanned=40_000_000,
    fix="Send frames as JPEG that is not progressive, or as PNG or WebP of at most 4 megapixels.",
)
"""Comes again and again: a tenth of a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """`pixels` are upright and may be smaller than the picture, whose size is `width`, `height`.

    `scale` brings coordinates of `pixels` to coordinates of the full-size picture.
    """

    pixels: RgbImage
    width: int
    height: int

    @property
    def scale(self) -> float:
        return max(self.width, self.height) / int(max(self.pixels.shape[:2]))


class ImageDecoder:
    def __init__(self, limits: DecodeLimits | None = None) -> None:
        self._limits = limits or DecodeLimits()

    def decode(self, data: bytes, *, needed_side: int, effort: Effort = PHOTO) -> Picture:
        """`needed_side`: a JPEG may come out smaller, but its longer side not below this.

        Raises a subclass of `ImageRefused`.
        """
        if not data:
            raise ImageBroken
        if len(data) > self._limits.max_bytes:
            raise ImageTooLarge
        if data.startswith(_JPEG):
            return self._jpeg(data, needed_side, effort)
        if data.startswith(_PNG):
            return self._png(data, effort)
        if data.startswith(_RIFF) and data[8:12] == _WEBP:
            return self._webp(data, effort)
        raise UnsupportedImage

    def _jpeg(self, data: bytes, needed_side: int, effort: Effort) -> Picture:
        if data.endswith(_JPEG_END) and (size := plain_size(data)):
            # A webcam's frame: with that little in front of it Pillow is not needed.
            self._check_scans(data, *size, effort)
            return Picture(_decode_fast(data, _reduction(max(size), needed_side)), *size)
        try:
            image = JpegImageFile(io.BytesIO(data))
        except _BROKEN as error:
            raise ImageBroken from error
        width, height = image.size
        self._check_scans(data, width, height, effort)
        orientation = _orientation(image)
        reduction = _reduction(max(width, height), needed_side)
        # Data behind the end mark (phones append films and depth maps) and a missing end mark
        # both go to Pillow: it skips the first and refuses the second. OpenCV would fill up a
        # cut picture with grey.
        if image.mode in {"RGB", "L"} and data.endswith(_JPEG_END):
            pixels = _decode_fast(data, reduction)
        else:
            # Pillow divides by what is asked for: a thin picture must not shrink to nothing.
            wanted = (max(1, width // reduction), max(1, height // reduction))
            image.draft(image.mode, wanted)
            pixels = _decode_strictly(image)
        return _upright(pixels, width, height, orientation)

    def _png(self, data: bytes, effort: Effort) -> Picture:
        if _PNG_END not in data:
            raise ImageBroken
        try:
            image = PngImageFile(io.BytesIO(data))
        except _BROKEN as error:
            raise ImageBroken from error
        self._check_whole(*image.size, effort)
        if getattr(image, "is_animated", False):
            raise ImageAnimated
        pixels = _decode_strictly(image)
        return _upright(pixels, *image.size, _orientation(image))

    def _webp(self, data: bytes, effort: Effort) -> Picture:
        header = webp_header(data)
        self._check_whole(header.width, header.height, effort)
        if header.animated:
            raise ImageAnimated
        try:
            image = WebPImageFile(io.BytesIO(data))
        except _BROKEN as error:
            raise ImageBroken from error
        pixels = _decode_strictly(image)
        return _upright(pixels, *image.size, _orientation(image))

    def _check_pixels(self, width: int, height: int) -> None:
        if width <= 0 or height <= 0:
            raise ImageBroken
        if width * height > self._limits.max_pixels:
            raise ImageTooManyPixels

    def _check_whole(self, width: int, height: int, effort: Effort) -> None:
        self._check_pixels(width, height)
        if width * height > effort.whole:
            raise ImageTooManyPixels(fix=effort.fix)

    def _check_scans(self, data: bytes, width: int, height: int, effort: Effort) -> None:
        self._check_pixels(width, height)
        if width * height * scans(data) > effort.scanned:
            raise ImageTooManyPixels(fix=effort.fix)


def _reduction(longer_side: int, needed_side: int) -> int:
    """By how much libjpeg shall shrink the picture while it decodes."""
    fitting = (factor for factor in _READ_REDUCED if longer_side // factor >= needed_side)
    return max(fitting, default=1)


def _decode_fast(data: bytes, reduction: int) -> RgbImage:
    flags = _READ_REDUCED[reduction] | cv2.IMREAD_IGNORE_ORIENTATION
    blue_first = reduction > 1  # the decoder knows the other order only at full size
    try:
        pixels = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), flags)
    except cv2.error as error:
        raise ImageBroken from error
    if pixels is None:
        raise ImageBroken
    if blue_first:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB)
    return np.asarray(pixels, dtype=np.uint8)


def _decode_strictly(image: ImageFile.ImageFile) -> RgbImage:
    try:
        image.load()
        flat = _flattened(image)
    except _BROKEN as error:
        raise ImageBroken from error
    return np.array(flat, dtype=np.uint8)


def _flattened(image: Image.Image) -> Image.Image:
    """Any mode as RGB, with what shines through shown on white."""
    if image.mode.startswith("I"):  # 16 bits of grey; Pillow's own conversion would clip them
        image = Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        above = image.convert("RGBA")
        image = Image.new("RGBA", above.size, "white")
        image.alpha_composite(above)
    return image.convert("RGB")


def _orientation(image: Image.Image) -> int:
    """1 to 8 as in EXIF; broken metadata is no reason to refuse the picture."""
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except _BROKEN:
        return 1
    return value if isinstance(value, int) and value in _TURNS else 1


def _upright(pixels: RgbImage, width: int, height: int, orientation: int) -> Picture:
    turned = np.ascontiguousarray(_TURNS[orientation](pixels))
    if orientation in _SIDEWAYS:
        width, height = height, width
    return Picture(turned, width, height)
