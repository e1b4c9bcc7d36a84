"""Look for words in everything that a node wrote, to prove that an erasure is one.

A query cannot prove it: SQLite shows live rows, while erased words may linger in free pages, in
stale parts of pages and in the journal. So every page is decrypted by itself, whatever SQLite
thinks of it, and searched as bytes.

    page:    [salt 16, page 1 only] ciphertext · IV 16 · HMAC-SHA512 64       (4096 bytes)
    journal: header 32, then frames: header 24 (begins with the page's number) · page

That is SQLCipher 4 with a raw key: AES-256-CBC; the HMAC is over ciphertext, IV and page number,
under PBKDF2(key, salt XOR 0x3a, 2 rounds). Source: SQLCipher's design page and SQLite's file
format, 4.1 to 4.3 (the WAL format).

Not found are words that something compressed, and words that lie across the end of a page. A
full-text index leaves out the beginning that a term shares with the one before it: so look for
several words, and for their tails. Where nothing is found, a word that is there is the control.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PAGE_BYTES = 4096

_SALT_BYTES = 16
_IV_BYTES = 16
_HMAC_BYTES = 64
_RESERVED_BYTES = _IV_BYTES + _HMAC_BYTES
_HMAC_MASK = 0x3A
_HMAC_ROUNDS = 2
_WAL_HEADER_BYTES = 32
_FRAME_HEADER_BYTES = 24
_CHUNK_BYTES = 1 << 20
_ENCODINGS = ("utf-8", "utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True)
class Found:
    """A word, and where it stands.

    Attributes:
        place: For example "page 7", "journal frame 3, page 7" or "as it is".
    """

    word: str
    path: Path
    place: str


@dataclass(slots=True)
class Scan:
    """What was searched, and what was found there.

    Attributes:
        files: Every file, searched as it is.
        pages, frames: Of the database and of its journal, decrypted and searched.
        unreadable: Pages and frames that this key does not open: nothing is proven about them.
    """

    found: list[Found] = field(default_factory=list)
    files: int = 0
    pages: int = 0
    frames: int = 0
    unreadable: list[str] = field(default_factory=list)

    @property
    def words(self) -> set[str]:
        """The words that were found anywhere."""
        return {found.word for found in self.found}


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the database, or a frame of its journal; `clear` is None when it does not open."""

    number: int
    place: str
    clear: bytes | None


class PageCipher:
    """Opens the pages of one database.

    Args:
        key: 32 bytes, as the keystore holds it.
        salt: The first 16 bytes of the database's file.
    """

    def __init__(self, key: bytes, salt: bytes) -> None:
        self._key = key
        masked = bytes(byte ^ _HMAC_MASK for byte in salt)
        self._hmac_key = hashlib.pbkdf2_hmac("sha512", key, masked, _HMAC_ROUNDS, len(key))

    def open(self, page: bytes, number: int) -> bytes | None:
        """Decrypt a page, without its salt, IV and HMAC; None when it was not written so."""
        if not any(page):
            return page  # the file was made longer, and nothing written there yet
        start = _SALT_BYTES if number == 1 else 0
        sealed, code = page[start:-_HMAC_BYTES], page[-_HMAC_BYTES:]
        signed = sealed + number.to_bytes(4, "little")
        if not hmac.compare_digest(hmac.digest(self._hmac_key, signed, "sha512"), code):
            return None
        body, initial = sealed[:-_IV_BYTES], sealed[-_IV_BYTES:]
        decryptor = Cipher(algorithms.AES(self._key), modes.CBC(initial)).decryptor()
        return decryptor.update(body) + decryptor.finalize()


def decrypted_pages(database: Path, key: bytes) -> Iterator[Page]:
    """Give every page of a database's file, free ones too, and then every frame of its journal.

    Args:
        database: Not in use, or what is written meanwhile may be missed.
        key: 32 bytes.

    Raises:
        OSError: It cannot be read.
    """
    with database.open("rb") as file:
        cipher = PageCipher(key, file.read(_SALT_BYTES))
        file.seek(0)
        number = 0
        while raw := file.read(PAGE_BYTES):
            number += 1
            yield Page(number, f"page {number}", _opened(cipher, raw, number))
    journal = database.with_name(database.name + "-wal")
    if journal.exists():
        yield from _frames(journal, cipher)


def find_words(root: Path, words: Iterable[str], databases: dict[Path, bytes]) -> Scan:
    """Search every file under a folder, and every page of the encrypted databases in it.

    Words are found in UTF-8 and UTF-16, and whether in capitals or not as far as ASCII goes.

    Args:
        root: Searched with everything below it; links are not followed.
        words: What to look for.
        databases: Keys of 32 bytes, by path.

    Raises:
        OSError: Something cannot be read, so that nothing would be proven.
    """
    needles = _needles(words)
    scan = Scan()
    for path in _files(root):
        scan.files += 1
        for word in _in_file(path, needles):
            scan.found.append(Found(word, path, "as it is"))
    for database, key in databases.items():
        for page in decrypted_pages(database, key):
            _take(scan, page, database, needles)
    return scan


# --- pages -------------------------------------------------------------------------


def _opened(cipher: PageCipher, raw: bytes, number: int) -> bytes | None:
    return cipher.open(raw, number) if len(raw) == PAGE_BYTES else None


def _frames(journal: Path, cipher: PageCipher) -> Iterator[Page]:
    """Give every frame, also those of earlier rounds that SQLite would not read any more."""
    with journal.open("rb") as file:
        file.seek(_WAL_HEADER_BYTES)
        frame = 0
        while header := file.read(_FRAME_HEADER_BYTES):
            frame += 1
            number = int.from_bytes(header[:4], "big")
            raw = file.read(PAGE_BYTES)
            place = f"journal frame {frame}, page {number}"
            yield Page(number, place, _opened(cipher, raw, number))


def _take(scan: Scan, page: Page, database: Path, needles: dict[str, tuple[bytes, ...]]) -> None:
    if page.place.startswith("journal"):
        scan.frames += 1
    else:
        scan.pages += 1
    if page.clear is None:
        scan.unreadable.append(f"{database}: {page.place}")
        return
    for word in _in_bytes(page.clear, needles):
        scan.found.append(Found(word, database, page.place))


# --- words -------------------------------------------------------------------------


def _needles(words: Iterable[str]) -> dict[str, tuple[bytes, ...]]:
    needles = {}
    for word in words:
        if not word.strip():
            raise ValueError("an empty word is everywhere")
        needles[word] = tuple(word.encode(encoding).lower() for encoding in _ENCODINGS)
    return needles


def _in_bytes(data: bytes, needles: dict[str, tuple[bytes, ...]]) -> Iterator[str]:
    lowered = data.lower()
    for word, forms in needles.items():
        if any(form in lowered for form in forms):
            yield word


def _in_file(path: Path, needles: dict[str, tuple[bytes, ...]]) -> set[str]:
    """Search a file in chunks that overlap, so that no word falls between two."""
    overlap = max((len(form) for forms in needles.values() for form in forms), default=1) - 1
    found: set[str] = set()
    kept = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            found.update(_in_bytes(kept + chunk, needles))
            kept = (kept + chunk)[-overlap:] if overlap else b""
    return found


def _files(root: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise error

    for folder, _, names in os.walk(root, onerror=refuse):
        for name in sorted(names):
            path = type(root)(folder) / name
            if path.is_file() and not path.is_symlink():
                yield path
