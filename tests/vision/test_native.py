"""What is compiled gives what its slower twin gives, and touches no memory but its own."""

from __future__ import annotations

import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from invigil.demo.scenes import PEOPLE, Scene
from invigil.vision import cpu
from invigil.vision.decode import ImageDecoder
from invigil.vision.detector import BlazeFaceDetector
from invigil.vision.embedder import FaceEmbedder
from invigil.vision.factory import build_engine
from invigil.vision.geometry import RgbImage, letterbox, quickly_smaller
from invigil.vision.native import (
    KernelsMissing,
    NativeBlazeFace,
    NativeDlibResNet,
    NativeShrink,
    library,
)
from invigil.vision.networks import HEIGHTS, OnnxBlazeFace, OnnxFeatures
from invigil.vision.registry import load_registry
from invigil.vision.runtime import open_session, read_weights

pytestmark = pytest.mark.skipif(
    not cpu.runs_kernels(), reason="the compiled networks are not for this processor"
)

_DEFAULT = load_registry().engines["default"]
_GUARD = 4096


@pytest.fixture(scope="module")
def detectors() -> tuple[NativeBlazeFace, OnnxBlazeFace]:
    small, exact = _DEFAULT.detectors
    return NativeBlazeFace(read_weights(small)), OnnxBlazeFace(open_session(exact))


@pytest.fixture(scope="module")
def embedders() -> tuple[NativeDlibResNet, OnnxFeatures]:
    small, exact = _DEFAULT.embedders
    return NativeDlibResNet(read_weights(small)), OnnxFeatures(open_session(exact))


def pictures() -> list[RgbImage]:
    """Frames with a face, and what no camera sends."""
    frames = [Scene(1).frame(person) for person in PEOPLE]
    decoded = [ImageDecoder().decode(frame, needed_side=640).pixels for frame in frames]
    random = np.random.default_rng(5)
    even = [np.full((480, 640, 3), value, np.uint8) for value in (0, 255)]
    stripes = np.zeros((480, 640, 3), np.uint8)
    stripes[:, ::2] = 255
    return [*decoded, *even, stripes, random.integers(0, 256, (480, 640, 3), np.uint8)]


def certainty(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(scores.astype(np.float64), -50, 50))))


@pytest.mark.parametrize("height", HEIGHTS)
def test_the_detector_gives_nearly_the_numbers_of_the_32_bit_one(
    detectors: tuple[NativeBlazeFace, OnnxBlazeFace], height: int
) -> None:
    small, exact = detectors
    compared = 0
    for picture in pictures():
        canvas, _, _ = letterbox(picture, 256, height)
        (scores, values), (expected_scores, expected_values) = small(canvas), exact(canvas)
        assert scores.shape == expected_scores.shape
        assert values.shape == expected_values.shape
        # Whatever is looked at further: the score to two hundredths, the box to 0.7 pixels.
        near = certainty(expected_scores) > 0.05
        assert certainty(scores) == pytest.approx(certainty(expected_scores), abs=0.02)
        assert values[near] == pytest.approx(expected_values[near], abs=0.7)
        compared += int(near.sum())
    assert compared


def test_the_same_faces_are_found(detectors: tuple[NativeBlazeFace, OnnxBlazeFace]) -> None:
    limits = load_registry().detector
    small, exact = (BlazeFaceDetector(network, limits) for network in detectors)
    found = 0
    for picture in pictures():
        faces, expected = small.detect(picture), exact.detect(picture)
        assert len(faces) == len(expected)
        found += len(faces)
        for face, other in zip(faces, expected, strict=True):
            assert face.overlap(other) > 0.98
            assert np.abs(face.points - other.points).max() < 0.01 * other.side
    assert found >= len(PEOPLE)


