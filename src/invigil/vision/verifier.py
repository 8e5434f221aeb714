"""1:1 verification of faces on frames, with a second look at whom the first does not recognise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from invigil.domain.observation import Identity, Template
from invigil.vision.compare import Compared, Thresholds, compare, photo_needs
from invigil.vision.detection import Detection
from invigil.vision.embedder import Embedder, SecondLook
from invigil.vision.geometry import Floats, RgbImage
from invigil.vision.quality import FaceQuality, doubt
from invigil.vision.registry import QualityLimits

# Faces that pass the embedder together; more only cost memory.
_BATCH = 8

# Without a second look doubt counts so many times: a precaution that nobody has measured.
_ALONE = 2.0


class Verified(NamedTuple):
    """`looks`: how many it took, 0 when nobody was compared by features.

    `clear`: nothing about the frame explains that somebody is not recognised, or the head is
    turned, and who is seen is so unlike that all else about the frame does not explain it.
    """

    identity: Identity
    score: float | None = None
    looks: int = 0
    clear: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """A face on a picture, and the templates of whose face it should be (at least one).

    `usable`: the frame is good enough to say that it is somebody else. On any other a face may be
    recognised, and whoever is not is uncertain. `turned`: the head's turn is why it is not.
    """

    image: RgbImage
    face: Detection
    quality: FaceQuality
    templates: Sequence[Template]
    usable: bool = True
    turned: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Looks:
    """Features of one face at the first look, shape (d,), and at the second, if there is one."""

    first: Floats
    second: SecondLook | None

    @property
    def features(self) -> Floats:
        """What somebody is recognised by, shape (d,) or that of the second look."""
        return self.first if self.second is None else self.second.features


class Verifier:
    """Holds no state between calls."""

    def __init__(
        self,
        embedder: Embedder,
        thresholds: Thresholds,
        limits: QualityLimits,
        *,
        score_tells_cover: bool = True,
    ) -> None:
        """`score_tells_cover`: the detector's score is low where a face is half covered."""
        self._embedder = embedder
        self._thresholds = thresholds
        self._limits = limits
        self._score_tells_cover = score_tells_cover

    def verify(self, claims: Sequence[Claim]) -> list[Verified]:
        """The outcome and the comparison score of each.

        The candidate is nearly always recognised at once; only who is not is looked at again.
        """
        firsts = self._first([(claim.image, claim.face) for claim in claims])
        once = [
            compare(first, claim.templates, self._thresholds, self._embedder.score)
            for first, claim in zip(firsts, claims, strict=True)
        ]
        verified = [Verified(each.identity, each.score, 1) for each in once]
        open_ = [place for place, each in enumerate(once) if not self._settled(claims[place], each)]
        again = [(claims[place].image, claims[place].face) for place in open_]
        seconds = self._again(again, [firsts[place] for place in open_])
        for place, looks in zip(open_, seconds, strict=True):
            verified[place] = self._decided(claims[place], once[place], looks)
        return verified

    def looks(self, image: RgbImage, face: Detection) -> Looks:
        """Both looks at one face, whoever it is."""
        faces = [(image, face)]
        return self._again(faces, self._first(faces))[0]

    def _settled(self, claim: Claim, once: Compared) -> bool:
        """Whether one look is enough.

        Whom only the reference photo matches is looked at again where nothing speaks against a
        clear frame: the pictures of this sitting should be more like the candidate than the photo.
        """
        if once.identity is not Identity.MATCH:
            return False
        if not (claim.usable and self._score_tells_cover):
            return True
        if photo_needs(claim.templates, self._thresholds, once.matched) is None:
            return True
        return self._doubt(claim, 0.0) > self._limits.clear_doubt

    def _decided(self, claim: Claim, once: Compared, looks: Looks) -> Verified:
        disagreement = None if looks.second is None else looks.second.disagreement
        margin = self._doubt(claim, disagreement)
        clear = self._tells_clear(looks) and claim.usable and margin <= self._limits.clear_doubt
        identity, score, _ = compare(
            looks.features,
            claim.templates,
            self._thresholds,
            self._embedder.score,
            accusing=None if looks.second is None else looks.second.accusing,
            doubt=margin,
            clear=clear,
            before=once if once.matched else None,
        )
        if identity is Identity.MISMATCH and not claim.usable:
            identity = Identity.UNCERTAIN
        times = 1 if looks.second is None else 2
        seen = identity is not Identity.MATCH and (clear or self._unlike(claim, looks))
        return Verified(identity, score, times, seen)

    def _unlike(self, claim: Claim, looks: Looks) -> bool:
        """Whether it would be a mismatch, were the head not turned.

        Nobody is accused on that: too few pictures of turned heads are known. It is enough to ask
        a human sooner, where photo and live pictures both say so.
        """
        if looks.second is None or not self._tells_clear(looks) or len(claim.templates) == 1:
            return False
        if not (claim.usable or claim.turned):
            return False
        facing = replace(claim, quality=replace(claim.quality, pose=None))
        told = compare(
            looks.features,
            claim.templates,
            self._thresholds,
            self._embedder.score,
            accusing=looks.second.accusing,
            doubt=self._doubt(facing, 0.0),
        )
        return told.identity is Identity.MISMATCH

    def _tells_clear(self, looks: Looks) -> bool:
        """Whether a hand before the face would be noticed; if not, no frame counts as clear."""
        return self._score_tells_cover and looks.second is not None

    def _doubt(self, claim: Claim, disagreement: float | None) -> float:
        """`disagreement`: None where nobody looked again."""
        score = claim.face.score if self._score_tells_cover else None
        if disagreement is None:
            return _ALONE * doubt(claim.quality, score, self._limits, 0.0)
        return doubt(claim.quality, score, self._limits, disagreement)

    def _first(self, faces: Sequence[tuple[RgbImage, Detection]]) -> list[Floats]:
        return [row for group in _groups(faces) for row in self._embedder.embed_many(group)]

    def _again(
        self, faces: Sequence[tuple[RgbImage, Detection]], firsts: Sequence[Floats]
    ) -> list[Looks]:
        seconds: list[SecondLook | None] = []
        for group in _groups(faces):
            begin = len(seconds)
            found = self._embedder.look_again(group, firsts[begin : begin + len(group)])
            seconds += [None] * len(group) if found is None else found
        return [Looks(*looks) for looks in zip(firsts, seconds, strict=True)]


def _groups(
    faces: Sequence[tuple[RgbImage, Detection]],
) -> Iterator[Sequence[tuple[RgbImage, Detection]]]:
    return (faces[at : at + _BATCH] for at in range(0, len(faces), _BATCH))
