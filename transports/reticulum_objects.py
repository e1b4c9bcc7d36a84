"""The parts of RNS's objects that we touch, typed; RNS itself ships no types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO


class RnsInterface(Protocol):
    """A way out: a socket, a radio."""

    name: str
    online: bool
    OUT: bool
    bitrate: int | None


class RnsLink(Protocol):
    """`RNS.Link`. The callbacks come on RNS's threads."""

    link_id: bytes
    initiator: bool
    status: int
    rtt: float | None
    mtu: int
    attached_interface: RnsInterface
    _channel: object

    def teardown(self) -> None:
        """Close the link and tell the peer."""
        ...

    def set_resource_strategy(self, resource_strategy: int) -> None:
        """Choose which resources are accepted."""
        ...

    def set_resource_callback(self, callback: Callable[[RnsAnnouncement], bool]) -> None:
        """Choose who decides on announced resources."""
        ...

    def set_resource_started_callback(self, callback: Callable[[RnsResource], None]) -> None:
        """Choose who hears that a resource is on its way."""
        ...

    def set_resource_concluded_callback(self, callback: Callable[[RnsResource], None]) -> None:
        """Choose who takes resources, arrived or failed."""
        ...

    def set_link_closed_callback(self, callback: Callable[[RnsLink], None]) -> None:
        """Choose who hears that the link is gone."""
        ...

    def set_link_established_callback(self, callback: Callable[[RnsLink], None]) -> None:
        """Choose who hears that the peer has answered."""
        ...


class RnsResource(Protocol):
    """`RNS.Resource`, arriving or leaving."""

    hash: bytes
    status: int
    data: BinaryIO


class RnsAnnouncement(Protocol):
    """`RNS.ResourceAdvertisement`: what a stranger says of a resource, unchecked.

    Sizes `t` (encrypted) and `d`, hash `h`, segment `i` of `l`, and whether it is
    `c`ompressed, `e`ncrypted, `s`plit or has e`x`tra data.
    """

    t: object
    d: object
    h: object
    i: object
    l: object  # noqa: E741 - RNS's name
    c: bool
    e: bool
    s: bool
    x: bool


class RnsDestination(Protocol):
    """`RNS.Destination` of our own identity."""

    hash: bytes

    def announce(self) -> None:
        """Tell everybody in reach."""
        ...

    def set_default_app_data(self, app_data: bytes) -> None:
        """Choose what announces carry."""
        ...

    def set_link_established_callback(self, callback: Callable[[RnsLink], object]) -> None:
        """Choose who takes links that peers make."""
        ...
