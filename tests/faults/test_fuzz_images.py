"""The image path under a fuzzer that sees which branches it reaches."""

from __future__ import annotations

import asyncio
import importlib.util
import resource
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from invigil.domain import errors
from invigil.vision.decode import ImageDecoder
from tests.support import pictures

TARGET = Path(__file__).with_name("fuzz_decode.py")
CORPUS = Path(__file__).with_name("corpus")
GROWTH_MB = 50


def seeds(folder: Path) -> None:
    """Small pictures of each kind, made here."""
    folder.mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    small = Image.effect_noise((24, 16), 80).convert("RGB")
    options: list[tuple[str, dict[str, object]]] = [
        ("JPEG", {"exif": exif}),
        ("JPEG", {"progressive": True}),
        ("PNG", {"exif": exif}),
        ("PNG", {"optimize": True}),
        ("WEBP", {}),
        ("WEBP", {"lossless": True, "exif": exif}),
    ]
    for number, (kind, chosen) in enumerate(options):
        (folder / f"seed-{number}").write_bytes(pictures.encoded(small, kind, **chosen))
    (folder / "animated.webp").write_bytes(pictures.animated("WEBP"))
    for path in CORPUS.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())


@pytest.mark.parametrize("seconds", [5, pytest.param(300, marks=pytest.mark.slow)])
async def test_a_fuzzer_finds_no_file_that_breaks_the_decoder(tmp_path: Path, seconds: int) -> None:
    if importlib.util.find_spec("atheris") is None:
        pytest.skip("atheris has no wheel for this machine; tests/vision/test_decode.py fuzzes too")
    seeds(tmp_path / "corpus")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(TARGET), str(tmp_path / "corpus")),
        *(f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=65536"),
        f"-artifact_prefix={tmp_path}/",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    text = said.decode(errors="replace")
    assert process.returncode == 0, text[-3000:]
    assert "Done " in text, text[-1000:]
    print(text[text.index("Done ") :])


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("path", sorted(CORPUS.iterdir()), ids=lambda path: path.name)
def test_files_that_were_trouble_are_refused_cheaply(path: Path) -> None:
    """Refused, or shown, before any amount of memory or time is spent on them."""
    data = path.read_bytes()
    assert len(data) < 20_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    with pytest.raises(errors.ImageRefused) as refused:
        ImageDecoder().decode(data, needed_side=800)
    assert 400 <= refused.value.status < 500
    assert time.process_time() - began < 1
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < GROWTH_MB * 1024
