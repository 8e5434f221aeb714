"""What is encrypted at rest, who can open it, and how the master key is changed."""

from __future__ import annotations

import asyncio
import base64
import secrets
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from invigil.domain.errors import KeyMisconfigured, KeyMissing, NotFound, SealBroken
from invigil.key_wiring import vault as make_vault
from invigil.storage.database import Database
from invigil.storage.database import tables as t
from invigil.storage.keyring import KeyRing, give_keys
from invigil.storage.sealing import Vault
from invigil.storage.sealing.master import GivenKeys, KeyFile
from invigil.wiring import database_of, prepare
from tests.support import pictures
from tests.support.clock import Clock
from tests.support.house import Candidate, Json, Running, files_under, read, running, settings
from tests.support.process import command
from tests.support.scripted import ScriptedEngine
from tests.support.sealing import VAULT

OWNER = "session/candidate"


def new_master() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def given_keys(*keys: str) -> GivenKeys:
    return GivenKeys(",".join(keys), "the tests")


@given(plain=st.binary(max_size=300), what=st.text(min_size=1, max_size=40))
def test_what_was_sealed_opens_under_its_own_name(plain: bytes, what: str) -> None:
    key = VAULT.unwrap(VAULT.new_key(OWNER), OWNER)
    sealed = key.seal(what, plain)
    assert key.open(what, sealed) == plain
    with pytest.raises(SealBroken):
        key.open(what + "x", sealed)
    with pytest.raises(SealBroken):
        VAULT.unwrap(VAULT.new_key(OWNER), OWNER).open(what, sealed)


def test_a_key_opens_for_its_owner_only() -> None:
    wrapped = VAULT.new_key(OWNER)
    with pytest.raises(SealBroken):
        VAULT.unwrap(wrapped, "session/somebody else")


@given(cut=st.integers(min_value=0, max_value=150))
def test_what_is_cut_off_does_not_open(cut: int) -> None:
    key = VAULT.unwrap(VAULT.new_key(OWNER), OWNER)
    sealed = key.seal("x", b"some bytes")
    with pytest.raises(SealBroken):
        key.open("x", sealed[: min(cut, len(sealed) - 1)])


def test_no_two_seals_of_the_same_are_alike() -> None:
    key = VAULT.unwrap(VAULT.new_key(OWNER), OWNER)
    assert len({key.seal("x", b"the same")[-24:] for _ in range(1000)}) == 1000


def test_another_master_key_does_not_open() -> None:
    wrapped = Vault(given_keys(new_master())).new_key(OWNER)
    with pytest.raises(KeyMissing, match="does not have"):
        Vault(given_keys(new_master())).unwrap(wrapped, OWNER)


def test_an_older_master_key_opens_and_the_newest_wraps() -> None:
    old, new = new_master(), new_master()
    key = Vault(given_keys(old)).new_key(OWNER)
    vault = Vault(given_keys(new, old))
    rewrapped = vault.rewrap(key, OWNER)
    sealed = vault.unwrap(key, OWNER).seal("x", b"some bytes")
    assert Vault(given_keys(new)).unwrap(rewrapped, OWNER).open("x", sealed) == b"some bytes"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "holds no key"),
        ("# nothing", "holds no key"),
        ("not base 64!", "not Base64"),
        ("c2hvcnQ=", "5 bytes; 32 are needed"),
    ],
)
def test_a_bad_master_key_is_refused_in_words_that_do_not_repeat_it(text: str, says: str) -> None:
    with pytest.raises(KeyMisconfigured, match=says) as told:
        GivenKeys(text, "INVIGIL_MASTER_KEY").load()
    assert "INVIGIL_MASTER_KEY" in told.value.message
    assert not text or text not in told.value.message


def test_the_key_file_is_for_its_owner_only_and_stays_the_same(tmp_path: Path) -> None:
    file = KeyFile(tmp_path / "master.key")
    file.make()
    first = file.load()
    assert file.path.stat().st_mode & 0o777 == 0o600
    file.make()
    assert file.load() == first
    second = file.add_newest()
    assert second.newest != first.newest
    assert set(second.by_id) == {first.newest, second.newest}
    assert set(file.keep_newest().by_id) == {second.newest}
    assert file.path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_is_lost_while_a_server_runs_is_not_made_anew(tmp_path: Path) -> None:
    """Who joins meanwhile has a key of the same master key as those who joined before."""
    file, elsewhere = KeyFile(tmp_path / "master.key"), tmp_path / "elsewhere"
    file.make()
    vault = Vault(file)
    before = vault.new_key(OWNER)
    file.path.rename(elsewhere)
    meanwhile = vault.new_key(OWNER)
    vault.unwrap(before, OWNER)
    assert not file.path.exists()
    elsewhere.rename(file.path)
    assert meanwhile.master == before.master == vault.newest
    Vault(file).unwrap(meanwhile, OWNER)
    newest = file.add_newest().newest
    assert vault.newest == newest


