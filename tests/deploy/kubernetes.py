"""Schemas of Kubernetes' kinds for kubeconform, made of its OpenAPI document.

kubeconform would get them from GitHub; here every kind becomes a file that holds all it refers to.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_ONLY = ("io.k8s.apimachinery.pkg.util.intstr.IntOrString",)
_PREFIX = "#/definitions/"


def write_schemas(document: Path, folder: Path) -> None:
    """One `<kind>-<group>-<version>.json` for each kind, strict about unknown fields."""
    definitions: dict[str, Any] = json.loads(document.read_text())["definitions"]
    for name in _ONLY:
        definitions[name] = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    for definition in definitions.values():
        if "properties" in definition and "additionalProperties" not in definition:
            definition["additionalProperties"] = False
    for name, definition in definitions.items():
        for kind in definition.get("x-kubernetes-group-version-kind", ()):
            group = kind["group"].partition(".")[0]
            parts = [kind["kind"], *([group] if group else []), kind["version"]]
            schema = {
                "$schema": "http://json-schema.org/draft-07/schema#",
                "$ref": _PREFIX + name,
                "definitions": {each: definitions[each] for each in _reached(name, definitions)},
            }
            (folder / f"{'-'.join(parts).lower()}.json").write_text(json.dumps(schema))


def _reached(name: str, definitions: dict[str, Any]) -> set[str]:
    found: set[str] = set()
    todo = [name]
    while todo:
        current = todo.pop()
        if current not in found:
            found.add(current)
            todo += _references(definitions[current])
    return found


def _references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"].removeprefix(_PREFIX)] if isinstance(value.get("$ref"), str) else []
        return own + [found for each in value.values() for found in _references(each)]
    if isinstance(value, list):
        return [found for each in value for found in _references(each)]
    return []
