"""Small data sets and engines whose answers are known."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from invigil.domain.errors import ImageBroken
from invigil.domain.observation import (
    Box,
    Face,
    Identity,
    Observation,
    Template,
    TemplateKind,
    Unusable,
    vector,
)
from invigil.evaluate.probe import Look, Subject, nearness_of_all
from tests.support import pictures

MODEL = "scripted@1"
_FACE = Face(Box(10, 10, 40, 40), 0.9)


def write_table(path: Path, heads: Sequence[str], rows: Sequence[Sequence[object]]) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([heads, *rows])
    return path


def write_portraits(folder: Path) -> Path:
    """The bundled people, twice each, named as collections name them."""
    folder.mkdir(exist_ok=True)
    obama = pictures.opened(pictures.obama())
    biden = pictures.opened(pictures.biden())
    astronaut = pictures.opened(pictures.astronaut())
    for name, image in (("Obama", obama), ("Biden", biden), ("Collins", astronaut)):
        (folder / f"{name}_0001.jpg").write_bytes(pictures.encoded(image))
        smaller = image.resize((image.width * 9 // 10, image.height * 9 // 10))
        (folder / f"{name}_0002.jpg").write_bytes(pictures.encoded(smaller))
    (folder / "Obama_0003.jpg").write_bytes(pictures.obama_speaking())
    return folder


class WordsEngine:
    """Reads a picture's facts from its bytes: `x=0.3 faces=2 unusable=blurred`.

    `x` is the only feature; so the score of two pictures is 1 - |difference|. `again` is what the
    second look sees, where that is something else.
    """

    subject = Subject.LARGEST
    similarity = staticmethod(nearness_of_all)
    match_threshold = 0.5
    mismatch = 0.4

    @property
    def models(self) -> tuple[str, ...]:
        return (MODEL,)

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        look, faces = self.look(image), int(_words(image).get("faces", "1"))
        identity, score = Identity.NOT_COMPARED, None
        if templates and look.unusable is None and look.live is not None:
            score = max(1 - abs(v[0] - float(look.live[0])) for t in templates for v in t.vectors)
            identity = self._identity(score)
        return Observation(
            width=100,
            height=100,
            brightness=100.0,
            sharpness=20.0,
            faces=(_FACE,) * faces,
            main=0 if faces else None,
            unusable=look.unusable,
            identity=identity,
            comparison_score=score,
            models=self.models,
        )

    def _identity(self, score: float) -> Identity:
        if score >= self.match_threshold:
            return Identity.MATCH
        return Identity.MISMATCH if score < self.mismatch else Identity.UNCERTAIN

    def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        looks = [self.look(image) for image in images]
        if any(look.unusable for look in looks):
            raise ValueError("not usable")
        return Template(
            kind,
            MODEL,
            tuple(vector(look.template) for look in looks if look.template is not None),
        )

    def jpeg(self, image: bytes, *, max_side: int = 1280) -> bytes:  # noqa: ARG002 - the port's
        return image

    def look(self, image: bytes) -> Look:
        words = _words(image)
        faces = int(words.get("faces", "1"))
        unusable = Unusable(words["unusable"]) if "unusable" in words else None
        if faces != 1 and unusable is None:
            unusable = Unusable.NO_FACE if faces == 0 else Unusable.SEVERAL_FACES
        if faces == 0:
            return Look(unusable, None, None, None)
        x = np.array([float(words.get("x", "0"))], dtype=np.float32)
        again = np.array([float(words["again"])], dtype=np.float32) if "again" in words else None
        return Look(unusable, x, x if again is None else again, x)


class ColourEngine(WordsEngine):
    """For frames that were drawn: how many people, and who, by the colours it finds.

    Red is one person, blue another, and both are two; anything else is an empty room.
    """

    RED, BLUE = (220, 20, 20), (20, 20, 220)

    def look(self, image: bytes) -> Look:
        pixels = np.asarray(Image.open(io.BytesIO(image)).convert("RGB"), dtype=np.int32)
        red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
        seen = [
            x
            for x, strong, weak in ((0.0, red, blue), (1.0, blue, red))
            if ((strong > weak + 80) & (strong > green + 80)).mean() > 0.01
        ]
        if pixels.mean() < 20:
            return Look(Unusable.TOO_DARK, None, None, None)
        if not seen:
            return Look(Unusable.NO_FACE, None, None, None)
        feature = np.array(seen[:1], dtype=np.float32)
        return Look(Unusable.SEVERAL_FACES if len(seen) > 1 else None, feature, feature, feature)

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        look = self.look(image)
        faces = 0 if look.live is None else 1 + (look.unusable is Unusable.SEVERAL_FACES)
        said = f"faces={faces} x={0.0 if look.live is None else float(look.live[0])}"
        if look.unusable:
            said += f" unusable={look.unusable}"
        return WordsEngine().observe(said.encode(), templates)


def _words(image: bytes) -> dict[str, str]:
    try:
        return dict(word.split("=", 1) for word in image.decode("ascii").split())
    except ValueError as error:
        raise ImageBroken from error
