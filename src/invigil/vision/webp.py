"""The header of a WebP file, read without the decoder: that one reserves memory at once."""

from __future__ import annotations

from dataclasses import dataclass

from invigil.domain.errors import ImageBroken

# RIFF, size, WEBP, then the first chunk: its name, its size, its content
_FILE_SIZE = slice(4, 8)
_CHUNK = slice(12, 16)
_CONTENT = 20
_LONGEST_HEADER = 30
_ANIMATED = 0b10
_SIGNATURE_LOSSY = b"\x9d\x01\x2a"
_SIGNATURE_LOSSLESS = 0x2F
_FOURTEEN_BITS = 0x3FFF


@dataclass(frozen=True, slots=True)
class WebPHeader:
    width: int
    height: int
    animated: bool


def webp_header(data: bytes) -> WebPHeader:
    """Raises `ImageBroken` for a file that is cut off or of no known kind."""
    if len(data) < max(_LONGEST_HEADER, int.from_bytes(data[_FILE_SIZE], "little")):
        raise ImageBroken
    content = data[_CONTENT:_LONGEST_HEADER]
    chunk = data[_CHUNK]
    if chunk == b"VP8X":
        width = int.from_bytes(content[4:7], "little") + 1
        height = int.from_bytes(content[7:10], "little") + 1
        return WebPHeader(width, height, bool(content[0] & _ANIMATED))
    if chunk == b"VP8 " and content[3:6] == _SIGNATURE_LOSSY:
        width = int.from_bytes(content[6:8], "little") & _FOURTEEN_BITS
        height = int.from_bytes(content[8:10], "little") & _FOURTEEN_BITS
        return WebPHeader(width, height, animated=False)
    if chunk == b"VP8L" and content[0] == _SIGNATURE_LOSSLESS:
        bits = int.from_bytes(content[1:5], "little")
        width, height = (bits & _FOURTEEN_BITS) + 1, (bits >> 14 & _FOURTEEN_BITS) + 1
        return WebPHeader(width, height, animated=False)
    raise ImageBroken
