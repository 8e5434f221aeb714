"""Whether a JPEG may be kept as it came: nothing in it but the picture.

Encoding anew costs time and quality, and is needed only for what must go: metadata, a turn that
metadata asks for, whatever hangs behind the end mark.
"""

from __future__ import annotations

_START, _END, _SCAN = 0xD8, 0xD9, 0xDA
_JFIF = 0xE0
_TABLES = frozenset({0xC4, 0xDB, 0xDD})  # Huffman and quantisation tables, restart interval
_FRAMES = frozenset({0xC0, 0xC1, 0xC2})  # baseline, extended, progressive
_JFIF_HEADER = b"JFIF\x00"
_JFIF_BYTES = 14  # without a thumbnail
_BITS = 8
_COLOURS = frozenset({1, 3})
_MARK = b"\xff"
_SCAN_MARK = bytes((0xFF, _SCAN))
_END_MARK = bytes((0xFF, _END))
# Decoders step over these, or over one byte of filling, and no length follows.
_WITHOUT_LENGTH = frozenset({0x00, 0x01, *range(0xD0, 0xDA), 0xFF})
# A mark's second byte inside a scan: 0 stands for a real 0xFF, the others restart the decoder.
_IN_SCAN = frozenset({0x00, *range(0xD0, 0xD8)})


def is_plain_jpeg(data: bytes) -> bool:
    """True for a JPEG of tables, frame and scans alone, in grey or three colours.

    Application segments other than a bare JFIF header (EXIF, XMP, ICC, thumbnails), comments and
    bytes behind the end make it False, and so does whatever is not understood.
    """
    if not data.startswith(bytes((0xFF, _START))):
        return False
    at = 2
    while (segment := _segment(data, at)) is not None:
        kind, body, after = segment
        if kind == _SCAN:
            after = _scan_end(data, after)
            if data[after : after + 2] == bytes((0xFF, _END)):
                return after + 2 == len(data)
        elif not _allowed(kind, body):
            return False
        at = after
    return False


def plain_size(data: bytes) -> tuple[int, int] | None:
    """Width and height, where nothing but tables and a frame stands before the first scan.

    None for every other file: then metadata may turn the picture, or it is no picture.
    """
    size = None
    at = 2
    while (segment := _segment(data, at)) is not None:
        kind, body, at = segment
        if kind == _SCAN:
            return size
        if not _allowed(kind, body):
            return None
        if kind in _FRAMES:
            if size is not None or body[0] != _BITS:
                return None
            size = int.from_bytes(body[3:5], "big"), int.from_bytes(body[1:3], "big")
    return None


def scans(data: bytes) -> int:
    """How many scans a JPEG has, and never fewer; bytes behind its end do not count.

    Each of a progressive one goes over all pixels, and may be a dozen bytes: with a thousand of
    them a small file keeps a decoder busy for half a minute.
    """
    marks = data.count(_SCAN_MARK)
    if marks <= 1:
        return marks
    found, at = 0, 2
    while (segment := _segment(data, at)) is not None:
        kind, _, at = segment
        if kind in _WITHOUT_LENGTH:
            break
        if kind == _SCAN:
            found += 1
            at = _scan_end(data, at)
            if data[at : at + 2] == _END_MARK:
                return found
    # Not understood: then every mark counts, also one in a thumbnail or in a film behind the end.
    return marks


def _segment(data: bytes, at: int) -> tuple[int, bytes, int] | None:
    """Kind, body and the place behind it; None when there is no whole segment."""
    if data[at : at + 1] != _MARK or at + 4 > len(data):
        return None
    length = int.from_bytes(data[at + 2 : at + 4], "big")
    after = at + 2 + length
    if length < 2 or after > len(data):  # noqa: PLR2004 - the length counts itself
        return None
    return data[at + 1], data[at + 4 : after], after


def _allowed(kind: int, body: bytes) -> bool:
    if kind == _JFIF:
        return body.startswith(_JFIF_HEADER) and len(body) == _JFIF_BYTES
    if kind in _FRAMES:
        return len(body) > 5 and body[5] in _COLOURS  # noqa: PLR2004 - how many components
    return kind in _TABLES


def _scan_end(data: bytes, at: int) -> int:
    """Where the first mark behind the scan's data stands, or the end of `data`."""
    while (at := data.find(_MARK, at)) >= 0:
        if data[at + 1 : at + 2] and data[at + 1] not in _IN_SCAN:
            return at
        at += 2
    return len(data)
