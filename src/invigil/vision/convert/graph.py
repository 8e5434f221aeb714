"""A thin layer over onnx.helper that names values by itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


class GraphBuilder:
    """Collects nodes and constants; every call returns the name of the value it made."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def rows_input(self, name: str, width: int, colours: int, height: int | str = "height") -> str:
        """A batch of uint8 RGB pictures, NHWC, with the colours left interleaved in the rows.

        Returned as float32 with one channel, `width * colours` numbers wide.
        """
        shape: list[str | int | None] = ["batch", height, width, colours]
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))
        rows = self.constant(np.array([0, 1, -1, width * colours], dtype=np.int64))
        return self.node("Cast", [self.node("Reshape", [name, rows])], to=TensorProto.FLOAT)

    def output(self, name: str, value: str, shape: Sequence[str | int]) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name], name=name))
        info = helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
        self._outputs.append(info)

    def constant(self, values: np.ndarray[Any, Any]) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        name = f"{operator.lower()}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def model(self) -> onnx.ModelProto:
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, self._constants
        )
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model

    def save(self, target: Path) -> None:
        save(self.model(), target)


def save(model: onnx.ModelProto, target: Path) -> None:
    """Byte for byte the same on every run."""
    target.write_bytes(model.SerializeToString(deterministic=True))
