"""A network in 8-bit integers: weights per channel, activations by measured ranges.

Gives a QDQ graph (uint8 activations, int8 weights), which onnxruntime turns into integer kernels.
The ranges are numbers that were measured once and are kept beside this file; the same numbers
give the same bytes on every machine.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

_UINT8_STEPS = 255
_INT8_MOST = 127
# They hand on numbers of their input, so both sides share one scale.
_SAME_SCALE = {"MaxPool", "Pad", "Transpose"}


@dataclass(frozen=True, slots=True)
class Scale:
    """real = (stored - zero) * step"""

    step: np.float32
    zero: int


def read_ranges(path: Path) -> dict[str, tuple[float, float]]:
    """Least and greatest number that each named value took."""
    ranges = tomllib.loads(path.read_text(encoding="utf-8"))["ranges"]
    return {name: (float(low), float(high)) for name, (low, high) in ranges.items()}


def quantized(model: onnx.ModelProto, ranges: Mapping[str, tuple[float, float]]) -> onnx.ModelProto:
    """`model` with integers for what is named in `ranges`, and for convolutions that read it.

    What comes before the first name stays in 32 bits: a first convolution on three colours is
    faster that way and loses nothing.
    """
    return _Quantizer(model, ranges).run()


class _Quantizer:
    def __init__(self, model: onnx.ModelProto, ranges: Mapping[str, tuple[float, float]]) -> None:
        self._model = model
        self._ranges = ranges
        self._constants = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self._nodes: list[onnx.NodeProto] = []
        self._new: dict[str, NDArray[Any]] = {}
        # The value to read in place of another one, and how it is stored.
        self._stored: dict[str, tuple[str, Scale]] = {}

    def run(self) -> onnx.ModelProto:
        for node in self._model.graph.node:
            inputs = [
                self._stored[name][0] if name in self._stored else name for name in node.input
            ]
            if node.op_type == "Conv" and node.input[0] in self._stored:
                inputs[1:] = self._weights(node)
            replaced = onnx.NodeProto()
            replaced.CopyFrom(node)
            del replaced.input[:]
            replaced.input.extend(inputs)
            self._nodes.append(replaced)
            self._store(node)
        return self._result()

    def _store(self, node: onnx.NodeProto) -> None:
        name = node.output[0]
        if node.op_type in _SAME_SCALE and node.input[0] in self._stored:
            scale = self._stored[node.input[0]][1]
        elif name in self._ranges:
            scale = _asymmetric(*self._ranges[name])
        else:
            return
        step, zero = self._scale_constants(name, scale)
        small = f"{name}_stored"
        self._nodes.append(helper.make_node("QuantizeLinear", [name, step, zero], [small], small))
        self._dequantize(small, f"{name}_read", scale)
        self._stored[name] = (f"{name}_read", scale)

    def _dequantize(self, source: str, target: str, scale: Scale) -> None:
        step, zero = self._scale_constants(target, scale)
        node = helper.make_node("DequantizeLinear", [source, step, zero], [target], target)
        self._nodes.append(node)

    def _scale_constants(self, name: str, scale: Scale) -> tuple[str, str]:
        return (
            self._constant(f"{name}_step", np.array(scale.step, np.float32)),
            self._constant(f"{name}_zero", np.array(scale.zero, np.uint8)),
        )

    def _weights(self, node: onnx.NodeProto) -> list[str]:
        """Weights as int8 with a step for each channel, biases as int32 in the product's steps."""
        source, weights_name, biases_name = node.input
        weights = self._constants[weights_name].astype(np.float64)
        biases = self._constants[biases_name].astype(np.float64)
        most = np.abs(weights).max(axis=(1, 2, 3))
        steps = (np.where(most > 0, most, 1.0) / _INT8_MOST).astype(np.float32)
        small = np.rint(weights / steps[:, None, None, None].astype(np.float64))
        product_steps = steps * self._stored[source][1].step
        return [
            self._channels(f"{node.name}_weights", small.astype(np.int8), steps),
            self._channels(
                f"{node.name}_biases",
                np.rint(biases / product_steps.astype(np.float64)).astype(np.int32),
                product_steps,
            ),
        ]

    def _channels(self, name: str, values: NDArray[Any], steps: NDArray[np.float32]) -> str:
        zeros = np.zeros(len(steps), values.dtype)
        inputs = [
            self._constant(f"{name}_stored", values),
            self._constant(f"{name}_steps", steps),
            self._constant(f"{name}_zeros", zeros),
        ]
        self._nodes.append(helper.make_node("DequantizeLinear", inputs, [name], name, axis=0))
        return name

    def _constant(self, name: str, values: NDArray[Any]) -> str:
        self._new[name] = values
        return name

    def _result(self) -> onnx.ModelProto:
        used = {name for node in self._nodes for name in node.input}
        constants = {**self._constants, **self._new}
        tensors = [
            numpy_helper.from_array(values, name)
            for name, values in constants.items()
            if name in used
        ]
        old = self._model.graph
        graph = helper.make_graph(
            self._nodes, f"{old.name}_int8", list(old.input), list(old.output), tensors
        )
        result = helper.make_model(
            graph, opset_imports=self._model.opset_import, ir_version=self._model.ir_version
        )
        onnx.checker.check_model(result)
        return result


def _asymmetric(low: float, high: float) -> Scale:
    """Zero has to be one of the 256 numbers, exactly."""
    low, high = min(low, 0.0), max(high, 0.0)
    step = np.float32((high - low) / _UINT8_STEPS)
    return Scale(step, int(np.rint(-low / float(step))))
