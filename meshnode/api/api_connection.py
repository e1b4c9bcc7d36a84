"""One request and its answer over the daemon's unix socket, with every bound and error in place.

Each request has a connection of its own, so a restarted daemon never meets a
stale one, and dropping a stream closes its connection, which is how the daemon
learns to stop the work behind it.

ClientError
    NodeUnreachable     no daemon answers on the socket
    BadAnswer           what came back is not what this version understands
    ApiError            the daemon refused, with its own code and explanation
"""

from __future__ import annotations

import asyncio
import os
import stat
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import aiohttp
import msgspec
from yarl import URL

from crdt.errors import MeshError
from meshnode.views.view import ErrorView, Request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

MAX_LINE_BYTES = 1 << 20
"""The longest event of a stream; the daemon's own are a few kilobytes."""
MAX_ANSWER_BYTES = 64 << 20
"""The longest answer: the history of a document of many large edits."""
ANSWER_TIMEOUT_S = 60.0
"""For calls that look something up or write one thing; unlocking stretches a passphrase."""

T = TypeVar("T")


class ClientError(MeshError):
    """The node could not be asked."""

    code = "client"


class NodeUnreachable(ClientError):
    """The node does not answer. Start it with `meshnode run`, or see `meshnode doctor`."""

    code = "client.unreachable"


class BadAnswer(ClientError):
    """The node answered in a way this version does not understand. Update both to one version."""

    code = "client.bad_answer"


class ApiError(ClientError):
    """The node refused.

    Attributes:
        code: The daemon's code for what went wrong, stable.
        message: The daemon's explanation, for a person.
        status: The HTTP status.
    """

    code: str  # type: ignore[misc]  # the daemon's, so it differs from one to the next

    def __init__(self, code: str, message: str, status: int) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def explain(self) -> str:
        """Return the daemon's own sentence."""
        return self.message


class ApiConnection:
    """The way to one daemon.

    Args:
        socket_path: The daemon's socket, `HOME/node.sock`.
    """

    def __init__(self, socket_path: str) -> None:
        self._socket_path = socket_path
        self._session: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection. Closing twice is fine; a later call connects again."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(
        self,
        method: str,
        path: str,
        kind: type[T],
        request: Request | None = None,
        *,
        query: dict[str, str] | None = None,
        timeout_s: float = ANSWER_TIMEOUT_S,
    ) -> T:
        """Ask once, and decode the answer as `kind`."""
        try:
            async with (
                asyncio.timeout(timeout_s),
                self._response(method, path, request, query) as response,
            ):
                return _decode(await _read(response, MAX_ANSWER_BYTES), kind)
        except TimeoutError:
            raise NodeUnreachable(f"no answer within {timeout_s:.0f} s") from None

    async def stream(
        self, method: str, path: str, kind: object, request: Request | None = None
    ) -> AsyncGenerator[Any, None]:
        """Yield each line decoded as `kind`. No timeout: a quiet stream is a good one."""
        decoder = msgspec.json.Decoder(cast("type[Any]", kind))
        async with self._response(method, path, request) as response:
            async for line in _lines(response):
                yield _decode_event(line, decoder)

    @asynccontextmanager
    async def _response(
        self,
        method: str,
        path: str,
        request: Request | None,
        query: dict[str, str] | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """Give a good response, and close its connection whatever happens.

        aiohttp's own errors, raised here or while the caller reads, come out as ours.
        """
        if not is_ours(Path(self._socket_path).parent):
            raise NodeUnreachable(f"{self._socket_path}: its folder is not ours alone")
        url = URL(f"http://node/v1/{path}", encoded=True).with_query(query)
        # A stream, because aiohttp grumbles about bytes of more than a megabyte.
        body = None if request is None else BytesIO(msgspec.json.encode(request))
        headers = {"Content-Type": "application/json"}
        try:
            response = await self._open_session().request(method, url, data=body, headers=headers)
            try:
                if response.status >= 400:
                    raise _refusal(response.status, await _read(response, MAX_LINE_BYTES))
                yield response
            finally:
                response.close()
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, OSError) as error:
            raise NodeUnreachable(self._socket_path) from error
        except aiohttp.ClientError as error:
            raise BadAnswer(str(error)) from error

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.UnixConnector(self._socket_path, force_close=True),
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session


def is_ours(folder: Path) -> bool:
    """Whether nobody else can put a socket into a folder, or a link in its place.

    A client may be about to say its passphrase: it must not say it to another user, who made
    the folder for the socket while no daemon ran.
    """
    try:
        link, found = folder.lstat(), folder.stat()
    except OSError:
        return True  # there is nothing to talk to, and nothing will be said
    is_shared = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return {link.st_uid, found.st_uid} == {os.getuid()} and not is_shared


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > most_bytes:
            raise BadAnswer(f"more than {most_bytes} bytes")
    return bytes(body)


async def _lines(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    """Yield the lines of a body; blank ones are a heartbeat and are left out."""
    waiting = bytearray()
    async for chunk in response.content.iter_any():
        waiting += chunk
        *whole, rest = waiting.split(b"\n")
        if max(map(len, whole), default=0) > MAX_LINE_BYTES or len(rest) > MAX_LINE_BYTES:
            raise BadAnswer(f"an event of more than {MAX_LINE_BYTES} bytes")
        waiting = rest
        for line in whole:
            if line.strip():
                yield bytes(line)
    if waiting.strip():
        yield bytes(waiting)


def _decode(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise BadAnswer(str(error)) from error


def _decode_event(line: bytes, decoder: msgspec.json.Decoder[Any]) -> object:
    """Decode an event, or raise the error that the daemon ended its stream with."""
    try:
        return decoder.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        try:
            view = msgspec.json.decode(line, type=ErrorView)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            raise BadAnswer(str(error)) from error
    raise ApiError(view.code, view.message, 500)


def _refusal(status: int, body: bytes) -> ClientError:
    try:
        view = msgspec.json.decode(body, type=ErrorView)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return BadAnswer(f"HTTP status {status}")
    return ApiError(view.code, view.message, status)
