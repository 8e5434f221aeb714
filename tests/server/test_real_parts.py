"""Parts that cannot be used: the server does not start and says why, in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.ports import free_port
from tests.support.process import command, served_with_log
from tests.support.redis import redis_server

NOBODY = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y", "AWS_REGION": "eu-test-1"}


async def refusal(tmp_path: Path, **chosen: str) -> str:
    code, said = await command(
        "serve", "--data-dir", str(tmp_path / "data"), cwd=tmp_path, **chosen
    )
    assert code not in {0, None}
    assert "Traceback" not in said
    assert "works once" not in said
    return said.strip().splitlines()[-1]


async def test_an_image_store_that_was_never_reached(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    said = await refusal(
        tmp_path, INVIGIL_EVIDENCE_URL="s3://exams/a", AWS_ENDPOINT_URL=endpoint, **NOBODY
    )
    assert said.startswith("INVIGIL_EVIDENCE_URL: the store does not answer")
    assert "AWS_ENDPOINT_URL" in said


async def test_a_redis_that_refuses_the_password(tmp_path: Path) -> None:
    with redis_server(tmp_path / "redis") as up:
        url = up.url.replace("north-4711", "canary-secret")
        said = await refusal(tmp_path, INVIGIL_FEED_URL=url)
    assert said.startswith("INVIGIL_FEED_URL: Redis refuses us")
    assert "canary-secret" not in said


async def test_a_redis_that_was_never_reached_is_an_outage_that_names_its_setting(
    tmp_path: Path,
) -> None:
    log = tmp_path / "log"
    chosen = {"INVIGIL_FEED_URL": "redis://:canary-secret@no-such-host.invalid/0"}
    async with served_with_log(log, tmp_path / "data", free_port(), **chosen):
        pass
    said = log.read_text()
    lines = [line for line in said.splitlines() if "feed does not reach" in line]
    assert lines
    for words in ("INVIGIL_FEED_URL", "no-such-host.invalid", "cannot be resolved"):
        assert all(words in line for line in lines), words
    assert "canary-secret" not in said


@pytest.mark.parametrize("name", ["INVIGIL_EVIDENCE_URL", "INVIGIL_FEED_URL"])
async def test_a_url_that_cannot_be(tmp_path: Path, name: str) -> None:
    said = await refusal(tmp_path, **{name: "nowhere://canary-secret@host"})
    assert said.startswith(f"{name}: ")
    assert "must be" in said
    assert "canary-secret" not in said
