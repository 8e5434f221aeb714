"""What the embedder sees at a second look, on real pictures."""

from __future__ import annotations

import numpy as np
import pytest

from invigil.vision.compare import joint_nearness
from invigil.vision.decode import ImageDecoder
from invigil.vision.detection import Detection
from invigil.vision.detector import BlazeFaceDetector
from invigil.vision.embedder import FaceEmbedder
from invigil.vision.geometry import RgbImage
from invigil.vision.networks import HEIGHTS, OnnxBlazeFace, OnnxFeatures
from invigil.vision.registry import Task, load_registry
from invigil.vision.runtime import open_session
from tests.support import pictures


@pytest.fixture(scope="module")
def faces() -> dict[str, tuple[RgbImage, Detection]]:
    registry = load_registry()
    model = registry.model_for(Task.DETECTOR)
    sessions = {h: open_session(model, fixed={"batch": 1, "height": h}) for h in HEIGHTS}
    detector = BlazeFaceDetector(OnnxBlazeFace(sessions), registry.detector)
    found = {}
    for name in ("obama", "biden", "astronaut"):
        pixels = ImageDecoder().decode(pictures.photo(name), needed_side=800).pixels
        found[name] = (pixels, detector.detect(pixels)[0])
    return found


@pytest.fixture(scope="module")
def embedder() -> FaceEmbedder:
    registry = load_registry()
    second = registry.engines["default"].second
    assert second is not None
    resnet = OnnxFeatures(open_session(registry.model_for(Task.EMBEDDER)))
    return FaceEmbedder(resnet, OnnxFeatures(open_session(second)), registry.second_look)


def test_a_second_look_sees_with_both_networks(
    embedder: FaceEmbedder, faces: dict[str, tuple[RgbImage, Detection]]
) -> None:
    firsts = embedder.embed_many(list(faces.values()))
    seconds = embedder.look_again(list(faces.values()), list(firsts))
    templates = np.stack([embedder.embed_well(*face) for face in faces.values()])
    assert firsts.shape == (3, 128)
    assert templates.shape == (3, 1152)
    for place, second in enumerate(seconds):
        scores = [joint_nearness(second.features, template[None]) for template in templates]
        assert int(np.argmax(scores)) == place
        assert scores[place] > 0.8
        assert sorted(scores)[-2] < 0.55
        # The second network counts for itself, not only the first.
        resnet = second.features.copy()
        resnet[128:] = templates[place, 128:]
        assert joint_nearness(resnet, templates[place][None]) > scores[place]


def test_faces_are_looked_at_again_each_for_itself(
    embedder: FaceEmbedder, faces: dict[str, tuple[RgbImage, Detection]]
) -> None:
    pairs = list(faces.values())
    firsts = list(embedder.embed_many(pairs))
    together = embedder.look_again(pairs, firsts)
    alone = [embedder.look_again([p], [f])[0] for p, f in zip(pairs, firsts, strict=True)]
    for one, other in zip(together, alone, strict=True):
        assert one.features == pytest.approx(other.features, abs=1e-5)
        assert one.disagreement == pytest.approx(other.disagreement, abs=1e-5)


def test_what_lies_beyond_the_picture_is_no_black_bar(
    embedder: FaceEmbedder, faces: dict[str, tuple[RgbImage, Detection]]
) -> None:
    """The second network's cut is wide, and a face at the edge is common: it is no other face."""
    pixels, face = faces["obama"]
    left, top, right, bottom = (int(x) for x in face.box)
    cut = np.ascontiguousarray(pixels[top:bottom, left:right])
    moved = Detection(
        face.box - np.array([left, top, left, top], np.float32),
        face.score,
        face.points - np.array([left, top], np.float32),
    )
    (whole, narrow) = (
        embedder.look_again([each], list(embedder.embed_many([each])))[0]
        for each in ((pixels, face), (cut, moved))
    )
    assert joint_nearness(narrow.features, whole.features[None]) > 0.84  # 0.82 with black
