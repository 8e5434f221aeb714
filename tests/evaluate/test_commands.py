"""Exit statuses, files and words of `invigil evaluate`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from invigil.cli import app
from invigil.evaluate import commands
from invigil.evaluate.tables import BadInput, require_writable
from invigil.evaluate.targets import Bound, Target, check, overridden
from tests.evaluate.data import WordsEngine, write_portraits, write_table

run = CliRunner()
HEADS = ("a", "b", "same", "fold")
ROWS = [("A_0001.jpg", "A_0002.jpg", 1, 1), ("A_0001.jpg", "B_0001.jpg", 0, 2)]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures of words, and an engine that reads them."""
    monkeypatch.setattr(commands, "build_prober", lambda *_, **__: WordsEngine())
    images = tmp_path / "images"
    images.mkdir()
    for name, words in (("A_0001", "x=0"), ("A_0002", "x=0.1"), ("B_0001", "x=0.9")):
        (images / f"{name}.jpg").write_text(words)
    (images / "two.jpg").write_text("faces=2")
    (images / "none.jpg").write_text("faces=0")
    write_table(tmp_path / "pairs.csv", HEADS, ROWS)
    write_table(
        tmp_path / "counts.csv",
        ("file", "faces", "exact"),
        [("A_0001.jpg", 1, 1), ("two.jpg", 2, 1), ("none.jpg", 0, 1)],
    )
    return tmp_path


def _verify(data: Path, *more: str) -> tuple[int, str]:
    images = str(data / "images")
    done = run.invoke(
        app, ["evaluate", "verification", str(data / "pairs.csv"), "--images", images, *more]
    )
    return done.exit_code, done.output


def _count(data: Path, *more: str) -> tuple[int, str]:
    images = str(data / "images")
    done = run.invoke(
        app, ["evaluate", "counting", str(data / "counts.csv"), "--images", images, *more]
    )
    return done.exit_code, done.output


def test_targets_that_hold_give_0(data: Path) -> None:
    status, said = _count(data)
    assert status == 0, said
    assert _verify(data)[0] == 0


def test_a_missed_target_gives_1_and_is_named(data: Path) -> None:
    (data / "images" / "two.jpg").write_text("faces=1")
    status, said = _count(data)
    assert status == 1
    assert "MISSED  Several faces, found at least 0.98: 0" in said
    # Nothing was reported as several, so that rate is unknown; unknown is not met.
    assert "MISSED  Several faces, reported rightly at least 0.98: not measured" in said
    assert "met     Single faces missed" in said


