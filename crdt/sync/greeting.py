"""Our offers, the peer's offers, and which of them mean the same space.

The initiator offers under its newest key. The responder, who reads first, answers
under that key where it knows it, and else under a few of its own, newest first:
two sides may each have begun an epoch since they last met. Where the initiator
recognises one of those, it offers that space once more under it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from crdt.errors import Malformed
from crdt.sync.frames import MAX_OFFERS, Offer
from crdt.sync.hello import (
    Box,
    Direction,
    Introduction,
    encode_introduction,
    prove,
    read_introduction,
    receipts_digest,
    tag_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from crdt.crypto.keys import DeviceKey
    from crdt.ids import SpaceId
    from crdt.store.rows import SetSummary
    from crdt.sync.hello import SharedSpace
    from crdt.sync.source import SyncSource


MAX_KEYS_ANSWERED = 4
"""Keys of one space that the responder offers under when the initiator's says nothing to it."""


@dataclass(frozen=True, slots=True)
class Match:
    """An offer of the peer's that names a space of ours.

    Attributes:
        key: The discovery key that both know.
        number: The offer's, among the peer's.
        box: Opens what the peer seals about the space.
        is_common: Whether we offer, or offered, the space under the same key.
    """

    shared: SharedSpace
    key: bytes
    number: int
    introduction: Introduction
    box: Box
    is_common: bool


class Greeting:
    """The hello of one session, both ways."""

    def __init__(
        self,
        source: SyncSource,
        spaces: Sequence[SharedSpace],
        device: DeviceKey | None,
        channel_id: bytes,
        direction: Direction,
        nonce: bytes,
    ) -> None:
        if len(spaces) > MAX_OFFERS:
            raise ValueError(f"at most {MAX_OFFERS} spaces in one session")
        if device is None and any(shared.needs_proof for shared in spaces):
            raise ValueError("a space that needs proof, and no device to prove")
        self._source, self._device = source, device
        self._spaces = tuple(spaces)
        self._channel, self._direction, self._nonce = channel_id, direction, nonce
        self._offered: dict[tuple[SpaceId, bytes], tuple[int, Box, SetSummary | None]] = {}
        self._count = 0
        self._their_nonce = b""
        self._their_count = 0

    @property
    def is_initiator(self) -> bool:
        """Whether this side speaks first."""
        return self._direction is Direction.INITIATOR

    @property
    def salt(self) -> bytes:
        """Both nonces, the initiator's first."""
        both = self._nonce, self._their_nonce
        return b"".join(both if self.is_initiator else reversed(both))

    def is_ourselves(self, device_public: bytes) -> bool:
        """Whether a node has met itself."""
        return self._device is not None and self._device.public == device_public

    def first_offers(self) -> tuple[Offer, ...]:
        """Offer every space under its newest key; whoever holds that may be told what is here."""
        return tuple(
            self._offer(shared, shared.discovery_keys[0], tells=shared.tells_first)
            for shared in self._spaces
        )

    def answers(
        self, matches: Sequence[Match], may_serve: Callable[[SharedSpace], bool]
    ) -> tuple[Offer, ...]:
        """Offer every space: matched ones under the matching key, others under a few of ours."""
        keys = {match.shared.space: match.key for match in matches}
        room = MAX_OFFERS - len(self._spaces)
        offers = []
        for shared in self._spaces:
            if shared.space in keys:
                key = keys[shared.space]
                offers.append(self._offer(shared, key, tells=may_serve(shared)))
                continue
            shown = shared.discovery_keys[: 1 + min(room, MAX_KEYS_ANSWERED - 1)]
            room -= len(shown) - 1
            offers += [self._offer(shared, key, tells=False) for key in shown]
        return tuple(offers)

    def reoffers(
        self, matches: Sequence[Match], may_serve: Callable[[SharedSpace], bool]
    ) -> tuple[Offer, ...]:
        """Offer anew what the peer could not recognise."""
        return tuple(
            self._offer(match.shared, match.key, tells=may_serve(match.shared))
            for match in matches
            if not match.is_common
        )

    def our_offer(self, match: Match) -> tuple[int, Box, SetSummary | None]:
        """Return number, box and told summary of our offer of a matched space."""
        return self._offered[match.shared.space, match.key]

    def receipts(self, shared: SharedSpace) -> bytes | None:
        """Digest the receipts that we have for a space."""
        if not shared.has_receipts:
            return None
        return receipts_digest(self._source.receipt_counters(shared.space))

    def match(self, offers: Sequence[Offer], nonce: bytes | None) -> list[Match]:
        """Recognise the peer's offers.

        Args:
            offers: In their order.
            nonce: From the peer's hello; None for its later offers.

        Raises:
            Malformed, BadSignature, CannotOpen: A box or proof is wrong; nothing was taken.
        """
        their_nonce = self._their_nonce if nonce is None else nonce
        first = self._their_count
        theirs = self._direction.other
        known = {
            tag_of(key, theirs, self._channel): (shared, key)
            for shared in self._spaces
            for key in shared.discovery_keys
        }
        matches: dict[SpaceId, Match] = {}
        for number, offer in enumerate(offers, first):
            if offer.tag not in known:
                continue
            shared, key = known[offer.tag]
            if shared.space in matches:
                continue  # under an older key too
            is_offered = (shared.space, key) in self._offered
            if nonce is None and not is_offered:
                raise Malformed("an offer under a key that was not shown")
            box = Box(key, theirs, self._channel, their_nonce)
            introduction = box.open(
                offer.box, partial(read_introduction, theirs, shared, self._channel)
            )
            is_common = not self.is_initiator or is_offered
            matches[shared.space] = Match(shared, key, number, introduction, box, is_common)
        return list(matches.values())

    def accept(self, offers: Sequence[Offer], nonce: bytes | None) -> None:
        """Note that the peer's offers were in order."""
        self._their_count += len(offers)
        if nonce is not None:
            self._their_nonce = nonce

    def prover(self, matches: Sequence[Match], known: bytes | None) -> bytes | None:
        """Return the device that the peer proved to be.

        Raises:
            Malformed: Two different ones.
        """
        devices = {match.introduction.device for match in matches} | {known}
        devices.discard(None)
        if len(devices) > 1:
            raise Malformed("one peer, two devices")
        return devices.pop() if devices else None

    def _offer(self, shared: SharedSpace, key: bytes, *, tells: bool) -> Offer:
        box = Box(key, self._direction, self._channel, self._nonce)
        summary = self._source.summary(shared.space) if tells else None
        device = proof = None
        if shared.needs_proof and self._device is not None:
            device = self._device.public
            proof = prove(self._device, self._direction, shared.space, self._channel)
        introduction = Introduction(
            summary.count if summary else 0,
            summary.fingerprint if summary else None,
            self.receipts(shared) if summary else None,
            device,
            proof,
        )
        self._offered[shared.space, key] = self._count, box, summary
        self._count += 1
        tag = tag_of(key, self._direction, self._channel)
        return Offer(tag, box.seal(encode_introduction(introduction)))
