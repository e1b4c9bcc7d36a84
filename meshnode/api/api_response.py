"""Answers of the API: JSON, lines of JSON, and errors as views with their status."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from aiohttp import web

from crdt.errors import MeshError
from meshnode.api.api_body import encode, encode_line
from meshnode.api.status_codes import http_status
from meshnode.errors import Internal, NoSuchRoute, TooSlow
from meshnode.views.view import ErrorView

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import msgspec

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

WRITE_TIMEOUT_S = 60.0
"""How long a reader of a stream may keep the node waiting."""


class ReaderGone(ConnectionError):
    """Whoever was answered has gone, or does not read."""


_LOG = logging.getLogger(__name__)


def explain(error: Exception) -> ErrorView:
    """Say what went wrong; a mistake of ours goes to the log, without what it was about."""
    if isinstance(error, TimeoutError):
        error = TooSlow()
    if not isinstance(error, MeshError):
        _LOG.error("A call failed", exc_info=error)
        error = Internal(type(error).__name__)
    return ErrorView(code=error.code, message=error.explain())


@web.middleware
async def errors_as_views(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into an `ErrorView` with its status."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        if error.status not in (404, 405):
            raise
        view = explain(NoSuchRoute(f"{request.method} {request.path}"))
        return json_answer(view, error.status)
    except ReaderGone:
        raise  # there is nobody to tell
    except Exception as error:
        view = explain(error)
        return json_answer(view, http_status(view.code))


def json_answer(answer: object, status: int = 200) -> web.Response:
    """Answer with JSON."""
    return web.Response(body=encode(answer), status=status, content_type="application/json")


async def answer_then(
    request: web.Request, response: web.Response, then: Callable[[], None]
) -> web.StreamResponse:
    """Send an answer whole, then do something that may end the daemon."""
    await response.prepare(request)
    await response.write_eof()
    then()
    return response


async def begin_stream(request: web.Request) -> web.StreamResponse:
    """Begin to answer with lines of JSON."""
    response = web.StreamResponse(headers={"Content-Type": "application/x-ndjson"})
    await response.prepare(request)
    return response


async def write_event(response: web.StreamResponse, event: msgspec.Struct) -> None:
    """Send one line of JSON.

    Waits while the reader does not read, so memory stays bounded.

    Raises:
        ReaderGone: It is gone, or has kept us waiting for too long.
    """
    try:
        async with asyncio.timeout(WRITE_TIMEOUT_S):
            await response.write(encode_line(event))
    except (TimeoutError, ConnectionError) as error:
        raise ReaderGone from error
