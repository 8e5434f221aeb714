"""FaceRes (a MobileNet, 224 x 224, 1,024 features) from TensorFlow.js to ONNX.

The graph takes uint8 RGB chips and gives the mean of the last maps: what the network knows about
whose face it is. The original goes on from there to guesses of age and sex; nothing of that is
converted. Weights stay in the 16 bits in which they were published and are read in 32.

As in `blazeface`, the first convolution reads rows of interleaved colours as one channel.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto

from .graph import GraphBuilder
from .tfjs_graph import TfGraph, TfNode, read_graph
from .tfjs_onnx import GraphConverter, Rules

CHIP_SIZE = 224
FEATURES = 1024
_OUTPUT = "global_pooling/Mean"
_COLOURS = 3
# Of the pictures it was trained on, red, green and blue; the network itself reads blue first.
_MEAN = np.array([123.68, 116.779, 103.939], dtype=np.float32)
_CEILING = 6.0


def convert(topology: Path, target: Path) -> None:
    _FaceRes(read_graph(topology)).build().save(target)


class _FaceRes(GraphConverter):
    def __init__(self, source: TfGraph) -> None:
        super().__init__(source, "faceres")
        self._rules: Rules = {
            "Placeholder": lambda _: self._chip(),
            "Conv2D": self._convolution,
            "DepthwiseConv2dNative": self._depthwise,
            "Mul": lambda node: self._with_channels("Mul", node),
            "Add": lambda node: self._with_channels("Add", node),
            # Not below nothing and not above six: three nodes there, one here.
            "Relu": self._value,
            "Minimum": lambda node: self._limited_by(node, _CEILING),
            "Maximum": self._clip,
            "Mean": self._mean,
        }

    def build(self) -> GraphBuilder:
        self._convert((_OUTPUT,), self._rules)
        self._graph.output("features", self._values[_OUTPUT], ("batch", FEATURES))
        return self._graph

    def _constant(self, values: NDArray[Any]) -> str:
        """Kept in 16 bits when nothing is lost by it."""
        short = values.astype(np.float16)
        if not np.array_equal(short, values):
            return self._graph.constant(values.astype(np.float32))
        return self._graph.node("Cast", [self._graph.constant(short)], to=TensorProto.FLOAT)

    def _chip(self) -> str:
        rows = self._graph.rows_input("chip", CHIP_SIZE, _COLOURS, height=CHIP_SIZE)
        mean = self._graph.constant(np.tile(_MEAN, CHIP_SIZE))
        return self._graph.node("Sub", [rows, mean])

    def _convolution(self, node: TfNode) -> str:
        weights = self._weights(node)
        height, _, inputs, outputs = weights.shape
        _, down, right, _ = node.integers("strides")
        if inputs == _COLOURS:
            rows = weights[:, :, ::-1].transpose(3, 0, 1, 2).reshape(outputs, 1, height, -1)
            # "SAME" for an even size and a step of two: one more row and column at the end.
            pads = [0, 0, 1, _COLOURS]
            return self._conv(node, rows, [down, right * _COLOURS], pads)
        return self._conv(node, weights.transpose(3, 2, 0, 1), [down, right], [0] * 4)

    def _depthwise(self, node: TfNode) -> str:
        weights = self._weights(node).transpose(2, 3, 0, 1)
        _, down, right, _ = node.integers("strides")
        pads = [1, 1, 1, 1] if down == 1 else [0, 0, 1, 1]
        return self._conv(node, weights, [down, right], pads, group=len(weights))

    def _conv(
        self,
        node: TfNode,
        weights: NDArray[Any],
        strides: list[int],
        pads: list[int],
        *,
        group: int = 1,
    ) -> str:
        if node.text("padding") != "SAME":
            raise ValueError(f"no rule for the padding of {node.name}")
        return self._graph.node(
            "Conv",
            [self._value(node), self._constant(weights)],
            kernel_shape=list(weights.shape[2:]),
            strides=strides,
            pads=pads,
            group=group,
        )

    def _with_channels(self, operator: str, node: TfNode) -> str:
        values = self._weights(node).reshape(-1, 1, 1)
        return self._graph.node(operator, [self._value(node), self._constant(values)])

    def _limited_by(self, node: TfNode, limit: float) -> str:
        if float(self._weights(node)) != limit:
            raise ValueError(f"{node.name} has another limit than {limit}")
        return self._value(node)

    def _clip(self, node: TfNode) -> str:
        limits = [self._graph.constant(np.array(x, np.float32)) for x in (0, _CEILING)]
        return self._graph.node("Clip", [self._limited_by(node, 0), *limits])

    def _mean(self, node: TfNode) -> str:
        return self._graph.node("ReduceMean", [self._value(node)], axes=[2, 3], keepdims=0)
