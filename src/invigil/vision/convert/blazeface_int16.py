"""BlazeFace for the kernel `kernels/blazeface.c`: 16-bit products in 1 x 1 convolutions.

What a depthwise convolution gives is rounded to 16 bits, in a step for each channel. The steps
come from the greatest number that each channel took on pictures of faces
(`blazeface_ranges.toml`), four times over: other pictures went up to three times beyond. They are
divided out of the depthwise weights and multiplied into the 1 x 1 weights.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .packed import LANES, Doubles, Packed, filled_up, rounded
from .tfjs_graph import TfGraph, TfNode, read_graph

RANGES = Path(__file__).parent / "blazeface_ranges.toml"

_OUTPUTS = ("Identity", "Identity_2", "Identity_1", "Identity_3")
_HEADS = {"head_16": _OUTPUTS[:2], "head_32": _OUTPUTS[2:]}
_MOST = 2**15 - 1
_HEADROOM = 4.0
# A channel that stayed near zero on all pictures may not do so on others: in shares of the median.
_LEAST = 0.05
_VECTORS = 3
_GROUP = _VECTORS * LANES
# The kernel reads pixels as 2 * value - 255, where the original has (value - 127.5) / 127.5.
_MOST_PIXEL = 255
_FIRST_SHAPE = (5, 5, 3, 24)
_FIRST_ROW = 16


def convert(topology: Path, target: Path) -> None:
    ranges = tomllib.loads(RANGES.read_text(encoding="utf-8"))["greatest"]
    _BlazeFace(read_graph(topology), ranges).packed().save(target)


class _BlazeFace:
    def __init__(self, source: TfGraph, ranges: dict[str, list[float]]) -> None:
        self._source = source
        self._ranges = ranges
        self._packed = Packed()

    def packed(self) -> Packed:
        nodes = self._source.in_order(_OUTPUTS)
        convolutions = [node for node in nodes if node.operator == "_FusedConv2D"]
        self._first(convolutions[0])
        behind = {node.inputs[0]: node for node in convolutions}
        depthwise = [node for node in nodes if node.operator == "DepthwiseConv2dNative"]
        for number, node in enumerate(depthwise):
            self._block(node, behind[node.name], self._steps(f"depthwise_{number:02}"))
        for name, outputs in _HEADS.items():
            self._head([self._convolution_of(output) for output in outputs], self._steps(name))
        return self._packed

    def _weights(self, node: TfNode, position: int) -> Doubles:
        return np.asarray(self._source.weights[node.inputs[position]], dtype=np.float64)

    def _steps(self, name: str) -> Doubles:
        greatest = np.array(self._ranges[name])
        most = np.maximum(greatest, _LEAST * float(np.median(greatest)))
        return np.asarray(most * _HEADROOM / _MOST)

    def _first(self, node: TfNode) -> None:
        kernel = self._weights(node, 1)
        if kernel.shape != _FIRST_SHAPE:
            raise ValueError(f"{node.name} is not the first convolution that is known")
        rows = kernel.reshape(5, 15, 24).transpose(2, 0, 1) / _MOST_PIXEL
        rows = np.pad(rows, [(0, 0), (0, 0), (0, _FIRST_ROW - rows.shape[2])])
        self._products(rows.reshape(24, -1), self._weights(node, 2), _MOST_PIXEL)

    def _block(self, depthwise: TfNode, pointwise: TfNode, steps: Doubles) -> None:
        kernel = self._weights(depthwise, 1)[..., 0] / steps
        channels = kernel.shape[-1]
        groups = kernel.reshape(9, channels // LANES, LANES).transpose(1, 0, 2)
        self._packed.add_floats(groups)
        self._products(*self._pointwise(pointwise, steps), _MOST)

    def _head(self, nodes: list[TfNode], steps: Doubles) -> None:
        self._packed.add_floats(1 / steps)
        parts = [self._pointwise(node, steps) for node in nodes]
        weights = np.concatenate([weights for weights, _ in parts])
        self._products(weights, np.concatenate([biases for _, biases in parts]), _MOST)

    def _pointwise(self, node: TfNode, steps: Doubles) -> tuple[Doubles, Doubles]:
        """(outputs, inputs) and (outputs,)."""
        weights, biases = self._weights(node, 1), self._weights(node, 2)
        if weights.shape[:2] != (1, 1):
            raise ValueError(f"{node.name} is no 1 x 1 convolution")
        return weights[0, 0].T * steps, biases

    def _convolution_of(self, output: str) -> TfNode:
        node = self._source.nodes[output]
        while node.operator != "_FusedConv2D":
            node = self._source.nodes[node.inputs[0]]
        return node

    def _products(self, weights: Doubles, biases: Doubles, most_input: int) -> None:
        """As `multiply` in blazeface.c reads them: group, pair of inputs, vector, output, input."""
        small, steps = rounded(weights, _MOST, most_input)
        pairs = small.shape[1] // 2
        groups: NDArray[Any] = filled_up(small, _GROUP).reshape(-1, _VECTORS, LANES, pairs, 2)
        self._packed.add(groups.transpose(0, 3, 1, 2, 4).astype(np.int16))
        self._packed.add_floats(filled_up(steps, _GROUP))
        self._packed.add_floats(filled_up(biases, _GROUP))
