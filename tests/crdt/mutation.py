"""Bytes gone wrong: what a broken link, a bad disk or an enemy makes of a good sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from hypothesis import strategies as st

if TYPE_CHECKING:
    from random import Random

GIANTS = tuple(mark + b"\x7f\xff\xff\xff" for mark in (b"\xc6", b"\xdb", b"\xdd", b"\xdf"))
"""Lengths of four gigabytes, in front of nothing."""

ODD_VALUES: tuple[object, ...] = (
    None,
    True,
    -1,
    2**63,
    1.5,
    "text",
    b"",
    bytes(31),
    bytes(33),
    [],
    [[]],
    {"a": 1},
)


def mutated(sample: bytes) -> st.SearchStrategy[bytes]:
    """Give what may become of a sample, and sheer noise."""
    changes = st.sampled_from(
        [_flip, _truncate, _extend, _splice, _swap, _retype, _drop, _nest, _giant]
    )
    spoiled = st.tuples(st.randoms(use_true_random=False), changes, st.integers(1, 3))

    def spoil(drawn: tuple[Random, object, int]) -> bytes:
        chance, change, times = drawn
        data = sample
        for _ in range(times):
            data = change(chance, data)  # type: ignore[operator]
        return data

    return st.one_of(spoiled.map(spoil), st.binary(max_size=300))


def _at(chance: Random, data: bytes) -> int:
    return chance.randrange(len(data) + 1)


def _flip(chance: Random, data: bytes) -> bytes:
    spoiled = bytearray(data or b"\x00")
    spoiled[chance.randrange(len(spoiled))] ^= 1 << chance.randrange(8)
    return bytes(spoiled)


def _truncate(chance: Random, data: bytes) -> bytes:
    return data[: _at(chance, data)]


def _extend(chance: Random, data: bytes) -> bytes:
    return data + chance.randbytes(chance.choice([1, 16, 70_000]))


def _splice(chance: Random, data: bytes) -> bytes:
    place = _at(chance, data)
    return (
        data[:place] + chance.randbytes(chance.randrange(9)) + data[place + chance.randrange(9) :]
    )


def _nest(chance: Random, data: bytes) -> bytes:
    depth = chance.choice([10, 1_000, 40_000])
    place = _at(chance, data)
    return (
        data[:place] + chance.choice([b"\x91", b"[", b"\x81\xa1a", b'{"a":']) * depth + data[place:]
    )


def _giant(chance: Random, data: bytes) -> bytes:
    place = _at(chance, data)
    return data[:place] + chance.choice(GIANTS) + data[place:]


def _swap(chance: Random, data: bytes) -> bytes:
    """Exchange two items of the array."""

    def swap(items: list[object]) -> None:
        one, other = chance.randrange(len(items)), chance.randrange(len(items))
        items[one], items[other] = items[other], items[one]

    return _rewritten(chance, data, swap)


def _retype(chance: Random, data: bytes) -> bytes:
    def retype(items: list[object]) -> None:
        items[chance.randrange(len(items))] = chance.choice(ODD_VALUES)

    return _rewritten(chance, data, retype)


def _drop(chance: Random, data: bytes) -> bytes:
    def drop(items: list[object]) -> None:
        del items[chance.randrange(len(items))]

    return _rewritten(chance, data, drop)


def _rewritten(chance: Random, data: bytes, change: object) -> bytes:
    """Change one of the arrays inside, and encode the whole anew."""
    try:
        value = msgspec.msgpack.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _flip(chance, data)
    arrays: list[list[object]] = []

    def collect(item: object) -> None:
        if isinstance(item, list):
            arrays.extend([item] if item else [])
            for inner in item:
                collect(inner)

    try:
        collect(value)
        if not arrays:
            return _flip(chance, data)
        change(chance.choice(arrays))  # type: ignore[operator]
        return msgspec.msgpack.encode(value)
    except (RecursionError, OverflowError):
        return _flip(chance, data)
