"""All that is wanted of a picture, in one go: what is on it, and the JPEG to keep."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from invigil.domain.errors import ImageRefused
from invigil.domain.observation import Observation, Template, TemplateKind, Trace
from invigil.vision.plain import is_plain_jpeg
from invigil.vision.port import Frame, VisionEngine

MAX_SIDE = 1280
"""Longer side, in pixels, of what is kept."""


@dataclass(frozen=True, slots=True)
class Seen:
    """`jpeg`: the picture upright, without metadata, with its longer side <= `MAX_SIDE`.

    None when the bytes that came are that already.
    """

    observation: Observation
    jpeg: bytes | None


@dataclass(frozen=True, slots=True)
class Looked:
    """`jpeg`: what may be kept and shown of the picture."""

    observation: Observation
    jpeg: bytes


class Analysis(Protocol):
    """An engine behind workers: what asynchronous code awaits.

    Every call may raise `invigil.domain.errors.Unavailable` when the workers cannot take it.
    """

    async def look(
        self,
        image: bytes,
        templates: Sequence[Template] = (),
        trace: Trace | None = None,
        *,
        photo: bool = False,
    ) -> Looked:
        """Measure one picture, compare with `templates` when exactly one face is usable, and
        give the JPEG to keep. `trace`, `photo`: see `Frame`. Raises a subclass of `ImageRefused`.
        """
        ...

    async def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        """Features of the one usable face on each image.

        Raises `ValueError` when an image has not exactly one usable face: call `look` first.
        """
        ...


def look(engine: VisionEngine, frames: Sequence[Frame]) -> list[Seen | ImageRefused]:
    """What is seen on each frame, in their order.

    A picture that is refused stands as its error in its place, and harms no other.
    """
    return [
        found if isinstance(found, ImageRefused) else _seen(engine, frame.image, found)
        for frame, found in zip(frames, observe(engine, frames), strict=True)
    ]


def observe(engine: VisionEngine, frames: Sequence[Frame]) -> Sequence[Observation | ImageRefused]:
    """What the engine says of each frame: of all together, where it can."""
    many = getattr(engine, "observe_many", None)
    if many is None:
        return [_observed(engine, frame) for frame in frames]
    together: Sequence[Observation | ImageRefused] = many(frames)
    return together


def _observed(engine: VisionEngine, frame: Frame) -> Observation | ImageRefused:
    try:
        return engine.observe(frame.image, frame.templates)
    except ImageRefused as error:
        return error


def _seen(engine: VisionEngine, image: bytes, found: Observation) -> Seen | ImageRefused:
    if max(found.width, found.height) <= MAX_SIDE and is_plain_jpeg(image):
        return Seen(found, None)
    try:
        return Seen(found, engine.jpeg(image, max_side=MAX_SIDE))
    except ImageRefused as error:
        return error
