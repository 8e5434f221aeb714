"""The engine that comes with Invigil: BlazeFace, dlib's ResNet and FaceRes, on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2

from invigil.domain.errors import ImageRefused
from invigil.domain.observation import (
    Box,
    Face,
    Identity,
    Observation,
    Template,
    TemplateKind,
    Trace,
    Unusable,
    vector,
)
from invigil.vision import tracker
from invigil.vision.compare import comparable
from invigil.vision.decode import FRAME, PHOTO, Effort, ImageDecoder, Picture
from invigil.vision.detection import Detection, FaceDetector
from invigil.vision.embedder import CHIP_SIZE, Embedder
from invigil.vision.fingerprint import fingerprint, shows_nothing, thumbnail
from invigil.vision.geometry import GreyImage, grey_of, resized
from invigil.vision.landmarks import Layout
from invigil.vision.port import Frame
from invigil.vision.quality import (
    FaceQuality,
    Light,
    face_quality,
    foremost,
    judge,
    picture_light,
    picture_sharpness,
)
from invigil.vision.registry import ModelEntry, Registry
from invigil.vision.verifier import Claim, Verified, Verifier

# A larger JPEG is shrunk while it is decoded, but not below this longer side: a face that is
# worth comparing has more pixels then than the chip that the embedder sees.
_NEEDED_SIDE = 800
_JPEG_QUALITY = 85
_NOT_COMPARED = Verified(Identity.NOT_COMPARED)
_STILL_THERE = Verified(Identity.MATCH)


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """`comparable`: the main face may be recognised. `spoilt`: why it may not be a mismatch."""

    picture: Picture
    grey: GreyImage
    light: Light
    detections: list[Detection]
    qualities: list[FaceQuality]
    sharpness: float
    unusable: Unusable | None
    comparable: bool
    spoilt: Unusable | None
    fingerprint: bytes | None
    covered: bool


class DefaultEngine:
    """Implements `invigil.vision.port.VisionEngine`. Holds no state between calls."""

    def __init__(
        self,
        registry: Registry,
        decoder: ImageDecoder,
        detector: FaceDetector,
        embedder: Embedder,
        *,
        models: tuple[ModelEntry, ...],
    ) -> None:
        """`models`: entries of the detector, the embedder and, if any, what looks beside it."""
        found, features = models[:2]
        self._decoder = decoder
        self._detector = detector
        self._embedder = embedder
        self._quality = registry.quality
        self._wider = registry.quality.wider
        self._thresholds = features.comparison
        self._verifier = Verifier(
            embedder,
            features.comparison,
            registry.quality,
            score_tells_cover=detector.layout.score_tells_cover,
        )
        self._detector_name = found.name
        self._embedder_name = features.name
        self._still = registry.still_there
        self._models = tuple(model.name for model in models)

    @property
    def models(self) -> tuple[str, ...]:
        return self._models

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        (found,) = self.observe_many([Frame(image, templates, photo=True)])
        if isinstance(found, ImageRefused):
            raise found
        return found

    def observe_many(self, frames: Sequence[Frame]) -> list[Observation | ImageRefused]:
        """All faces that are to be compared go through the embedder together."""
        measured = [self._measured_or_refused(frame) for frame in frames]
        claims: dict[int, Claim] = {}
        found: dict[int, Verified] = {}
        traces: dict[int, Trace] = {}
        for place, (each, frame) in enumerate(zip(measured, frames, strict=True)):
            known = comparable(frame.templates, self._embedder_name, self._embedder.width)
            if not isinstance(each, _Measured) or not each.comparable or not known:
                continue
            now = self._trace(each)
            if now and frame.trace and tracker.has_not_left(frame.trace, now, self._still):
                found[place] = _STILL_THERE
                continue
            claims[place] = _claim(each, known)
            if now:
                traces[place] = now
        found |= zip(claims, self._verifier.verify(list(claims.values())), strict=True)
        return [
            each
            if isinstance(each, ImageRefused)
            else self._observation(each, found.get(place, _NOT_COMPARED), traces.get(place))
            for place, each in enumerate(measured)
        ]

    def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        vectors = []
        for number, image in enumerate(images, start=1):
            measured = self._measure(image)
            if measured.unusable is not None:
                raise ValueError(f"image {number} cannot be used: {measured.unusable}")
            features = self._embedder.embed_well(measured.picture.pixels, measured.detections[0])
            vectors.append(vector(features.tolist()))
        if not vectors:
            raise ValueError("a template needs at least one image")
        return Template(kind, self._embedder_name, tuple(vectors))

    def jpeg(self, image: bytes, *, max_side: int = 1280) -> bytes:
        picture = self._decoder.decode(image, needed_side=max_side)
        scale = min(1.0, max_side / max(picture.width, picture.height))
        width = max(1, round(picture.width * scale))
        height = max(1, round(picture.height * scale))
        pixels = cv2.cvtColor(resized(picture.pixels, width, height), cv2.COLOR_RGB2BGR)
        done, encoded = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
        if not done:
            raise RuntimeError(f"no JPEG could be made of {width} x {height} pixels")
        return encoded.tobytes()

    def _measured_or_refused(self, frame: Frame) -> _Measured | ImageRefused:
        try:
            return self._measure(frame.image, PHOTO if frame.photo else FRAME)
        except ImageRefused as error:
            return error

    def _trace(self, measured: _Measured) -> Trace | None:
        """None where the frame is not clear enough to track anybody from or to it."""
        if measured.unusable is not None:
            return None
        alignment = self._embedder.alignment(measured.detections[0])
        if alignment is None:
            return None
        return tracker.trace(measured.grey, alignment, CHIP_SIZE, self._embedder_name)

    def _observation(
        self, measured: _Measured, verified: Verified, trace: Trace | None
    ) -> Observation:
        picture, qualities = measured.picture, measured.qualities
        return Observation(
            width=picture.width,
            height=picture.height,
            brightness=measured.light.luma,
            sharpness=measured.sharpness,
            faces=tuple(
                _face(detection, quality, picture, self._detector.layout)
                for detection, quality in zip(measured.detections, qualities, strict=True)
            ),
            main=0 if qualities else None,
            unusable=measured.unusable,
            identity=verified.identity,
            comparison_score=verified.score,
            models=self._models_of(verified),
            fingerprint=measured.fingerprint,
            covered=measured.covered,
            clear=verified.clear,
            trace=trace if verified.identity is Identity.MATCH else None,
        )

    def _models_of(self, verified: Verified) -> tuple[str, ...]:
        if verified is _NOT_COMPARED:
            return (self._detector_name,)
        if verified is _STILL_THERE:
            return (self._detector_name, tracker.NAME)
        return self._models if verified.looks > 1 else self._models[:2]

    def _measure(self, image: bytes, effort: Effort = PHOTO) -> _Measured:
        picture = self._decoder.decode(image, needed_side=_NEEDED_SIDE, effort=effort)
        detections = self._detector.detect(picture.pixels)
        grey = grey_of(picture.pixels)
        light = picture_light(grey)
        qualities = [
            face_quality(grey, face, picture.scale, self._detector.layout) for face in detections
        ]
        sharpness = qualities[0].sharpness if qualities else picture_sharpness(grey)
        unusable = judge(qualities, light, sharpness, self._quality)
        alone = foremost(qualities)
        comparable = bool(alone) and judge(alone, light, sharpness, self._wider) is None
        # Beside small faces the main one is judged as if it were alone.
        spoilt = judge(alone, light, sharpness, self._quality)
        small = thumbnail(grey)
        return _Measured(
            picture,
            grey,
            light,
            detections,
            qualities,
            sharpness,
            unusable,
            comparable,
            spoilt,
            fingerprint(small),
            covered=not qualities and shows_nothing(small),
        )


def _claim(measured: _Measured, templates: Sequence[Template]) -> Claim:
    return Claim(
        measured.picture.pixels,
        measured.detections[0],
        measured.qualities[0],
        templates,
        usable=measured.spoilt is None,
        turned=measured.spoilt is Unusable.TURNED_AWAY,
    )


def _face(detection: Detection, quality: FaceQuality, picture: Picture, layout: Layout) -> Face:
    left, top, *_ = (float(value) * picture.scale for value in detection.box)
    points = (detection.points * picture.scale).tolist()
    return Face(
        box=Box(left, top, detection.width * picture.scale, detection.height * picture.scale),
        score=detection.score,
        landmarks=tuple((x, y) for x, y in (points[i] for i in layout.shown)),
        pose=quality.pose,
    )
