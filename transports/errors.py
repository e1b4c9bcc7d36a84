"""Errors of the carriers.

MeshError
    TransportError
        LinkClosed          the link is gone; what arrived whole is kept
        Unreachable         no path to that address now
        BadAddress          not an address of this carrier
        CarrierUnavailable  the carrier cannot be started on this machine
        FrameTooLarge       a peer announced a frame beyond the bound
        NotABundle          a file is no bundle, or one of newer software
        BundleNotWritten    a medium would not take a bundle
"""

from __future__ import annotations

from crdt.errors import MeshError


class TransportError(MeshError):
    """A carrier could not do what it was asked."""

    code = "transport"


class LinkClosed(TransportError):
    """The link is closed. What arrived whole is kept; the next meeting goes on from there."""

    code = "transport.link_closed"


class Unreachable(TransportError):
    """That peer cannot be reached now. The node tries again by itself."""

    code = "transport.unreachable"


class BadAddress(TransportError):
    """That is not an address this node can reach. Compare it with the one the peer shows."""

    code = "transport.bad_address"


class CarrierUnavailable(TransportError):
    """This carrier cannot be started on this machine. The others go on without it."""

    code = "transport.carrier_unavailable"


class FrameTooLarge(TransportError):
    """A peer sent more at once than the protocol allows, so the link was closed."""

    code = "transport.frame_too_large"


class NotABundle(TransportError):
    """This file is not a bundle that this version can read. Check that it is the right file."""

    code = "transport.not_a_bundle"


class BundleNotWritten(TransportError):
    """The bundle could not be written. Check that the medium is in, has room and is sound."""

    code = "transport.bundle_not_written"