def test_features_are_nearly_those_of_the_32_bit_network(
    detectors: tuple[NativeBlazeFace, OnnxBlazeFace],
    embedders: tuple[NativeDlibResNet, OnnxFeatures],
) -> None:
    """On LFW two faces are 0.56 to 0.97 apart where it is decided; the change is a twentieth."""
    small, exact = embedders
    detector = BlazeFaceDetector(detectors[1], load_registry().detector)
    aligned = FaceEmbedder(exact, exact, load_registry().second_look)
    chips = [
        aligned.chip(picture, face) for picture in pictures() for face in detector.detect(picture)
    ]
    stack = np.stack([*chips, pictures()[-1][:150, :150], np.zeros((150, 150, 3), np.uint8)])
    apart = np.linalg.norm(small(stack) - exact(stack), axis=1)
    assert (apart > 0).all()
    assert apart[: len(chips)].max() < 0.06
    assert apart.max() < 0.15


def test_one_by_one_is_bit_for_bit_what_all_together_are(
    embedders: tuple[NativeDlibResNet, OnnxFeatures],
) -> None:
    chips = np.random.default_rng(1).integers(0, 256, (3, 150, 150, 3), np.uint8)
    together = embedders[0](chips)
    assert np.array_equal(
        together, np.concatenate([embedders[0](chips[i : i + 1]) for i in range(3)])
    )
    assert embedders[0](chips[:0]).shape == (0, 128)


# Width, height, and the height when it is 256 wide: whatever the compiled function takes.
_SHRUNK = [
    (640, 480, 192),
    (640, 360, 144),
    (640, 640, 256),
    (640, 10, 4),
    (1280, 720, 144),
    (1280, 960, 192),
    (1280, 20, 4),
]


@pytest.mark.parametrize(("width", "height", "smaller"), _SHRUNK)
def test_pictures_are_shrunk_to_the_same_bytes(width: int, height: int, smaller: int) -> None:
    shrink = NativeShrink()
    random = np.random.default_rng(6)
    noise = [random.integers(0, 256, (height, width, 3), np.uint8) for _ in range(3)]
    extremes = random.integers(0, 2, (height, width, 3), np.uint8) * 255
    photographs = [cv2.resize(each, (width, height)).astype(np.uint8) for each in pictures()]
    for picture in (*noise, extremes, *photographs):
        done = shrink(picture, 256, smaller)
        assert np.array_equal(done, quickly_smaller(picture, 256, smaller))


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((485, 640, 3), (256, 194)),
        ((482, 640, 3), (256, 193)),
        ((480, 640, 3), (256, 193)),
        ((480, 640, 3), (320, 192)),
        ((480, 640, 4), (256, 192)),
        ((480, 640), (256, 192)),
        ((470, 1280, 3), (256, 94)),
        ((480, 1920, 3), (256, 64)),
        ((480, 320, 3), (256, 384)),
        ((192, 256, 3), (256, 192)),
    ],
)
def test_other_pictures_are_shrunk_as_everywhere(
    shape: tuple[int, ...], size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_compiled(*_: int) -> None:
        raise AssertionError(f"the compiled function was asked for {shape} as {size}")

    shrink = NativeShrink()
    monkeypatch.setattr(shrink, "_run", not_compiled)
    picture = np.random.default_rng(7).integers(0, 256, shape, np.uint8)
    assert np.array_equal(shrink(picture, *size), quickly_smaller(picture, *size))


@pytest.mark.parametrize(("width", "height"), [(640, 480), (640, 360), (1280, 720)])
def test_the_frames_of_webcams_are_shrunk_by_the_compiled_function(
    detectors: tuple[NativeBlazeFace, OnnxBlazeFace],
    width: int,
    height: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shrink = NativeShrink()
    asked: list[int] = []
    monkeypatch.setattr(shrink, "_run", lambda *arguments: asked.append(arguments[2]))
    detector = BlazeFaceDetector(detectors[0], load_registry().detector, shrink=shrink)
    detector.detect(np.zeros((height, width, 3), np.uint8))
    assert asked == [height]


def test_the_engine_uses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, ...]] = []

    def remembered(_: NativeShrink, image: RgbImage, width: int, height: int) -> RgbImage:
        asked.append(image.shape)
        return quickly_smaller(image, width, height)

    monkeypatch.setattr(NativeShrink, "__call__", remembered)
    build_engine().observe(Scene(1).frame(PEOPLE[0]))
    assert asked == [(480, 640, 3)]


