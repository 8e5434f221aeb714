"""Who is not recognised at the first look is looked at again before anything is said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from invigil.domain.observation import HeadPose, Identity, Template, TemplateKind, vector
from invigil.vision.compare import Score, directional_nearness, unlikeness
from invigil.vision.detection import Detection
from invigil.vision.embedder import SecondLook
from invigil.vision.geometry import Floats, RgbImage
from invigil.vision.quality import FaceQuality
from invigil.vision.registry import ComparisonThresholds, load_registry
from invigil.vision.verifier import Claim, Verified, Verifier

THRESHOLDS = {TemplateKind.REFERENCE: ComparisonThresholds(match=0.6, mismatch=0.5)}
CLEAR = FaceQuality(side=140, luma=120, sharpness=25, pose=None)
STRICT_IF_CLEAR = {
    TemplateKind.REFERENCE: ComparisonThresholds(match=0.55, mismatch=0.4, clear_match=0.6),
    TemplateKind.SESSION: ComparisonThresholds(match=0.7, mismatch=0.4, clear_match=0.6),
}
TEMPLATE = Template(TemplateKind.REFERENCE, "m@1", (vector((1.0, 0.0)),))
BOTH = [TEMPLATE, Template(TemplateKind.SESSION, "m@1", TEMPLATE.vectors)]
BLANK = np.zeros((4, 4, 3), dtype=np.uint8)


def direction(degrees: float) -> Floats:
    """30 degrees from the template score 0.48, 20 degrees 0.65."""
    return np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], dtype=np.float32)


class Angles:
    """An embedder that reads angles off a face's box: `left`, and `top` for the mirror image."""

    score: Score = staticmethod(directional_nearness)
    width = 2

    def __init__(self, *, mirror: bool = True) -> None:
        self.second_looks: list[float] = []
        self._mirror = mirror

    def alignment(self, face: Detection) -> None:
        """Nothing is tracked here."""

    def embed_many(self, faces: Sequence[tuple[RgbImage, Detection]]) -> Floats:
        return np.stack([direction(float(face.box[0])) for _, face in faces])

    def look_again(
        self, faces: Sequence[tuple[RgbImage, Detection]], firsts: Sequence[Floats]
    ) -> list[SecondLook] | None:
        self.second_looks += [float(face.box[0]) for _, face in faces]
        if not self._mirror:
            return None
        mirrored = [direction(float(face.box[1])) for _, face in faces]
        means = [
            np.asarray((first + mirror) / 2, dtype=np.float32)
            for first, mirror in zip(firsts, mirrored, strict=True)
        ]
        return [
            SecondLook(mean, mean, unlikeness(first, mirror))
            for first, mirror, mean in zip(firsts, mirrored, means, strict=True)
        ]

    def embed_well(self, image: RgbImage, face: Detection) -> Floats:
        return np.asarray(self.embed_many([(image, face)])[0])


def claim(first: float, mirrored: float, *, score: float = 0.95) -> Claim:
    box = np.array([first, mirrored, 200, 200], dtype=np.float32)
    face = Detection(box, score, np.zeros((0, 2), dtype=np.float32))
    return Claim(BLANK, face, CLEAR, [TEMPLATE])


def verifier(embedder: Angles) -> Verifier:
    return Verifier(embedder, THRESHOLDS, load_registry().quality)


def said(verified: Verified) -> tuple[Identity, float | None]:
    score = verified.score
    return verified.identity, None if score is None else round(score, 3)


def test_whoever_is_recognised_is_looked_at_once() -> None:
    embedder = Angles()
    (verified,) = verifier(embedder).verify([claim(10, 80)])
    assert said(verified) == (Identity.MATCH, 0.826)
    assert verified.looks == 1
    assert embedder.second_looks == []


def test_the_second_look_may_recognise_somebody() -> None:
    embedder = Angles()
    (verified,) = verifier(embedder).verify([claim(30, 10)])
    assert said(verified) == (Identity.MATCH, 0.653)
    assert verified.looks == 2


def test_both_looks_together_are_a_mismatch() -> None:
    (verified,) = verifier(Angles()).verify([claim(35, 33)])
    assert said(verified) == (Identity.MISMATCH, 0.415)


