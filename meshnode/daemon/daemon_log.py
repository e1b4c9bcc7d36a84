"""The daemon's log: bounded, private, and silent about what people wrote.

Errors are logged by kind and place in the code, never by message: a message may
quote a title, a name or a passphrase.
"""

from __future__ import annotations

import logging
import traceback
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path
    from types import TracebackType

MAX_BYTES = 512 * 1024
KEPT_FILES = 2

_LOG = logging.getLogger(__name__)


class PlaceOnly(logging.Formatter):
    """Shows of an error its type and where it was, not what it says."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, whatever another formatter kept with the record."""
        kept, record.exc_text = record.exc_text, None
        try:
            return super().format(record)
        finally:
            record.exc_text = kept

    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Return one line per cause: type, then the innermost places."""
        lines: list[str] = []
        error = ei[1]
        while error is not None and len(lines) < 8:
            frames = traceback.extract_tb(error.__traceback__)[-6:]
            places = " < ".join(f"{f.filename}:{f.lineno} {f.name}" for f in reversed(frames))
            lines.append(f"  {type(error).__name__} at {places or 'an unknown place'}")
            error = error.__cause__ or error.__context__
        return "\n".join(lines)

    def formatStack(self, stack_info: str) -> str:
        """Leave out the stack: its lines may hold what was being worked on."""
        del stack_info
        return "  (stack left out)"


def open_log(path: Path) -> logging.Handler:
    """Write this process's log to a file. The caller's umask keeps it private."""
    handler = RotatingFileHandler(
        path, maxBytes=MAX_BYTES, backupCount=KEPT_FILES, encoding="utf-8", errors="replace"
    )
    handler.setFormatter(PlaceOnly("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    # aiohttp's own words on bad requests quote them.
    logging.getLogger("aiohttp").setLevel(logging.CRITICAL)
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    return handler


def close_log(handler: logging.Handler) -> None:
    """Stop writing to the file."""
    logging.getLogger().removeHandler(handler)
    handler.close()


def log_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody caught, without the objects that asyncio would describe."""
    del loop
    error = context.get("exception")
    _LOG.error("%s", context.get("message", "An error was not caught"), exc_info=error)
