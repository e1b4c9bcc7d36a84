"""Tickets: an invitation that fits on paper, and what redeems it.

From the ticket's secret come two keys: one signs joins (only the ticket holds
it), the other seals what the joiner says of themselves and lets them be found
by members (the invite's entry in `inner` holds it, so that every member can
read the join).

Text form: `MESH1` and the RFC 4648 base32 of the struct and a 4-byte check sum,
upper case without padding, which a QR code stores densely; case, spaces and
hyphens do not matter when it is read.
"""

from __future__ import annotations

from base64 import b32decode, b32encode
from typing import Annotated

import msgspec

from crdt.codec import Decoder, WireStruct, encode
from crdt.crypto.aead import NONCE_BYTES, seal, unseal
from crdt.crypto.keys import derive
from crdt.crypto.signing import Domain, SigningKey
from crdt.entries.contents import Joiner
from crdt.entries.skeletons import Bytes16, Bytes32, Count
from crdt.errors import BadInvite, CrdtError, Malformed
from crdt.ids import Pseudonym, SpaceId, digest

SECRET_BYTES = 16

CLOSED_AFTER_MS = 30 * 24 * 3_600_000
"""How long after its expiry a ticket's join may still be on its way to who answers it."""

_MARK = "MESH1"
_CHECK_BYTES = 4
_MAX_BYTES = 512


class Ticket(WireStruct, frozen=True):
    """What one person hands to another so that they can join.

    Attributes:
        inner: The community's inner space.
        invite: The invite's entry there, which a join cites.
        nonce: The community's nonce, from which the joiner derives their keys.
        secret: Random, for this ticket only.
        role, uses, expires_s: As in the invite; seconds since 1970.
        community: Its name, to show before joining.
        address: Where the issuer's node is met, "" if nowhere: 16 bytes of a
            Reticulum destination, or text.
    """

    inner: Bytes32
    invite: Bytes32
    nonce: Bytes16
    secret: Bytes16
    role: Count
    uses: Count
    expires_s: Count
    community: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    address: Annotated[bytes, msgspec.Meta(max_length=128)]

    @property
    def signing(self) -> SigningKey:
        """The key that signs joins; its public half names the invite."""
        return SigningKey(derive(self.secret, b"mesh invite"))

    @property
    def sealing(self) -> bytes:
        """The key that seals joiners' boxes, and lets holder and members find each other."""
        return derive(self.secret, b"mesh invite seal")

    def prove(self, space: SpaceId, pseudonym: Pseudonym) -> bytes:
        """Sign a join."""
        return self.signing.sign(Domain.INVITE, space + pseudonym)

    def text(self) -> str:
        """Write the ticket as text."""
        packed = encode(self)
        check = digest(b"mesh ticket", packed, size=_CHECK_BYTES)
        return _MARK + b32encode(packed + check).decode("ascii").rstrip("=")


_DECODE = Decoder(Ticket, _MAX_BYTES)
_DECODE_JOINER = Decoder(Joiner, 2048)


def read_ticket(text: str) -> Ticket:
    """Read a ticket that was typed, pasted or scanned.

    Raises:
        BadInvite: Not a ticket, or a letter of it is wrong.
    """
    compact = "".join(text.split()).replace("-", "").upper()
    if not compact.startswith(_MARK) or len(compact) > 2 * _MAX_BYTES:
        raise BadInvite(f"a ticket begins with {_MARK}; copy it again")
    letters = compact.removeprefix(_MARK)
    try:
        packed = b32decode(letters + "=" * (-len(letters) % 8))
    except ValueError as error:
        raise BadInvite("it holds letters that no ticket has; copy it again") from error
    body, check = packed[:-_CHECK_BYTES], packed[-_CHECK_BYTES:]
    if digest(b"mesh ticket", body, size=_CHECK_BYTES) != check:
        raise BadInvite("a letter is wrong or missing; copy it again")
    try:
        return _DECODE(body)
    except CrdtError as error:
        raise BadInvite(
            "another version of this software wrote it; update this one, or ask for a new ticket"
        ) from error


def invite_discovery_key(sealing: bytes, space: SpaceId) -> bytes:
    """Return the key by which a ticket's holder and the members of its space find each other."""
    return derive(sealing, b"mesh discovery", space)


def seal_joiner(sealing: bytes, joiner: Joiner, nonce: bytes) -> bytes:
    """Seal who is joining, for members' eyes only.

    Args:
        sealing: The invite's sealing key.
        joiner: Name, member and device.
        nonce: 24 random bytes.
    """
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    return nonce + seal(derive(sealing, b"mesh joiner"), encode(joiner), nonce=nonce)


def open_joiner(sealing: bytes, box: bytes) -> Joiner:
    """Read who is joining.

    Raises:
        CannotOpen: Sealed for another invite, or damaged.
        Malformed: Not a joiner.
    """
    nonce, sealed = box[:NONCE_BYTES], box[NONCE_BYTES:]
    if not sealed:
        raise Malformed("an empty box")
    return _DECODE_JOINER(unseal(derive(sealing, b"mesh joiner"), sealed, nonce=nonce))