def test_a_key_file_that_was_spoilt_is_a_missing_key_to_who_needs_another(tmp_path: Path) -> None:
    """And none for those whose key was read before."""
    file = KeyFile(tmp_path / "master.key")
    file.make()
    vault = Vault(file)
    mine, others = vault.new_key(OWNER), Vault(given_keys(new_master())).new_key(OWNER)
    file.path.write_text("spoilt")
    with pytest.raises(KeyMissing):
        vault.unwrap(others, OWNER)
    vault.unwrap(mine, OWNER)


async def test_only_a_start_makes_the_key_file(tmp_path: Path) -> None:
    config = settings(tmp_path)
    with pytest.raises(KeyMisconfigured, match="is not there"):
        make_vault(config)
    await prepare(config)
    first = make_vault(config).newest
    await prepare(config)
    assert make_vault(config).newest == first


async def test_neither_photo_nor_template_lies_anywhere_in_the_clear(
    scripted: Running, session: Json
) -> None:
    ada = await scripted.enter(session, face=b"me")
    await ada.film(b"two", 3)
    stored = [(scripted.objects / name).read_bytes() for name in files_under(scripted.objects)]
    assert len(stored) >= 3  # reference photo, still, evidence
    assert not [each for each in stored if b"\xff\xd8" in each[:64] or each == b"me"]
    async with scripted.database.read() as work:
        (template, *_) = await work.templates.of_candidate(ada.id)
    async with scripted.database.engine.connect() as connection:
        rows = (await connection.execute(sa.select(t.template.c.vectors))).scalars().all()
        keys = (await connection.execute(sa.select(t.candidate_key.c.wrapped))).scalars().all()
    assert template.vectors
    assert rows
    assert all(row.startswith(b"IVG1") for row in rows)
    assert [len(key) for key in keys] == [12 + 32 + 16]


@pytest.mark.parametrize("width", [0, -128, 100, 129, 100_000])
async def test_a_template_of_another_width_than_its_bytes_is_not_read(
    scripted: Running, session: Json, width: int
) -> None:
    """The width lies beside what is sealed: vectors that were cut elsewhere would be nobody's."""
    ada = await scripted.enter(session, face=b"me")
    async with scripted.database.engine.begin() as connection:
        await connection.execute(t.template.update().values(width=width))
    async with scripted.database.read() as work:
        with pytest.raises(SealBroken):
            await work.templates.of_candidate(ada.id)


@pytest.mark.parametrize("width", [128, 576])
async def test_templates_that_are_cut_elsewhere_are_not_compared(
    house: Running, session: Json, width: int
) -> None:
    """As many bytes, but other vectors: nobody is recognised by them, and nobody accused."""
    ada = await house.enter(session)
    assert read(await ada.send(pictures.obama()))["observation"]["identity"] == "match"
    async with house.database.engine.begin() as connection:
        await connection.execute(t.template.update().values(width=width))
    for face in (pictures.obama(), pictures.biden()):
        assert read(await ada.send(face))["observation"]["identity"] == "not_compared"


async def test_without_its_key_nothing_of_a_candidate_can_be_read(
    scripted: Running, session: Json
) -> None:
    ada = await scripted.enter(session, face=b"me")
    bo = await scripted.enter(session, face=b"me")
    async with scripted.database.begin() as work:
        await work.keys.destroy(ada.id)
    ring = KeyRing(scripted.database)
    with pytest.raises(NotFound):
        await ring.of(ada.id)
    async with scripted.database.read() as work:
        assert await work.templates.of_candidate(ada.id) == ()
        assert await work.templates.of_candidate(bo.id) != ()


async def test_the_master_key_is_changed_while_the_server_goes_on(
    tmp_path: Path, clock: Clock, dialect: object
) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        chosen = _chosen(house)
        proctor = await house.proctor()
        session = await proctor.open_session()
        ada = await house.enter(session, "Ada", b"me")
        await ada.film(b"two", 3)
        before = (data / "master.key").read_text()
        code, said = await command("keys", "rotate", cwd=tmp_path, **chosen)
        assert code == 0, said
        assert "1 keys" in said
        # Somebody joins between the two steps, and must not be left under the old key.
        bo = await house.enter(session, "Bo", b"me")
        code, said = await command("keys", "retire", cwd=tmp_path, **chosen)
        assert code == 0, said
        assert "0 keys" in said
        after = (data / "master.key").read_text()
        assert not set(_keys_in(before)) & set(_keys_in(after))
        assert len(_keys_in(after)) == 1
        await _sees_photo(house, session)
        for candidate in (ada, bo):
            assert read(await candidate.send(b"me"))["observation"]["identity"] == "match"
    async with running(data, clock, ScriptedEngine()) as house:
        await _sees_photo(house, session)
        for known in (ada, bo):
            again = Candidate(
                await house.client({"Authorization": f"Bearer {known.token}"}),
                clock,
                "",
                known.token,
            )
            assert read(await again.send(b"me"))["observation"]["identity"] == "match"