@pytest.mark.parametrize("option", ["--json", "--html", "--cache"])
def test_a_file_that_cannot_be_written_is_told_before_the_work(
    data: Path, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    def work(*_: object, **__: object) -> None:
        pytest.fail("it began")

    monkeypatch.setattr(commands, "build_prober", work)
    nowhere = str(data / "no folder" / "file")
    status, said = _verify(data, option, nowhere)
    assert (status, said) == (2, f"{nowhere} cannot be written: No such file or directory.\n")


def test_the_look_beforehand_leaves_nothing_and_alters_nothing(data: Path) -> None:
    old, new = data / "old", data / "new"
    old.write_text("what was there")
    require_writable(old, new, None)
    assert old.read_text() == "what was there"
    assert not new.exists()


def test_without_targets_only_the_numbers_count(data: Path) -> None:
    (data / "images" / "two.jpg").write_text("faces=1")
    status, said = _count(data, "--no-targets")
    assert status == 0
    assert "MISSED" not in said


def test_targets_can_be_set(data: Path) -> None:
    (data / "images" / "A_0002.jpg").write_text("x=0.95")
    assert _verify(data)[0] == 1
    assert _verify(data, "--target", "tar_at_fmr_1e-3=0")[0] == 0
    status, said = _verify(data, "--target", "speed=9")
    assert status == 2
    assert "no target 'speed'" in said


@pytest.mark.parametrize(
    ("break_it", "says"),
    [
        (lambda d: (d / "pairs.csv").unlink(), "There is no file"),
        (lambda d: (d / "pairs.csv").write_text("a,b,same\n"), "no column fold"),
        (lambda d: (d / "images" / "A_0002.jpg").unlink(), "A_0002.jpg cannot be read"),
        (lambda d: (d / "images" / "A_0002.jpg").write_bytes(b"\xff"), "A_0002.jpg cannot be used"),
    ],
)
def test_bad_input_gives_2_and_one_sentence(data: Path, break_it: object, says: str) -> None:
    assert callable(break_it)
    break_it(data)
    status, said = _verify(data)
    assert status == 2
    assert says in said
    assert "Traceback" not in said


def test_the_folder_has_to_exist(data: Path) -> None:
    done = run.invoke(
        app, ["evaluate", "counting", str(data / "counts.csv"), "--images", str(data / "nowhere")]
    )
    assert done.exit_code == 2
    assert "nowhere is not a folder" in done.output


def test_an_unwritable_report_is_bad_input(data: Path) -> None:
    status, said = _count(data, "--html", str(data / "no" / "where.html"))
    assert status == 2
    assert "cannot be written" in said


def test_both_files_are_written_and_pictures_are_left_alone(data: Path) -> None:
    before = {path.name: path.read_bytes() for path in (data / "images").iterdir()}
    status, _ = _verify(data, "--json", str(data / "v.json"), "--html", str(data / "v.html"))
    assert status == 0
    assert json.loads((data / "v.json").read_text())["pairs"] == 2
    _self_contained((data / "v.html").read_text())
    assert {path.name: path.read_bytes() for path in (data / "images").iterdir()} == before


def test_numbers_are_printed_when_no_file_is_asked_for(data: Path) -> None:
    assert '"missed_single": 0.0' in _count(data)[1]


def test_the_counting_report_is_self_contained(data: Path) -> None:
    _count(data, "--html", str(data / "c.html"))
    _self_contained((data / "c.html").read_text())


def _self_contained(html: str) -> None:
    """One file: nothing is fetched, nothing runs, every chart can be read aloud."""
    assert html.startswith("<!doctype html>")
    assert not re.search(r"https?:|//|<script|<link|<img|@import|url\(|\ssrc=|\shref=", html)
    assert "prefers-color-scheme: dark" in html
    assert html.count("<svg") >= 1
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        assert 'role="img"' in svg
        named = re.search(r'aria-labelledby="(\S+) (\S+)"', svg)
        assert named is not None
        assert f'<title id="{named[1]}">' in svg
        assert f'<desc id="{named[2]}">' in svg


def test_names_cannot_write_into_the_report(data: Path) -> None:
    name = "<b>bold.jpg"
    (data / "images" / name).write_text("faces=2")
    write_table(data / "counts.csv", ("file", "faces", "exact"), [(name, 1, 1)])
    _count(data, "--html", str(data / "c.html"))
    html = (data / "c.html").read_text()
    assert "&lt;b&gt;bold.jpg" in html
    assert "<b>" not in html


def test_from_portraits_to_a_report_with_the_real_engine(tmp_path: Path) -> None:
    """The one long way: generate, shorten, play, report."""
    images, scripts = write_portraits(tmp_path / "images"), tmp_path / "scripts"
    arguments = ["evaluate", "generate-sessions", "--images", str(images), "--out", str(scripts)]
    done = run.invoke(app, [*arguments, "--hours", "1"])
    assert done.exit_code == 0, done.output
    again = run.invoke(app, [*arguments, "--hours", "1"])
    assert again.exit_code == 2
    assert "holds scripts already" in again.output
    (path,) = scripts.iterdir()
    script = json.loads(path.read_text())
    script |= {"duration_s": 30, "postures": 1, "jitters": 1}
    script["acts"], script["truths"] = script["acts"][:1], []
    path.write_text(json.dumps(script))
    html = tmp_path / "s.html"
    done = run.invoke(
        app,
        ["evaluate", "sessions", str(scripts), "--html", str(html), "--json", str(tmp_path / "j")],
    )
    # Half a minute is not a hundred hours, and no swap has no delay.
    assert done.exit_code == 1
    assert "MISSED  Simulated hours" in done.output
    _self_contained(html.read_text())
    assert json.loads((tmp_path / "j").read_text())["swaps"] == 0


def test_a_target_at_its_bound_is_met() -> None:
    targets = [
        Target("a", Bound.AT_LEAST, 0.98, "A"),
        Target("b.c", Bound.AT_MOST, 0.01, "C"),
        Target("b.d", Bound.AT_MOST, 0.01, "D"),
    ]
    first, second, third = check(targets, {"a": 0.98, "b": {"c": 0.0101}})
    assert first.met
    assert not second.met
    assert not third.met
    assert "not measured" in str(third)


def test_a_target_needs_a_number() -> None:
    with pytest.raises(BadInput, match="NAME=NUMBER"):
        overridden([Target("a", Bound.AT_LEAST, 1, "A")], ["a=much"])
