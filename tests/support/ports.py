"""Ports of this machine."""

from __future__ import annotations

import contextlib
import secrets
import socket


def free_port() -> int:
    """A port that nobody listens on right now.

    From below those that the system gives to outgoing connections: one of these could take it
    while a server that is to come back on it is down.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
