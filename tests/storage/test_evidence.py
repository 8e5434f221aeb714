"""The evidence store: immutable images in plain files."""

from __future__ import annotations

import hashlib
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from invigil.domain.errors import NotFound, SealBroken, StorageFull, Unavailable
from invigil.domain.secrets import new_id
from invigil.domain.system import Space
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.local import LocalShelf
from invigil.storage.evidence.store import Owner
from tests.support.clock import START
from tests.support.house import files_under
from tests.support.sealing import KeysOfTests

OWNER = Owner(new_id(), new_id())
IMAGE = b"\xff\xd8 some picture \xff\xd9"
MORE_THAN_ANY_DISK = 1 << 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def store(root: Path) -> EvidenceStore:
    return EvidenceStore(LocalShelf(root, reserve=0), KeysOfTests())


async def test_an_image_comes_back_and_is_described(store: EvidenceStore, root: Path) -> None:
    evidence = await store.put(new_id(), OWNER, IMAGE, START)
    assert await store.get(evidence) == IMAGE
    assert evidence.sha256 == hashlib.sha256(IMAGE).hexdigest()
    assert evidence.size == len(IMAGE)
    path = root / "evidence" / OWNER.session_id / OWNER.candidate_id / f"{evidence.id}.jpg"
    stored = path.read_bytes()
    assert IMAGE not in stored
    assert hashlib.sha256(stored).hexdigest() == evidence.sealed_sha256


def test_other_users_of_the_machine_cannot_look_into_the_folder(
    store: EvidenceStore, root: Path
) -> None:
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


async def test_an_altered_image_is_not_shown(store: EvidenceStore, root: Path) -> None:
    evidence = await store.put(new_id(), OWNER, IMAGE, START)
    path = root / evidence.key
    stored = path.read_bytes()
    for at in range(len(stored)):
        path.write_bytes(stored[:at] + bytes([stored[at] ^ 1]) + stored[at + 1 :])
        with pytest.raises(SealBroken, match="changed after it was stored"):
            await store.get(evidence)


async def test_one_image_cannot_take_the_place_of_another(store: EvidenceStore, root: Path) -> None:
    first = await store.put(new_id(), OWNER, IMAGE, START)
    second = await store.put(new_id(), OWNER, b"another", START)
    (root / first.key).write_bytes((root / second.key).read_bytes())
    with pytest.raises(SealBroken):
        await store.get(first)


async def test_an_image_of_before_there_were_keys_is_still_shown(
    store: EvidenceStore, root: Path
) -> None:
    evidence = await store.put(new_id(), OWNER, IMAGE, START)
    (root / evidence.key).write_bytes(IMAGE)
    assert await store.get(replace(evidence, sealed_sha256=None)) == IMAGE
    (root / evidence.key).write_bytes(IMAGE.replace(b"some", b"fake"))
    with pytest.raises(SealBroken):
        await store.get(replace(evidence, sealed_sha256=None))


async def test_evidence_is_never_overwritten(store: EvidenceStore) -> None:
    evidence = await store.put(new_id(), OWNER, IMAGE, START)
    with pytest.raises(Unavailable):
        await store.put(evidence.id, OWNER, b"another", START)
    assert await store.get(evidence) == IMAGE


async def test_the_still_is_replaced(store: EvidenceStore, root: Path) -> None:
    await store.put_still(OWNER, b"old")
    await store.put_still(OWNER, b"new")
    assert await store.get_still(OWNER) == b"new"
    assert [path.name for path in (root / "stills").rglob("*.jpg")] == [f"{OWNER.candidate_id}.jpg"]


async def test_deleting_twice_is_fine(store: EvidenceStore) -> None:
    evidence = await store.put(new_id(), OWNER, IMAGE, START)
    await store.delete(evidence.key)
    await store.delete(evidence.key)
    with pytest.raises(NotFound):
        await store.get(evidence)


async def test_images_stop_before_the_disk_is_full(root: Path) -> None:
    store = EvidenceStore(LocalShelf(root, reserve=MORE_THAN_ANY_DISK), KeysOfTests())
    assert store.space() is Space.FULL
    with pytest.raises(StorageFull):
        await store.put(new_id(), OWNER, IMAGE, START)
    with pytest.raises(StorageFull):
        await store.put_still(OWNER, IMAGE)
    assert files_under(root) == []


async def test_a_folder_that_cannot_be_written_is_unavailable_and_not_a_crash(
    store: EvidenceStore, root: Path
) -> None:
    (root / "evidence").write_text("a file in the way")
    with pytest.raises(Unavailable):
        await store.put(new_id(), OWNER, IMAGE, START)
