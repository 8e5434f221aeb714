"""What comes from outside is refused early, or becomes an upright RGB picture."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from invigil.domain import errors
from invigil.vision.decode import FRAME, PHOTO, DecodeLimits, Effort, ImageDecoder
from invigil.vision.plain import scans
from tests.support import pictures

DECODER = ImageDecoder()
WHOLE = 100_000


def shown(data: bytes, needed_side: int = WHOLE) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return DECODER.decode(data, needed_side=needed_side).pixels


def corners(side: int = 64) -> Image.Image:
    """Red at the left top, green at the right top, blue at the left bottom, white elsewhere."""
    image = Image.new("RGB", (2 * side, side), "white")
    half = side // 2
    image.paste((255, 0, 0), (0, 0, half, half))
    image.paste((0, 255, 0), (2 * side - half, 0, 2 * side, half))
    image.paste((0, 0, 255), (0, side - half, half, side))
    return image


REFUSED = [
    pytest.param(b"", errors.ImageBroken, id="nothing"),
    pytest.param(b"hello, this is text", errors.UnsupportedImage, id="text"),
    pytest.param(b"<svg xmlns='http://www.w3.org/2000/svg'/>", errors.UnsupportedImage, id="svg"),
    pytest.param(b"RIFF\x10\x00\x00\x00WAVEfmt ", errors.UnsupportedImage, id="sound"),
    pytest.param(b"\xff\xd8\xff", errors.ImageBroken, id="only the start of a JPEG"),
    pytest.param(b"\x89PNG\r\n\x1a\n", errors.ImageBroken, id="only the start of a PNG"),
    pytest.param(b"RIFF\x04\x00\x00\x00WEBP", errors.ImageBroken, id="only the start of a WebP"),
    pytest.param(b"\xff\xd8\xff" + bytes(5 * 1024 * 1024), errors.ImageTooLarge, id="6 MB"),
]


@pytest.mark.parametrize(("data", "error"), REFUSED)
def test_no_picture_is_refused(data: bytes, error: type[errors.ImageRefused]) -> None:
    with pytest.raises(error):
        shown(data)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(errors.UnsupportedImage):
        shown(pictures.encoded(corners(), kind))


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_animations_are_refused(kind: str) -> None:
    with pytest.raises(errors.ImageAnimated):
        shown(pictures.animated(kind))


def test_a_huge_picture_is_refused_before_it_takes_memory() -> None:
    data = pictures.huge_png()
    tracemalloc.start()
    try:
        with pytest.raises(errors.ImageTooManyPixels):
            shown(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def huge_webp() -> bytes:
    """An extended header that promises 16,000 x 16,000 pixels."""
    content = bytes(4) + (15_999).to_bytes(3, "little") * 2
    body = b"WEBPVP8X" + len(content).to_bytes(4, "little") + content + bytes(64)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def huge_jpeg() -> bytes:
    """The size in the frame header of a small JPEG, overwritten with 20,000 x 20,000."""
    data = bytearray(pictures.encoded(corners()))
    frame = data.index(b"\xff\xc0")
    data[frame + 5 : frame + 9] = (20_000).to_bytes(2, "big") * 2
    return bytes(data)


@pytest.mark.parametrize("data", [huge_webp(), huge_jpeg()], ids=["webp", "jpeg"])
def test_size_is_read_from_the_header(data: bytes) -> None:
    with pytest.raises(errors.ImageTooManyPixels):
        shown(data)


def test_the_limits_are_a_setting() -> None:
    strict = ImageDecoder(DecodeLimits(max_bytes=1_000_000, max_pixels=1_000))
    with pytest.raises(errors.ImageTooManyPixels):
        strict.decode(pictures.obama(), needed_side=WHOLE)
    with pytest.raises(errors.ImageTooLarge):
        strict.decode(bytes(1_000_001), needed_side=WHOLE)


def blank(kind: str, size: tuple[int, int], **options: object) -> bytes:
    """Large in pixels and small in bytes."""
    return pictures.encoded(Image.new("L", size, 90), kind, **options)


PROGRESSIVE = {"progressive": True, "optimize": True}


@pytest.mark.parametrize(
    ("data", "effort"),
    [
        (blank("PNG", (4000, 3000)), FRAME),
        (blank("WEBP", (2560, 1700), lossless=True), FRAME),
        (blank("JPEG", (4000, 3000), **PROGRESSIVE), FRAME),
        (blank("PNG", (6000, 4000)), PHOTO),
        (blank("WEBP", (6000, 4000), lossless=True), PHOTO),
    ],
    ids=["PNG", "WebP", "progressive JPEG", "photo in PNG", "photo in WebP"],
)
def test_a_small_file_that_costs_much_is_refused(data: bytes, effort: Effort) -> None:
    assert len(data) < 100_000
    with pytest.raises(errors.ImageTooManyPixels) as refused:
        DECODER.decode(data, needed_side=800, effort=effort)
    assert refused.value.fix == effort.fix


@pytest.mark.parametrize(
    ("data", "effort"),
    [
        (blank("PNG", (2048, 2048)), FRAME),
        (blank("JPEG", (7000, 5000)), FRAME),
        (blank("JPEG", (1920, 1080), **PROGRESSIVE), FRAME),
        (blank("PNG", (4032, 3024)), PHOTO),
        (blank("JPEG", (7000, 5000), **PROGRESSIVE), PHOTO),
    ],
    ids=["PNG", "JPEG", "progressive JPEG", "photo in PNG", "photo in progressive JPEG"],
)
def test_what_a_camera_or_telephone_makes_is_a_picture(data: bytes, effort: Effort) -> None:
    picture = DECODER.decode(data, needed_side=800, effort=effort)
    assert picture.width > picture.pixels.shape[1] or picture.scale == 1


def with_scans(data: bytes, more: int, *, before: bytes = b"") -> bytes:
    """A progressive JPEG whose last scan comes so many times more, with `before` before each."""
    last = data.rindex(b"\xff\xda")
    return data[:-2] + (before + data[last:-2]) * more + data[-2:]


@pytest.mark.parametrize(
    "before",
    [b"", b"\xff", b"\xff\xd0", b"\xff\x01", b"anything"],
    ids=["plainly", "filled up", "with a restart", "with a mark", "with bytes between"],
)
def test_a_jpeg_of_many_scans_is_refused(before: bytes) -> None:
    """Each goes over all pixels again: this one, as large as is allowed, would take minutes."""
    data = with_scans(blank("JPEG", (2000, 1500), **PROGRESSIVE), 1_000, before=before)
    with pytest.raises(errors.ImageTooManyPixels):
        shown(data)


def test_scans_of_a_thumbnail_and_of_a_film_behind_the_picture_do_not_count() -> None:
    exif = Image.Exif()
    exif[0x010E] = "\u00ff\u00da" * 50
    data = blank("JPEG", (1600, 1200), **PROGRESSIVE, exif=exif, quality=80)
    marks = b"\xff\xda" * 1_000
    assert shown(data + marks).shape == (1200, 1600, 3)
    assert scans(data + marks) == scans(data) < 12


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.9, 0.995])
def test_a_cut_picture_is_refused(kind: str, kept: float) -> None:
    data = pictures.encoded(pictures.opened(pictures.biden()), kind)
    with pytest.raises(errors.ImageBroken):
        shown(data[: int(len(data) * kept)])


def test_a_cut_progressive_jpeg_is_refused() -> None:
    data = pictures.encoded(pictures.opened(pictures.biden()), progressive=True)
    with pytest.raises(errors.ImageBroken):
        shown(data[: len(data) // 2])


@pytest.mark.parametrize("needed", [WHOLE, 100])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_metadata_does_not_change_what_is_shown(mode: str, needed: int) -> None:
    image = pictures.opened(pictures.biden()).convert(mode)
    bare, told = pictures.encoded(image), pictures.encoded(image, comment=b"at home")
    assert np.array_equal(shown(bare, needed), shown(told, needed))


def test_data_behind_a_jpeg_is_no_harm() -> None:
    """Phones append films and depth maps."""
    data = pictures.encoded(corners())
    assert np.array_equal(shown(data), shown(data + b"\x00film" * 100))


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_comes_out_upright(kind: str, orientation: int) -> None:
    stored = {
        1: corners(),
        2: corners().transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: corners().transpose(Image.Transpose.ROTATE_180),
        4: corners().transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: corners().transpose(Image.Transpose.TRANSPOSE),
        6: corners().transpose(Image.Transpose.ROTATE_90),
        7: corners().transpose(Image.Transpose.TRANSVERSE),
        8: corners().transpose(Image.Transpose.ROTATE_270),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    picture = DECODER.decode(pictures.encoded(stored, kind, exif=exif), needed_side=WHOLE)
    assert (picture.width, picture.height) == (128, 64)
    assert picture.pixels.shape == (64, 128, 3)
    expected = np.asarray(corners()).astype(int)
    assert np.abs(picture.pixels.astype(int) - expected).mean() < 8


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_broken_metadata_is_no_reason_to_refuse() -> None:
    exif = b"Exif\x00\x00II*\x00\xff\xff\xff\xff"
    assert shown(pictures.encoded(corners(), exif=exif)).shape == (64, 128, 3)


def test_grey_palette_and_cmyk_keep_their_look() -> None:
    original = pictures.opened(pictures.biden())
    grey = np.asarray(original.convert("L")).astype(int)
    for data in (
        pictures.encoded(original.convert("L")),
        pictures.encoded(original.convert("L"), "PNG"),
    ):
        assert np.abs(shown(data)[:, :, 0].astype(int) - grey).mean() < 3
    colour = np.asarray(original).astype(int)
    for data in (
        pictures.encoded(original.convert("P", palette=Image.Palette.ADAPTIVE), "PNG"),
        pictures.encoded(original.convert("CMYK")),
    ):
        assert np.abs(shown(data).astype(int) - colour).mean() < 6


def test_16_bits_of_grey_are_scaled_not_clipped() -> None:
    values = np.linspace(0, 65535, 256, dtype=np.uint16)[None].repeat(8, axis=0)
    data = pictures.encoded(Image.fromarray(values), "PNG")
    assert np.abs(shown(data)[0, :, 0].astype(int) - np.arange(256)).max() <= 1


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_shown_on_white(mode: str) -> None:
    clear = Image.new(mode, (8, 8), 0)
    assert (shown(pictures.encoded(clear, "PNG")) == 255).all()


def test_a_transparent_palette_colour_is_shown_on_white() -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    assert (shown(pictures.encoded(palette, "PNG", transparency=0)) == 255).all()


def test_a_large_jpeg_is_shrunk_while_decoded_and_keeps_its_size() -> None:
    large = pictures.opened(pictures.obama()).resize((2560, 3200))
    picture = DECODER.decode(pictures.encoded(large), needed_side=800)
    assert picture.pixels.shape == (800, 640, 3)
    assert (picture.width, picture.height, picture.scale) == (2560, 3200, 4)
    small = np.asarray(large.resize((640, 800))).astype(int)
    assert np.abs(picture.pixels.astype(int) - small).mean() < 4


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (3000, 2)])
def test_odd_shapes_are_pictures_too(size: tuple[int, int]) -> None:
    picture = DECODER.decode(pictures.encoded(Image.new("RGB", size), "PNG"), needed_side=800)
    assert (picture.width, picture.height) == size


@pytest.mark.parametrize("size", [(4120, 6), (3, 8000)])
def test_a_thin_jpeg_with_something_behind_it_is_a_picture(size: tuple[int, int]) -> None:
    data = pictures.encoded(Image.new("RGB", size), "JPEG") + b"a film"
    picture = DECODER.decode(data, needed_side=800)
    assert (picture.width, picture.height) == size


def _decodes_or_refuses(data: bytes) -> None:
    try:
        picture = DECODER.decode(data, needed_side=800)
    except errors.ImageRefused:
        return
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels.shape[2] == 3


STARTS = [b"", b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\x00\x00\x00WEBPVP8X"]
EXIF = Image.Exif()
EXIF[0x0112] = 6
SMALL = [
    pictures.encoded(corners(16), kind, **options)
    for kind, options in (
        ("JPEG", {"exif": EXIF}),
        ("JPEG", {"progressive": True}),
        ("PNG", {"exif": EXIF}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True}),
    )
]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=200))
def test_random_bytes_never_escape(start: bytes, data: bytes) -> None:
    _decodes_or_refuses(start + data)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SMALL), st.floats(0, 1))
def test_cut_files_never_escape(data: bytes, kept: float) -> None:
    _decodes_or_refuses(data[: int(len(data) * kept)])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(SMALL),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 7)), max_size=6),
)
def test_flipped_bits_never_escape(data: bytes, flips: list[tuple[float, int]]) -> None:
    changed = bytearray(data)
    for place, bit in flips:
        changed[int(place * len(changed))] ^= 1 << bit
    _decodes_or_refuses(bytes(changed))
