"""What the converters of TensorFlow.js models have in common: node after node, a rule for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray

from .graph import GraphBuilder
from .tfjs_graph import TfGraph, TfNode

Rules = Mapping[str, Callable[[TfNode], str]]


class GraphConverter:
    """`name`: of the new graph, which stands in its bytes."""

    def __init__(self, source: TfGraph, name: str) -> None:
        self._source = source
        self._graph = GraphBuilder(name)
        self._values: dict[str, str] = {}

    def _convert(self, outputs: tuple[str, ...], rules: Rules) -> None:
        """`rules`: by operator, what makes the new value of a node whose inputs have theirs.

        Raises `ValueError` for an operator without one.
        """
        for node in self._source.in_order(outputs):
            if node.operator == "Const":
                continue
            rule = rules.get(node.operator)
            if rule is None:
                raise ValueError(f"no rule for the operator {node.operator} of {node.name}")
            self._values[node.name] = rule(node)

    def _value(self, node: TfNode, position: int = 0) -> str:
        return self._values[node.inputs[position]]

    def _weights(self, node: TfNode, position: int = 1) -> NDArray[Any]:
        return self._source.weights[node.inputs[position]]
