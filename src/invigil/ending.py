"""How the process ends when it is told to: sockets that are going already, and a last resort."""

from __future__ import annotations

import faulthandler
import os
import threading

import structlog
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

log = structlog.get_logger(__name__)


class Socket(WebSocketsSansIOProtocol):
    """uvicorn's WebSocket, which can be told to end while it ends.

    A page that has said goodbye stays among the connections until its transport is gone, which
    over TLS takes a journey more. uvicorn 0.54 then tries to say goodbye again, raises
    `InvalidState`, and neither the other connections nor the application are closed in order.
    """

    def shutdown(self) -> None:
        if self.conn.state in {State.CLOSING, State.CLOSED}:
            self.stop_keepalive()
            self.transport.close()
            return
        super().shutdown()


def end_within(seconds: float) -> threading.Timer:
    """End the process hard, with status 1, unless it is gone by itself after `seconds`.

    What was acknowledged is stored by then, and a server that neither serves nor ends keeps its
    successor from starting. Says on standard error where every thread was.
    """

    def give_up() -> None:
        log.error("did not end in time: ended hard", seconds=seconds)
        faulthandler.dump_traceback(all_threads=True)
        os._exit(1)

    timer = threading.Timer(seconds, give_up)
    timer.daemon = True
    timer.start()
    return timer
