"""The keys at rest: one small file, sealed under a passphrase or under a key file.

    magic 8 · version 1 · protection 1 · passes 4 · memory KiB 4 · salt 16 · nonce 24
    · sealed secrets (XChaCha20-Poly1305; all before it is associated data) · checksum 16

The checksum has no secret: it tells a damaged file from a wrong passphrase. A
passphrase is stretched with Argon2id (RFC 9106); 64 MiB leave a Pi of 1 GB room to
go on. A key file holds 32 random bytes and is for nodes that start with nobody
near; on another medium, the home alone opens nothing.

The member's root is not here: it exists on paper only, as recovery words. While
the node is open, its keys are in the daemon's memory, and Python cannot promise
to overwrite them there; `meshnode lock` therefore replaces the whole process.
"""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass
from enum import IntEnum
from hashlib import blake2b
from struct import Struct
from typing import TYPE_CHECKING, Annotated

import msgspec
from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt,
    crypto_aead_xchacha20poly1305_ietf_encrypt,
)
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.keys import DeviceKey, DeviceKeys, Enrolment, derive
from crdt.errors import CrdtError
from crdt.ids import MemberId
from meshnode.errors import (
    BadUsage,
    HomeUnusable,
    KeysDamaged,
    KeysTooNew,
    WrongKeyFile,
    WrongPassphrase,
)
from meshnode.home.private_file import write_private
from meshnode.home.unlocked_keys import MAX_NAME_CHARS, UnlockedKeys

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1
MAX_PASSPHRASE_CHARS = 1024
MAX_FILE_BYTES = 8 * 1024
"""Far above what the secrets need: bounds what is read."""

_MAGIC = b"meshkeys"
_HEAD = Struct(">8sBBII16s24s")
_CHECKSUM_BYTES = 16
_KEY_BYTES = 32

_MAX_PASSES = 16
_MIN_MEMORY_KIB = 8
_MAX_MEMORY_KIB = 1024 * 1024
"""A file that asks for more was not written by us, and must not eat the machine."""


class Protection(IntEnum):
    """What opens the keys."""

    PASSPHRASE = 1
    KEY_FILE = 2


@dataclass(frozen=True, slots=True)
class Stretching:
    """How hard a passphrase is made to guess (Argon2id, one lane).

    Attributes:
        passes: Times over the memory.
        memory_kib: 64 MiB by default: about half a second on a Pi 4.
    """

    passes: int = 3
    memory_kib: int = 64 * 1024


STRETCHING = Stretching()


@dataclass(frozen=True, slots=True)
class Keystore:
    """The sealed file.

    Attributes:
        path: `HOME/keys`.
        stretching: For passphrases set from now on; the file says what it was written with.
    """

    path: Path
    stretching: Stretching = STRETCHING

    def protection(self) -> Protection:
        """Tell what opens the keys, without opening them.

        Raises:
            KeysDamaged, KeysTooNew: As in `unlock`.
        """
        return _parse(_read(self.path)).protection

    def write(self, keys: UnlockedKeys, key: str | bytes) -> None:
        """Seal the keys under a passphrase (str) or the contents of a key file (bytes).

        Replaces what was there at once or, on any failure, not at all.

        Raises:
            BadUsage: The passphrase is empty or too long.
            HomeUnusable: The disk is full, or the file cannot be written.
        """
        if isinstance(key, str):
            protection, stretching = Protection.PASSPHRASE, self.stretching
        else:
            protection, stretching = Protection.KEY_FILE, Stretching(0, 0)
        salt, nonce = os.urandom(16), os.urandom(24)
        head = _HEAD.pack(
            _MAGIC, VERSION, protection, stretching.passes, stretching.memory_kib, salt, nonce
        )
        data = head + _seal(_pack(keys), head, nonce, _sealing_key(key, salt, stretching))
        try:
            write_private(self.path, data + _checksum(data))
        except OSError as error:
            raise HomeUnusable(f"{self.path}: {error.strerror}") from error

    def unlock(self, key: str | bytes) -> UnlockedKeys:
        """Open the keys with a passphrase (str) or the contents of a key file (bytes).

        Takes as long as the passphrase's stretching: call it in a thread.

        Raises:
            WrongPassphrase, WrongKeyFile: It is not that.
            KeysDamaged: The file is not what was written.
            KeysTooNew: It was written by newer software.
        """
        sealed = _parse(_read(self.path))
        is_passphrase = isinstance(key, str)
        wrong = WrongPassphrase if is_passphrase else WrongKeyFile
        if is_passphrase != (sealed.protection is Protection.PASSPHRASE):
            what = "a passphrase" if sealed.protection is Protection.PASSPHRASE else "a key file"
            raise wrong(f"these keys open with {what}")
        secret = _sealing_key(key, sealed.salt, sealed.stretching)
        plain = _open(sealed, secret)
        if plain is None:
            raise wrong
        return _unpack(plain)


