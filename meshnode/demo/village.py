"""The place of the story: two homes side by side, whose nodes meet over Reticulum on loopback."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshnode.demo.node_process import PROGRAM, NodeProcess
from meshnode.home.config import write_template
from meshnode.home.home import Home
from meshnode.home.settings import Config, ModelSettings, ReticulumSettings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LOOPBACK = "127.0.0.1"

ROSA_PASSPHRASE = "three beehives above the spring"  # noqa: S105 - of a node that lives a minute
"""Ahmed's node opens by a key file, so that both ways are walked."""


@dataclass(frozen=True, slots=True)
class Village:
    """Two nodes.

    Attributes:
        root: Holds both homes and whatever the nodes print.
        rosa: Waits for others on a port of this machine.
        ahmed: Connects there.
    """

    root: Path
    rosa: NodeProcess
    ahmed: NodeProcess

    @property
    def nodes(self) -> tuple[NodeProcess, NodeProcess]:
        """Both."""
        return self.rosa, self.ahmed

    async def end(self) -> None:
        """End both daemons, whatever they are doing."""
        for node in self.nodes:
            await node.end()


def lay_out(
    root: Path, *, has_models: tuple[bool, bool], program: Sequence[str] = PROGRAM
) -> Village:
    """Make both homes, with their settings; nothing runs yet.

    Args:
        root: An absolute path; made if it is not there.
        has_models: Whether Rosa's and Ahmed's nodes load the language model.
        program: The command line that runs the `meshnode` program.

    Raises:
        HomeError: A home cannot be made there.
        OSError: The settings cannot be written, or there is no free port.
    """
    address = f"{LOOPBACK}:{_free_port()}"
    listening = ReticulumSettings(auto_interface=False, tcp_listen=address)
    connecting = ReticulumSettings(auto_interface=False, tcp_connect=(address,))
    homes = Home(root / "rosa"), Home(root / "ahmed")
    for home, carrier, has_model in zip(homes, (listening, connecting), has_models, strict=True):
        home.make()
        config = Config(reticulum=carrier, model=ModelSettings(enabled=has_model))
        write_template(home.config, config)
    rosa, ahmed = homes
    return Village(
        root,
        NodeProcess("Rosa", rosa, root, program),
        NodeProcess("Ahmed", ahmed, root, program),
    )


def _free_port() -> int:
    """Return a port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
    return port
