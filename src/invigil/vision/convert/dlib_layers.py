"""The layers of dlib's face recognition network in its file, one after another, as numbers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .dlib_weights import LayerParameters, WeightsFormatError, read_layers

CHIP_SIZE = 150
FEATURES = 128
COLOURS = 3
STEM_CHANNELS = 32
STEM_KERNEL = 7
SIZE_AFTER_STEM = 35
STEM_BLOCKS = 3
# channels of a stage, and how many plain residual blocks follow its down-sampling block
STAGES = ((64, 3), (128, 2), (256, 2), (256, 0))

_CHANNEL_MEANS = (122.782, 117.001, 104.298)
_INPUT_SCALE = 1 / 256

Doubles = NDArray[np.float64]


class DlibLayers:
    """Every call takes the next layers; biases and affine layers come folded in."""

    def __init__(self, layers: Iterator[LayerParameters]) -> None:
        self._layers = layers

    @classmethod
    def of(cls, file: Path) -> DlibLayers:
        return cls(read_layers(file.read_bytes()))

    def stem(self) -> tuple[Doubles, Doubles]:
        """(outputs, rows, columns * colours) for pixels 0..255 as they are, and biases."""
        weights, biases = self.convolution(COLOURS, STEM_CHANNELS, kernel=STEM_KERNEL)
        means = np.array(_CHANNEL_MEANS)
        darkness = weights * (means * _INPUT_SCALE)[None, :, None, None]
        # fsum is exact, so the file comes out the same whatever vector unit numpy sums with
        biases = biases - np.array([math.fsum(channel.ravel()) for channel in darkness])
        rows = (weights * _INPUT_SCALE).transpose(0, 2, 3, 1)
        return rows.reshape(STEM_CHANNELS, STEM_KERNEL, STEM_KERNEL * COLOURS), biases

    def convolution(self, inputs: int, outputs: int, kernel: int = 3) -> tuple[Doubles, Doubles]:
        """(outputs, inputs, kernel, kernel), with the affine layer behind it folded in."""
        count = outputs * inputs * kernel * kernel
        values = self._take("con", count + outputs).astype(np.float64)
        gamma, beta = np.split(self._take("affine", 2 * outputs).astype(np.float64), 2)
        weights = values[:count].reshape(outputs, inputs, kernel, kernel)
        return weights * gamma[:, None, None, None], values[count:] * gamma + beta

    def fully_connected(self, inputs: int) -> NDArray[np.float32]:
        """(inputs, features). It is the last one."""
        weights = self._take("fc", inputs * FEATURES).reshape(inputs, FEATURES)
        if next(self._layers, None) is not None:
            raise WeightsFormatError("the file has more layers than the network")
        return weights

    def _take(self, kind: str, count: int) -> NDArray[np.float32]:
        layer = next(self._layers, None)
        if layer is None or layer.kind != kind or layer.values.size != count:
            found = "the end" if layer is None else f"{layer.kind} with {layer.values.size}"
            raise WeightsFormatError(f"expected {kind} with {count} numbers, found {found}")
        return layer.values
