"""The engine on real pictures: what it measures, when it refuses to judge, whom it matches."""

from __future__ import annotations

import dataclasses
import io
from array import array
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import numpy as np
import pytest
from PIL import Image, ImageFilter

from invigil.demo.scenes import Scene
from invigil.domain.errors import ImageBroken, UnsupportedImage
from invigil.domain.observation import Identity, Observation, Template, TemplateKind, Unusable
from invigil.vision import factory
from invigil.vision.factory import build_engine
from invigil.vision.port import BatchEngine, Frame, VisionEngine
from invigil.vision.registry import load_registry
from tests.support import pictures


@pytest.fixture(scope="module")
def obama(engine: VisionEngine) -> Template:
    return engine.make_template(TemplateKind.REFERENCE, [pictures.obama()])


@pytest.mark.parametrize("name", ["obama", "obama-speaking", "biden", "astronaut"])
def test_one_face_is_usable(engine: VisionEngine, name: str) -> None:
    seen = engine.observe(pictures.photo(name))
    assert (seen.face_count, seen.main, seen.unusable) == (1, 0, None)
    assert seen.identity is Identity.NOT_COMPARED
    assert seen.comparison_score is None


def test_box_and_landmarks_are_where_the_face_is(engine: VisionEngine) -> None:
    seen = engine.observe(pictures.obama())
    assert (seen.width, seen.height) == (640, 800)
    box = seen.faces[0].box
    assert box.left + box.width / 2 == pytest.approx(348, abs=12)
    assert box.top + box.height / 2 == pytest.approx(198, abs=12)
    assert box.width == pytest.approx(185, abs=20)
    right_eye, left_eye, nose = seen.faces[0].landmarks
    assert right_eye == pytest.approx((307, 153), abs=8)
    assert left_eye == pytest.approx((385, 150), abs=8)
    assert nose == pytest.approx((346, 192), abs=10)


def test_the_box_is_in_pixels_of_the_upright_picture(engine: VisionEngine) -> None:
    upright, turned = engine.observe(pictures.obama()), engine.observe(pictures.sideways())
    assert (turned.width, turned.height) == (640, 800)
    assert turned.faces[0].box.left == pytest.approx(upright.faces[0].box.left, abs=4)
    assert turned.faces[0].box.top == pytest.approx(upright.faces[0].box.top, abs=4)


def test_the_box_is_in_pixels_of_the_full_size_picture(engine: VisionEngine) -> None:
    small = engine.observe(pictures.obama())
    large = pictures.encoded(pictures.opened(pictures.obama()).resize((1920, 2400)))
    seen = engine.observe(large)
    assert (seen.width, seen.height) == (1920, 2400)
    assert seen.faces[0].box.left == pytest.approx(3 * small.faces[0].box.left, abs=12)
    assert seen.faces[0].box.width == pytest.approx(3 * small.faces[0].box.width, abs=12)


def test_the_nearest_face_is_compared_beside_a_small_one(
    engine: VisionEngine, obama: Template
) -> None:
    room = pictures.opened(pictures.obama())
    room.paste(pictures.opened(pictures.astronaut()).resize((240, 240)), (0, 0))
    seen = engine.observe(pictures.encoded(room), [obama])
    assert seen.face_count == 2
    assert seen.unusable is Unusable.SEVERAL_FACES
    assert seen.identity is Identity.MATCH


def test_two_faces_are_seen_and_not_compared(engine: VisionEngine, obama: Template) -> None:
    seen = engine.observe(pictures.two_people(), [obama])
    assert seen.face_count == 2
    assert seen.unusable is Unusable.SEVERAL_FACES
    assert seen.identity is Identity.NOT_COMPARED
    largest = max(seen.faces, key=lambda face: face.box.width * face.box.height)
    assert seen.main is not None
    assert seen.faces[seen.main] is largest


def test_a_second_face_that_is_small_is_seen(engine: VisionEngine) -> None:
    room = pictures.opened(pictures.obama())
    room.paste(pictures.opened(pictures.astronaut()).resize((220, 220)), (0, 400))
    assert engine.observe(pictures.encoded(room)).face_count == 2


def test_nobody_there(engine: VisionEngine) -> None:
    seen = engine.observe(pictures.empty_room())
    assert (seen.face_count, seen.main, seen.unusable) == (0, None, Unusable.NO_FACE)


def covered() -> bytes:
    noise = np.random.default_rng(1).normal(12, 2, (480, 640, 3))
    return pictures.encoded(Image.fromarray(noise.clip(0, 255).astype(np.uint8)))


