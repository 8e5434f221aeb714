"""Pictures: the portraits of the demonstration, and what can be made of them."""

from __future__ import annotations

import io
import struct
import zlib
from functools import cache
from importlib.resources import files

from PIL import Image, ImageFilter, ImageOps

# Left, top, right and bottom of the face in a portrait.
FACES = {
    "obama": (254, 106, 440, 292),
    "biden": (153, 97, 259, 203),
    "astronaut": (173, 75, 277, 178),
}


@cache
def photo(name: str) -> bytes:
    """A portrait as it is in the package."""
    return (files("invigil") / "demo" / "photos" / f"{name}.jpg").read_bytes()


def obama() -> bytes:
    return photo("obama")


def obama_speaking() -> bytes:
    """The same person on another day."""
    return photo("obama-speaking")


def biden() -> bytes:
    return photo("biden")


def astronaut() -> bytes:
    return photo("astronaut")


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


def encoded(image: Image.Image, kind: str = "JPEG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@cache
def webcam(data: bytes) -> bytes:
    """A portrait as a camera of 640x480 would show it."""
    return encoded(ImageOps.fit(opened(data), (640, 480)))


@cache
def two_people() -> bytes:
    """Two portraits side by side."""
    left, right = (opened(data).resize((400, 500)) for data in (obama(), biden()))
    both = Image.new("RGB", (800, 500))
    both.paste(left, (0, 0))
    both.paste(right, (400, 0))
    return encoded(both)


@cache
def between(share: float) -> bytes:
    """One portrait with so much (0..1) of the other laid over it, eyes upon eyes."""
    under, over = opened(obama()), opened(biden())
    # The similarity that takes a point of the first portrait to the second, by the eyes of both.
    (ax, ay), (bx, by) = (306, 153), (385, 150)
    (cx, cy), (dx, dy) = (193, 120), (238, 131)
    turn = complex(dx - cx, dy - cy) / complex(bx - ax, by - ay)
    move = complex(cx, cy) - turn * complex(ax, ay)
    matrix = (turn.real, -turn.imag, move.real, turn.imag, turn.real, move.imag)
    laid = over.transform(under.size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)
    return encoded(Image.blend(under, laid, share), quality=92)


@cache
def empty_room() -> bytes:
    """A well-lit wall with a picture frame; nobody there."""
    wall = Image.linear_gradient("L").resize((640, 480)).point(lambda v: 90 + v // 3)
    wall.paste(60, (80, 80, 200, 300))
    return encoded(wall.convert("RGB"))


@cache
def dark() -> bytes:
    return encoded(opened(obama()).point(lambda v: v // 12))


@cache
def bright() -> bytes:
    """The face is there, and almost white."""
    return encoded(opened(obama()).point(lambda v: min(255, 232 + v // 8)))


@cache
def blurred() -> bytes:
    return encoded(opened(obama()).filter(ImageFilter.GaussianBlur(16)))


@cache
def far_away() -> bytes:
    """A face of about 25 pixels."""
    room = opened(empty_room())
    room.paste(opened(obama()).resize((100, 125)), (300, 200))
    return encoded(room)


@cache
def cut_off(name: str, edge: str, share: float = 0.6) -> bytes:
    """A portrait of which an edge of the picture leaves this share of the face's box."""
    left, top, right, bottom = FACES[name]
    image = opened(photo(name))
    missing_x, missing_y = (right - left) * (1 - share), (bottom - top) * (1 - share)
    areas: dict[str, tuple[float, float, float, float]] = {
        "left": (left + missing_x, 0, image.width, image.height),
        "right": (0, 0, right - missing_x, image.height),
        "top": (0, top + missing_y, image.width, image.height),
        "bottom": (0, 0, image.width, bottom - missing_y),
    }
    return encoded(image.crop(areas[edge]))


@cache
def with_a_helper_at_the_edge(share: float = 0.6) -> bytes:
    """One portrait, and so much of another face as the right edge leaves."""
    helper = opened(cut_off("biden", "right", share))
    room = opened(obama())
    room.paste(helper, (room.width - helper.width, 440))
    return encoded(room)


@cache
def sideways() -> bytes:
    """The pixels lie on their side, and EXIF says which way is up."""
    turned = opened(obama()).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6
    return encoded(turned, exif=exif)


@cache
def cmyk() -> bytes:
    return encoded(opened(obama()).convert("CMYK"))


@cache
def grey_16_bit() -> bytes:
    grey = opened(obama()).convert("L").convert("I").point(lambda v: v * 256)
    return encoded(grey.convert("I;16"), "PNG")


@cache
def animated(kind: str = "PNG") -> bytes:
    first, second = opened(obama()).resize((64, 80)), opened(biden()).resize((64, 80))
    return encoded(first, kind, save_all=True, append_images=[second])


@cache
def huge_png(side: int = 30_000) -> bytes:
    """A header that promises `side` times `side` pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")
    )
