"""The port that every engine speaks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from invigil.domain.errors import ImageRefused
from invigil.domain.observation import Observation, Template, TemplateKind, Trace


class VisionEngine(Protocol):
    """Synchronous and CPU bound: call it from a worker, never from the event loop.

    Implementations are safe to call from several threads at once.
    """

    @property
    def models(self) -> tuple[str, ...]:
        """Ids (name@version) of the models in use."""
        ...

    def observe(self, image: bytes, templates: Sequence[Template] = ()) -> Observation:
        """Measure one picture; compare with `templates` when exactly one face is usable.

        Raises `invigil.domain.errors.ImageRefused` (a subclass) for bytes that are no still
        JPEG, PNG or WebP picture within the limits.
        """
        ...

    def make_template(self, kind: TemplateKind, images: Sequence[bytes]) -> Template:
        """Features of the one usable face on each image.

        Raises `ValueError` when an image has not exactly one usable face: call `observe` first.
        """
        ...

    def jpeg(self, image: bytes, *, max_side: int = 1280) -> bytes:
        """The picture upright, without metadata, as JPEG with its longer side <= `max_side`."""
        ...


@dataclass(frozen=True, slots=True)
class Frame:
    """`trace`: of the candidate's frame before, if they were recognised on it by their features.

    `photo`: it is a photo that is given once, and may cost more than one of many frames.
    """

    image: bytes = field(repr=False)
    templates: Sequence[Template] = ()
    trace: Trace | None = None
    photo: bool = False


class BatchEngine(VisionEngine, Protocol):
    """An engine that is quicker with several frames at once than with one after another."""

    def observe_many(self, frames: Sequence[Frame]) -> list[Observation | ImageRefused]:
        """What `observe` gives for each of `frames`, in their order.

        With a trace, somebody whose face has not left is recognised without comparing features:
        then there is no score and no new trace. A picture that is refused stands as its error in
        its place, and harms no other.
        """
        ...
