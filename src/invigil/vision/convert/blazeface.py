"""BlazeFace (back camera, 256 x 256) from TensorFlow.js to ONNX.

Activations are NCHW inside, as onnxruntime wants them; the outputs are as in the original:
`(anchors, 1)` raw scores and `(anchors, 16)` box and key points, for the two strides. The graph
takes uint8 RGB, NHWC, 256 pixels wide and any multiple of 32 high, and scales by itself.

Two things make it faster than the original's own form and change no number by more than rounding:
the first convolution reads rows of interleaved colours as one channel, so that it passes over its
output once and nothing is transposed; and the 24 channels of the large maps are filled up with
empty ones to 32, so that no pooling and no sum leaves onnxruntime's layout in blocks of 16. Where
channels are added, a 1 x 1 convolution that changes nothing keeps the sum in that layout as well.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .graph import GraphBuilder
from .tfjs_graph import TfGraph, TfNode, read_graph
from .tfjs_onnx import GraphConverter, Rules

INPUT_SIZE = 256
_OUTPUTS = {
    "Identity": ("scores_16", ("batch", "anchors_16", 1)),
    "Identity_2": ("boxes_16", ("batch", "anchors_16", 16)),
    "Identity_1": ("scores_32", ("batch", "anchors_32", 1)),
    "Identity_3": ("boxes_32", ("batch", "anchors_32", 16)),
}
_COLOURS = 3
# Channels of the large maps, and what they are filled up to.
_NARROW, _WIDE = 24, 32
# The input is scaled to [-1, 1]: (value - 127.5) / 127.5
_MIDDLE = 127.5
_NCHW_TO_NHWC = [0, 2, 3, 1]


def convert(topology: Path, target: Path) -> None:
    _BlazeFace(read_graph(topology)).build().save(target)


class _BlazeFace(GraphConverter):
    def __init__(self, source: TfGraph) -> None:
        super().__init__(source, "blazeface_back_256")
        self._rules: Rules = {
            "Placeholder": lambda _: self._image(),
            "_FusedConv2D": self._convolution,
            "DepthwiseConv2dNative": self._depthwise,
            "AddV2": self._add,
            "Relu": lambda node: self._graph.node("Relu", [self._value(node, 0)]),
            "Identity": lambda node: self._value(node, 0),
            "MaxPool": self._max_pool,
            "Pad": self._pad,
            "Reshape": self._reshape,
        }

    def build(self) -> GraphBuilder:
        self._convert(tuple(_OUTPUTS), self._rules)
        for name, (output, shape) in _OUTPUTS.items():
            self._graph.output(output, self._values[name], shape)
        return self._graph

    def _image(self) -> str:
        rows = self._graph.rows_input("image", INPUT_SIZE, _COLOURS)
        return self._graph.node("Add", [rows, self._constant(np.full(1, -_MIDDLE, np.float32))])

    def _first_convolution(self, node: TfNode) -> str:
        """On rows of interleaved colours: a step of two pixels is one of six numbers.

        The padding is that of "SAME": one pixel before, two behind.
        """
        kernel = self._weights(node, 1)
        size, _, colours, count = kernel.shape
        if _padding(node) != {"auto_pad": "SAME_UPPER"} or colours != _COLOURS or size != 5:  # noqa: PLR2004
            raise ValueError(f"{node.name} is not the first convolution that is known")
        rows = kernel.transpose(3, 0, 1, 2).reshape(count, 1, size, size * colours)
        constants = [
            self._constant(c)
            for c in (_filled(rows / np.float32(_MIDDLE), 0), _filled(self._weights(node, 2), 0))
        ]
        value = self._graph.node(
            "Conv",
            [self._value(node, 0), *constants],
            kernel_shape=[size, size * colours],
            strides=[2, 2 * colours],
            pads=[1, colours, 2, 2 * colours],
        )
        return self._graph.node("Relu", [value])

    def _constant(self, values: NDArray[Any]) -> str:
        return self._graph.constant(values)

    def _convolution(self, node: TfNode) -> str:
        if self._source.nodes[node.inputs[0]].operator == "Placeholder":
            return self._first_convolution(node)
        kernel = self._weights(node, 1).transpose(3, 2, 0, 1)
        fused = node.texts("fused_ops")
        bias = self._weights(node, 2) if "BiasAdd" in fused else None
        value = self._conv(node, kernel, bias, groups=1)
        if "Relu" in fused:
            return self._graph.node("Relu", [value])
        if set(fused) - {"BiasAdd"}:
            raise ValueError(f"no rule for the fused operators {fused}")
        return value

    def _depthwise(self, node: TfNode) -> str:
        kernel = self._weights(node, 1)
        height, width, channels, multiplier = kernel.shape
        kernel = kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
        return self._conv(node, kernel, None, groups=_WIDE if channels == _NARROW else channels)

    def _conv(
        self, node: TfNode, kernel: NDArray[Any], bias: NDArray[Any] | None, groups: int
    ) -> str:
        kernel = _filled(_filled(kernel, 0), 1)
        constants = [kernel] if bias is None else [kernel, _filled(bias, 0)]
        return self._graph.node(
            "Conv",
            [self._value(node, 0), *(self._constant(c) for c in constants)],
            kernel_shape=list(kernel.shape[2:]),
            strides=node.integers("strides")[1:3],
            group=groups,
            **_padding(node),
        )

    def _add(self, node: TfNode) -> str:
        operands = []
        for name in node.inputs:
            weights = self._source.weights.get(name)
            if weights is None:
                operands.append(self._values[name])
            else:
                operands.append(self._constant(_filled(weights.reshape(-1, 1, 1), 0)))
        return self._graph.node("Add", operands)

    def _max_pool(self, node: TfNode) -> str:
        return self._graph.node(
            "MaxPool",
            [self._value(node, 0)],
            kernel_shape=node.integers("ksize")[1:3],
            strides=node.integers("strides")[1:3],
            **_padding(node),
        )

    def _pad(self, node: TfNode) -> str:
        """Only ever behind the channels: as many empty ones as there are."""
        before_and_after = self._weights(node, 1).reshape(4, 2)
        empty = int(before_and_after[-1, 1])
        if before_and_after.sum() != empty:
            raise ValueError(f"no rule for the padding {before_and_after.tolist()} of {node.name}")
        kernel = _filled(np.eye(2 * empty, empty, dtype=np.float32)[:, :, None, None], 1)
        inputs = [self._value(node, 0), self._constant(kernel)]
        return self._graph.node("Conv", inputs, kernel_shape=[1, 1])

    def _reshape(self, node: TfNode) -> str:
        # the original is fixed to one picture of one size
        shape = np.array([0, -1, self._weights(node, 1)[-1]], dtype=np.int64)
        value = self._graph.node("Transpose", [self._value(node, 0)], perm=_NCHW_TO_NHWC)
        return self._graph.node("Reshape", [value, self._constant(shape)])


def _padding(node: TfNode) -> dict[str, str]:
    return {"auto_pad": "SAME_UPPER" if node.text("padding") == "SAME" else "VALID"}


def _filled(values: NDArray[Any], axis: int) -> NDArray[Any]:
    """With zeros behind the channels of a large map; other values as they are."""
    if values.shape[axis] != _NARROW:
        return values
    behind = [(0, 0)] * values.ndim
    behind[axis] = (0, _WIDE - _NARROW)
    return np.pad(values, behind)
