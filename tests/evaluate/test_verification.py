"""Error rates on pictures whose scores are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from invigil.domain.observation import TemplateKind
from invigil.evaluate.probe import (
    Look,
    LookCache,
    Subject,
    build_prober,
    cosine_of_all,
    joint_nearness_of_all,
    nearness_of_all,
)
from invigil.evaluate.reports import verification_page
from invigil.evaluate.results import verification_numbers
from invigil.evaluate.stats import Rate
from invigil.evaluate.tables import BadInput, Pair
from invigil.evaluate.verification import (
    VerificationResult,
    evaluate_verification,
    worst_to_best,
)
from invigil.vision.compare import cosine, joint_nearness, nearness
from invigil.vision.port import VisionEngine
from tests.evaluate.data import WordsEngine
from tests.support import pictures

FILES = {
    "A_0001.jpg": "x=0.0",
    "A_0002.jpg": "x=0.1",
    "A_0003.jpg": "x=0.9",  # does not look alike
    "B_0001.jpg": "x=2.0",
    "B_0002.jpg": "x=2.1 unusable=blurred",
    "C_0001.jpg": "x=0.2",  # looks like A
    "C_0002.jpg": "faces=0",
}
PAIRS = [
    Pair("A_0001.jpg", "A_0002.jpg", True, 1, "one"),
    Pair("A_0001.jpg", "A_0003.jpg", True, 1, "one"),
    Pair("B_0001.jpg", "B_0002.jpg", True, 2, "two"),
    Pair("C_0001.jpg", "C_0002.jpg", True, 2, "two"),
    Pair("A_0001.jpg", "B_0001.jpg", False, 1, "one"),
    Pair("A_0001.jpg", "C_0001.jpg", False, 2, "two"),
    Pair("B_0002.jpg", "C_0002.jpg", False, 2, "two"),
]


def _result(
    folder: Path, pairs: list[Pair] | None = None, *, cross: bool | None = None
) -> VerificationResult:
    for name, words in FILES.items():
        (folder / name).write_text(words)
    engine = WordsEngine()
    return evaluate_verification(
        pairs or PAIRS,
        folder,
        LookCache(None, engine),
        engine.match_threshold,
        models=engine.models,
        cross=cross,
    )


def test_no_pair_is_dropped_in_silence(tmp_path: Path) -> None:
    result = _result(tmp_path)
    # A3 and the picture without a face are false non-matches; C looks like A.
    assert result.all_pairs.fnmr == Rate(2, 4)
    assert result.all_pairs.fmr == Rate(1, 3)
    assert result.all_pairs.skipped == 0
    # The product compares neither the blurred picture nor the one without a face.
    assert result.product.fnmr == Rate(1, 2)
    assert result.product.fmr == Rate(1, 2)
    assert result.product.skipped == 3
    assert result.refused_same == Rate(2, 4)
    assert result.refused_different == Rate(1, 3)


def test_failures_to_acquire_are_counted_with_their_reason(tmp_path: Path) -> None:
    result = _result(tmp_path)
    assert result.failure_to_acquire == Rate(2, 7)
    assert result.reasons == {"blurred": 1, "no_face": 1}
    assert result.no_face_found == 1


def test_all_with_all_leaves_out_the_same_person(tmp_path: Path) -> None:
    result = _result(tmp_path, cross=True)
    # Six pictures with a face: 3 A, 2 B, 1 C; ordered pairs of different people.
    assert result.cross_pairs == 6 * 6 - 9 - 4 - 1
    # A1, A2 with C, both ways; A3 with C scores 0.3.
    assert result.cross_fmr == Rate(4, 22)
    assert set(result.tars) == {"1e-2", "1e-3", "1e-4"}


@pytest.mark.parametrize("words", ["faces=0", "x=5.0 unusable=too_dark"])
def test_the_last_person_may_have_no_usable_picture(tmp_path: Path, words: str) -> None:
    (tmp_path / "Z_0001.jpg").write_text(words)
    pairs = [*PAIRS, Pair("A_0001.jpg", "Z_0001.jpg", False, 1, "one")]
    result = _result(tmp_path, pairs, cross=True)
    assert result.people == 4
    assert result.product_tars["1e-3"].ci


def test_at_any_threshold_one_of_two_looks_is_enough(tmp_path: Path) -> None:
    """As in the product, where whoever does not match at first is looked at again."""
    looks = {"A_0001.jpg": "x=0.0", "A_0002.jpg": "x=0.9 again=0.2", "B_0001.jpg": "x=0.3 again=2"}
    for name, words in looks.items():
        (tmp_path / name).write_text(words)
    engine = WordsEngine()
    pairs = [
        Pair("A_0001.jpg", "A_0002.jpg", True, 1, ""),
        Pair("A_0001.jpg", "B_0001.jpg", False, 1, ""),
    ]
    result = evaluate_verification(
        pairs, tmp_path, LookCache(None, engine), 0.75, models=engine.models, cross=True
    )
    assert result.all_pairs.fnmr == Rate(0, 1)
    assert result.all_pairs.fmr == Rate(0, 1)
    # B as reference and A2 as live frame: 0.4, and 0.9 at the second look.
    assert result.cross_fmr == Rate(1, 4)


def test_few_pictures_are_not_compared_all_with_all(tmp_path: Path) -> None:
    result = _result(tmp_path)
    assert result.cross_pairs == 0
    numbers = verification_numbers(result)
    assert numbers["tar_at_fmr_1e-4"] is None
    # No impostor may match: C's 0.8 shuts out all but A1 with A2 (0.9) and B1 with B2 (0.9).
    assert numbers["tar_at_fmr_1e-3"] == 0.5


def test_groups_stand_side_by_side(tmp_path: Path) -> None:
    result = _result(tmp_path)
    assert result.groups["one"].fnmr == Rate(1, 2)
    assert result.groups["two"].fmr == Rate(1, 2)
    assert "By group" in verification_page(result, [])


def test_worst_to_best_is_unknown_where_nobody_errs() -> None:
    assert worst_to_best([Rate(3, 10), Rate(1, 10)]) == pytest.approx(3)
    assert worst_to_best([Rate(3, 10), Rate(0, 10)]) is None
    assert worst_to_best([Rate(3, 10)]) is None


def test_the_json_has_the_promised_names_and_intervals(tmp_path: Path) -> None:
    numbers = verification_numbers(_result(tmp_path, cross=True))
    rates = (
        "tar_at_fmr_1e-2",
        "tar_at_fmr_1e-3",
        "tar_at_fmr_1e-4",
        "accuracy_10fold",
        "fmr",
        "fnmr",
        "failure_to_acquire",
    )
    for name in rates:
        value, interval = numbers[name], numbers[f"{name}_ci"]
        assert isinstance(value, float)
        assert isinstance(interval, list)
        assert 0 <= interval[0] <= interval[1] <= 1
    assert numbers["threshold"] == 0.5
    assert numbers["pairs"] == 7


def test_an_unreadable_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("no words at all")
    with pytest.raises(BadInput, match=r"broken\.jpg cannot be used"):
        _result(tmp_path, [Pair("A_0001.jpg", "broken.jpg", True, 1, "")])


def test_looks_are_kept_and_read_again(tmp_path: Path) -> None:
    picture = tmp_path / "one.jpg"
    cache = LookCache(tmp_path / "looks.npz", WordsEngine())
    first = cache.look(b"x=0.25 faces=2", picture)
    assert cache.look(b"faces=0", picture).live is None
    cache.save()

    class Never(WordsEngine):
        def look(self, image: bytes) -> Look:  # noqa: ARG002 - the port's
            raise AssertionError("it was looked at before")

    again = LookCache(tmp_path / "looks.npz", Never()).look(b"x=0.25 faces=2", picture)
    assert again.unusable is first.unusable
    assert again.live is not None
    assert again.live.tolist() == [0.25]


def test_a_broken_cache_is_refused(tmp_path: Path) -> None:
    (tmp_path / "looks.npz").write_text("not one")
    with pytest.raises(BadInput, match="remove it"):
        LookCache(tmp_path / "looks.npz", WordsEngine())


def test_the_prober_measures_what_the_product_does(engine: VisionEngine) -> None:
    """Both ways to the score agree: features side by side, and template and frame."""
    prober = build_prober("default")
    reference, live = pictures.obama(), pictures.obama_speaking()
    template = engine.make_template(TemplateKind.REFERENCE, [reference])
    wanted = engine.observe(live, [template]).comparison_score
    first, second = prober.look(reference), prober.look(live)
    assert first.template is not None
    assert second.live is not None
    assert joint_nearness(second.live, first.template[None]) == pytest.approx(wanted)
    assert prober.models == engine.models


def test_where_several_are_seen_the_subject_can_be_the_central_one() -> None:
    prober = build_prober("default", Subject.CENTRAL)
    wide = pictures.opened(pictures.two_people())
    # Cut so that the smaller face of the two lies in the middle.
    picture = pictures.encoded(wide.crop((300, 0, 800, 500)).resize((400, 400)))
    central = prober.look(picture)
    alone = prober.look(pictures.biden())
    assert central.again is not None
    assert alone.template is not None
    assert joint_nearness(central.again, alone.template[None]) > prober.match_threshold


def test_all_with_all_scores_as_one_by_one() -> None:
    random = np.random.default_rng(1)
    templates, lives = random.normal(size=(3, 8)), random.normal(size=(4, 8))
    ways = (
        (nearness, nearness_of_all),
        (cosine, cosine_of_all),
        (joint_nearness, joint_nearness_of_all),
    )
    for one_by_one, together in ways:
        scores = together(templates, lives)
        for row, template in enumerate(templates.astype(np.float32)):
            for column, live in enumerate(lives.astype(np.float32)):
                wanted = one_by_one(live, template[None])
                assert scores[row, column] == pytest.approx(wanted, abs=1e-5)


def test_an_unknown_engine_is_bad_input() -> None:
    with pytest.raises(BadInput, match="no vision engine 'other'"):
        build_prober("other")
