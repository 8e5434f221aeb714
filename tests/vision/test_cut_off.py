"""Faces that the edge of the picture cuts: they are there, and are never held against anybody."""

from __future__ import annotations

import pytest

from invigil.domain.observation import Identity, Template, TemplateKind, Unusable
from invigil.vision.port import VisionEngine
from tests.support import pictures


@pytest.fixture(scope="module")
def obama(engine: VisionEngine) -> Template:
    return engine.make_template(TemplateKind.REFERENCE, [pictures.obama()])


@pytest.mark.parametrize("edge", ["left", "right", "top", "bottom"])
@pytest.mark.parametrize("name", pictures.FACES)
def test_a_face_that_the_edge_cuts_is_there_and_accuses_nobody(
    engine: VisionEngine, obama: Template, name: str, edge: str
) -> None:
    picture = pictures.cut_off(name, edge)
    seen = engine.observe(picture, [obama])
    assert (seen.face_count, seen.unusable) == (1, Unusable.FACE_CUT_OFF)
    assert seen.identity is not Identity.MISMATCH
    assert not seen.clear
    with pytest.raises(ValueError, match="face_cut_off"):
        engine.make_template(TemplateKind.SESSION, [picture])


def test_half_a_face_in_the_dark_is_dark(engine: VisionEngine) -> None:
    """Light is asked for, and darkness is no reason to report anybody."""
    half = pictures.opened(pictures.cut_off("obama", "left"))
    dim = pictures.encoded(half.point(lambda v: v // 7), quality=95)
    darker = pictures.encoded(half.point(lambda v: v // 14), quality=95)
    assert engine.observe(dim).unusable is Unusable.FACE_CUT_OFF  # 20 of 255, as whole faces may be
    seen = engine.observe(darker)
    assert (seen.face_count, seen.unusable) == (1, Unusable.TOO_DARK)


def test_a_face_that_is_sure_at_once_is_used_although_the_edge_cuts_it(
    engine: VisionEngine,
) -> None:
    seen = engine.observe(pictures.cut_off("obama", "left", 0.8))
    assert seen.faces[0].score >= 0.75
    assert seen.unusable is None


def test_whoever_is_half_in_the_picture_may_be_recognised(
    engine: VisionEngine, obama: Template
) -> None:
    seen = engine.observe(pictures.cut_off("obama", "right", 0.65), [obama])
    assert (seen.unusable, seen.identity) == (Unusable.FACE_CUT_OFF, Identity.MATCH)
    (other,) = engine.observe(pictures.cut_off("biden", "right", 0.65), [obama]).faces
    assert other.box.left + other.box.width > 153 + 0.65 * 106  # beyond the edge


@pytest.mark.parametrize("share", [0.65, 0.6, 0.5])
def test_a_helper_who_is_half_in_the_picture_is_seen(
    engine: VisionEngine, obama: Template, share: float
) -> None:
    """Beside a smaller candidate too, who is the main face and is compared if much larger."""
    picture = pictures.with_a_helper_at_the_edge(share)
    seen = engine.observe(picture, [obama])
    assert (seen.face_count, seen.main, seen.unusable) == (2, 0, Unusable.SEVERAL_FACES)
    assert seen.identity is Identity.MATCH
    room = pictures.opened(picture)
    helper = pictures.opened(pictures.cut_off("biden", "right", share))
    larger = helper.resize((2 * helper.width, 2 * helper.height))
    room.paste(larger, (room.width - larger.width, 360))
    seen = engine.observe(pictures.encoded(room), [obama])
    assert (seen.face_count, seen.main, seen.identity) == (2, 0, Identity.NOT_COMPARED)
    assert seen.faces[0].box.left == pytest.approx(254, abs=8)


def test_things_at_the_edge_are_no_faces(engine: VisionEngine) -> None:
    """What surrounds a portrait, cut anywhere: nothing in it looks like half a face."""
    for name in ("obama", "biden"):
        left, _, _, bottom = pictures.FACES[name]
        portrait = pictures.opened(pictures.photo(name))
        for area in ((0, 0, left - 40, portrait.height), (0, bottom + 40, *portrait.size)):
            picture = pictures.encoded(portrait.crop(area))
            assert engine.observe(picture).face_count == 0, (name, area)
