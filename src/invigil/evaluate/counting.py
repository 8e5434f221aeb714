"""Are there nobody, one, or several in the picture? Against counts made by eye."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from invigil.domain.errors import ImageRefused
from invigil.evaluate.stats import Rate
from invigil.evaluate.tables import BadInput, Count, read_image
from invigil.vision.port import VisionEngine


@dataclass(frozen=True, slots=True)
class Counted:
    """One picture: what there is, and what the engine found."""

    truth: Count
    found: int


@dataclass(frozen=True, slots=True)
class Retrieval:
    """`recall`: of those there are, found. `precision`: of those reported, right."""

    recall: Rate
    precision: Rate


@dataclass(frozen=True, slots=True)
class CountingResult:
    """`missed_single`: no face found among pictures of exactly one person.

    `exact_count`: agreement, among the pictures whose count is exact.
    """

    models: tuple[str, ...]
    photos: list[Counted]
    several: Retrieval
    nobody: Retrieval
    missed_single: Rate
    exact_count: Rate


def evaluate_counting(
    counts: Sequence[Count],
    folder: Path,
    engine: VisionEngine,
    progress: Callable[[str], None] = lambda _: None,
) -> CountingResult:
    photos = []
    for count in counts:
        image = read_image(folder, count.file)
        try:
            photos.append(Counted(count, engine.observe(image).face_count))
        except ImageRefused as error:
            name = folder / count.file
            raise BadInput(f"The picture {name} cannot be used: {error.message}") from error
        progress(count.file)
    return summarise(photos, engine.models)


def summarise(photos: list[Counted], models: tuple[str, ...] = ()) -> CountingResult:
    single = [photo for photo in photos if photo.truth.exact and photo.truth.faces == 1]
    exact = [photo for photo in photos if photo.truth.exact]
    return CountingResult(
        models=models,
        photos=photos,
        several=_retrieval([(p.truth.faces > 1, p.found > 1) for p in photos]),
        nobody=_retrieval([(p.truth.faces == 0, p.found == 0) for p in photos]),
        missed_single=Rate(sum(p.found == 0 for p in single), len(single)),
        exact_count=Rate(sum(p.found == p.truth.faces for p in exact), len(exact)),
    )


def _retrieval(answers: Sequence[tuple[bool, bool]]) -> Retrieval:
    """From pairs (is so, was reported)."""
    right = sum(is_so and reported for is_so, reported in answers)
    return Retrieval(
        recall=Rate(right, sum(is_so for is_so, _ in answers)),
        precision=Rate(right, sum(reported for _, reported in answers)),
    )
