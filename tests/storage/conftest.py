"""Fixtures of several files about storage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from invigil.storage.evidence import forward
from tests.support.imgur import Imgur, imgur_server


@pytest.fixture
def imgur(monkeypatch: pytest.MonkeyPatch) -> Iterator[Imgur]:
    # Pictures are sent on when a test says so, and not beside it as well.
    monkeypatch.setattr(forward, "EVERY_S", 3600.0)
    with imgur_server() as up:
        yield up
