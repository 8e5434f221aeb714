"""What the models measured on one frame: facts, no judgement."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum


class Unusable(StrEnum):
    """Why a frame cannot be used for a comparison. None of these counts against anybody."""

    NO_FACE = "no_face"
    SEVERAL_FACES = "several_faces"
    FACE_TOO_SMALL = "face_too_small"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    BLURRED = "blurred"
    TURNED_AWAY = "turned_away"
    FACE_CUT_OFF = "face_cut_off"


class Identity(StrEnum):
    """Outcome of a 1:1 verification of one frame. UNCERTAIN lies between the two thresholds.

    CANNOT_COMPARE: what to compare with is stored and cannot be opened; a fault of ours, which says
    nothing of anybody.
    """

    MATCH = "match"
    MISMATCH = "mismatch"
    UNCERTAIN = "uncertain"
    NOT_COMPARED = "not_compared"
    CANNOT_COMPARE = "cannot_compare"


class TemplateKind(StrEnum):
    """REFERENCE is made from the reference photo, SESSION from live check-in frames."""

    REFERENCE = "reference"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels of the upright, full-size image; (left, top) is the corner, y grows downwards."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class HeadPose:
    """Coarse, from landmarks, in degrees.

    0, 0 looks into the camera; yaw > 0 to image right, pitch > 0 up.
    """

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class Face:
    """One detected face.

    `landmarks`: five (x, y) pixel points in the order right eye, left eye, nose tip, right mouth
    corner, left mouth corner (right = the person's right, so image left on an unmirrored frame);
    a detector with fewer points leaves the rest out.
    `score`: detector score in 0..1.
    """

    box: Box
    score: float
    landmarks: tuple[tuple[float, float], ...] = ()
    pose: HeadPose | None = None


@dataclass(frozen=True, slots=True)
class Template:
    """Features of one person; used for comparison only, never leaves the server.

    `vectors`: one or more feature vectors (each the length the model gives, 1,152 for the ResNet
    and FaceRes together). `model`: id of the embedder that made them. Vectors of two models, or of
    two lengths, are never compared. Raises `ValueError` for vectors that differ in length.
    """

    kind: TemplateKind
    model: str
    vectors: tuple[array[float], ...] = field(repr=False)

    def __post_init__(self) -> None:
        if len({len(each) for each in self.vectors}) > 1:
            raise ValueError("the vectors of a template are of one length")

    @property
    def width(self) -> int:
        """Of each vector; 0 where there is none."""
        return len(self.vectors[0]) if self.vectors else 0


def vector(values: Iterable[float]) -> array[float]:
    """One vector of a template, in 32 bits: it travels with every frame, so it is kept small."""
    return array("f", values)


TRACE_FRESH = timedelta(seconds=10)
"""Longer ago, somebody else may sit there in the same light: then features are compared."""


@dataclass(frozen=True, slots=True)
class Trace:
    """How the face looked on a frame on which it was recognised, so small that hardly anybody could
    be told by it: enough to see on the next frame that it has not left.

    `look`: 24 x 24 grey values of the aligned face. `model`: id of the embedder that recognised it.
    Kept in memory until the next frame, for `TRACE_FRESH` at most, never stored.
    """

    model: str
    look: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Observation:
    """Facts of one frame.

    `width`, `height`: pixels of the upright image. `brightness`: mean luma 0..255 of the image.
    `sharpness`: fine detail for the contrast there is, on the main face brought to one size (on
    the image when there is none); sharp faces have 10 to 50, whatever their size and light.
    `main`: index into `faces` of the largest face, None without faces.
    `unusable`: None when exactly one face passes the quality gate. Among several the main face is
    compared all the same when it is clearly the nearest; and one that is only a little blurred or
    turned may be recognised, but is never a mismatch.
    `comparison_score`: 1 - L2 distance between the embedder's features at length 1, after a second
    look between both networks' (as they are in the engine `dlib`, the cosine for SFace), so higher
    = more alike; None when no features were compared. It never leaves the server.
    `models`: ids (name@version) of the models that took part.
    `trace`: for the next frame, when the face was recognised on this one by its features.
    `fingerprint`: of the picture's finest detail, 32 bytes, which a camera's own noise makes
    another each time; None where there is nothing to tell pictures apart by.
    `covered`: there is no face, and next to nothing else, as behind tape or a hand.
    `clear`: who was not recognised even at a second look was seen so well that nothing about the
    frame explains it; or the head is turned, and all else about the frame does not explain it.
    Not told of a frame on which somebody was recognised.
    """

    width: int
    height: int
    brightness: float
    sharpness: float
    faces: tuple[Face, ...]
    main: int | None
    unusable: Unusable | None
    identity: Identity = Identity.NOT_COMPARED
    comparison_score: float | None = None
    models: tuple[str, ...] = field(default=())
    fingerprint: bytes | None = field(default=None, repr=False)
    covered: bool = False
    clear: bool = False
    trace: Trace | None = field(default=None, repr=False)

    @property
    def face_count(self) -> int:
        return len(self.faces)

    @property
    def boxes(self) -> tuple[Box, ...]:
        """Of the faces, the main one first."""
        return tuple(face.box for face in self.faces)

    @property
    def usable(self) -> bool:
        return self.unusable is None

    def without_comparison(self, why: Identity) -> Observation:
        """The same with nothing of a comparison in it. `why`: what stands in its place."""
        return replace(self, identity=why, comparison_score=None, clear=False)
