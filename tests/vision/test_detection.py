"""How boxes are merged: as one plain rule says, however many there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from invigil.vision.detection import Detection, apart_from, blended, largest_first
from invigil.vision.geometry import Floats

OVERLAP = 0.3
WITHIN = 0.7
Face = tuple[list[float], float, list[list[float]]]


def plainly(boxes: Floats, scores: Floats, points: Floats) -> list[Face]:
    """The rule, one pair of boxes after the other."""
    faces: list[Face] = []
    rows = list(range(len(boxes)))
    while rows:
        best = rows[0]
        group = [
            row
            for row in rows
            if row == best or one_face(boxes[best].tolist(), boxes[row].tolist())
        ]
        weights = scores[group] / scores[group].sum()
        box = (boxes[group] * weights[:, None]).sum(axis=0, dtype=np.float32)
        mean = (points[group] * weights[:, None, None]).sum(axis=0, dtype=np.float32)
        faces.append((box.tolist(), float(scores[best]), mean.tolist()))
        rows = [row for row in rows if row not in group]
    return faces


def one_face(box: Sequence[float], other: Sequence[float]) -> bool:
    wide = min(box[2], other[2]) - max(box[0], other[0])
    high = min(box[3], other[3]) - max(box[1], other[1])
    if wide <= 0 or high <= 0:
        return False
    shared = wide * high
    first, second = area(box), area(other)
    return shared > OVERLAP * (first + second - shared) or shared > WITHIN * min(first, second)


def area(box: Sequence[float]) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def read(faces: Sequence[Detection]) -> list[Face]:
    return [(face.box.tolist(), face.score, face.points.tolist()) for face in faces]


def both(boxes: Floats, seed: int = 0) -> tuple[list[Face], list[Face]]:
    """What is found, and what the plain rule finds, with scores and points by chance."""
    chance = np.random.default_rng(seed)
    scores = -np.sort(-chance.uniform(0.05, 1, len(boxes)).astype(np.float32))
    points = chance.uniform(0, 256, (len(boxes), 6, 2)).astype(np.float32)
    return read(blended(boxes, scores, points, OVERLAP)), plainly(boxes, scores, points)


# Whole numbers make many boxes that share a side, lie within one another or have no area.
sides = st.integers(-2, 12)
corner = st.integers(0, 12)
few = st.lists(st.tuples(corner, corner, sides, sides), max_size=30)


@given(few, st.integers(0, 1000))
def test_boxes_are_merged_by_the_plain_rule(drawn: list[tuple[int, ...]], seed: int) -> None:
    shaped = np.array(drawn, dtype=np.float32).reshape(-1, 4)
    found, wanted = both(np.concatenate([shaped[:, :2], shaped[:, :2] + shaped[:, 2:]], 1), seed)
    assert found == wanted


@given(
    count=st.sampled_from([63, 64, 65, 128, 200]),
    width=st.floats(1, 100),
    seed=st.integers(0, 1000),
)
def test_so_are_the_boxes_of_a_crowd(count: int, width: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    centres, halves = chance.uniform(0, 256, (count, 2)), chance.uniform(0.1, width, (count, 2))
    boxes = np.concatenate([centres - halves, centres + halves], 1).astype(np.float32)
    found, wanted = both(boxes, seed)
    assert found == wanted


@pytest.mark.parametrize(("half", "faces"), [(4, 896), (6, 896), (600, 1)])
def test_every_anchor_may_hold_a_face(half: int, faces: int) -> None:
    """Apart, overlapping a little, and all the same."""
    rows, columns = np.divmod(np.arange(896), 32)
    centres = np.stack([columns, rows], 1) * 8
    boxes = np.concatenate([centres - half, centres + half], 1).astype(np.float32)
    found, wanted = both(boxes)
    assert len(found) == faces
    assert found == wanted


def face(*box: float, cut_off: bool = False) -> Detection:
    return Detection(
        np.array(box, dtype=np.float32), 0.5, np.zeros((1, 2), dtype=np.float32), cut_off
    )


@pytest.mark.parametrize(
    ("box", "beyond"),
    [
        ((0, 0, 20, 10), 0.0),
        ((-5, 2, 15, 12), 0.25),
        ((85, -2, 105, 10), 0.25),
        ((50, 40, 60, 52), 2 / 12),
        ((40, 20, 60, 30), -1.0),
    ],
)
def test_how_far_a_face_reaches_out_of_the_picture(box: tuple[float, ...], beyond: float) -> None:
    picture = np.zeros((50, 100, 3), dtype=np.uint8)
    assert face(*box).beyond(picture) == pytest.approx(beyond)


def test_faces_that_are_known_are_not_found_again() -> None:
    known = [face(0, 0, 20, 20), face(50, 0, 70, 20)]
    again, inside, new = face(4, 0, 24, 20), face(55, 5, 60, 10), face(18, 0, 38, 20)
    assert apart_from(known, [again, inside, new], OVERLAP) == [new]
    assert apart_from([], [again], OVERLAP) == [again]
    assert apart_from(known, [], OVERLAP) == []


def test_whole_faces_come_before_those_that_the_edge_cuts() -> None:
    cut, small, large = face(0, 0, 90, 90, cut_off=True), face(0, 0, 9, 9), face(0, 0, 30, 30)
    assert largest_first([small, cut, large]) == [large, small, cut]