def test_views_that_are_not_contiguous_are_looked_at_as_they_are(
    detectors: tuple[NativeBlazeFace, OnnxBlazeFace],
    embedders: tuple[NativeDlibResNet, OnnxFeatures],
) -> None:
    chips = np.random.default_rng(2).integers(0, 256, (1, 150, 150, 3), np.uint8)
    mirrored = chips[:, :, ::-1]
    assert np.array_equal(embedders[0](mirrored), embedders[0](mirrored.copy()))
    canvas = np.random.default_rng(2).integers(0, 256, (192, 256, 3), np.uint8)[::-1]
    assert np.array_equal(detectors[0](canvas)[0], detectors[0](canvas.copy())[0])
    picture = np.random.default_rng(2).integers(0, 256, (480, 640, 3), np.uint8)[:, ::-1]
    assert np.array_equal(
        NativeShrink()(picture, 256, 192), quickly_smaller(picture.copy(), 256, 192)
    )


def test_threads_do_not_disturb_one_another(
    detectors: tuple[NativeBlazeFace, OnnxBlazeFace],
    embedders: tuple[NativeDlibResNet, OnnxFeatures],
) -> None:
    random = np.random.default_rng(3)
    canvases = random.integers(0, 256, (8, 192, 256, 3), np.uint8)
    chips = random.integers(0, 256, (8, 1, 150, 150, 3), np.uint8)
    frames = random.integers(0, 256, (8, 480, 640, 3), np.uint8)
    shrink = NativeShrink()

    def each(number: int) -> list[NDArray[np.float32] | RgbImage]:
        smaller = shrink(frames[number], 256, 192)
        return [detectors[0](canvases[number])[0], embedders[0](chips[number]), smaller]

    alone = [each(number) for number in range(8)]
    with ThreadPoolExecutor(4) as threads:
        for _ in range(5):
            for done, expected in zip(threads.map(each, range(8)), alone, strict=True):
                for one, other in zip(done, expected, strict=True):
                    assert np.array_equal(one, other)


def test_other_shapes_are_refused(
    detectors: tuple[NativeBlazeFace, OnnxBlazeFace],
    embedders: tuple[NativeDlibResNet, OnnxFeatures],
) -> None:
    with pytest.raises(ValueError, match="200, 256"):
        detectors[0](np.zeros((200, 256, 3), np.uint8))
    with pytest.raises(ValueError, match="192, 192"):
        detectors[0](np.zeros((192, 192, 3), np.uint8))
    with pytest.raises(ValueError, match="192, 256, 1"):
        detectors[0](np.zeros((192, 256, 1), np.uint8))
    with pytest.raises(ValueError, match="chips"):
        embedders[0](np.zeros((1, 149, 150, 3), np.uint8))


def test_weights_of_another_version_are_refused() -> None:
    small, other = _DEFAULT.detectors[0], _DEFAULT.embedders[0]
    with pytest.raises(KernelsMissing, match="another version"):
        NativeBlazeFace(read_weights(other))
    with pytest.raises(KernelsMissing, match="another version"):
        NativeDlibResNet(read_weights(small))


class _Guarded:
    """Memory with marked pages on both sides."""

    def __init__(self, size: int, *, seed: int = 0) -> None:
        whole = np.full(size + 2 * _GUARD + 64, 0xA5, np.uint8)
        begin = _GUARD + (-(whole.ctypes.data + _GUARD) % 64)
        self._before, self.inside = whole[:begin], whole[begin : begin + size]
        self._behind = whole[begin + size :]
        self.inside[:] = np.random.default_rng(seed).integers(0, 256, size, np.uint8)

    @property
    def address(self) -> int:
        return int(self.inside.ctypes.data)

    def untouched(self) -> bool:
        return bool((self._before == 0xA5).all() and (self._behind == 0xA5).all())