def taped() -> bytes:
    return pictures.encoded(Image.new("RGB", (640, 480), (120, 60, 40)))


@pytest.mark.parametrize("picture", [covered(), taped()], ids=["covered", "taped over"])
def test_a_covered_camera_does_not_claim_that_nobody_is_there(
    engine: VisionEngine, picture: bytes
) -> None:
    assert engine.observe(picture).unusable is Unusable.TOO_DARK


def test_a_blinded_camera_does_not_either(engine: VisionEngine) -> None:
    white = pictures.encoded(Image.new("RGB", (640, 480), "white"))
    assert engine.observe(white).unusable is Unusable.TOO_BRIGHT


def motion_blurred() -> bytes:
    """Smeared sideways by a fifth of the face: up and down it is as sharp as ever."""
    pixels = np.asarray(pictures.opened(pictures.astronaut())).astype(np.float32)
    smeared = np.mean([np.roll(pixels, shift, axis=1) for shift in range(-10, 11)], axis=0)
    return pictures.encoded(Image.fromarray(smeared.astype(np.uint8)))


@pytest.mark.parametrize("radius", [24, 40])
def test_a_blurred_camera_does_not_claim_that_nobody_is_there(
    engine: VisionEngine, radius: int
) -> None:
    astronaut = pictures.opened(pictures.astronaut())
    soft = pictures.encoded(astronaut.filter(ImageFilter.GaussianBlur(radius)))
    assert engine.observe(soft).unusable is Unusable.BLURRED


def test_an_empty_room_is_not_called_blurred(engine: VisionEngine) -> None:
    for seed in range(3):
        assert engine.observe(Scene(seed).frame()).unusable is Unusable.NO_FACE


UNFAIR = [
    pytest.param(pictures.dark(), Unusable.TOO_DARK, id="dark"),
    pytest.param(pictures.bright(), Unusable.TOO_BRIGHT, id="bright"),
    pytest.param(pictures.far_away(), Unusable.FACE_TOO_SMALL, id="far away"),
    pytest.param(motion_blurred(), Unusable.BLURRED, id="motion"),
]


@pytest.mark.parametrize(("picture", "reason"), UNFAIR)
def test_unfair_frames_are_not_compared(
    engine: VisionEngine, obama: Template, picture: bytes, reason: Unusable
) -> None:
    seen = engine.observe(picture, [obama])
    assert seen.face_count == 1
    assert seen.unusable is reason
    assert seen.identity is Identity.NOT_COMPARED
    assert seen.comparison_score is None
    with pytest.raises(ValueError, match=reason):
        engine.make_template(TemplateKind.SESSION, [picture])


def test_a_blurred_frame_makes_no_template_and_accuses_nobody(
    engine: VisionEngine, obama: Template
) -> None:
    own = engine.observe(pictures.blurred(), [obama])
    assert own.unusable is Unusable.BLURRED
    assert own.identity is Identity.UNCERTAIN
    with pytest.raises(ValueError, match="blurred"):
        engine.make_template(TemplateKind.SESSION, [pictures.blurred()])


def test_a_turned_head_is_never_accused(
    engine: VisionEngine, monkeypatch: pytest.MonkeyPatch, obama: Template
) -> None:
    """No bundled picture shows a head beyond 40 degrees, so the limit comes to the picture."""
    registry = load_registry()
    strict = dataclasses.replace(registry, quality=dataclasses.replace(registry.quality, yaw=20.0))
    monkeypatch.setattr(factory, "load_registry", lambda: strict)
    engine_that_sees_it_turned = build_engine()
    biden = engine.make_template(TemplateKind.REFERENCE, [pictures.biden()])
    usable = engine.observe(turned_to_the_side(), [biden])
    assert (usable.unusable, usable.identity) == (None, Identity.MISMATCH)
    turned = engine_that_sees_it_turned.observe(turned_to_the_side(), [biden])
    assert (turned.unusable, turned.identity) == (Unusable.TURNED_AWAY, Identity.UNCERTAIN)
    assert turned.comparison_score == usable.comparison_score
    # Nor beside somebody far away, where the main face is compared as if it were alone.
    room = pictures.opened(turned_to_the_side())
    room.paste(pictures.opened(pictures.astronaut()).resize((220, 220)), (0, 400))
    beside = engine.observe(pictures.encoded(room), [biden])
    assert (beside.unusable, beside.identity) == (Unusable.SEVERAL_FACES, Identity.MISMATCH)
    beside = engine_that_sees_it_turned.observe(pictures.encoded(room), [biden])
    assert (beside.unusable, beside.identity) == (Unusable.SEVERAL_FACES, Identity.UNCERTAIN)
    own = engine_that_sees_it_turned.observe(pictures.obama(), [obama])
    assert own.identity is Identity.MATCH


