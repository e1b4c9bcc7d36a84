"""What Reticulum needs to be told, and the configuration file it reads."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_HOST = re.compile(r"[A-Za-z0-9._:%-]{1,255}")
_DEVICE = re.compile(r"[A-Za-z0-9._:-]{1,64}")


def _check_host(host: str, port: int) -> None:
    # The names end up in a configuration file, where a line break would be a new setting.
    if not _HOST.fullmatch(host):
        raise ValueError(f"not a host name or address: {host!r}")
    if not 0 < port < 65536:
        raise ValueError(f"not a TCP port: {port}")


@dataclass(frozen=True, slots=True)
class TcpListen:
    """Wait for other nodes on a TCP port.

    Raises:
        ValueError: The address cannot be one.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        """Refuse what would break the configuration file."""
        _check_host(self.host, self.port)

    def lines(self) -> list[str]:
        """Return the settings of this interface as Reticulum writes them."""
        return [
            "type = TCPServerInterface",
            f"listen_ip = {self.host}",
            f"listen_port = {self.port}",
        ]


@dataclass(frozen=True, slots=True)
class TcpConnect:
    """Connect to a node that waits on a TCP port; Reticulum tries again every 5 s.

    Raises:
        ValueError: The address cannot be one.
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        """Refuse what would break the configuration file."""
        _check_host(self.host, self.port)

    def lines(self) -> list[str]:
        """Return the settings of this interface as Reticulum writes them."""
        return [
            "type = TCPClientInterface",
            f"target_host = {self.host}",
            f"target_port = {self.port}",
        ]


@dataclass(frozen=True, slots=True)
class LocalNetwork:
    """Find other nodes on the same network by multicast.

    Args:
        devices: Network devices to use, such as "wlan0"; all when empty.

    Raises:
        ValueError: A device name cannot be one.
    """

    devices: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what would break the configuration file."""
        for device in self.devices:
            if not _DEVICE.fullmatch(device):
                raise ValueError(f"not a network device: {device!r}")

    def lines(self) -> list[str]:
        """Return the settings of this interface as Reticulum writes them."""
        chosen = [f"devices = {', '.join(self.devices)}"] if self.devices else []
        return ["type = AutoInterface", *chosen]


ReticulumInterface = TcpListen | TcpConnect | LocalNetwork


@dataclass(frozen=True, slots=True)
class ReticulumSettings:
    """How this node takes part in Reticulum.

    Attributes:
        directory: Where Reticulum keeps its state; ours alone, made when missing.
        interfaces: The ways out. None is fine: the node is then reached by nobody.
        user_directory: A Reticulum configuration that the owner keeps, used as it
            is instead of the two above. When it shares an instance with other
            programs (radios are often set up so), we join that.
        announce_every_s: How often we say that we are here, beyond once at the start.
        path_timeout_s: How long to look for a way to a peer.
        link_timeout_s: How long to wait for a peer to answer, per attempt.
    """

    directory: Path
    interfaces: tuple[ReticulumInterface, ...] = ()
    user_directory: Path | None = None
    announce_every_s: float = 30 * 60.0
    path_timeout_s: float = 15.0
    link_timeout_s: float = 30.0

    @property
    def config_directory(self) -> Path:
        """The directory that Reticulum is started in."""
        return self.user_directory or self.directory

    def interface_names(self) -> list[str]:
        """Name each of our interfaces, in order."""
        return [f"meshnode {n}" for n in range(len(self.interfaces))]

    def config_text(self) -> str:
        """Return Reticulum's configuration file: no transport for others, nothing shared."""
        lines = [
            "[reticulum]",
            "enable_transport = No",
            "share_instance = No",
            "panic_on_interface_error = No",
            "[logging]",
            "loglevel = 1",
            "[interfaces]",
        ]
        for name, interface in zip(self.interface_names(), self.interfaces, strict=True):
            lines += [f"[[{name}]]", "enabled = Yes", *interface.lines()]
        return "\n".join(lines) + "\n"
