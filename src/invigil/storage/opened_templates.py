"""What a candidate's pictures are compared with, and whether they can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from invigil.domain.errors import CannotOpen
from invigil.domain.observation import Template
from invigil.storage.database import UnitOfWork
from invigil.storage.told_once import ToldOnce

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Opened:
    """`templates`: empty where there are none, or none that can be opened (`lost`)."""

    templates: Sequence[Template]
    lost: bool = False


class OpenedTemplates:
    """Opens templates anew for every picture: one that can be opened again is compared with."""

    def __init__(self) -> None:
        self._told = ToldOnce()

    async def of(self, work: UnitOfWork, candidate_id: str) -> Opened:
        """A template that cannot be opened is a fault of ours: no picture is refused for it."""
        try:
            templates = await work.templates.of_candidate(candidate_id)
        except CannotOpen as error:
            self._told.tell(
                "the features of a face cannot be opened: pictures are not compared",
                candidate_id,
                error,
            )
            return Opened((), lost=True)
        if self._told.over(candidate_id):
            log.info("pictures are compared again", candidate=candidate_id)
        return Opened(templates)
