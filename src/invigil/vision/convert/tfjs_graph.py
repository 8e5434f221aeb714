"""Reads a TensorFlow.js graph model: a JSON file with the nodes and a file with the weights."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_TYPES: dict[str, type[np.generic]] = {
    "float32": np.float32,
    "float16": np.float16,
    "int32": np.int32,
}


@dataclass(frozen=True, slots=True)
class TfNode:
    name: str
    operator: str
    inputs: tuple[str, ...]
    attributes: dict[str, Any]

    def integers(self, key: str) -> list[int]:
        return [int(value) for value in self.attributes[key]["list"]["i"]]

    def text(self, key: str) -> str:
        return base64.b64decode(self.attributes[key]["s"]).decode()

    def texts(self, key: str) -> list[str]:
        values = self.attributes.get(key, {}).get("list", {}).get("s", [])
        return [base64.b64decode(value).decode() for value in values]


@dataclass(frozen=True, slots=True)
class TfGraph:
    nodes: dict[str, TfNode]
    weights: dict[str, NDArray[Any]]

    def in_order(self, outputs: tuple[str, ...]) -> list[TfNode]:
        """The nodes that `outputs` need, each after its inputs."""
        ordered: dict[str, TfNode] = {}

        def visit(name: str) -> None:
            if name in ordered:
                return
            node = self.nodes[name]
            for source in node.inputs:
                visit(source)
            ordered[name] = node

        for output in outputs:
            visit(output)
        return list(ordered.values())


def read_graph(topology: Path) -> TfGraph:
    """`topology` is the JSON file; the weight files that it names lie beside it."""
    document = json.loads(topology.read_text(encoding="utf-8"))
    weights: dict[str, NDArray[Any]] = {}
    for group in document["weightsManifest"]:
        data = b"".join((topology.parent / path).read_bytes() for path in group["paths"])
        weights.update(_read_weights(data, group["weights"]))
    nodes = {}
    for entry in document["modelTopology"]["node"]:
        inputs = tuple(name.split(":")[0].lstrip("^") for name in entry.get("input", []))
        node = TfNode(entry["name"], entry["op"], inputs, entry.get("attr", {}))
        nodes[node.name] = node
    return TfGraph(nodes, weights)


def _read_weights(data: bytes, entries: list[dict[str, Any]]) -> dict[str, NDArray[Any]]:
    weights: dict[str, NDArray[Any]] = {}
    offset = 0
    for entry in entries:
        stored = np.dtype(_TYPES[entry.get("quantization", entry)["dtype"]])
        count = int(np.prod(entry["shape"], dtype=np.int64))
        values = np.frombuffer(data, stored, count, offset)
        offset += values.nbytes
        weights[entry["name"]] = values.astype(_TYPES[entry["dtype"]]).reshape(entry["shape"])
    if offset != len(data):
        raise ValueError(f"{len(data)} bytes of weights, but {offset} are described")
    return weights
