"""A bundle holds as it is, and whatever is changed in it is named."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from invigil.domain.audit import START, Head
from invigil.domain.errors import NotFound
from invigil.services.bundle.container import LIST, Writer
from invigil.services.bundle.links import LinkChecker
from invigil.services.bundle.manifest import exactly_signed, fingerprint, signed_text
from invigil.services.bundle.tables import table
from invigil.services.bundle.verify import NoBundle, verify
from invigil.services.bundle.write import BundleMaker, Made
from invigil.services.spreadsheet import harmless
from invigil.storage.signing import SIGNING_KEY, Signer
from tests.support.clock import Clock
from tests.support.house import Running, files_under, running
from tests.support.keeping import NAME, WORDS, well_known
from tests.support.process import command
from tests.support.scripted import ScriptedEngine

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


async def make(house: Running, session_id: str, to: Path) -> Made:
    signer = Signer(house.config.data_dir / SIGNING_KEY)
    maker = BundleMaker(house.storage.database, house.storage.store, signer)
    with to.open("w+b") as out:
        return await maker.make(session_id, out, "the tests", house.clock())


async def _exam(folder: Path) -> tuple[Path, str]:
    """A bundle of an exam beside another one that it must not tell of."""
    async with running(folder / "data", Clock(), ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session(title="=Algebra")
        other = await proctor.open_session(title="Secret Biology")
        await well_known(house, proctor, session)
        await well_known(house, proctor, other)
        await make(house, session["id"], folder / "bundle.zip")
        return folder / "bundle.zip", other["id"]


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    return asyncio.run(_exam(tmp_path_factory.mktemp("exam")))


@pytest.fixture(scope="module")
def bundle(exam: tuple[Path, str]) -> Path:
    return exam[0]


def files_of(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: dict[str, bytes], to: Path) -> Path:
    """A container as an export writes it, of files that may be wrong."""
    with to.open("w+b") as out:
        writer = Writer(out)
        for name, content in files.items():
            writer.add(name, content)
        writer.end()
    return to


def said_of(path: Path) -> str:
    """All that is wrong, in words."""
    try:
        verdict = verify(path)
    except NoBundle as error:
        return str(error)
    return "\n".join(verdict.faults)


def place_of(raw: bytes, at: int) -> str:
    """To which file a byte of the container belongs."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        infos = archive.infolist()
        if at >= archive.start_dir:
            return LIST
    return next(info.filename for info in reversed(infos) if info.header_offset <= at)


def test_a_bundle_as_it_was_made_holds(bundle: Path) -> None:
    verdict = verify(bundle)
    assert verdict.faults == ()
    assert verdict.files > 10
    assert verdict.entries > 5
    assert len(verdict.fingerprint) == 64


@settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(data=st.data())
def test_one_flipped_bit_is_found_and_its_place_is_named(
    bundle: Path, tmp_path: Path, data: st.DataObject
) -> None:
    """Each file is as likely to be hit as the others, and so are headers and the list."""
    raw = bytearray(bundle.read_bytes())
    with zipfile.ZipFile(bundle) as archive:
        starts = [info.header_offset for info in archive.infolist()] + [archive.start_dir]
    ends = [*starts[1:], len(raw)]
    start, end = data.draw(st.sampled_from(list(zip(starts, ends, strict=True))))
    # Headers are short: half of all flips go there.
    last = data.draw(st.sampled_from([min(start + 60, end), end])) - 1
    at = data.draw(st.integers(start, last))
    place = place_of(bytes(raw), at)
    raw[at] ^= 1 << data.draw(st.integers(0, 7))
    changed = tmp_path / "changed.zip"
    changed.write_bytes(raw)
    said = said_of(changed)
    assert said, (at, place)
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    # Damage to the list at the end can show at the file that it misnames.
    wanted = [place] if place != LIST else [LIST, *names]
    assert any(each in said for each in wanted), (at, place, said)


def test_every_byte_of_the_ends_of_the_container_counts(bundle: Path, tmp_path: Path) -> None:
    raw = bundle.read_bytes()
    with zipfile.ZipFile(bundle) as archive:
        start = archive.start_dir
    changed = tmp_path / "changed.zip"
    for at in [*range(60), *range(start, start + 120), *range(len(raw) - 40, len(raw))]:
        changed.write_bytes(raw[:at] + bytes([raw[at] ^ 0x10]) + raw[at + 1 :])
        assert said_of(changed), at
    for more in (raw + b"x", b"x" + raw):
        changed.write_bytes(more)
        assert said_of(changed)


