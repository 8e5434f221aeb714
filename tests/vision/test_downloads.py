"""Downloads from a real local server: going on, refusing, and saying what to do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from invigil.downloads.fetch import (
    DownloadFailed,
    Pinned,
    download,
    is_there,
    read_lock,
    take_from,
)
from invigil.vision.registry import Place, load_registry

CONTENT = bytes(range(256)) * 1200
TAG = '"one"'


@dataclass
class Zoo:
    """What the server does next. `cut` ends the connection after so many bytes of the body."""

    content: bytes = CONTENT
    tag: str = TAG
    status: int = 200
    cut: int | None = None
    asked: list[str | None] = field(default_factory=list)
    url: str = ""

    def pinned(self) -> Pinned:
        sha256 = hashlib.sha256(CONTENT).hexdigest()
        return Pinned("model.onnx", self.url, len(CONTENT), sha256, ("yunet",))


@pytest.fixture
def zoo() -> Iterator[Zoo]:
    state = Zoo()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.asked.append(wanted)
            start = 0
            if wanted and self.headers.get("If-Range") == state.tag:
                start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            status = 206 if start and state.status == 200 else state.status
            body = state.content[start:] if state.status == 200 else b"no"
            self.send_response(status)
            self.send_header("ETag", state.tag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: state.cut])

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}/model.onnx"
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_file_arrives_whole(zoo: Zoo, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    folder = tmp_path / "models"
    path = download(zoo.pinned(), folder, progress=lambda there, size: seen.append((there, size)))
    assert path.read_bytes() == CONTENT
    assert is_there(zoo.pinned(), folder)
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [each.name for each in folder.iterdir()] == ["model.onnx"]


def test_a_cut_download_goes_on_where_it_stopped(zoo: Zoo, tmp_path: Path) -> None:
    zoo.cut = 100_000
    with pytest.raises(DownloadFailed, match="Run the same command again"):
        download(zoo.pinned(), tmp_path)
    there = (tmp_path / "model.onnx.part").stat().st_size
    assert 0 < there <= 100_000
    zoo.cut = None
    assert download(zoo.pinned(), tmp_path).read_bytes() == CONTENT
    assert zoo.asked == [None, f"bytes={there}-"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(zoo: Zoo, tmp_path: Path) -> None:
    zoo.tag, zoo.content, zoo.cut = '"old"', bytes(len(CONTENT)), 100_000
    with pytest.raises(DownloadFailed):
        download(zoo.pinned(), tmp_path)
    zoo.tag, zoo.content, zoo.cut = TAG, CONTENT, None
    assert download(zoo.pinned(), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("content", [CONTENT[:-1] + b"x", CONTENT + b"more"], ids=["hash", "size"])
def test_other_content_is_refused_and_removed(zoo: Zoo, tmp_path: Path, content: bytes) -> None:
    zoo.content = content
    with pytest.raises(DownloadFailed, match="not the pinned"):
        download(zoo.pinned(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(zoo: Zoo, tmp_path: Path) -> None:
    zoo.status = 404
    with pytest.raises(DownloadFailed, match=r"answered 404.*--from DIR"):
        download(zoo.pinned(), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_server_is_named(tmp_path: Path) -> None:
    nowhere = Pinned("model.onnx", "http://127.0.0.1:9/model.onnx", 1, "0" * 64, ())
    with pytest.raises(DownloadFailed, match="could not be fetched"):
        download(nowhere, tmp_path)


def test_a_folder_will_do_without_internet(zoo: Zoo, tmp_path: Path) -> None:
    source, folder = tmp_path / "stick", tmp_path / "models"
    source.mkdir()
    with pytest.raises(DownloadFailed, match=r"There is no model\.onnx"):
        take_from(zoo.pinned(), source, folder)
    (source / "model.onnx").write_bytes(b"other")
    with pytest.raises(DownloadFailed, match="not the pinned"):
        take_from(zoo.pinned(), source, folder)
    (source / "model.onnx").write_bytes(CONTENT)
    assert take_from(zoo.pinned(), source, folder).read_bytes() == CONTENT


def test_the_lock_and_the_registry_name_the_same_files() -> None:
    locked = {file.name: file.sha256 for file in read_lock()}
    registered = {
        model.weights: model.weights_sha256
        for model in load_registry().models
        if model.place is Place.DOWNLOAD
    }
    assert locked == registered
    assert all(file.url.startswith("https://") for file in read_lock())