def _keys_in(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def _chosen(house: Running) -> dict[str, str]:
    chosen = {"INVIGIL_DATA_DIR": str(house.config.data_dir)}
    if url := house.config.database_url:
        chosen["INVIGIL_DATABASE_URL"] = url.get_secret_value()
    return chosen


async def _sees_photo(house: Running, session: Json) -> None:
    proctor = await house.proctor()
    snapshot = await proctor.snapshot(session)
    (evidence,) = snapshot["incidents"][0]["evidence"]
    assert (await proctor.client.get(evidence["url"])).status_code == 200


async def test_a_server_with_another_master_key_does_not_start(
    tmp_path: Path, clock: Clock, dialect: object
) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        chosen = _chosen(house)
        session = await (await house.proctor()).open_session()
        await house.enter(session, "Ada", b"me")
    (data / "master.key").rename(tmp_path / "copy")
    for _ in range(2):
        code, said = await command("db", "upgrade", cwd=tmp_path, **chosen)
        assert code == 1
        assert "master key that is not here" in said
        assert "Restore master.key from its copy" in said
        assert "Traceback" not in said
        # A fresh one would be taken for the right one later.
        assert not (data / "master.key").exists()
    code, said = await command("keys", "rewrap", cwd=tmp_path, **chosen)
    assert code == 1
    assert "Restore master.key from its copy" in said
    assert "Traceback" not in said
    assert not (data / "master.key").exists()
    code, said = await command("keys", "rotate", cwd=tmp_path, **chosen)
    assert code == 1
    assert "Restore master.key from its copy" in said
    (tmp_path / "copy").rename(data / "master.key")
    assert (await command("db", "upgrade", cwd=tmp_path, **chosen))[0] == 0


async def test_a_second_server_with_a_key_of_its_own_is_refused_before_anybody_joins(
    tmp_path: Path, clock: Clock, dialect: object
) -> None:
    data = tmp_path / "data"
    async with running(data, clock, ScriptedEngine()) as house:
        chosen = _chosen(house)
    (data / "master.key").unlink()
    code, said = await command("db", "upgrade", cwd=tmp_path, **chosen)
    assert code == 1
    assert "master key that is not here" in said
    assert not (data / "master.key").exists()
    # Nothing is encrypted yet: who lost the key can go on with a new one.
    assert (await command("keys", "rewrap", cwd=tmp_path, **chosen))[0] == 0
    assert (await command("db", "upgrade", cwd=tmp_path, **chosen))[0] == 0


async def test_those_who_joined_before_there_were_keys_are_given_one(
    scripted: Running, session: Json
) -> None:
    """As after an update in the middle of an exam."""
    ada = await scripted.enter(session, face=b"me")
    await _make_old(scripted.database, ada.id)
    assert await give_keys(scripted.database) == 1
    assert await give_keys(scripted.database) == 0
    assert read(await ada.send(b"me"))["observation"]["identity"] == "match"
    assert read(await ada.send(b"stranger"))["observation"]["identity"] == "mismatch"


async def _make_old(database: Database, candidate_id: str) -> None:
    """Templates in the clear and no key, which is how an earlier version kept them."""
    async with database.begin() as work:
        key = await work.keys.key_of(candidate_id)
        await work.keys.destroy(candidate_id)
    mine = t.template.c.candidate_id == candidate_id
    async with database.engine.begin() as connection:
        for row in (await connection.execute(sa.select(t.template).where(mine))).mappings().all():
            await connection.execute(
                t.template.update()
                .where(mine, t.template.c.kind == row["kind"])
                .values(vectors=key.open(f"template/{row['kind']}", row["vectors"]))
            )


async def test_several_servers_give_keys_at_the_same_time(
    tmp_path: Path, clock: Clock, dialect: object
) -> None:
    async with (
        running(tmp_path / "data", clock, ScriptedEngine()) as house,
        AsyncExitStack() as stack,
    ):
        session = await (await house.proctor()).open_session()
        everybody = [await house.enter(session, name, b"me") for name in ("Ada", "Bo", "Cy")]
        for each in everybody:
            await _make_old(house.database, each.id)
        other = database_of(settings(tmp_path / "data"), opening=True)
        stack.push_async_callback(other.close)
        given_ = await asyncio.gather(give_keys(house.database), give_keys(other))
        assert sum(given_) >= 3
        for each in everybody:
            assert read(await each.send(b"me"))["observation"]["identity"] == "match"
