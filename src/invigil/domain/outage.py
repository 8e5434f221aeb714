"""Why another server cannot be reached, in words for whoever runs ours. Nothing is asked here."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

_LONGEST = 300


def place_of(url: str) -> str:
    """Host and port of an address, without user, password and path."""
    parts = urlsplit(url)
    # A password with a slash in it would end the host too early, and be taken for it in part.
    return "that address" if "@" in parts.path else parts.netloc.rpartition("@")[2]


def has_place(url: str) -> bool:
    """Whether an address has a host, and a port that can be one where it has any."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def why_away(error: BaseException) -> str:
    """The cause that the network tells, or else what the error itself says."""
    causes = list(_causes(error))
    for each in causes:
        match each:
            case socket.gaierror():
                return "the name of this host cannot be resolved"
            case ConnectionRefusedError():
                return "nothing listens there"
            case ssl.SSLCertVerificationError():
                return "its certificate is not trusted"
            case ssl.SSLError():
                return "it does not speak TLS as we do"
            case TimeoutError():
                return "it did not answer in time"
    return str(causes[0])[:_LONGEST] or type(causes[0]).__name__


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """From the outermost in; of several at once the first."""
    while error is not None:
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        else:
            yield error
            error = error.__cause__ or error.__context__
