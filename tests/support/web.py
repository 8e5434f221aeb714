"""What servers have in common that stand for services of the internet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Answer:
    """One answer. `cut`: it ends before its length. `silent`: it never comes, until the client
    has gone."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    cut: bool = False
    silent: bool = False


OVERLOADED = Answer(503, b"<html><body>503 Service Unavailable</body></html>", kind="text/html")
PUZZLE = Answer(200, b"<html><body>Sign in</body></html>", kind="text/html")
CUT_OFF = Answer(200, b'{"data":{"id":"abc', cut=True)
SILENCE = Answer(200, b"", silent=True)


class Handler(BaseHTTPRequestHandler):
    """Answers with what `reply` gives for method, path and body."""

    protocol_version = "HTTP/1.1"

    def reply(self, body: bytes) -> Answer:
        raise NotImplementedError

    def handle_any(self) -> None:
        answer = self.reply(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        if answer.silent:
            self.rfile.read(1)
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        self.send_header("Content-Length", str(len(answer.body) + (100 if answer.cut else 0)))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)
        if answer.cut:
            self.close_connection = True

    def do_GET(self) -> None:
        self.handle_any()

    def do_POST(self) -> None:
        self.handle_any()

    def do_PATCH(self) -> None:
        self.handle_any()

    def do_DELETE(self) -> None:
        self.handle_any()

    def log_message(self, *_: object) -> None:
        """Tests look at what was asked, not at a log."""


@contextmanager
def listening(handler: type[Handler]) -> Iterator[str]:
    """A server on a port of its own until the end of the block; gives its origin."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
