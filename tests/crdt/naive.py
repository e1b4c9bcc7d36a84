"""The formats read naively: by the protocol's text, with nothing of ours."""

from __future__ import annotations

import struct
from hashlib import blake2b

from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt as _decrypt
from nacl.signing import SigningKey, VerifyKey


def pack(value: object) -> bytes:
    """MessagePack, in the shortest form."""
    match value:
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _pack_int(value)
        case bytes():
            head = b"\xc4" if len(value) < 1 << 8 else b"\xc5"
            return head + len(value).to_bytes(1 if head == b"\xc4" else 2, "big") + value
        case str():
            raw = value.encode()
            return (
                bytes([0xA0 | len(raw)]) if len(raw) < 32 else b"\xd9" + bytes([len(raw)])
            ) + raw
        case list() | tuple():
            assert len(value) < 16
            return bytes([0x90 | len(value)]) + b"".join(pack(item) for item in value)
        case _:
            raise AssertionError(value)


def _pack_int(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack("b" if value < 0 else "B", value)
    if value < 0:
        raise AssertionError(value)
    for mark, form in ((0xCC, ">B"), (0xCD, ">H"), (0xCE, ">I"), (0xCF, ">Q")):
        if value < 1 << (8 * struct.calcsize(form)):
            return bytes([mark]) + struct.pack(form, value)
    raise AssertionError(value)


def named(purpose: str, *parts: bytes, size: int = 32, key: bytes = b"") -> bytes:
    """H and K of the protocol: BLAKE2b for one purpose, plain or keyed."""
    person = purpose.encode().ljust(16, b"\x00")
    return blake2b(b"".join(parts), digest_size=size, person=person, key=key).digest()


def unsealed(key: bytes, sealed: bytes, bound: bytes = b"", nonce: bytes = bytes(24)) -> bytes:
    """Decrypt, or fail."""
    return _decrypt(sealed, bound, nonce, key)


def signed_by(public: bytes, purpose: str, message: bytes, signature: bytes) -> bool:
    """Verify, or fail."""
    prefix = b"meshnode 1 " + purpose.encode() + b"\x00"
    VerifyKey(public).verify(prefix + message, signature)
    return True


def public_of(seed: bytes) -> bytes:
    """Ed25519."""
    return bytes(SigningKey(seed).verify_key)