def test_every_file_that_is_missing_changed_or_added_is_named(bundle: Path, tmp_path: Path) -> None:
    files = files_of(bundle)
    for name in files:
        left = {each: content for each, content in files.items() if each != name}
        assert name in said_of(packed(left, tmp_path / "b.zip")), name
        changed = files | {name: files[name] + b" "}
        assert name in said_of(packed(changed, tmp_path / "b.zip")), name
    more = files | {"evidence/planted.jpg": b"x"}
    assert "evidence/planted.jpg was added" in said_of(packed(more, tmp_path / "b.zip"))
    assert said_of(packed(files, tmp_path / "b.zip")) == "", "or this test proves nothing"


def test_a_bundle_that_was_packed_again_is_not_the_same(bundle: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.zip"
    with zipfile.ZipFile(again, "w") as archive:
        for name, content in files_of(bundle).items():
            archive.writestr(name, content)
    assert "header" in said_of(again)
    with zipfile.ZipFile(again, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files_of(bundle).items():
            archive.writestr(name, content)
    assert said_of(again)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda lines: [lines[0], lines[2], lines[1], *lines[3:]], "comes after entry"),
        (lambda lines: [*lines[:3], *lines[4:]], "comes after entry"),
        (lambda lines: lines[:-1], "does not end with the signed entry"),
        (
            lambda lines: [*lines[:-1], lines[-1].replace("session_exported", "signed_in")],
            "changed",
        ),
        (lambda lines: [*lines, "{}"], "no entry"),
    ],
)
def test_entries_of_the_log_that_were_reordered_or_changed_are_named(
    bundle: Path, tmp_path: Path, change: Callable[[list[str]], list[str]], says: str
) -> None:
    files = files_of(bundle)
    lines = change(files["audit.jsonl"].decode().splitlines())
    files["audit.jsonl"] = "".join(f"{line}\n" for line in lines).encode()
    said = said_of(packed(files, tmp_path / "b.zip"))
    assert "audit.jsonl was changed" in said
    assert says in said


def test_a_signature_can_be_written_in_one_way_only(tmp_path: Path) -> None:
    signer = Signer(tmp_path / "key")
    signature = signer.sign(b"text")
    assert exactly_signed(signer.public_key, b"text", signature)
    # The last digit before "==" has four bits that stand for nothing.
    index = BASE64.index(signature[-3])
    twin = signature[:-3] + BASE64[index ^ 1] + "=="
    assert not exactly_signed(signer.public_key, b"text", twin)


def test_whoever_signs_anew_has_another_key(bundle: Path, tmp_path: Path) -> None:
    """Everything holds, and only the fingerprint tells: that is why `--key` is there."""
    files = files_of(bundle)
    forger = Signer(tmp_path / "forger")
    manifest = json.loads(files["manifest.json"])
    honest = manifest["fingerprint"]
    manifest["public_key"] = forger.public_key

    manifest["fingerprint"] = fingerprint(forger.public_key)
    head = manifest["audit_head"]
    text = Head(head["seq"], head["hash"], head["at"]).signed_text()
    head["signature"] = forger.sign(text)
    files["manifest.json"] = json.dumps(manifest).encode()
    files["manifest.sig"] = forger.sign(signed_text(files["manifest.json"])).encode()
    verdict = verify(packed(files, tmp_path / "forged.zip"))
    assert verdict.faults == ()
    assert verdict.fingerprint != honest


def test_what_is_in_it_and_what_is_not(exam: tuple[Path, str]) -> None:
    bundle, other = exam
    files = files_of(bundle)
    read = {
        name: json.loads(files[f"{name}.json"])
        for name in ("incidents", "decisions", "evidence", "candidates", "models", "session")
    }
    assert read["candidates"][0]["name"] == NAME
    assert read["decisions"][0]["reason"] == WORDS
    assert read["incidents"][0]["kind"] == "multiple_faces"
    for row in read["evidence"]:
        assert files[row["file"]] in {b"me", b"two"}
    assert read["models"]["observations"][0]["models"] == "scripted@1"
    assert read["models"]["server_starts"][0]["registry_sha256"]
    everything = b"".join(files.values())
    assert other.encode() not in everything
    assert b"Secret Biology" not in everything
    for secret in (b"token_hash", b"vectors", b"comparison_score", b"admin_hash"):
        assert secret not in everything
    entries = [json.loads(line) for line in files["audit.jsonl"].decode().splitlines()]
    whole = [each["entry"] for each in entries if "entry" in each]
    assert whole[0]["action"] == "server_started"
    assert whole[-1]["action"] == "session_exported"
    assert any("link" in each for each in entries), "the other session's entries"


