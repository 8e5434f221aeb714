"""A face that has not left is recognised without comparing features, for one frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from invigil.demo.scenes import Scene
from invigil.domain.errors import ImageRefused
from invigil.domain.observation import Identity, Observation, Template, TemplateKind, Trace
from invigil.vision import tracker
from invigil.vision.factory import build_engine
from invigil.vision.port import BatchEngine, Frame
from tests.support import pictures


@pytest.fixture(scope="module")
def engine() -> BatchEngine:
    return build_engine()


@pytest.fixture(scope="module")
def obama(engine: BatchEngine) -> Template:
    return engine.make_template(TemplateKind.REFERENCE, [pictures.obama()])


def seen(engine: BatchEngine, *frames: Frame) -> list[Observation]:
    found = engine.observe_many(frames)
    assert not any(isinstance(each, ImageRefused) for each in found)
    return [each for each in found if isinstance(each, Observation)]


def looks(seed: int) -> Trace:
    random = np.random.default_rng(seed)
    return Trace("m@1", random.integers(0, 256, tracker.SIDE**2, np.uint8).tobytes())


def test_a_face_that_has_not_left_is_recognised_without_its_features(
    engine: BatchEngine, obama: Template
) -> None:
    room = Scene(1)  # as before a webcam: each frame a little moved, lit and noisy in another way
    (first,) = seen(engine, Frame(room.frame("obama"), [obama]))
    assert first.trace is not None
    (second,) = seen(engine, Frame(room.frame("obama"), [obama], first.trace))
    assert second.identity is Identity.MATCH
    assert second.comparison_score is None
    assert second.models == (engine.models[0], tracker.NAME)
    # Nobody is recognised so twice in a row: the next frame has nothing to go by.
    assert second.trace is None


@pytest.mark.parametrize("picture", [pictures.biden, pictures.obama_speaking])
def test_another_face_or_another_posture_is_compared(
    engine: BatchEngine, obama: Template, picture: object
) -> None:
    assert callable(picture)
    (first,) = seen(engine, Frame(pictures.obama(), [obama]))
    with_trace, without = seen(
        engine, Frame(picture(), [obama], first.trace), Frame(picture(), [obama])
    )
    assert with_trace.comparison_score is not None
    assert with_trace == without


def test_who_was_not_recognised_leaves_no_trace(engine: BatchEngine, obama: Template) -> None:
    stranger, alone, two = seen(
        engine,
        Frame(pictures.biden(), [obama]),
        Frame(pictures.obama()),
        Frame(pictures.two_people(), [obama]),
    )
    assert [each.trace for each in (stranger, alone, two)] == [None] * 3


def test_without_a_template_nobody_is_recognised(engine: BatchEngine, obama: Template) -> None:
    """Whoever withdrew consent to be compared is not compared so either."""
    (first,) = seen(engine, Frame(pictures.obama(), [obama]))
    foreign = replace(obama, model="another@1")
    for templates in ([], [foreign]):
        (later,) = seen(engine, Frame(pictures.obama(), templates, first.trace))
        assert later.identity is Identity.NOT_COMPARED


def test_a_trace_of_another_model_counts_for_nothing(engine: BatchEngine, obama: Template) -> None:
    (first,) = seen(engine, Frame(pictures.obama(), [obama]))
    assert first.trace is not None
    foreign = replace(first.trace, model="another@1")
    (later,) = seen(engine, Frame(pictures.obama(), [obama], foreign))
    assert later.comparison_score is not None


def test_light_changes_nothing_and_another_look_does() -> None:
    one = looks(1)
    grey = np.frombuffer(one.look, np.uint8)
    dim = Trace("m@1", (grey // 2 + 20).astype(np.uint8).tobytes())
    assert tracker.correlation(one, dim) > 0.99
    assert tracker.has_not_left(one, dim, 0.97)
    assert abs(tracker.correlation(one, looks(2))) < 0.2
    assert not tracker.has_not_left(one, looks(2), 0.97)
    even = Trace("m@1", bytes([80]) * tracker.SIDE**2)
    assert tracker.correlation(even, even) == 0


def test_nothing_of_a_face_is_told(obama: Template) -> None:
    """Small as a trace is, it is of a face: no log shows it, nor a template or a picture."""
    shown = repr(Frame(b"picture", [obama], looks(1)))
    assert "picture" not in shown
    assert "array" not in shown
    assert "look" not in repr(looks(1))
    assert repr(looks(1).look) not in repr(looks(1))