def test_a_face_that_does_not_agree_with_its_mirror_image_accuses_nobody() -> None:
    (agreeing,) = verifier(Angles()).verify([claim(32, 30)])
    (torn,) = verifier(Angles()).verify([claim(61, 1)])
    assert agreeing[0] is Identity.MISMATCH
    assert torn[0] is Identity.UNCERTAIN
    assert said(torn)[1] == said(agreeing)[1]


def test_a_doubtful_face_accuses_nobody_either() -> None:
    (sure,) = verifier(Angles()).verify([claim(32, 30)])
    (covered,) = verifier(Angles()).verify([claim(32, 30, score=0.8)])
    assert (sure[0], covered[0]) == (Identity.MISMATCH, Identity.UNCERTAIN)


def test_without_a_mirror_one_look_decides() -> None:
    (verified,) = verifier(Angles(mirror=False)).verify([claim(35, 10)])
    assert said(verified) == (Identity.MISMATCH, 0.399)


def test_without_a_mirror_doubt_counts_twice() -> None:
    angles = claim(33, 10, score=0.865)
    (twice,) = verifier(Angles(mirror=False)).verify([angles])
    (once,) = verifier(Angles()).verify([claim(33, 33, score=0.865)])
    assert (twice[0], once[0]) == (Identity.UNCERTAIN, Identity.MISMATCH)


def test_a_score_that_does_not_tell_covers_raises_no_doubt() -> None:
    margins = Verifier(
        Angles(mirror=False), THRESHOLDS, load_registry().quality, score_tells_cover=False
    )
    (verified,) = margins.verify([claim(35, 10, score=0.55)])
    assert verified[0] is Identity.MISMATCH


def test_on_a_poor_frame_somebody_is_recognised_or_uncertain() -> None:
    poor = [replace(claim(*each), usable=False) for each in ((35, 33), (10, 80))]
    assert [identity for identity, *_ in verifier(Angles()).verify(poor)] == [
        Identity.UNCERTAIN,
        Identity.MATCH,
    ]


def test_of_many_only_the_doubtful_are_looked_at_again() -> None:
    embedder = Angles()
    angles = [(5, 90), (40, 40), *[(6, 90)] * 9, (41, 41), (30, 8)]
    together = verifier(embedder).verify([claim(*each) for each in angles])
    assert embedder.second_looks == [40, 41, 30]
    alone = [verifier(Angles()).verify([claim(*each)])[0] for each in angles]
    assert together == alone
    assert [identity for identity, *_ in together].count(Identity.MATCH) == 11
    assert verifier(embedder).verify([]) == []


def test_who_is_seen_clearly_and_not_recognised_is_said_to_be() -> None:
    """Of recognised people it is not told, and on frames with any doubt it is not so."""
    seen, covered, known, poor = verifier(Angles()).verify(
        [
            claim(26, 26),
            claim(26, 26, score=0.8),
            claim(30, 10),
            replace(claim(35, 35), usable=False),
        ]
    )
    assert (seen.identity, seen.clear) == (Identity.UNCERTAIN, True)
    assert (covered.identity, covered.clear) == (Identity.UNCERTAIN, False)
    assert (known.identity, known.clear) == (Identity.MATCH, False)
    assert (poor.identity, poor.clear) == (Identity.UNCERTAIN, False)


def test_a_turned_head_that_is_quite_unlike_is_a_reason_to_ask_and_no_more() -> None:
    """Photo and live pictures have to say so, and nothing else about the frame may explain it."""
    aside = replace(CLEAR, pose=HeadPose(yaw=45, pitch=0, roll=0))
    two = [TEMPLATE, TEMPLATE]

    def turned(first: float, mirrored: float, *, score: float = 0.95) -> Claim:
        shown = claim(first, mirrored, score=score)
        return replace(shown, quality=aside, templates=two, usable=False, turned=True)

    quite, alike, covered, known, alone, spoilt, straight = verifier(Angles()).verify(
        [
            turned(40, 44),
            turned(26, 26),
            turned(40, 44, score=0.5),
            turned(10, 44),
            replace(turned(40, 44), templates=[TEMPLATE]),
            replace(turned(40, 44), turned=False),
            replace(turned(26, 26), quality=CLEAR, usable=True, turned=False),
        ]
    )
    assert (quite.identity, quite.clear) == (Identity.UNCERTAIN, True)
    for verified in (alike, covered, alone, spoilt):
        assert (verified.identity, verified.clear) == (Identity.UNCERTAIN, False)
    assert (known.identity, known.clear) == (Identity.MATCH, False)
    assert (straight.identity, straight.clear) == (Identity.UNCERTAIN, True)