@given(text=st.text(max_size=20) | st.text("=+-@;\t\r\n\"' ,a", max_size=12))
def test_no_cell_begins_a_formula_whatever_separates_cells(text: str) -> None:
    assert harmless(text).replace("'", "") == text.replace("'", "")
    written = table(["one", "two"], [{"one": text, "two": text}]).decode("utf-8-sig")
    for separator in ",;\t":
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
            assert not [x for x in row if x.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("x;=cmd|'/C calc'!A0", "x;'=cmd|'/C calc'!A0"),
        ('x; "@SUM(A1)', "x;' \"@SUM(A1)"),
        ("x\t-1", "x\t'-1"),
        ("Ada Example; B-1 = 2 - 1", "Ada Example; B-1 = 2 - 1"),
    ],
)
def test_a_formula_is_made_harmless_and_nothing_else_is_changed(text: str, safe: str) -> None:
    assert harmless(text) == safe


def test_spreadsheets_find_no_formula(tmp_path: Path, bundle: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(files_of(bundle)["decisions.csv"].decode("utf-8-sig"))))
    assert rows[0]["reason"] == WORDS


def test_a_slice_may_begin_anywhere_and_must_end_at_the_head() -> None:
    checker = LinkChecker()
    link = json.dumps({"link": {"seq": 7, "previous": START, "hash": "a" * 64}})
    assert list(checker.take(link)) == []
    assert list(checker.end(Head(7, "a" * 64, ""))) == []
    assert list(checker.end(Head(7, "b" * 64, ""))) == [
        "the log does not end with the signed entry 7"
    ]


async def test_a_session_that_is_not_there(tmp_path: Path, clock: Clock) -> None:
    async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
        with pytest.raises(NotFound):
            await make(house, "nobody", tmp_path / "b.zip")


async def test_a_picture_that_cannot_be_read_is_named_and_left_out(
    scripted: Running, tmp_path: Path
) -> None:
    proctor = await scripted.proctor()
    session = await proctor.open_session()
    ada = await well_known(scripted, proctor, session)
    (folder,) = scripted.objects.glob(f"evidence/*/{ada.id}")
    lost = min(folder.iterdir())
    lost.unlink()
    made = await make(scripted, session["id"], tmp_path / "b.zip")
    assert made.missing == (lost.stem,)
    verdict = verify(tmp_path / "b.zip")
    assert verdict.faults == ()
    assert f"evidence/{lost.stem}.jpg" not in files_of(tmp_path / "b.zip")


async def test_from_the_command_line_beside_the_server(tmp_path: Path, clock: Clock) -> None:
    at = {"INVIGIL_DATA_DIR": str(tmp_path / "data"), "INVIGIL_DISK_RESERVE_MB": "0"}
    async with running(tmp_path / "data", clock, ScriptedEngine()) as house:
        proctor = await house.proctor()
        session = await proctor.open_session()
        await well_known(house, proctor, session)
        code, said = await command("export", session["id"], "--to", "b.zip", cwd=tmp_path, **at)
    assert code == 0, said
    made = tmp_path / "b.zip"
    assert made.stat().st_mode & 0o777 == 0o600
    found = verify(made).fingerprint
    assert found in said
    # Elsewhere: another folder, no data folder, no settings.
    code, said = await command("verify", str(made), cwd=tmp_path)
    assert (code, "the bundle's own" in said) == (0, True)
    code, said = await command("verify", str(made), "--key", found, cwd=tmp_path)
    assert (code, "that you trust" in said) == (0, True)
    code, head = await command("audit", "head", cwd=tmp_path, **at)
    (tmp_path / "head.json").write_text(head)
    assert (await command("verify", str(made), "--key", "head.json", cwd=tmp_path))[0] == 0
    code, said = await command("verify", str(made), "--key", "0" * 64, cwd=tmp_path)
    assert (code, "another key" in said) == (3, True)
    assert (await command("verify", str(made), "--key", "nonsense", cwd=tmp_path))[0] == 2
    assert (await command("verify", "head.json", cwd=tmp_path))[0] == 2
    files = files_of(made)
    picture = next(name for name in files if name.startswith("evidence/"))
    packed(files | {picture: b"another face"}, tmp_path / "changed.zip")
    code, said = await command("verify", "changed.zip", cwd=tmp_path)
    assert (code, f"{picture} was changed" in said) == (1, True)
    assert not [path for path in files_under(tmp_path) if path.endswith(".part")]
