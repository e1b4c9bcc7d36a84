"""A contribution: a text that a member gave, and everything that says whose it is.

In the shared record a contribution is a document of flat fields and one text.
This module names the fields by number (they are part of the entry format and
never change their meaning) and turns a document's fields into a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, IntFlag


class Field(IntEnum):
    """Numbers of a contribution's fields in an edit (docs/protocol.md, fields)."""

    TITLE = 1
    LANGUAGE = 2
    LICENCE = 3
    TAGS = 4
    PLACE = 5
    AUTHOR = 6
    CONSENT = 7
    SOURCE = 8


class Level(Enum):
    """How far a contribution travels: the space that it lives in."""

    INNER = "inner"
    ALLIED = "allied"
    COMMONS = "commons"


class Consent(IntFlag):
    """What others may do with a contribution; one bit per use."""

    NONE = 0
    ANSWERING = 1
    TRAINING = 2
    SHARING = 4


DEFAULT_CONSENT = Consent.ANSWERING | Consent.SHARING
DEFAULT_LICENCE = "CC-BY-SA-4.0"


@dataclass(frozen=True, slots=True)
class Contribution:
    """One contribution as its reader sees it.

    Attributes:
        id: Hex of the entry that began the document, 64 characters.
        author: The name that it was given under: a claim of whoever signed it.
        author_key: Hex of the signer's pseudonym in that space.
        given_by: The signer's own name, or a short form of their key, where that is not the
            author's; "" when it is, or when this node cannot know.
        community: Name of the community that it was given in.
        language: BCP 47 tag, for example "es" or "sw"; "und" when unknown.
        licence: SPDX expression.
        created_ms, changed_ms: Author's clock, milliseconds since 1970; to show, never to decide.
        edits: How many edits made it what it is.
        contributors: Names of everybody who edited it, the author first.
    """

    id: str
    title: str
    text: str
    author: str
    author_key: str
    community: str
    level: Level
    language: str = "und"
    licence: str = DEFAULT_LICENCE
    tags: tuple[str, ...] = ()
    place: str = ""
    source: str = ""
    consent: Consent = DEFAULT_CONSENT
    created_ms: int = 0
    changed_ms: int = 0
    edits: int = 1
    contributors: tuple[str, ...] = ()
    given_by: str = ""
