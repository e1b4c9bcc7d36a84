"""Recovery words: a member's root, written so that it survives on paper (BIP 39, English list)."""

from __future__ import annotations

from functools import cache

from mnemonic import Mnemonic

from crdt.crypto.keys import ENTROPY_BYTES
from crdt.errors import Malformed

WORD_COUNT = 12


@cache
def _list() -> Mnemonic:
    return Mnemonic("english")


def words_of(entropy: bytes) -> tuple[str, ...]:
    """Write 16 bytes as twelve words, the last of which holds a checksum."""
    if len(entropy) != ENTROPY_BYTES:
        raise ValueError(f"recovery words stand for {ENTROPY_BYTES} bytes")
    return tuple(_list().to_mnemonic(entropy).split())


def entropy_of(words: str) -> bytes:
    """Read the words back; case and spacing do not matter.

    Raises:
        Malformed: A word is not on the list, one is missing, or the checksum does not fit.
    """
    given = words.lower().split()
    if len(given) != WORD_COUNT:
        raise Malformed(f"there are {WORD_COUNT} recovery words; these are {len(given)}")
    known = frozenset(_list().wordlist)
    if strange := [word for word in given if word not in known]:
        raise Malformed(f"not recovery words: {' '.join(strange)}")
    try:
        return bytes(_list().to_entropy(given))
    except ValueError as error:
        raise Malformed("two words are swapped, or one is another word of the list") from error
