"""Log lines: ids and facts. Names, tokens and images are dropped even where somebody adds one.

What libraries log goes the same way, so that with `json` every line is JSON.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from invigil.settings import LogFormat

_NEVER = frozenset({"name", "token", "image", "text", "note", "cookie", "ticket", "authorization"})


def _drop_private(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key in _NEVER & event.keys():
        event[key] = "(left out)"
    return event


def set_up(log_format: LogFormat, *, debug: bool = False) -> None:
    """Send log lines to standard error, and no others than ours there."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if log_format is LogFormat.JSON
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _drop_private,
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*before, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.DEBUG if debug else logging.INFO
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _take_in_libraries(before, renderer)


_libraries = logging.StreamHandler()


def _take_in_libraries(before: list[Any], renderer: Any) -> None:
    _libraries.setStream(sys.stderr)
    _libraries.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    _libraries.setLevel(logging.WARNING)
    logging.getLogger().addHandler(_libraries)
    logging.captureWarnings(True)


def take_down() -> None:
    """Leave logging as it was before `set_up`."""
    logging.getLogger().removeHandler(_libraries)
    logging.captureWarnings(False)
    structlog.reset_defaults()