def test_on_a_clear_frame_more_may_be_a_mismatch() -> None:
    stricter = {kind: replace(each, clear_mismatch=0.56) for kind, each in THRESHOLDS.items()}
    judging = Verifier(Angles(), stricter, load_registry().quality)
    alone = claim(26, 26)
    clear, covered, lone = judging.verify(
        [
            replace(alone, templates=[TEMPLATE, TEMPLATE]),
            replace(claim(26, 26, score=0.8), templates=[TEMPLATE, TEMPLATE]),
            alone,
        ]
    )
    assert (clear.identity, clear.clear) == (Identity.MISMATCH, True)
    assert covered.identity is Identity.UNCERTAIN
    assert (lone.identity, lone.clear) == (Identity.UNCERTAIN, True)


def test_a_photo_that_matches_alone_is_not_enough_on_a_clear_frame() -> None:
    """Somebody who looks like the photo, and less like who checked in a moment ago.

    25 degrees are a match for the photo and none for the session's template, which lies where it
    does; the mirror image decides how far both looks together are.
    """
    embedder = Angles()
    judging = Verifier(embedder, STRICT_IF_CLEAR, load_registry().quality)
    alike, unlike, covered, poor, known = judging.verify(
        [
            replace(claim(25, 15), templates=BOTH),
            replace(claim(25, 26), templates=BOTH),
            replace(claim(25, 26, score=0.8), templates=BOTH),
            replace(claim(25, 26), templates=BOTH, usable=False),
            replace(claim(15, 80), templates=BOTH),
        ]
    )
    assert (alike.identity, alike.looks, alike.clear) == (Identity.MATCH, 2, False)
    assert (unlike.identity, unlike.looks, unlike.clear) == (Identity.UNCERTAIN, 2, True)
    # Where something explains it, where the frame is poor, or whom the sitting knows: one look.
    for verified in (covered, poor, known):
        assert (verified.identity, verified.looks, verified.clear) == (Identity.MATCH, 1, False)
    assert embedder.second_looks == [25, 25]
    # Nor with the photo alone, or where no such threshold is known.
    (alone,) = judging.verify([claim(25, 26)])
    without = {kind: replace(each, clear_match=None) for kind, each in STRICT_IF_CLEAR.items()}
    unknown = Verifier(embedder, without, load_registry().quality)
    (plain,) = unknown.verify([replace(claim(25, 26), templates=BOTH)])
    assert (alone.identity, plain.identity, len(embedder.second_looks)) == (
        *[Identity.MATCH] * 2,
        2,
    )


def test_a_face_that_turns_out_to_be_doubtful_stays_recognised() -> None:
    """Its mirror image disagrees: the frame is not clear after all, and one match is enough."""
    judging = Verifier(Angles(), STRICT_IF_CLEAR, load_registry().quality)
    (torn,) = judging.verify([replace(claim(25, 85), templates=BOTH)])
    assert (torn.identity, torn.looks, torn.clear) == (Identity.MATCH, 2, False)


def test_where_a_hand_would_not_be_noticed_nobody_is_seen_clearly() -> None:
    limits = load_registry().quality
    blind = Verifier(Angles(), THRESHOLDS, limits, score_tells_cover=False)
    once = Verifier(Angles(mirror=False), THRESHOLDS, limits)
    for judging in (blind, once):
        (verified,) = judging.verify([claim(26, 26)])
        assert (verified.identity, verified.clear) == (Identity.UNCERTAIN, False)