@pytest.mark.parametrize("height", HEIGHTS)
@pytest.mark.parametrize("seed", [1, 2])
def test_the_detector_writes_only_where_it_may_and_reads_nothing_stale(
    detectors: tuple[NativeBlazeFace, OnnxBlazeFace], height: int, seed: int
) -> None:
    found = library()
    anchors = (height // 16) * 16 * 2 + (height // 32) * 8 * 6
    canvas = np.random.default_rng(4).integers(0, 256, (height, 256, 3), np.uint8)
    packed = read_weights(_DEFAULT.detectors[0])
    weights, pixels = _Guarded(len(packed)), _Guarded(canvas.size)
    weights.inside[:] = np.frombuffer(packed, np.uint8)
    pixels.inside[:] = canvas.ravel()
    # What an earlier call left behind must not matter: it begins with noise.
    scratch = _Guarded(int(found.invigil_blazeface_scratch(height)), seed=seed)
    scores, values = _Guarded(anchors * 4), _Guarded(anchors * 16 * 4)
    found.invigil_blazeface(
        pixels.address, height, weights.address, scratch.address, scores.address, values.address
    )
    assert all(each.untouched() for each in (weights, pixels, scratch, scores, values))
    assert np.array_equal(weights.inside, np.frombuffer(packed, np.uint8))
    assert np.array_equal(pixels.inside, canvas.ravel())
    expected_scores, expected_values = detectors[0](canvas)
    assert np.array_equal(scores.inside.view(np.float32), expected_scores)
    assert np.array_equal(values.inside.view(np.float32), expected_values.ravel())


@pytest.mark.parametrize("seed", [1, 2])
def test_the_embedder_writes_only_where_it_may_and_reads_nothing_stale(
    embedders: tuple[NativeDlibResNet, OnnxFeatures], seed: int
) -> None:
    found = library()
    chips = np.random.default_rng(4).integers(0, 256, (2, 150, 150, 3), np.uint8)
    packed = read_weights(_DEFAULT.embedders[0])
    weights, pixels = _Guarded(len(packed)), _Guarded(chips.size)
    weights.inside[:] = np.frombuffer(packed, np.uint8)
    pixels.inside[:] = chips.ravel()
    scratch = _Guarded(int(found.invigil_dlib_resnet_scratch()), seed=seed)
    features = _Guarded(2 * 128 * 4)
    found.invigil_dlib_resnet(pixels.address, 2, weights.address, scratch.address, features.address)
    assert all(each.untouched() for each in (weights, pixels, scratch, features))
    assert np.array_equal(features.inside.view(np.float32), embedders[0](chips).ravel())


@pytest.mark.parametrize(("width", "height", "smaller"), _SHRUNK)
@pytest.mark.parametrize("seed", [1, 2])
def test_shrinking_writes_only_where_it_may_and_everywhere_there(
    width: int, height: int, smaller: int, seed: int
) -> None:
    picture = np.random.default_rng(4).integers(0, 256, (height, width, 3), np.uint8)
    pixels, out = _Guarded(picture.size), _Guarded(smaller * 256 * 3, seed=seed)
    pixels.inside[:] = picture.ravel()
    library().invigil_shrink(pixels.address, width // 640, height, out.address)
    assert pixels.untouched()
    assert out.untouched()
    assert np.array_equal(pixels.inside, picture.ravel())
    assert np.array_equal(out.inside, quickly_smaller(picture, 256, smaller).ravel())


def test_the_library_is_compiled_from_the_sources_beside_it() -> None:
    root = Path(__file__).parents[2]
    spec = importlib.util.spec_from_file_location("hatch_build", root / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    hook = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = hook
    spec.loader.exec_module(hook)
    kernels = hook.Kernels(root)
    assert kernels.are_fresh()
    kernels._library = Path(__file__)
    assert not kernels.are_fresh()