def test_somebody_else_is_told_apart_on_a_soft_frame_too(
    engine: VisionEngine, obama: Template
) -> None:
    soft = pictures.opened(pictures.astronaut()).filter(ImageFilter.GaussianBlur(2))
    assert engine.observe(pictures.encoded(soft), [obama]).identity is Identity.MISMATCH


def turned_to_the_side() -> bytes:
    """One half of the face squeezed, as a turned head shows it."""
    image = pictures.opened(pictures.obama())
    half = image.crop((346, 0, 640, 800)).resize((74, 800))
    wide = image.crop((0, 0, 346, 800)).resize((566, 800))
    image.paste(wide, (0, 0))
    image.paste(half, (566, 0))
    return pictures.encoded(image)


def test_pose_follows_the_head(engine: VisionEngine) -> None:
    straight = engine.observe(pictures.obama()).faces[0].pose
    turned = engine.observe(turned_to_the_side()).faces[0].pose
    mirrored = (
        engine.observe(
            pictures.encoded(
                pictures.opened(turned_to_the_side()).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            )
        )
        .faces[0]
        .pose
    )
    assert straight is not None
    assert turned is not None
    assert mirrored is not None
    assert abs(straight.yaw) < 10
    assert abs(straight.roll) < 5
    assert turned.yaw > straight.yaw + 10
    assert mirrored.yaw == pytest.approx(-turned.yaw, abs=10)


def test_a_turned_head_is_not_compared(monkeypatch: pytest.MonkeyPatch, obama: Template) -> None:
    """No bundled picture shows a head beyond 40 degrees, so the limit comes to the picture."""
    registry = load_registry()
    wider = dataclasses.replace(registry.quality.compared, yaw=20.0)
    quality = dataclasses.replace(registry.quality, yaw=20.0, compared=wider)
    strict = dataclasses.replace(registry, quality=quality)
    monkeypatch.setattr(factory, "load_registry", lambda: strict)
    seen = build_engine().observe(turned_to_the_side(), [obama])
    assert (seen.face_count, seen.unusable) == (1, Unusable.TURNED_AWAY)
    assert seen.identity is Identity.NOT_COMPARED


def test_roll_follows_the_head(engine: VisionEngine) -> None:
    tilted = pictures.opened(pictures.obama()).rotate(-20, center=(346, 190))
    pose = engine.observe(pictures.encoded(tilted)).faces[0].pose
    assert pose is not None
    assert pose.roll == pytest.approx(18, abs=6)


