"""The API's server: a unix socket that is nobody else's from its first moment."""

from __future__ import annotations

import os
import socket
import stat
import struct
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from aiohttp import web

from meshnode.api.api_response import errors_as_views
from meshnode.errors import HomeUnusable, NotOurUser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from meshnode.api.api import Api
    from meshnode.api.api_response import Handler
    from meshnode.home.home import Home

BACKLOG = 64
MAX_LINE_BYTES = 32 * 1024
"""Longest first line of a request: a search of 1,000 characters, percent-encoded."""
CLEANUP_S = 2.0
"""How long a connection may take to end once every call has."""

_CREDENTIALS = struct.Struct("3i")
_SUPERUSER = 0


@asynccontextmanager
async def serving(home: Home, api: Api, max_request_bytes: int) -> AsyncIterator[None]:
    """Answer on the home's socket. The caller holds the home's lock.

    Raises:
        HomeUnusable, HomeNotPrivate: The socket cannot be made.
    """
    app = web.Application(
        middlewares=[errors_as_views, _only_our_user], client_max_size=max_request_bytes
    )
    app.add_routes(api.routes())
    runner = web.AppRunner(
        app,
        access_log=None,
        handler_cancellation=True,
        handle_signals=False,
        max_line_size=MAX_LINE_BYTES,
        shutdown_timeout=CLEANUP_S,
    )
    path = home.make_socket_folder()
    await runner.setup()
    try:
        site = web.SockSite(runner, _bind(path), backlog=BACKLOG)
        await site.start()
        try:
            yield
        finally:
            # First the name, then the server: whoever knocks from now on finds nobody.
            path.unlink(missing_ok=True)
            await site.stop()
    finally:
        await api.finish()
        await runner.cleanup()


def _bind(path: Path) -> socket.socket:
    _remove_stale(path)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    previous = os.umask(0o177)
    try:
        listening.bind(str(path))
    except OSError as error:
        listening.close()
        raise HomeUnusable(f"{path}: {error.strerror}") from error
    finally:
        os.umask(previous)
    return listening


def _remove_stale(path: Path) -> None:
    """Remove the socket of a daemon that was killed: we hold the lock, so it serves nobody."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise HomeUnusable(f"{path} is in the way: it is not a socket")
        path.unlink()


@web.middleware
async def _only_our_user(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Serve our own user and root; the socket's mode says so too, but not on every file system."""
    transport = request.transport
    peer = transport.get_extra_info("socket") if transport is not None else None
    if peer is None:
        raise ConnectionResetError
    data = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(data)
    if user not in (_SUPERUSER, os.getuid()):
        raise NotOurUser
    return await handler(request)
