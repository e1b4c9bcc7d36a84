"""Bodies of the API: bounded, typed and explained on the way in, cleaned on the way out."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import msgspec
from aiohttp import web

from meshnode.api.printable import cleaned
from meshnode.errors import BadRequest, TooSlow

if TYPE_CHECKING:
    from meshnode.views.view import Request

READ_TIMEOUT_S = 60.0
"""How long a request's body may take to arrive."""

R = TypeVar("R", bound="Request")


async def decode_body(request: web.Request, kind: type[R]) -> R:
    """Read the body of a request; an empty one stands for a request without fields.

    Raises:
        BadRequest: It is too large, not JSON, or not of this kind.
        TooSlow: It did not arrive in time.
    """
    try:
        async with asyncio.timeout(READ_TIMEOUT_S):
            body = await request.read()
    except TimeoutError:
        raise TooSlow from None
    except web.HTTPRequestEntityTooLarge as error:
        raise BadRequest("larger than api.max_request_mb allows") from error
    try:
        return msgspec.json.decode(body or b"{}", type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(str(error)) from error


def decode_query(request: web.Request, kind: type[R]) -> R:
    """Read what stands behind the question mark.

    Raises:
        BadRequest: An unknown name, or a value that cannot be.
    """
    given = {name: value for name, value in request.query.items() if value}
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(str(error)) from error


def encode(answer: object) -> bytes:
    """Write an answer as JSON, every text in it safe (`cleaned`)."""
    return msgspec.json.encode(cleaned(answer))


def encode_line(event: object) -> bytes:
    """Write an event as a line of JSON, every text in it safe to print."""
    return encode(event) + b"\n"
