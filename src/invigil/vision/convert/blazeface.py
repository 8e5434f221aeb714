"""BlazeFace (back camera, 256 x 256) from TensorFlow.js to ONNX.

Activations are NCHW inside, as onnxruntime wants them; the outputs are as in the original:
`(anchors, 1)` raw scores and `(anchors, 16)` box and key points, for the two strides. The graph
takes uint8 RGB, NHWC, any batch size, and scales to [-1, 1] by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .graph import GraphBuilder
from .tfjs_graph import TfGraph, TfNode, read_graph

INPUT_SIZE = 256
_OUTPUTS = {
    "Identity": ("scores_16", ("batch", 512, 1)),
    "Identity_2": ("boxes_16", ("batch", 512, 16)),
    "Identity_1": ("scores_32", ("batch", 384, 1)),
    "Identity_3": ("boxes_32", ("batch", 384, 16)),
}
_NHWC_TO_NCHW = [0, 3, 1, 2]
_NCHW_TO_NHWC = [0, 2, 3, 1]


def convert(topology: Path, target: Path) -> None:
    _BlazeFace(read_graph(topology)).build().save(target)


class _BlazeFace:
    def __init__(self, source: TfGraph) -> None:
        self._source = source
        self._graph = GraphBuilder("blazeface_back_256")
        self._values: dict[str, str] = {}
        self._handlers: dict[str, Callable[[TfNode], str]] = {
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
        for node in self._source.in_order(tuple(_OUTPUTS)):
            if node.operator == "Const":
                continue
            handler = self._handlers.get(node.operator)
            if handler is None:
                raise ValueError(f"no rule for the operator {node.operator} of {node.name}")
            self._values[node.name] = handler(node)
        for name, (output, shape) in _OUTPUTS.items():
            self._graph.output(output, self._values[name], shape)
        return self._graph

    def _value(self, node: TfNode, position: int) -> str:
        return self._values[node.inputs[position]]

    def _weights(self, node: TfNode, position: int) -> NDArray[Any]:
        return self._source.weights[node.inputs[position]]

    def _image(self) -> str:
        pixels = self._graph.image_input("image", INPUT_SIZE, INPUT_SIZE)
        scale, shift = (self._graph.constant(np.full(1, v, np.float32)) for v in (1 / 127.5, -1))
        return self._graph.node("Add", [self._graph.node("Mul", [pixels, scale]), shift])

    def _convolution(self, node: TfNode) -> str:
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
        return self._conv(node, kernel, None, groups=channels)

    def _conv(
        self, node: TfNode, kernel: NDArray[Any], bias: NDArray[Any] | None, groups: int
    ) -> str:
        constants = [kernel] if bias is None else [kernel, bias]
        return self._graph.node(
            "Conv",
            [self._value(node, 0), *(self._graph.constant(c) for c in constants)],
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
                operands.append(self._graph.constant(weights.reshape(-1, 1, 1)))
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
        before_and_after = self._weights(node, 1).reshape(4, 2)[_NHWC_TO_NCHW]
        pads = before_and_after.T.reshape(-1).astype(np.int64)
        return self._graph.node("Pad", [self._value(node, 0), self._graph.constant(pads)])

    def _reshape(self, node: TfNode) -> str:
        shape = self._weights(node, 1).astype(np.int64)
        shape[0] = -1  # the original is fixed to one picture
        value = self._graph.node("Transpose", [self._value(node, 0)], perm=_NCHW_TO_NHWC)
        return self._graph.node("Reshape", [value, self._graph.constant(shape)])


def _padding(node: TfNode) -> dict[str, str]:
    return {"auto_pad": "SAME_UPPER" if node.text("padding") == "SAME" else "VALID"}
