"""Reticulum as a carrier: links to peers over whatever interfaces it was given.

Reticulum finds the ways, encrypts and keeps links alive. Its announces tell
everybody in reach that somebody speaks meshnode here, and nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING

import RNS

from transports.bridge import Bell, ThreadBridge, post
from transports.errors import BadAddress, CarrierUnavailable, Unreachable
from transports.reticulum_announces import (
    ANNOUNCE_VERSION,
    APP_NAME,
    ASPECT,
    AnnounceListener,
    KnownPeers,
    PeerSeen,
)
from transports.reticulum_instance import start_reticulum
from transports.reticulum_link import ReticulumLink

if TYPE_CHECKING:
    from collections.abc import Callable

    from transports.link import Link
    from transports.reticulum_objects import RnsDestination, RnsLink
    from transports.reticulum_settings import ReticulumSettings

ADDRESS_BYTES = 16
PRIVATE_KEY_BYTES = 64

MAX_INCOMING_LINKS = 64
"""Links that peers may hold at once; each costs up to 0.5 MB and two threads."""

_NEWS_CAPACITY = 256
_ASK_AGAIN_S = 5.0
_LOOK_AROUND_S = 2.0
_ANNOUNCE_GAP_S = 30.0

_LOG = logging.getLogger(__name__)


class ReticulumCarrier:
    """The Reticulum carrier; one per process, since Reticulum allows no more.

    Args:
        settings: Where and over what.
        private_key: X25519 (32 bytes), then Ed25519 (32 bytes). It stays in memory.
        on_peer_seen: Called on the event loop for each announce, ours excepted.

    Raises:
        ValueError: The key has another length.
    """

    def __init__(
        self,
        settings: ReticulumSettings,
        private_key: bytes,
        on_peer_seen: Callable[[PeerSeen], None] | None = None,
    ) -> None:
        if len(private_key) != PRIVATE_KEY_BYTES:
            raise ValueError(f"a Reticulum key has {PRIVATE_KEY_BYTES} bytes")
        self._settings = settings
        self._identity = RNS.Identity(create_keys=False)
        self._identity.load_private_key(private_key)
        self._hash: bytes = RNS.Destination.hash(self._identity, APP_NAME, ASPECT)
        self._on_peer_seen = on_peer_seen
        self._peers = KnownPeers()
        self._links: set[ReticulumLink] = set()
        self._destination: RnsDestination | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._listener: AnnounceListener | None = None
        self._announced_at_s: float | None = None
        self.failed_interfaces: list[str] = []

    @property
    def name(self) -> str:
        """Always "reticulum"."""
        return "reticulum"

    @property
    def address(self) -> str:
        """Hex of our destination hash, 32 digits; known before `start`."""
        return self._hash.hex()

    @property
    def peers(self) -> tuple[PeerSeen, ...]:
        """Peers whose announces were heard since the start, the latest last."""
        return tuple(self._peers)

    async def start(self, on_link: Callable[[Link], None]) -> None:
        """Start Reticulum when it does not run yet, listen and announce.

        Must be called on the main thread, which it blocks: about 2 s with a
        `LocalNetwork`, up to 5 s per TCP peer that does not answer. Interfaces
        that could not be started are named in `failed_interfaces`.

        Raises:
            CarrierUnavailable: Reticulum cannot be started here.
        """
        if self._destination is not None:
            raise CarrierUnavailable("already started")
        self.failed_interfaces = start_reticulum(self._settings)
        loop = asyncio.get_running_loop()
        try:
            destination: RnsDestination = RNS.Destination(
                self._identity, RNS.Destination.IN, RNS.Destination.SINGLE, APP_NAME, ASPECT
            )
        except KeyError as error:
            raise CarrierUnavailable("this identity is in use in this process") from error
        destination.set_default_app_data(bytes([ANNOUNCE_VERSION]))
        # The link is made ready on RNS's thread, before its first message can arrive.
        destination.set_link_established_callback(
            lambda link: post(loop, self._welcome, self._wrap(link, "", loop), on_link)
        )
        self._destination = destination
        news = ThreadBridge[PeerSeen](_NEWS_CAPACITY, loop)
        self._listener = AnnounceListener(news, Bell(loop))
        RNS.Transport.register_announce_handler(self._listener)
        self._tasks = [
            asyncio.create_task(self._hear_announces(news)),
            asyncio.create_task(self._announce_now_and_then()),
        ]

    async def announce(self) -> None:
        """Say to everybody in reach that we are here."""
        if self._destination is None:
            raise CarrierUnavailable("not started")
        self._announced_at_s = time.monotonic()
        await asyncio.to_thread(self._destination.announce)

    async def connect(self, address: str) -> ReticulumLink:
        """Make a link to a peer, looking for a way first when none is known.

        Raises:
            BadAddress: Not 32 hex digits, our own, or not a meshnode.
            Unreachable: No way there, or no answer in time.
        """
        peer = self._parse(address)
        if self._listener is None:
            raise Unreachable("not started")
        heard = self._listener.heard
        had_path = _has_live_path(peer)
        if not had_path:
            await self._find_path(peer, heard)
        link = await self._try_link(peer)
        if link is None and had_path:
            # What we knew of the way may be out of date: forget it and ask anew, once.
            await asyncio.to_thread(RNS.Reticulum.get_instance().drop_path, peer)
            await self._find_path(peer, heard)
            link = await self._try_link(peer)
        if link is None:
            raise Unreachable(address)
        return link

    async def close(self) -> None:
        """Close every link and stop listening. Reticulum itself runs until the process ends."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks = []
        if self._destination is None:
            return
        RNS.Transport.deregister_announce_handler(self._listener)
        RNS.Transport.deregister_destination(self._destination)
        self._destination = None
        await asyncio.gather(*(link.close() for link in list(self._links)))

    def _parse(self, address: str) -> bytes:
        try:
            peer = bytes.fromhex(address)
        except ValueError:
            peer = b""
        if len(peer) != ADDRESS_BYTES or len(address) != 2 * ADDRESS_BYTES:
            raise BadAddress(f"{address!r} is not {2 * ADDRESS_BYTES} hex digits")
        if peer == self._hash:
            raise BadAddress("our own address")
        return peer

    async def _find_path(self, peer: bytes, heard: Bell) -> None:
        try:
            async with asyncio.timeout(self._settings.path_timeout_s):
                while not _has_live_path(peer):
                    await asyncio.to_thread(RNS.Transport.request_path, peer)
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_ASK_AGAIN_S):
                            await _wait_path(peer, heard)
        except TimeoutError:
            raise Unreachable(f"no way to {peer.hex()}") from None

    async def _try_link(self, peer: bytes) -> ReticulumLink | None:
        identity = RNS.Identity.recall(peer)
        if identity is None:
            return None
        if RNS.Destination.hash(identity, APP_NAME, ASPECT) != peer:
            raise BadAddress(f"{peer.hex()} speaks something else than meshnode")
        loop = asyncio.get_running_loop()

        def begin() -> ReticulumLink:
            destination = RNS.Destination(
                identity, RNS.Destination.OUT, RNS.Destination.SINGLE, APP_NAME, ASPECT
            )
            return self._wrap(RNS.Link(destination), peer.hex(), loop)

        link = await asyncio.to_thread(begin)
        self._links.add(link)
        try:
            async with asyncio.timeout(self._settings.link_timeout_s):
                established = await link.wait_established()
        except TimeoutError:
            established = False
        except asyncio.CancelledError:
            link.abort()
            raise
        if not established:
            link.abort()
            return None
        return link

    def _wrap(self, link: RnsLink, address: str, loop: asyncio.AbstractEventLoop) -> ReticulumLink:
        def forget(closed: ReticulumLink) -> None:
            post(loop, self._links.discard, closed)

        return ReticulumLink(link, address, loop, forget)

    def _welcome(self, link: ReticulumLink, on_link: Callable[[Link], None]) -> None:
        incoming = sum(not other.is_outgoing for other in self._links)
        if incoming >= MAX_INCOMING_LINKS or self._destination is None:
            link.abort()
            return
        self._links.add(link)
        on_link(link)

    async def _hear_announces(self, news: ThreadBridge[PeerSeen]) -> None:
        async for seen in news:
            if seen.address == self.address:
                continue
            self._peers.note(seen)
            if self._on_peer_seen is not None:
                self._on_peer_seen(seen)

    async def _announce_now_and_then(self) -> None:
        """Announce at the start, at long intervals, and when a new way out has opened."""
        ways_out: set[int] = set()
        while True:
            online = {id(i) for i in list(RNS.Transport.interfaces) if i.online and i.OUT}
            since_s = time.monotonic() - (self._announced_at_s or -_ANNOUNCE_GAP_S)
            due = self._announced_at_s is None or since_s >= self._settings.announce_every_s
            if due or (online - ways_out and since_s >= _ANNOUNCE_GAP_S):
                await self.announce()
                ways_out = online
            ways_out &= online
            await asyncio.sleep(_LOOK_AROUND_S)


async def _wait_path(peer: bytes, heard: Bell) -> None:
    while True:
        heard.hush()
        if _has_live_path(peer):
            return
        await heard.wait_rung()


def _has_live_path(peer: bytes) -> bool:
    """Whether a way is known and the interface it begins with is up."""
    if not RNS.Transport.has_path(peer) or RNS.Identity.recall(peer) is None:
        return False
    interface = RNS.Transport.next_hop_interface(peer)
    return interface in RNS.Transport.interfaces and bool(interface.online)


def address_of(public_key: bytes) -> str:
    """Tell where a node is met whose 64 public bytes are known; the way there may not be.

    Raises:
        BadAddress: No public key of Reticulum's.
    """
    identity = RNS.Identity(create_keys=False)
    if len(public_key) != 2 * 32 or not identity.load_public_key(public_key):
        raise BadAddress("not the public key of a device")
    return bytes(RNS.Destination.hash(identity, APP_NAME, ASPECT)).hex()
