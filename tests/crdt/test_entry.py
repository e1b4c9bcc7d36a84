"""Entries: what is signed, what is committed to, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdt.entries.authoring import Seal
from crdt.entries.entry import (
    HEADER_BYTES,
    MAX_CONTENT_BYTES,
    MAX_SEQUENCE,
    SignedEntry,
    decode_entry,
    decode_header,
    encode_entry,
    verify,
)
from crdt.entries.sealing import Part, open_part
from crdt.errors import BadSignature, CannotOpen, CrdtError, Malformed, TooLarge
from crdt.ids import NOT_SEALED, EpochId, epoch_id
from tests.crdt.people import bytes_for, entry_by

KEY = bytes_for("epoch", 32)
SEAL = Seal(epoch_id(KEY), KEY)


def signed(name: str = "rosa", *, seal: Seal | None = None) -> SignedEntry:
    entry = entry_by(name, b"the shape", b"the words", seal=seal)
    return SignedEntry(entry.raw_header, entry.signature, entry.skeleton, entry.content)


def test_an_entry_survives_the_wire() -> None:
    entry = entry_by("rosa", b"the shape", b"the words", seal=SEAL)

    arrived = verify(decode_entry(entry.wire()))

    assert arrived == entry


def test_a_sealed_entry_opens_with_its_epoch_key_and_no_other() -> None:
    entry = entry_by("rosa", b"the shape", b"the words", seal=SEAL)
    assert entry.skeleton is not None and entry.content is not None

    assert open_part(Part.SKELETON, entry.skeleton, entry.header, KEY) == b"the shape"
    assert open_part(Part.CONTENT, entry.content, entry.header, KEY) == b"the words"
    for key in (None, bytes(32)):
        with pytest.raises(CannotOpen):
            open_part(Part.CONTENT, entry.content, entry.header, key)


def test_a_sealed_part_cannot_be_moved_to_another_entry() -> None:
    first = entry_by("rosa", b"the shape", b"the words", seal=SEAL)
    second = entry_by("rosa", b"the shape", b"the words", seal=SEAL, sequence=2, previous=first.id)
    assert first.content is not None

    with pytest.raises(CannotOpen):
        open_part(Part.CONTENT, first.content, second.header, KEY)


def test_no_words_of_a_sealed_entry_stand_in_its_bytes() -> None:
    assert b"the words" not in encode_entry(signed(seal=SEAL))
    assert b"the words" in encode_entry(signed())


def test_an_entry_without_its_erased_content_still_verifies() -> None:
    stub = replace(signed(), content=None)

    assert not verify(decode_entry(encode_entry(stub))).is_whole
    assert verify(signed()).is_whole


@pytest.mark.parametrize("part", ["skeleton", "content"])
def test_a_part_that_was_changed_is_refused(part: str) -> None:
    whole = signed()
    stored = getattr(whole, part)

    with pytest.raises(BadSignature):
        verify(replace(whole, **{part: stored[:-1] + bytes([stored[-1] ^ 1])}))


def test_a_signature_of_somebody_else_is_refused() -> None:
    with pytest.raises(BadSignature):
        verify(replace(signed("rosa"), signature=signed("ahmed").signature))


@given(position=st.integers(0, HEADER_BYTES - 1), bit=st.integers(0, 7))
def test_no_bit_of_a_header_can_be_changed(position: int, bit: int) -> None:
    whole = signed()
    header = bytearray(whole.header)
    header[position] ^= 1 << bit

    with pytest.raises(CrdtError):
        verify(replace(whole, header=bytes(header)))


def test_a_number_whose_neighbours_could_overflow_is_refused() -> None:
    def numbered(number: int) -> bytes:
        whole = signed().header
        return whole[:66] + number.to_bytes(8, "big") + b"p" * 32 + whole[106:]

    for number in (1 << 53, (1 << 63) - 1, 1 << 63, (1 << 64) - 1):
        with pytest.raises(Malformed):
            decode_header(numbered(number))
    assert decode_header(numbered(MAX_SEQUENCE)).sequence == (1 << 53) - 1


@given(st.binary(max_size=400))
def test_garbage_is_no_entry(garbage: bytes) -> None:
    with pytest.raises(CrdtError):
        verify(decode_entry(garbage))


@given(st.binary(min_size=HEADER_BYTES, max_size=HEADER_BYTES))
def test_any_header_that_is_read_is_written_back_the_same(whole: bytes) -> None:
    data = b"\x01" + bytes([whole[1] % 4]) + whole[2:66] + bytes(2) + whole[68:122]  # below 2^48
    data += bytes(3) + b"\x09" + bytes(4) + whole[130:162] + bytes(32)
    try:
        header = decode_header(data)
    except CrdtError:
        return
    assert header.encode() == data


def test_contents_beyond_the_bound_are_refused_before_they_are_signed() -> None:
    with pytest.raises(TooLarge):
        entry_by("rosa", b"the shape", bytes(MAX_CONTENT_BYTES))


def test_an_entry_is_sealed_exactly_when_it_names_an_epoch() -> None:
    assert not entry_by("rosa", b"the shape").header.is_sealed
    assert entry_by("rosa", b"the shape", seal=SEAL).header.is_sealed
    assert EpochId(bytes(16)) == NOT_SEALED
