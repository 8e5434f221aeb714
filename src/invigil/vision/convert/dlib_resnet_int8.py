"""dlib's face recognition network for the kernel `kernels/dlib_resnet.c`: 8-bit products.

Weights have a step for each output. Activations have one for each layer, set by the greatest
number that it took on pictures of faces (`dlib_resnet_ranges.toml`); they are never negative, so
that zero is zero.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .dlib_layers import STAGES, STEM_BLOCKS, STEM_CHANNELS, DlibLayers
from .packed import LANES, Doubles, Packed, rounded

RANGES = Path(__file__).parent / "dlib_resnet_ranges.toml"

_MOST_ACTIVATION = 255
_MOST_WEIGHT = 127
_TOGETHER = 4  # products that the processor sums at once
_STEM_ROW = 24  # 7 pixels of 3 colours, filled up
_VECTORS = 4
_GROUP = _VECTORS * LANES


def convert(source: Path, target: Path) -> None:
    ranges = tomllib.loads(RANGES.read_text(encoding="utf-8"))["greatest"]
    _ResNet(DlibLayers.of(source), ranges).packed().save(target)


def _blocks() -> Iterator[tuple[int, int, bool]]:
    """Of each block: channels before and behind, and whether it halves the picture."""
    yield from [(STEM_CHANNELS, STEM_CHANNELS, False)] * STEM_BLOCKS
    before = STEM_CHANNELS
    for channels, plain in STAGES:
        yield before, channels, True
        yield from [(channels, channels, False)] * plain
        before = channels


class _ResNet:
    def __init__(self, layers: DlibLayers, ranges: dict[str, Any]) -> None:
        self._layers = layers
        self._stem_step, *_ = self._steps([ranges["stem"]])
        self._inner_steps = self._steps(ranges["inner"])
        self._block_steps = self._steps(ranges["block"])
        self._packed = Packed()

    @staticmethod
    def _steps(greatest: list[float]) -> list[float]:
        return [most / _MOST_ACTIVATION for most in greatest]

    def packed(self) -> Packed:
        weights, biases = self._layers.stem()
        rows = np.pad(weights, [(0, 0), (0, 0), (0, _STEM_ROW - weights.shape[2])])
        self._products(rows.reshape(len(rows), -1), biases, before=1.0, behind=self._stem_step)
        before = self._stem_step
        steps = zip(self._inner_steps, self._block_steps, strict=True)
        for (inputs, outputs, halves), (inner, behind) in zip(_blocks(), steps, strict=True):
            self._convolution(inputs, outputs, before, inner)
            self._convolution(outputs, outputs, inner, behind)
            # Where the picture is halved, the mean of four is taken of their sum.
            self._packed.add_floats(np.array(before / behind / (4 if halves else 1)))
            before = behind
        self._packed.add_floats(np.array(before))
        self._packed.add_floats(self._layers.fully_connected(STAGES[-1][0]))
        return self._packed

    def _convolution(self, inputs: int, outputs: int, before: float, behind: float) -> None:
        weights, biases = self._layers.convolution(inputs, outputs)
        rows = weights.transpose(0, 2, 3, 1).reshape(outputs, -1)
        self._products(rows, biases, before, behind)

    def _products(self, weights: Doubles, biases: Doubles, before: float, behind: float) -> None:
        """As `multiply` in dlib_resnet.c reads them: group, four inputs, vector, output, input.

        `before` and `behind`: steps of the activations on either side.
        """
        small, steps = rounded(weights, _MOST_WEIGHT, _MOST_ACTIVATION)
        groups = small.reshape(-1, _VECTORS, LANES, small.shape[1] // _TOGETHER, _TOGETHER)
        self._packed.add(groups.transpose(0, 3, 1, 2, 4).astype(np.int8))
        self._packed.add_floats(steps * before / behind)
        self._packed.add_floats(biases / behind)