def test_light_does_not_change_sharpness_much(engine: VisionEngine) -> None:
    clear = pictures.opened(pictures.obama())
    dim = pictures.encoded(clear.point(lambda v: 40 + v // 4), quality=95)
    soft = pictures.encoded(clear.filter(ImageFilter.GaussianBlur(3)))
    sharp = engine.observe(pictures.obama()).sharpness
    assert engine.observe(dim).sharpness == pytest.approx(sharp, rel=0.35)
    assert engine.observe(soft).sharpness < sharp / 2


def test_the_same_person_on_another_day_matches(engine: VisionEngine, obama: Template) -> None:
    seen = engine.observe(pictures.obama_speaking(), [obama])
    assert seen.identity is Identity.MATCH
    assert seen.comparison_score is not None
    assert seen.comparison_score > 0.65
    assert seen.models == engine.models[:2]  # at the first look


@pytest.mark.parametrize("name", ["biden", "astronaut"])
def test_another_person_is_a_mismatch(engine: VisionEngine, obama: Template, name: str) -> None:
    seen = engine.observe(pictures.photo(name), [obama])
    assert seen.identity is Identity.MISMATCH
    assert seen.comparison_score is not None
    assert seen.comparison_score < 0.55


def test_whoever_lies_between_two_people_is_seen_clearly_and_not_recognised(
    engine: VisionEngine, obama: Template
) -> None:
    """From the one to the other: recognised, then in doubt, then told apart."""
    shares = np.arange(0.5, 0.7, 0.005)
    seen = [engine.observe(pictures.between(float(share)), [obama]) for share in shares]
    order = [Identity.MATCH, Identity.UNCERTAIN, Identity.MISMATCH]
    places = [order.index(each.identity) for each in seen]
    assert places == sorted(places)
    assert set(places) == {0, 1, 2}
    assert [each.clear for each in seen] == [each.identity is not Identity.MATCH for each in seen]


def test_one_matching_template_is_enough(engine: VisionEngine, obama: Template) -> None:
    session = engine.make_template(TemplateKind.SESSION, [pictures.biden(), pictures.biden()])
    assert len(session.vectors) == 2
    seen = engine.observe(pictures.biden(), [obama, session])
    assert seen.identity is Identity.MATCH


def test_templates_of_another_model_are_never_compared(
    engine: VisionEngine, obama: Template
) -> None:
    foreign = Template(obama.kind, "another@1", obama.vectors)
    empty = Template(obama.kind, obama.model, ())
    seen = engine.observe(pictures.obama(), [foreign, empty])
    assert seen.identity is Identity.NOT_COMPARED
    assert seen.comparison_score is None


@pytest.mark.parametrize("width", [1, 128, 576, 2304])
def test_templates_of_another_width_are_never_compared(
    engine: VisionEngine, obama: Template, width: int
) -> None:
    """128 are as wide as the first network's features alone, which is no template either."""
    assert obama.width == 1152
    features = array("f", [*obama.vectors[0], *obama.vectors[0]])
    cut = tuple(features[at : at + width] for at in range(0, len(features), width))
    foreign = Template(obama.kind, obama.model, cut)
    seen = engine.observe(pictures.obama(), [foreign])
    assert (seen.identity, seen.comparison_score) == (Identity.NOT_COMPARED, None)
    # It harms nobody who has another.
    seen = engine.observe(pictures.obama(), [foreign, obama])
    assert seen.identity is Identity.MATCH


@pytest.mark.parametrize(
    "images", [[], [pictures.empty_room()], [pictures.obama(), pictures.two_people()]]
)
def test_no_template_without_one_usable_face_on_each_image(
    engine: VisionEngine, images: list[bytes]
) -> None:
    with pytest.raises(ValueError, match="image"):
        engine.make_template(TemplateKind.REFERENCE, images)


def test_jpeg_is_upright_small_and_without_metadata(engine: VisionEngine) -> None:
    data = engine.jpeg(pictures.sideways(), max_side=400)
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "JPEG"
        assert image.size == (320, 400)
        assert not image.getexif()
    assert engine.observe(data).face_count == 1


def test_jpeg_never_enlarges_and_keeps_colours(engine: VisionEngine) -> None:
    red = pictures.encoded(Image.new("RGB", (100, 60), (200, 30, 10)), "PNG")
    with Image.open(io.BytesIO(engine.jpeg(red))) as image:
        assert image.size == (100, 60)
        assert image.getpixel((50, 30)) == pytest.approx((200, 30, 10), abs=4)
    with pytest.raises(ImageBroken):
        engine.jpeg(b"")


def test_many_at_once_are_seen_as_each_alone(engine: VisionEngine, obama: Template) -> None:
    batched = cast("BatchEngine", engine)
    frames = [pictures.obama(), b"no picture", pictures.biden(), pictures.two_people()] * 3
    frames += [pictures.dark(), pictures.obama_speaking()]
    asked = [Frame(frame, [obama] if number != 2 else []) for number, frame in enumerate(frames)]
    together = batched.observe_many(asked)
    assert len(together) == len(asked)
    for seen, asked_for in zip(together, asked, strict=True):
        frame, templates = asked_for.image, asked_for.templates
        if frame == b"no picture":
            assert isinstance(seen, UnsupportedImage)
            continue
        alone = engine.observe(frame, templates)
        assert isinstance(seen, Observation)
        assert seen.comparison_score == pytest.approx(alone.comparison_score, abs=1e-5)
        same = dataclasses.replace(seen, comparison_score=alone.comparison_score)
        assert same == alone
    assert batched.observe_many([]) == []


def test_threads_share_an_engine(engine: VisionEngine, obama: Template) -> None:
    frames = [pictures.obama(), pictures.biden(), pictures.two_people(), pictures.dark()] * 3
    alone = [engine.observe(frame, [obama]) for frame in frames]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda frame: engine.observe(frame, [obama]), frames))
    assert together == alone


def test_an_unknown_engine_is_named() -> None:
    with pytest.raises(ValueError, match="no vision engine 'other'"):
        build_engine("other")
