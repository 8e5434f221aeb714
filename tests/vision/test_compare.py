"""Thresholds, and how several templates of one person are taken together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from invigil.domain.observation import Identity, Template, TemplateKind, vector
from invigil.vision.compare import (
    Compared,
    comparable,
    compare,
    directional_nearness,
    joint,
    joint_nearness,
    template_score,
    unlikeness,
)
from invigil.vision.registry import ComparisonThresholds, SecondLookWeights

THRESHOLDS = {
    TemplateKind.REFERENCE: ComparisonThresholds(match=0.5, mismatch=0.25),
    TemplateKind.SESSION: ComparisonThresholds(match=0.75, mismatch=0.5),
}
WEIGHTS = SecondLookWeights(resnet=0.4, other=0.08, span=195.0)
FEATURES = np.zeros(128, dtype=np.float32)


def at(score: float, kind: TemplateKind = TemplateKind.REFERENCE) -> Template:
    """A template that FEATURES reach with this score."""
    return Template(kind, "model@1", (vector((1 - score, *[0.0] * 127)),))


@pytest.mark.parametrize(
    ("score", "kind", "identity"),
    [
        (1.0, TemplateKind.REFERENCE, Identity.MATCH),
        (0.5, TemplateKind.REFERENCE, Identity.MATCH),
        (0.375, TemplateKind.REFERENCE, Identity.UNCERTAIN),
        (0.25, TemplateKind.REFERENCE, Identity.UNCERTAIN),
        (0.125, TemplateKind.REFERENCE, Identity.MISMATCH),
        (0.625, TemplateKind.SESSION, Identity.UNCERTAIN),
        (0.375, TemplateKind.SESSION, Identity.MISMATCH),
    ],
)
def test_one_template(score: float, kind: TemplateKind, identity: Identity) -> None:
    assert compare(FEATURES, [at(score, kind)], THRESHOLDS)[:2] == (identity, score)


def test_other_features_may_accuse_than_recognise() -> None:
    near, far = FEATURES, FEATURES + np.float32(1.0)
    assert compare(near, [at(0.375)], THRESHOLDS, accusing=far)[0] is Identity.MISMATCH
    assert compare(far, [at(0.375)], THRESHOLDS, accusing=near)[0] is Identity.UNCERTAIN
    # Whoever is recognised is not accused, whatever the others say.
    assert compare(near, [at(0.75)], THRESHOLDS, accusing=far)[:2] == (Identity.MATCH, 0.75)


def test_on_a_clear_frame_all_features_have_a_say_in_a_mismatch() -> None:
    """The accusing ones say no; those that recognise do, below thresholds of their own."""
    near, far = FEATURES, FEATURES + np.float32(1.0)
    thresholds = {
        kind: ComparisonThresholds(each.match, each.mismatch, clear_mismatch=0.375)
        for kind, each in THRESHOLDS.items()
    }
    low, high = [at(0.25)] * 2, [at(0.4375)] * 2

    def outcome(templates: list[Template], *, doubt: float = 0.0, clear: bool = True) -> Identity:
        return compare(near, templates, thresholds, doubt=doubt, clear=clear)[0]

    assert outcome(low) is Identity.MISMATCH
    assert outcome(low, clear=False) is Identity.UNCERTAIN
    assert outcome(low, doubt=0.25) is Identity.UNCERTAIN
    assert outcome(high) is Identity.UNCERTAIN
    assert outcome([*low[:1], *high[:1]]) is Identity.MISMATCH
    assert outcome([*low[:1], *high[:1]], doubt=0.0625) is Identity.UNCERTAIN
    assert outcome([at(0.5), *low]) is Identity.MATCH
    # They were set for two templates together: a check-in has the photo alone.
    assert outcome(low[:1]) is Identity.UNCERTAIN
    # Without such thresholds it is as on any other frame.
    assert compare(near, low, THRESHOLDS, clear=True)[0] is Identity.UNCERTAIN
    # And they take nothing away from what the accusing features say.
    assert compare(near, high, thresholds, accusing=far, clear=True)[0] is Identity.MISMATCH


def test_on_a_clear_frame_the_photo_alone_is_not_enough() -> None:
    """One that matches is enough everywhere else; here they must reach thresholds together."""
    thresholds = {
        kind: replace(each, clear_mismatch=0.375, clear_match=0.5)
        for kind, each in THRESHOLDS.items()
    }
    apart = [at(0.5), at(0.375, TemplateKind.SESSION)]
    near = [at(0.5), at(0.5, TemplateKind.SESSION)]
    old_photo = [at(0.125), at(0.75, TemplateKind.SESSION)]

    def outcome(
        templates: list[Template], *, clear: bool = True, before: Compared | None = None
    ) -> Compared:
        return compare(FEATURES, templates, thresholds, clear=clear, before=before)

    reference = (TemplateKind.REFERENCE,)
    assert outcome(near) == (Identity.MATCH, 0.5, reference)
    assert outcome(apart) == (Identity.UNCERTAIN, 0.5, reference)
    # Only the photo is not believed alone: who checked in a moment ago is, however old the photo.
    assert outcome(old_photo) == (Identity.MATCH, 0.75, (TemplateKind.SESSION,))
    assert outcome(apart, clear=False) == (Identity.MATCH, 0.5, reference)
    # The photo alone, as at check-in.
    assert outcome(apart[:1]) == (Identity.MATCH, 0.5, reference)
    # Without such thresholds it is as on any other frame.
    assert compare(FEATURES, apart, THRESHOLDS, clear=True)[0] is Identity.MATCH
    # Whom an earlier look recognised is not accused, however unlike they are now.
    matched = Compared(Identity.MATCH, 0.75, reference)
    unlike = [at(0.125), at(0.125, TemplateKind.SESSION)]
    assert outcome(unlike)[0] is Identity.MISMATCH
    assert outcome(unlike, before=matched)[0] is Identity.UNCERTAIN
    assert outcome(unlike, before=matched, clear=False)[:2] == (Identity.MATCH, 0.75)


def test_one_match_is_enough() -> None:
    templates = [at(0.125), at(0.75, TemplateKind.SESSION)]
    assert compare(FEATURES, templates, THRESHOLDS)[:2] == (Identity.MATCH, 0.75)


def test_templates_have_a_say_together_on_a_mismatch() -> None:
    """As far above the threshold of one as below that of the other is neither here nor there."""
    unsure = [at(0.375), at(0.375, TemplateKind.SESSION)]
    assert compare(FEATURES, unsure, THRESHOLDS)[:2] == (Identity.UNCERTAIN, 0.375)
    sure = [at(0.125), at(0.375, TemplateKind.SESSION)]
    assert compare(FEATURES, sure, THRESHOLDS)[:2] == (Identity.MISMATCH, 0.375)
    outweighed = [at(0.375), at(0.125, TemplateKind.SESSION)]
    assert compare(FEATURES, outweighed, THRESHOLDS)[:2] == (Identity.MISMATCH, 0.375)
    cleared = [at(0.5), at(0.0, TemplateKind.SESSION)]
    assert compare(FEATURES, cleared, THRESHOLDS)[:2] == (Identity.MATCH, 0.5)


def test_the_length_of_features_plays_no_part() -> None:
    ahead, across = np.zeros((2, 128), dtype=np.float32)
    ahead[0], across[1] = 3.0, 0.5
    assert directional_nearness(ahead, np.stack([across, 0.2 * ahead])) == pytest.approx(1.0)
    assert directional_nearness(ahead, across[None]) == pytest.approx(1 - 2**0.5)
    assert unlikeness(ahead, across) == pytest.approx(2**0.5)
    assert unlikeness(ahead, 7 * ahead) == pytest.approx(0.0)
    assert directional_nearness(0 * ahead, across[None]) == pytest.approx(0.0)


def test_both_networks_count_together() -> None:
    ahead, across = np.array([2, 0], np.float32), np.array([0, 3], np.float32)
    both = joint(ahead, ahead, WEIGHTS)
    for resnet, other, squared in (
        (across, across, 0.48 * 2),
        (across, ahead, 0.4 * 2),
        (ahead, across, 0.08 * 2),
    ):
        vectors = joint(resnet, other, WEIGHTS)[None]
        assert joint_nearness(both, vectors) == pytest.approx(1 - squared**0.5, abs=1e-6)
        assert joint_nearness(both, np.stack([*vectors, both])) == pytest.approx(1.0)


def test_the_first_network_alone_is_compared_with_its_part_of_a_template() -> None:
    ahead, across = np.array([2, 0], np.float32), np.array([0, 3], np.float32)
    for other in (ahead, across):
        templates = joint(across, other, WEIGHTS)[None]
        assert joint_nearness(ahead, templates) == pytest.approx(1 - 2**0.5)
        assert joint_nearness(across, templates) == pytest.approx(1.0)


def test_only_what_the_same_model_made_as_wide_is_comparable() -> None:
    one, two = (vector((float(number), 0.0)) for number in (1, 2))
    made = Template(TemplateKind.SESSION, "model@1", (one, two))
    foreign = Template(TemplateKind.SESSION, "model@2", (one, two))
    wider = Template(TemplateKind.SESSION, "model@1", (vector([*one, *two]),))
    empty = Template(TemplateKind.SESSION, "model@1", ())
    everything = [foreign, made, wider, empty]
    assert comparable(everything, "model@1", 2) == [made]
    assert comparable(everything, "model@1", 4) == [wider]
    assert comparable(everything, "model@1", 1) == []


def test_without_templates_nothing_is_compared() -> None:
    assert compare(FEATURES, [], THRESHOLDS)[:2] == (Identity.NOT_COMPARED, None)


def test_the_nearest_vector_of_a_template_counts() -> None:
    near, far = at(0.75).vectors[0], at(0.0).vectors[0]
    assert template_score(FEATURES, Template(TemplateKind.SESSION, "m", (far, near))) == 0.75


def test_a_poor_frame_makes_only_an_accusation_harder() -> None:
    templates = [at(0.375, TemplateKind.SESSION)]
    assert compare(FEATURES, templates, THRESHOLDS)[0] is Identity.MISMATCH
    assert compare(FEATURES, templates, THRESHOLDS, doubt=0.2)[0] is Identity.UNCERTAIN
    match = [at(0.75, TemplateKind.SESSION)]
    assert compare(FEATURES, match, THRESHOLDS, doubt=0.2)[0] is Identity.MATCH
