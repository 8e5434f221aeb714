"""Files of keys: whole or not there, and refused in plain words when they are cut off."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from invigil.domain.errors import KeyMisconfigured
from invigil.storage.key import load_key, make_once
from invigil.storage.signing import Signer
from tests.support.ports import free_port
from tests.support.process import command

OPEN: dict[str, Callable[[Path], object]] = {"secret.key": load_key, "signing.key": Signer}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret.key"
    key = load_key(path)
    assert (len(key), load_key(path)) == (32, key)
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == ["secret.key"]


def test_those_who_start_together_have_the_same_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as starts:
        keys = set(starts.map(load_key, [tmp_path / "secret.key"] * 8))
    assert len(keys) == 1
    assert names(tmp_path) == ["secret.key"]


def test_a_start_that_is_cut_off_leaves_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            load_key(tmp_path / "secret.key")
    assert names(tmp_path) == []
    assert len(load_key(tmp_path / "secret.key")) == 32


def test_a_file_system_without_links_will_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without(*_: object, **__: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", without)
    make_once(tmp_path / "key", b"first")
    make_once(tmp_path / "key", b"second")
    assert (tmp_path / "key").read_bytes() == b"first"
    assert names(tmp_path) == ["key"]


@pytest.mark.parametrize("name", OPEN)
@pytest.mark.parametrize("length", [0, 31, 33])
def test_a_key_of_another_length_is_refused(tmp_path: Path, name: str, length: int) -> None:
    (tmp_path / name).write_bytes(bytes(length))
    with pytest.raises(KeyMisconfigured, match=f"holds {length} bytes instead of 32") as told:
        OPEN[name](tmp_path / name)
    assert "delete it" in told.value.fix
    assert (tmp_path / name).stat().st_size == length


async def test_a_server_with_an_empty_key_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "secret.key").touch()
    port = str(free_port())
    code, said = await command("serve", "--port", port, cwd=tmp_path, INVIGIL_DATA_DIR="data")
    assert code == 1
    assert "secret.key holds 0 bytes instead of 32" in said
    assert "Traceback" not in said


async def test_nothing_is_signed_with_an_empty_key(tmp_path: Path) -> None:
    chosen = {"INVIGIL_DATA_DIR": "data"}
    assert (await command("db", "upgrade", cwd=tmp_path, **chosen))[0] == 0
    (tmp_path / "data" / "signing.key").touch()
    code, said = await command("retention", "certificate", cwd=tmp_path, **chosen)
    assert code == 1
    assert "signing.key holds 0 bytes instead of 32" in said
    assert "Traceback" not in said