# --- the format -------------------------------------------------------------------

_Bytes32 = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Bytes64 = Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class _Secrets(WireStruct, frozen=True):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_NAME_CHARS)]
    device_secret: _Bytes64
    withdrawal_seed: _Bytes32
    member: _Bytes32
    enrolment: _Bytes64
    database_key: _Bytes32


_DECODE = Decoder(_Secrets, MAX_FILE_BYTES)


@dataclass(frozen=True, slots=True)
class _Sealed:
    head: bytes
    protection: Protection
    stretching: Stretching
    salt: bytes
    nonce: bytes
    body: bytes


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise KeysDamaged(f"{path}: {error.strerror}") from error


def _parse(data: bytes) -> _Sealed:
    if not _HEAD.size + _CHECKSUM_BYTES < len(data) <= MAX_FILE_BYTES:
        raise KeysDamaged(f"{len(data)} bytes")
    data, checksum = data[:-_CHECKSUM_BYTES], data[-_CHECKSUM_BYTES:]
    magic, version, protection, passes, memory_kib, salt, nonce = _HEAD.unpack_from(data)
    if magic != _MAGIC:
        raise KeysDamaged("it does not begin like one")
    if _checksum(data) != checksum:
        raise KeysDamaged("its checksum does not fit")
    if version > VERSION:
        raise KeysTooNew(f"version {version}")
    if protection not in tuple(Protection):
        raise KeysDamaged(f"protection {protection}")
    if protection == Protection.PASSPHRASE and not (
        1 <= passes <= _MAX_PASSES and _MIN_MEMORY_KIB <= memory_kib <= _MAX_MEMORY_KIB
    ):
        raise KeysDamaged("its stretching is out of bounds")
    stretching = Stretching(passes, memory_kib)
    head, body = data[: _HEAD.size], data[_HEAD.size :]
    return _Sealed(head, Protection(protection), stretching, salt, nonce, body)


def _checksum(data: bytes) -> bytes:
    return blake2b(data, digest_size=_CHECKSUM_BYTES, person=b"mesh keys sum").digest()


def _sealing_key(key: str | bytes, salt: bytes, stretching: Stretching) -> bytes:
    if isinstance(key, bytes):
        return derive(key, b"mesh key file", salt)
    passphrase = unicodedata.normalize("NFKC", key)
    if not 1 <= len(passphrase) <= MAX_PASSPHRASE_CHARS:
        raise BadUsage(f"a passphrase has 1 to {MAX_PASSPHRASE_CHARS} characters")
    stretched: bytes = argon2id.kdf(
        _KEY_BYTES,
        passphrase.encode("utf-8", "surrogatepass"),
        salt,
        opslimit=stretching.passes,
        memlimit=stretching.memory_kib * 1024,
    )
    return stretched


def _seal(plain: bytes, head: bytes, nonce: bytes, key: bytes) -> bytes:
    sealed: bytes = crypto_aead_xchacha20poly1305_ietf_encrypt(plain, head, nonce, key)
    return sealed


def _open(sealed: _Sealed, key: bytes) -> bytes | None:
    try:
        plain: bytes = crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed.body, sealed.head, sealed.nonce, key
        )
    except CryptoError:
        return None
    return plain


def _pack(keys: UnlockedKeys) -> bytes:
    device = keys.device
    return encode(
        _Secrets(
            keys.name,
            device.device.secret,
            device.withdrawal_seed,
            device.enrolment.member,
            device.enrolment.signature,
            keys.database_key,
        )
    )


def _unpack(plain: bytes) -> UnlockedKeys:
    try:
        secrets = _DECODE(plain)
        device = DeviceKey(secrets.device_secret)
        enrolment = Enrolment(MemberId(secrets.member), device.public, secrets.enrolment)
        enrolment.check()
    except CrdtError as error:
        raise KeysDamaged(error.explain()) from error
    keys = DeviceKeys(device, secrets.withdrawal_seed, enrolment)
    return UnlockedKeys(secrets.name, keys, secrets.database_key)
