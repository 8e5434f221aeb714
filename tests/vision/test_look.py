"""What is kept of a picture: the bytes that came when they are bare, a new JPEG otherwise."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image

from invigil.domain.errors import ImageBroken
from invigil.vision.look import MAX_SIDE, Seen, look
from invigil.vision.plain import is_plain_jpeg, plain_size
from invigil.vision.port import Frame, VisionEngine
from tests.support import pictures


def jpeg(size: tuple[int, int] = (320, 240), mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    noise = Image.effect_noise(size, 60).convert(mode)
    noise.save(out, "JPEG", **options)
    return out.getvalue()


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = 6
    found[0x010F] = "A maker who is nobody's business"
    return found


def segment(kind: int, body: bytes) -> bytes:
    return bytes((0xFF, kind)) + (len(body) + 2).to_bytes(2, "big") + body


def with_segment(kind: int, body: bytes) -> bytes:
    plain = jpeg()
    return plain[:2] + segment(kind, body) + plain[2:]


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"optimize": True}, {"subsampling": 0}, {"restart_marker_rows": 1}],
)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_bare_jpeg_is_plain(mode: str, options: dict[str, Any]) -> None:
    assert is_plain_jpeg(jpeg(mode=mode, **options))


@pytest.mark.parametrize(
    "data",
    [
        jpeg(exif=exif()),
        jpeg(comment=b"me, at home"),
        jpeg(icc_profile=b"profile"),
        jpeg(mode="CMYK"),
        jpeg() + b"a film",
        jpeg()[:-2],
        jpeg()[:-2] + b"\xff\xfe\x00\x04ab\xff\xd9",
        with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\x00<x/>"),
        with_segment(0xE0, b"JFXX\x00\x10thumbnail"),
        with_segment(0xE0, b"JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01abc"),
        with_segment(0xED, b"Photoshop 3.0\x00"),
        with_segment(0xFE, b"a comment"),
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xd9",
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_whatever_carries_more_than_the_picture_is_not(data: bytes) -> None:
    assert not is_plain_jpeg(data)


def test_no_bytes_make_it_fail() -> None:
    chance = random.Random(5)  # noqa: S311 - damage
    whole = jpeg((64, 48), restart_marker_rows=1)
    for _ in range(3000):
        data = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(min(len(data), 700))] = chance.randrange(256)
        damaged = bytes(data[: chance.randrange(len(data) + 1)])
        is_plain_jpeg(damaged)
        plain_size(damaged)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_size_of_a_plain_jpeg_stands_in_its_header(mode: str, options: dict[str, Any]) -> None:
    assert plain_size(jpeg((321, 123), mode, **options)) == (321, 123)


def in_12_bits() -> bytes:
    whole = bytearray(jpeg())
    whole[whole.index(b"\xff\xc0") + 4] = 12
    return bytes(whole)


def with_two_frames() -> bytes:
    whole = jpeg()
    frame = whole.index(b"\xff\xc0")
    behind = frame + 2 + int.from_bytes(whole[frame + 2 : frame + 4], "big")
    return whole[:behind] + whole[frame:behind] + whole[behind:]


@pytest.mark.parametrize(
    "data",
    [
        jpeg(exif=exif()),
        jpeg(mode="CMYK"),
        with_segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x00"),
        in_12_bits(),
        with_two_frames(),
        jpeg()[:100],
        b"",
    ],
)
def test_the_size_of_any_other_is_left_to_a_real_reader(data: bytes) -> None:
    assert plain_size(data) is None


def seen(engine: VisionEngine, image: bytes) -> Seen:
    (found,) = look(engine, [Frame(image)])
    assert isinstance(found, Seen)
    return found


def test_a_bare_picture_is_kept_as_it_came(engine: VisionEngine) -> None:
    assert seen(engine, jpeg()).jpeg is None


@pytest.mark.parametrize(
    "image", [jpeg(exif=exif()), jpeg((MAX_SIDE + 2, 300)), jpeg() + b"a film"]
)
def test_any_other_is_encoded_anew(engine: VisionEngine, image: bytes) -> None:
    kept = seen(engine, image).jpeg
    assert kept is not None
    assert is_plain_jpeg(kept)
    assert max(Image.open(io.BytesIO(kept)).size) <= MAX_SIDE
    assert not Image.open(io.BytesIO(kept)).getexif()


def test_several_give_what_each_gives_alone(engine: VisionEngine) -> None:
    images = [pictures.obama(), b"no picture", jpeg(), pictures.two_people()]
    together = look(engine, [Frame(image) for image in images])
    for image, found in zip(images, together, strict=True):
        (alone,) = look(engine, [Frame(image)])
        if isinstance(alone, Seen):
            assert isinstance(found, Seen)
            assert found.observation.face_count == alone.observation.face_count
            assert found.observation.unusable == alone.observation.unusable
            assert found.jpeg == alone.jpeg
        else:
            assert type(found) is type(alone)
    assert isinstance(together[1], Exception)


def test_a_cut_picture_is_refused_and_never_kept(engine: VisionEngine) -> None:
    whole = pictures.obama()
    (found,) = look(engine, [Frame(whole[: len(whole) // 2])])
    assert isinstance(found, ImageBroken)
