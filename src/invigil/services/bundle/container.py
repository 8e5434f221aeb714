"""The file around a bundle: a zip file of which every byte follows from what is in it.

Nothing is compressed, all files have the same date, and nothing is written that could be written
otherwise. So a checker can make the container anew from its contents and compare: a byte that was
changed anywhere is found, though unzip programs would pass over many of them.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from invigil.domain.errors import MaintenanceRefused

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_VERSION, _UTF8, _STORED = 20, 0x800, 0
_TIME, _DATE = 0, (1 << 5) | 1  # 1980-01-01, the first day that there is
MOST_FILES, MOST_BYTES = 0xFFFE, 0xFFFF_0000
LIST = "the list of files at the end"


@dataclass(frozen=True, slots=True)
class Member:
    """A file in the container: its path, CRC-32 and number of bytes."""

    path: str
    crc: int
    size: int

    @classmethod
    def of(cls, path: str, content: bytes) -> Member:
        return cls(path, zlib.crc32(content), len(content))

    @property
    def header(self) -> bytes:
        name = self.path.encode()
        fixed = (_VERSION, _UTF8, _STORED, _TIME, _DATE, self.crc, self.size, self.size)
        return _LOCAL.pack(b"PK\x03\x04", *fixed, len(name), 0) + name

    def listed(self, offset: int) -> bytes:
        """The line of the list at the end; the header is at `offset`."""
        name = self.path.encode()
        fixed = (_VERSION, _VERSION, _UTF8, _STORED, _TIME, _DATE, self.crc, self.size, self.size)
        return _CENTRAL.pack(b"PK\x01\x02", *fixed, len(name), 0, 0, 0, 0, 0, offset) + name


def ending(members: Sequence[Member]) -> bytes:
    """All that follows the last file."""
    lines, offset = [], 0
    for member in members:
        lines.append(member.listed(offset))
        offset += len(member.header) + member.size
    listing = b"".join(lines)
    count = len(members)
    return listing + _END.pack(b"PK\x05\x06", 0, 0, count, count, len(listing), offset, 0)


class Writer:
    """Writes files one after the other into `out`, then the list of them."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._members: list[Member] = []

    def add(self, path: str, content: bytes) -> None:
        """Raises `MaintenanceRefused` when the container is full."""
        member = Member.of(path, content)
        if len(self._members) >= MOST_FILES or self._out.tell() + member.size > MOST_BYTES:
            raise MaintenanceRefused(
                "This session is too large for one bundle (4 GB or 65,534 files).",
                fix="Export the candidates that matter one by one: invigil export-candidate.",
            )
        self._out.write(member.header + content)
        self._members.append(member)

    def end(self) -> None:
        self._out.write(ending(self._members))


def first_difference(file: BinaryIO, members: Sequence[Member]) -> str | None:
    """Where the container is not what its contents make it, though every file in it reads well.

    `file`: read from its start. Names the file whose header it is, or the list at the end.
    """
    file.seek(0)
    for member in members:
        if file.read(len(member.header)) != member.header:
            return f"{member.path}: its header in the zip file"
        file.seek(member.size, 1)
    return None if file.read() == ending(members) else LIST
