"""The two networks that see every frame, and what shrinks pictures for the first, compiled.

`kernels/*.c`, in integers, for x86-64 processors with AVX-512 VNNI.

Compiled while the package is built. What a function reads and writes lies in arrays that this
module makes: the library allocates nothing and keeps nothing. Calls do not hold the interpreter's
lock.
"""

from __future__ import annotations

import ctypes
import threading
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from invigil.vision.geometry import Floats, RgbImage, quickly_smaller
from invigil.vision.networks import HEIGHTS, INPUT_WIDTH

LIBRARY = Path(__file__).parent / "kernels" / "x86_64-linux.so"

CHIP_SIZE = 150
FEATURES = 128
_VALUES = 16
# Stride in pixels, and anchors for each cell.
_GRIDS = ((16, 2), (32, 6))
# Width and colours of pictures, and how often they are halved before four pixels are made of five.
_HALVINGS: dict[tuple[int, ...], int] = {(640, 3): 1, (1280, 3): 2}
_ALIGNMENT = 64  # as in kernels.h
_POINTER = ctypes.c_void_p

_Bytes = NDArray[np.uint8]


class KernelsMissing(OSError):
    """The compiled networks are not there or cannot be loaded on this machine."""


@cache
def library(path: Path = LIBRARY) -> ctypes.CDLL:
    """Raises `KernelsMissing`."""
    try:
        loaded = ctypes.CDLL(str(path))
        for name, arguments, result in (
            ("invigil_blazeface_weights", [], ctypes.c_uint64),
            ("invigil_blazeface_scratch", [ctypes.c_int32], ctypes.c_uint64),
            ("invigil_blazeface", [_POINTER, ctypes.c_int32, *[_POINTER] * 4], None),
            ("invigil_dlib_resnet_weights", [], ctypes.c_uint64),
            ("invigil_dlib_resnet_scratch", [], ctypes.c_uint64),
            ("invigil_dlib_resnet", [_POINTER, ctypes.c_int32, *[_POINTER] * 3], None),
            ("invigil_shrink", [_POINTER, ctypes.c_int32, ctypes.c_int32, _POINTER], None),
        ):
            function = getattr(loaded, name)
            function.argtypes, function.restype = arguments, result
    except (OSError, AttributeError) as error:
        raise KernelsMissing(f"{path} cannot be used: {error}") from error
    return loaded


class NativeBlazeFace:
    """1 x 1 convolutions in 16 bits, all else in 32. See `networks.BlazeFace`."""

    def __init__(self, weights: bytes) -> None:
        """Raises `KernelsMissing`, also when the library is not made for these weights."""
        found = library()
        self._run = found.invigil_blazeface
        self._weights = _aligned(weights, int(found.invigil_blazeface_weights()))
        most = max(int(found.invigil_blazeface_scratch(height)) for height in HEIGHTS)
        self._scratch = _Scratch(most)

    def __call__(self, canvas: RgbImage) -> tuple[Floats, Floats]:
        height, width = canvas.shape[:2]
        if height not in HEIGHTS or canvas.shape[1:] != (INPUT_WIDTH, 3):
            raise ValueError(f"no picture of the shape {canvas.shape} is looked at")
        pixels = np.ascontiguousarray(canvas, dtype=np.uint8)
        anchors = sum((height // step) * (width // step) * each for step, each in _GRIDS)
        scores = np.empty(anchors, dtype=np.float32)
        values = np.empty((anchors, _VALUES), dtype=np.float32)
        self._run(
            pixels.ctypes.data,
            height,
            self._weights.ctypes.data,
            self._scratch.address(),
            scores.ctypes.data,
            values.ctypes.data,
        )
        return scores, values


class NativeDlibResNet:
    """Products in 8 bits. See `networks.DlibResNet`."""

    def __init__(self, weights: bytes) -> None:
        """Raises `KernelsMissing`, also when the library is not made for these weights."""
        found = library()
        self._run = found.invigil_dlib_resnet
        self._weights = _aligned(weights, int(found.invigil_dlib_resnet_weights()))
        self._scratch = _Scratch(int(found.invigil_dlib_resnet_scratch()))

    def __call__(self, chips: RgbImage) -> Floats:
        if chips.shape[1:] != (CHIP_SIZE, CHIP_SIZE, 3):
            raise ValueError(f"no chips of the shape {chips.shape[1:]} are compared")
        pixels = np.ascontiguousarray(chips, dtype=np.uint8)
        features = np.empty((len(pixels), FEATURES), dtype=np.float32)
        self._run(
            pixels.ctypes.data,
            len(pixels),
            self._weights.ctypes.data,
            self._scratch.address(),
            features.ctypes.data,
        )
        return features


class NativeShrink:
    """`geometry.quickly_smaller` byte for byte, but quicker where a webcam's frame is shrunk."""

    def __init__(self) -> None:
        """Raises `KernelsMissing`."""
        self._run = library().invigil_shrink

    def __call__(self, image: RgbImage, width: int, height: int) -> RgbImage:
        rows, halvings = image.shape[0], _HALVINGS.get(image.shape[1:], 0)
        blocks, left_over = divmod(rows, 5 << halvings)
        if not halvings or left_over or (width, height) != (INPUT_WIDTH, 4 * blocks):
            return quickly_smaller(image, width, height)
        pixels = np.ascontiguousarray(image, dtype=np.uint8)
        smaller = np.empty((height, width, 3), dtype=np.uint8)
        self._run(pixels.ctypes.data, halvings, rows, smaller.ctypes.data)
        return smaller


class _Scratch(threading.local):
    """One for each thread, made when that thread first needs it."""

    def __init__(self, size: int) -> None:
        self._memory = _empty(size)

    def address(self) -> int:
        return int(self._memory.ctypes.data)


def _empty(size: int) -> _Bytes:
    memory = np.empty(size + _ALIGNMENT, dtype=np.uint8)
    behind = -memory.ctypes.data % _ALIGNMENT
    return memory[behind : behind + size]


def _aligned(data: bytes, expected: int) -> _Bytes:
    if len(data) != expected:
        raise KernelsMissing(
            f"{LIBRARY.name} reads {expected} bytes of weights where there are {len(data)}: it was "
            "compiled for another version. Install the package again."
        )
    memory = _empty(len(data))
    memory[:] = np.frombuffer(data, dtype=np.uint8)
    return memory
