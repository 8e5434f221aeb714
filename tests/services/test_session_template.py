"""The template of the exam grows by one live frame after another, all made alike."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from invigil.domain.observation import Template, TemplateKind, vector
from invigil.services.check_in_steps import extend_session_template
from invigil.storage.database import Database
from invigil.storage.database.engine import sqlite_url
from tests.storage.records import ADA, SESSION, fill
from tests.support.databases import Dialect
from tests.support.sealing import VAULT


@pytest.fixture
async def database(tmp_path: Path, dialect: Dialect) -> AsyncIterator[Database]:
    database = Database(dialect.url(tmp_path) or sqlite_url(tmp_path / "invigil.db"), vault=VAULT)
    await fill(database)
    async with database.begin() as work:
        await work.keys.add(SESSION.id, ADA.id)
    yield database
    await database.close()


def session(model: str, *vectors: list[float]) -> Template:
    return Template(TemplateKind.SESSION, model, tuple(vector(each) for each in vectors))


async def after(database: Database, *frames: Template) -> Template:
    for fresh in frames:
        async with database.begin() as work:
            await extend_session_template(work, ADA.id, fresh)
    async with database.read() as work:
        (template,) = await work.templates.of_candidate(ADA.id)
    return template


async def test_each_frame_adds_its_vector(database: Database) -> None:
    grown = await after(database, session("m@1", [1, 2]), session("m@1", [3, 4]))
    assert grown == session("m@1", [1, 2], [3, 4])


@pytest.mark.parametrize("before", [session("m@2", [1, 2]), session("m@1", [1, 2, 3, 4])])
async def test_what_was_made_otherwise_is_replaced(database: Database, before: Template) -> None:
    """A server may have been given another engine in the middle of a check-in."""
    assert await after(database, before, session("m@1", [5, 6])) == session("m@1", [5, 6])


async def test_the_template_of_the_photo_is_no_part_of_it(database: Database) -> None:
    photo = Template(TemplateKind.REFERENCE, "m@1", (vector([1, 2]),))
    async with database.begin() as work:
        await work.templates.put(ADA.id, photo)
        await extend_session_template(work, ADA.id, session("m@1", [3, 4]))
    async with database.read() as work:
        found = await work.templates.of_candidate(ADA.id)
    assert {each.kind: each for each in found} == {
        TemplateKind.REFERENCE: photo,
        TemplateKind.SESSION: session("m@1", [3, 4]),
    }
