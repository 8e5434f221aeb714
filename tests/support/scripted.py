"""A vision engine that reads what is on the picture from the bytes themselves.

For tests about time, faults and sockets, where pictures do not matter: b"me", b"two" and so on
are frames. Anything after a blank is passed over, so that frames can differ.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

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

SCENES: dict[bytes, tuple[int, Unusable | None, Identity]] = {
    b"me": (1, None, Identity.MATCH),
    b"stranger": (1, None, Identity.MISMATCH),
    b"unsure": (1, None, Identity.UNCERTAIN),
    b"two": (2, Unusable.SEVERAL_FACES, Identity.NOT_COMPARED),
    b"three": (3, Unusable.SEVERAL_FACES, Identity.NOT_COMPARED),
    b"empty": (0, Unusable.NO_FACE, Identity.NOT_COMPARED),
    **{reason.value.encode(): (1, reason, Identity.NOT_COMPARED) for reason in Unusable},
}

_FACE = Face(Box(10, 10, 100, 100), 0.987654)


class ScriptedEngine:
    """`before` is called in the worker ahead of every look, to make one slow or failing."""

    def __init__(self, before: Callable[[], None] = lambda: None) -> None:
        self.before = before

    @property
    def models(self) -> tuple[str, ...]:
        return ("scripted@1",)

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        self.before()
        count, unusable, identity = _scene(image)
        return Observation(
            width=640,
            height=480,
            brightness=123.456,
            sharpness=98.765,
            faces=(_FACE,) * count,
            main=0 if count else None,
            unusable=unusable,
            identity=identity if templates else Identity.NOT_COMPARED,
            comparison_score=0.4321 if templates and unusable is None else None,
            models=self.models,
        )

    def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        for image in images:
            if _scene(image)[1] is not None:
                raise ValueError(f"not usable: {image!r}")
        return Template(kind, "scripted@1", tuple(vector([0.25] * 128) for _ in images))

    def jpeg(self, image: bytes, *, max_side: int = 1280) -> bytes:  # noqa: ARG002 - the port's
        _scene(image)
        return image


def _scene(image: bytes) -> tuple[int, Unusable | None, Identity]:
    scene = SCENES.get(image.partition(b" ")[0])
    if scene is None:
        raise ImageBroken
    return scene
