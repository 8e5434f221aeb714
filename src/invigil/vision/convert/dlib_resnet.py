"""dlib's face recognition network (29 convolutions, 128 features) as ONNX.

The graph takes uint8 RGB chips of 150 x 150 and gives the numbers of dlib's own
`compute_face_descriptor` to about 1e-6. Batch normalisation (dlib keeps it as an affine layer)
and the mean and scale of the input are folded into the convolutions. Two shapes are other than in
the original, for speed: the first convolution reads rows of interleaved colours as one channel,
and the mean over 2 x 2 pixels that skips a block is a convolution that adds the empty channels too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .dlib_layers import (
    CHIP_SIZE,
    COLOURS,
    FEATURES,
    SIZE_AFTER_STEM,
    STAGES,
    STEM_BLOCKS,
    STEM_CHANNELS,
    DlibLayers,
    Doubles,
)
from .graph import GraphBuilder

_STEM_STRIDE = 2


def convert(source: Path, target: Path) -> None:
    _ResNet(DlibLayers.of(source)).build().save(target)


class _ResNet:
    def __init__(self, layers: DlibLayers) -> None:
        self._layers = layers
        self._graph = GraphBuilder("dlib_face_recognition_resnet_v1")

    def build(self) -> GraphBuilder:
        graph = self._graph
        value = graph.rows_input("chip", CHIP_SIZE, COLOURS, height=CHIP_SIZE)
        value = self._stem(value)
        channels, size = STEM_CHANNELS, SIZE_AFTER_STEM
        for _ in range(STEM_BLOCKS):
            value = self._residual(value, channels)
        for stage_channels, plain_blocks in STAGES:
            value, size = self._residual_down(value, channels, stage_channels, size)
            channels = stage_channels
            for _ in range(plain_blocks):
                value = self._residual(value, channels)
        value = graph.node("Flatten", [graph.node("GlobalAveragePool", [value])])
        weights = self._layers.fully_connected(channels)
        value = graph.node("MatMul", [value, graph.constant(weights)])
        graph.output("features", value, ["batch", FEATURES])
        return graph

    def _stem(self, value: str) -> str:
        weights, biases = self._layers.stem()
        rows = weights[:, None]
        value = self._graph.node(
            "Conv",
            [value, self._graph.constant(rows.astype(np.float32))],
            kernel_shape=list(rows.shape[2:]),
            strides=[_STEM_STRIDE, _STEM_STRIDE * COLOURS],
        )
        value = self._graph.node("MaxPool", [value], kernel_shape=[3, 3], strides=[2, 2])
        # The greatest of sums is the sum with the greatest. Behind the pooling there is less to
        # add to.
        shift = self._graph.constant(biases.astype(np.float32)[:, None, None])
        return self._relu(self._graph.node("Add", [value, shift]))

    def _conv_block(self, value: str, inputs: int, outputs: int, stride: int) -> str:
        weights, biases = self._layers.convolution(inputs, outputs)
        return self._conv(value, weights, biases, stride)

    def _conv(self, value: str, weights: Doubles, biases: Doubles, stride: int) -> str:
        kernel = weights.shape[2]
        padding = kernel // 2 if stride == 1 else 0
        constants = [self._graph.constant(a.astype(np.float32)) for a in (weights, biases)]
        return self._graph.node(
            "Conv",
            [value, *constants],
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=[padding] * 4,
        )

    def _relu(self, value: str) -> str:
        return self._graph.node("Relu", [value])

    def _residual(self, value: str, channels: int) -> str:
        inner = self._relu(self._conv_block(value, channels, channels, stride=1))
        inner = self._conv_block(inner, channels, channels, stride=1)
        return self._relu(self._graph.node("Add", [inner, value]))

    def _residual_down(self, value: str, inputs: int, outputs: int, size: int) -> tuple[str, int]:
        """Halves the picture. dlib adds unequal shapes by filling up with zeros."""
        inner = self._relu(self._conv_block(value, inputs, outputs, stride=2))
        inner = self._conv_block(inner, outputs, outputs, stride=1)
        skip = self._mean_of_four(value, inputs, outputs)
        inner_size, skip_size = (size - 3) // 2 + 1, (size - 2) // 2 + 1
        result_size = max(inner_size, skip_size)
        inner = self._fill_up(inner, result_size - inner_size)
        skip = self._fill_up(skip, result_size - skip_size)
        return self._relu(self._graph.node("Add", [inner, skip])), result_size

    def _mean_of_four(self, value: str, inputs: int, outputs: int) -> str:
        kernel = np.zeros((outputs, inputs, 2, 2), np.float32)
        kernel[range(inputs), range(inputs)] = 1 / 4
        constants = [self._graph.constant(a) for a in (kernel, np.zeros(outputs, np.float32))]
        return self._graph.node(
            "Conv", [value, *constants], kernel_shape=[2, 2], strides=[2, 2], pads=[0] * 4
        )

    def _fill_up(self, value: str, pixels: int) -> str:
        if not pixels:
            return value
        pads = np.array([0, 0, 0, 0, 0, 0, pixels, pixels], dtype=np.int64)
        return self._graph.node("Pad", [value, self._graph.constant(pads)])
