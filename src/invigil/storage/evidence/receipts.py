"""What a store answered to each upload, where the answer is the only way back to the object."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path

from invigil.domain.errors import StorageFull, Unavailable
from invigil.storage.evidence.shelf import no_space


@dataclass(frozen=True, slots=True)
class Receipt:
    """One uploaded picture. `file`: its name at the picture host; `sha256`: of what was sent.

    Whoever has `delete_hash` can delete the picture, so it is shown nowhere.
    """

    file: str
    sha256: str
    delete_hash: str = field(repr=False)


class Receipts:
    """A folder with one small file for each key, written through to the disk."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o700)
        self._root = root

    def read(self, key: str) -> Receipt | None:
        try:
            return Receipt(**json.loads(self._path(key).read_bytes()))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise Unavailable(
                "The note on where this image is stored cannot be read.",
                fix="Tell whoever runs the server: a file in the data folder is damaged.",
            ) from error

    def keep(self, key: str, receipt: Receipt) -> None:
        """Raises `StorageFull` or `Unavailable`."""
        path = self._path(key)
        part = path.with_suffix(".part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w") as file:
                json.dump(asdict(receipt), file)
                file.flush()
                # Without it nobody could ever delete the picture.
                os.fsync(file.fileno())
            part.replace(path)
        except OSError as error:
            part.unlink(missing_ok=True)
            if no_space(error):
                raise StorageFull from error
            raise Unavailable from error

    def keys(self, folder: str) -> list[str]:
        """Keys of what was uploaded under `folder/`."""
        found = sorted((self._root / folder).rglob("*.json"))
        return [path.relative_to(self._root).as_posix().removesuffix(".json") for path in found]

    def drop(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def set_aside(self, key: str) -> None:
        """Keep a receipt that the store does not accept, for whoever wants to look at it."""
        aside = self._root / "undeleted" / f"{Path(key).name}.json"
        aside.parent.mkdir(exist_ok=True)
        self._path(key).replace(aside)

    def _path(self, key: str) -> Path:
        return self._root / f"{key}.json"
