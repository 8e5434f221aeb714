"""Reads the parameter tensors out of a dlib network file.

dlib writes a network as nested objects. The tensors with the weights can be found without
reading the objects around them: each follows a tag (a length byte, then the kind of the layer)
and carries its own sizes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_TAG = re.compile(rb"\x01[\x04-\x08](con_4|con_5|affine_2|affine_|fc_2|fc_3)")
_TENSOR_VERSION = 2
_TENSOR_DIMENSIONS = 4


class WeightsFormatError(ValueError):
    """The file is not the network that this converter was written for."""


@dataclass(frozen=True, slots=True)
class LayerParameters:
    """One layer's parameters as one flat float32 array: weights first, then biases."""

    kind: str
    values: NDArray[np.float32]


def read_layers(data: bytes) -> Iterator[LayerParameters]:
    """The layers in the order of the file, which is the order of the computation."""
    position = 0
    while match := _TAG.search(data, position):
        name = match.group(1)
        position = match.start() + 1
        if data[position] != len(name):
            continue
        offset = match.end()
        if name.startswith(b"fc"):
            _, offset = _read_integer(data, offset)
            _, offset = _read_integer(data, offset)
        values, position = _read_tensor(data, offset)
        yield LayerParameters(name.decode().rstrip("_0123456789"), values)


def _read_integer(data: bytes, offset: int) -> tuple[int, int]:
    """dlib's packed integer: a byte with the count and the sign (top bit), then the bytes."""
    head = data[offset]
    end = offset + 1 + (head & 0x0F)
    magnitude = int.from_bytes(data[offset + 1 : end], "little")
    return (-magnitude if head & 0x80 else magnitude), end


def _read_tensor(data: bytes, offset: int) -> tuple[NDArray[np.float32], int]:
    version, offset = _read_integer(data, offset)
    if version != _TENSOR_VERSION:
        raise WeightsFormatError(f"tensor format {version} at byte {offset} is not known")
    count = 1
    for _ in range(_TENSOR_DIMENSIONS):
        size, offset = _read_integer(data, offset)
        count *= size
    end = offset + 4 * count
    if count < 0 or end > len(data):
        raise WeightsFormatError(f"the tensor at byte {offset} is longer than the file")
    return np.frombuffer(data, "<f4", count, offset).astype(np.float32), end
