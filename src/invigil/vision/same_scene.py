"""Whether two pictures, taken within seconds of each other, are of one camera.

Not who is on them: what is compared is the whole picture, room and all.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from invigil.vision.decode import ImageDecoder
from invigil.vision.geometry import RgbImage

Grey = NDArray[np.float32]

_WIDE, _HIGH = 64, 48
_MARGIN = 6  # how far one may be shifted against the other, in pixels of the thumbnail
_NEARER = 0.04  # cut off at each side
_SAME_SHAPE = 0.02  # in widths by heights
_NEEDED_SIDE = 160
_DARK, _FLAT = 12.0, 7.0  # mean and standard deviation of 0..255: below, nothing can be said
_BAR = 18  # a row or column no brighter than this, all along, is a bar beside the picture
_LEAST_INSIDE = 0.5  # of each side, that is no bar
_SHOWN_HIGH, _QUALITY = 480, 85


def similarity(first: bytes, second: bytes) -> float | None:
    """From -1 to 1 (the same picture); None where one is too dark or too plain to say.

    Indifferent to size, compression, brightness, contrast, mirroring, bars beside the picture,
    another cut of its sides, and small shifts. Raises a subclass of `ImageRefused`.
    """
    decoder = ImageDecoder()
    a, b = (
        _grey(decoder.decode(each, needed_side=_NEEDED_SIDE).pixels) for each in (first, second)
    )
    if _says_nothing(a) or _says_nothing(b):
        return None
    return max(_alike(x, y) for x, y in _ways(a, b))


def side_by_side(first: bytes, second: bytes) -> bytes:
    """One JPEG, the first picture on the left. Raises a subclass of `ImageRefused`."""
    decoder = ImageDecoder()
    both = [decoder.decode(each, needed_side=_SHOWN_HIGH).pixels for each in (first, second)]
    bar = np.full((_SHOWN_HIGH, 8, 3), 255, np.uint8)
    left, right = map(_as_high, both)
    pixels = cv2.cvtColor(np.hstack([left, bar, right]), cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    return encoded.tobytes()


def _as_high(pixels: RgbImage) -> RgbImage:
    high, wide = pixels.shape[:2]
    size = (max(1, round(wide * _SHOWN_HIGH / high)), _SHOWN_HIGH)
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _grey(pixels: RgbImage) -> Grey:
    """Without the bars that a page or an encoder puts beside a picture of another shape."""
    grey = cv2.cvtColor(np.ascontiguousarray(pixels), cv2.COLOR_RGB2GRAY)
    high, wide = grey.shape
    rows = np.flatnonzero(np.percentile(grey, 98, axis=1) > _BAR)
    columns = np.flatnonzero(np.percentile(grey, 98, axis=0) > _BAR)
    if len(rows) >= high * _LEAST_INSIDE and len(columns) >= wide * _LEAST_INSIDE:
        grey = grey[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return grey.astype(np.float32)


def _says_nothing(grey: Grey) -> bool:
    small = _thumbnail(grey)
    return bool(small.mean() < _DARK or small.std() < _FLAT)


def _ways(a: Grey, b: Grey) -> Iterator[tuple[Grey, Grey]]:
    """Ways to bring the two together: stretched or cut to one shape, plain or mirrored, and one
    or the other a little nearer."""
    shapes = a.shape[1] / a.shape[0], b.shape[1] / b.shape[0]
    pairs = [(a, b)]
    if abs(shapes[0] - shapes[1]) > _SAME_SHAPE:
        pairs.append((_cut(a, shapes[1]), _cut(b, shapes[0])))
    for x, y in pairs:
        for mirrored in (y, y[:, ::-1]):
            yield _thumbnail(x), _thumbnail(mirrored)
            yield _thumbnail(_nearer(x)), _thumbnail(mirrored)
            yield _thumbnail(x), _thumbnail(_nearer(mirrored))


def _cut(grey: Grey, shape: float) -> Grey:
    """The middle of the picture, in this relation of width to height."""
    high, wide = grey.shape
    new_wide, new_high = min(wide, round(high * shape)), min(high, round(wide / shape))
    left, top = (wide - new_wide) // 2, (high - new_high) // 2
    return grey[top : top + new_high, left : left + new_wide]


def _nearer(grey: Grey) -> Grey:
    high, wide = grey.shape
    y, x = round(high * _NEARER), round(wide * _NEARER)
    return grey[y : high - y, x : wide - x]


def _thumbnail(grey: Grey) -> Grey:
    small = cv2.resize(grey, (_WIDE, _HIGH), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.GaussianBlur(small, (0, 0), 1.0), dtype=np.float32)


def _alike(a: Grey, b: Grey) -> float:
    """The mean of how brightness and how edges go together, at the best shift."""
    both = _best(a, b) + _best(_edges(a), _edges(b))
    return float(both.max() / 2)


def _edges(grey: Grey) -> Grey:
    across = cv2.Sobel(grey, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(np.sqrt(cv2.magnitude(across, down)), dtype=np.float32)


def _best(a: Grey, b: Grey) -> Grey:
    inner = b[_MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
    return np.asarray(cv2.matchTemplate(a, inner, cv2.TM_CCOEFF_NORMED), dtype=np.float32)
