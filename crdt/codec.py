"""The one place that turns structs into bytes and back (MessagePack, by msgspec).

Nothing else touches msgspec's decoders: they raise two unrelated errors on bad
input, and a third on deep nesting, and each caller would forget one.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

from crdt.errors import Malformed, TooLarge

T = TypeVar("T")

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


class WireStruct(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A struct that is written as a MessagePack array of its fields, in order."""


def encode(value: object) -> bytes:
    """Write a struct or plain value as MessagePack, always the same bytes for the same value."""
    return _ENCODER.encode(value)


class Decoder(Generic[T]):
    """Reads one type from untrusted bytes.

    Args:
        kind: The type, as msgspec understands it.
        max_bytes: Longer input is refused before it is parsed.
    """

    def __init__(self, kind: type[T], max_bytes: int) -> None:
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._max_bytes = max_bytes

    def __call__(self, data: bytes) -> T:
        """Read a value.

        Raises:
            TooLarge: More than `max_bytes`.
            Malformed: Not this type; nothing is returned in part.
        """
        if len(data) > self._max_bytes:
            raise TooLarge(f"{len(data)} bytes, at most {self._max_bytes}")
        try:
            return self._decoder.decode(data)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(str(error)) from error
