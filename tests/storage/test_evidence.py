"""The evidence store: immutable images in plain files."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from invigil.domain.errors import NotFound, StorageFull, Unavailable
from invigil.domain.secrets import new_id
from invigil.domain.system import Space
from invigil.storage.evidence import EvidenceStore
from invigil.storage.evidence.local import LocalShelf
from invigil.storage.evidence.store import Owner
from tests.support.clock import START
from tests.support.house import files_under

OWNER = Owner(new_id(), new_id())
IMAGE = b"\xff\xd8 some picture \xff\xd9"
MORE_THAN_ANY_DISK = 1 << 60


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def store(root: Path) -> EvidenceStore:
    return EvidenceStore(LocalShelf(root, reserve=0))


async def test_an_image_comes_back_and_is_described(store: EvidenceStore, root: Path) -> None:
    evidence = await store.put(new_id(), OWNER, IMAGE, START)
    assert await store.get(evidence) == IMAGE
    assert evidence.sha256 == hashlib.sha256(IMAGE).hexdigest()
    assert evidence.size == len(IMAGE)
    path = root / "evidence" / OWNER.session_id / OWNER.candidate_id / f"{evidence.id}.jpg"
    assert path.read_bytes() == IMAGE


def test_other_users_of_the_machine_cannot_look_into_the_folder(
    store: EvidenceStore, root: Path
) -> None:
    assert stat.S_IMODE(root.stat().st_mode) == 0o700


async def test_an_altered_image_is_not_shown(store: EvidenceStore, root: Path) -> None:
    evidence = await store.put(new_id(), OWNER, IMAGE, START)
    (root / evidence.key).write_bytes(IMAGE.replace(b"some", b"fake"))
    with pytest.raises(Unavailable, match="changed after it was stored"):
        await store.get(evidence)


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
    store = EvidenceStore(LocalShelf(root, reserve=MORE_THAN_ANY_DISK))
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
