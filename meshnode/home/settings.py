"""Every setting of a node: what it does, what it may be, what it is unless somebody says otherwise.

The template of `config.toml` and the checks in `meshnode/home/config.py` are made from
these structs: the description is the comment in the file, `allowed` the end of
the sentence "must be ...".
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from knowledge.language_tag import LANGUAGE_PATTERN


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


def text(description: str, allowed: str, pattern: str | None = None) -> msgspec.Meta:
    """Describe a setting that is a text, or several.

    Args:
        description: What it does, for the file's reader.
        allowed: What it may be, to follow "must be".
        pattern: That it must match.
    """
    return msgspec.Meta(description=description, pattern=pattern, extra={"allowed": allowed})


def switch(description: str) -> msgspec.Meta:
    """Describe a setting that is on or off."""
    return text(description, "true or false")


def number(description: str, least: int, most: int) -> msgspec.Meta:
    """Describe a setting that is a number, with its bounds, both included."""
    allowed = f"a whole number from {least} to {most}"
    return msgspec.Meta(description=description, ge=least, le=most, extra={"allowed": allowed})


_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_ADDRESS = r"(\[[0-9A-Fa-f:.]{2,45}(%[A-Za-z0-9]+)?\]|[A-Za-z0-9._-]{1,253}):" + _PORT
_ABSOLUTE = r"^(|[/~][^\0\n\r]*)$"


class NodeSettings(Section, frozen=True):
    """This node and its words on screen."""

    language: Annotated[
        str,
        text(
            "Language of what you add, when nothing else says it.",
            'a language tag such as "en", "sw" or "pt-BR", or "und" for unknown',
            rf"^{LANGUAGE_PATTERN}$",
        ),
    ] = "und"
    plain: Annotated[
        bool, switch("Plain lines instead of columns and progress, for screen readers.")
    ] = False
    key_file: Annotated[
        str,
        text(
            "Where the key file lies when there is no passphrase; empty: in the home. On another\n"
            "medium, the home alone opens nothing; without that medium the node stays locked.",
            "an absolute path, or empty",
            _ABSOLUTE,
        ),
    ] = ""


class ModelSettings(Section, frozen=True):
    """The local language model that phrases answers."""

    enabled: Annotated[bool, switch("Off: answers are quoted passages only. Saves memory.")] = True
    path: Annotated[
        str,
        text(
            "Any GGUF file; empty: the default model, where `scripts/setup --model` puts it.",
            "an absolute path, or empty",
            _ABSOLUTE,
        ),
    ] = ""
    threads: Annotated[
        int, number("Processor threads for it; 0: as many as suit this machine.", 0, 256)
    ] = 0


class ReticulumSettings(Section, frozen=True):
    """How this node reaches others over Reticulum."""

    enabled: Annotated[bool, switch("Off: nothing but bundle files goes in or out.")] = True
    user_config: Annotated[
        str,
        text(
            "A Reticulum folder of your own, such as ~/.reticulum, used as it is (radios are\n"
            "often set up so); empty: the settings below.",
            "an absolute path, or empty",
            _ABSOLUTE,
        ),
    ] = ""
    auto_interface: Annotated[bool, switch("Find nodes on the same local network.")] = True
    tcp_listen: Annotated[
        str,
        text(
            'Wait for other nodes here, for example "0.0.0.0:4242"; empty: do not.',
            '"host:port", or empty',
            f"^(|{_ADDRESS})$",
        ),
    ] = ""
    tcp_connect: Annotated[
        tuple[Annotated[str, msgspec.Meta(pattern=f"^{_ADDRESS}$")], ...],
        text(
            'Nodes to stay connected to, for example ["ridge.example:4242"].',
            'a list of "host:port"',
        ),
    ] = ()
    announce_minutes: Annotated[
        int,
        number("How often to say on the network that this node is here, in minutes.", 5, 10080),
    ] = 30


class SyncSettings(Section, frozen=True):
    """Meeting the peers that are known."""

    every_minutes: Annotated[
        int,
        number(
            "How often to meet each peer, in minutes; 0: only when asked or when there is news.",
            0,
            10080,
        ),
    ] = 10


class ApiSettings(Section, frozen=True):
    """The socket that the app, the command line and scripts speak to."""

    max_request_mb: Annotated[
        int, number("Largest request in MB; a contribution's text goes in one.", 1, 256)
    ] = 8


class Config(Section, frozen=True):
    """All settings of a node."""

    node: NodeSettings = NodeSettings()
    model: ModelSettings = ModelSettings()
    reticulum: ReticulumSettings = ReticulumSettings()
    sync: SyncSettings = SyncSettings()
    api: ApiSettings = ApiSettings()

    def without_links(self) -> Config:
        """Return these settings with no network and no model, for work on the home alone."""
        return msgspec.structs.replace(
            self,
            model=msgspec.structs.replace(self.model, enabled=False),
            reticulum=msgspec.structs.replace(self.reticulum, enabled=False),
        )


def split_address(address: str) -> tuple[str, int]:
    """Split "host:port"; the brackets around an IPv6 address go."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
