"""Who is on which picture, as far as a table of pairs tells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from invigil.evaluate.tables import BadInput, Pair

_NUMBER = re.compile(r"_\d{4}$")


def stem(name: str) -> str:
    """`folder/Jo_Doe_0003.jpg` is a picture of `folder/Jo_Doe`; without a number, of itself."""
    path = PurePath(name)
    return str(path.parent / _NUMBER.sub("", path.stem))


def numbered(pairs: Sequence[Pair]) -> dict[str, int]:
    """A number for the person on each file.

    Files are one person when their names say so, or a same-person pair does, directly or by way
    of others. A pair of different people inside one person is an error in the table.
    """
    files = sorted({name for pair in pairs for name in (pair.a, pair.b)})
    root = _joined(
        files,
        [(name, stem(name)) for name in files] + [(p.a, p.b) for p in pairs if p.same],
    )
    wrong = next((p for p in pairs if not p.same and root[p.a] == root[p.b]), None)
    if wrong is not None:
        raise BadInput(
            f"{wrong.a} and {wrong.b} are called different people in one row, and one person by "
            "their names or by other rows."
        )
    numbers: dict[str, int] = {}
    return {name: numbers.setdefault(root[name], len(numbers)) for name in files}


def _joined(files: Iterable[str], links: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The representative of each file's connected component."""
    parent: dict[str, str] = {}

    def find(name: str) -> str:
        parent.setdefault(name, name)
        while parent[name] != name:
            parent[name] = parent[parent[name]]
            name = parent[name]
        return name

    for one, other in links:
        parent[find(one)] = find(other)
    return {name: find(name) for name in files}
