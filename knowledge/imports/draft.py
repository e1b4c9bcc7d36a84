"""A draft: what an imported file would become, once a member gives it to a community."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.contribution import Consent, Level
from knowledge.errors import BadLanguage, BadLicence, ImportRefused
from knowledge.imports.decoding import cleaned
from knowledge.imports.language_guess import UNKNOWN, guess_language
from knowledge.imports.reading import MAX_TEXT, Reading
from knowledge.language_tag import language_tag
from knowledge.licence import licence_expression

if TYPE_CHECKING:
    from pathlib import Path

MAX_TITLE = 200
MAX_TAGS = 32
MAX_WORDS = 100
"""Code points of a tag, a place or an author."""

_KEYS = {
    "title": "title",
    "language": "language",
    "lang": "language",
    "licence": "licence",
    "license": "licence",
    "tags": "tags",
    "keywords": "tags",
    "place": "place",
    "location": "place",
    "author": "author",
    "level": "level",
    "consent": "consent",
}

_SPACES = re.compile(r"\s+")
_SEPARATORS = re.compile(r"[\s_\-]+")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for every file that does not say otherwise itself."""

    language: str | None = None
    licence: str | None = None
    tags: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, slots=True)
class Draft:
    """A contribution that nobody has given yet.

    Attributes:
        language: BCP 47 tag; "und" when unknown.
        licence: SPDX expression, or None when neither file nor defaults say.
        author, level, consent: As the file says, or None when it says nothing.
        source: The file's name, without its folder.
        part: Names the draft within its file; "" when it is the whole file.
        digest: BLAKE2b-128 of everything above but `source`: is it unchanged since last time?
    """

    title: str
    text: str
    language: str
    licence: str | None
    tags: tuple[str, ...]
    place: str
    author: str | None
    level: Level | None
    consent: Consent | None
    source: str
    part: str
    digest: bytes


def drafted(reading: Reading, path: Path, defaults: Defaults) -> tuple[Draft, tuple[str, ...]]:
    """Make a draft of what a reader found in a file.

    Returns:
        The draft, and sentences on what was guessed or left out.

    Raises:
        ImportRefused: It is empty or too long, or says something about its sharing, consent or
            licence that cannot be understood: guessing there could give away too much.
    """
    notes = list(reading.notes)
    text = cleaned(reading.text)
    if not text.strip():
        raise ImportRefused("there is no text in it")
    if len(text) > MAX_TEXT:
        raise ImportRefused(
            f"it is {len(text):,} characters long and {MAX_TEXT:,} is the most; split it"
        )
    fields: dict[str, str | tuple[str, ...]] = {}
    for key, value in reading.fields.items():
        if (known := _KEYS.get(key)) is not None:
            fields[known] = value
        else:
            notes.append(f'"{_line(key, 40)}" is not a key that is known here; it was left out.')
    language, guessed = _language(_one(fields, "language"), text, defaults, notes)
    if guessed:
        notes.append(f'Its language was guessed to be "{language}".')
    level, consent = _level(fields.get("level")), _consent(fields.get("consent"))
    title = _line(_one(fields, "title"), MAX_TITLE) or _line(reading.title, MAX_TITLE)
    licence = _licence(_one(fields, "licence")) or defaults.licence
    tags = _tags(fields.get("tags", ()), defaults.tags)
    place = _line(_one(fields, "place"), MAX_WORDS) or defaults.place
    author = _line(", ".join(_many(fields.get("author", ()))), MAX_WORDS) or None
    title = title or _readable(path.stem)
    said = (title, text, language, licence, tags, place, author, level, consent, reading.part)
    digest = hashlib.blake2b(repr(said).encode("utf-8", "backslashreplace"), digest_size=16)
    draft = Draft(*said[:-1], source=cleaned(path.name), part=reading.part, digest=digest.digest())
    return draft, tuple(notes)


def _language(said: str, text: str, defaults: Defaults, notes: list[str]) -> tuple[str, bool]:
    """Return the language, and whether it is a guess."""
    if said:
        try:
            return language_tag(said), False
        except BadLanguage:
            notes.append(f'"{_line(said, 40)}" is no language tag such as "es"; it was left out.')
    if defaults.language:
        return defaults.language, False
    guess = guess_language(text)
    return guess, guess != UNKNOWN


def _licence(said: str) -> str | None:
    if not said:
        return None
    try:
        return licence_expression(said)
    except BadLicence:
        raise ImportRefused(
            f'its licence "{_line(said, 40)}" is no SPDX name such as CC-BY-SA-4.0'
        ) from None


def _level(said: str | tuple[str, ...] | None) -> Level | None:
    if said is None:
        return None
    try:
        return Level(" ".join(_many(said)).lower())
    except ValueError:
        raise ImportRefused("its level is none of inner, allied and commons") from None


def _consent(said: str | tuple[str, ...] | None) -> Consent | None:
    if said is None:
        return None
    consent = Consent.NONE
    uses = {use.lower() for use in _many(said)}
    for use in uses - {"none"}:
        if use.upper() not in Consent.__members__:
            raise ImportRefused("its consent is none of answering, training, sharing and none")
        consent |= Consent[use.upper()]
    if not uses or ("none" in uses and consent):
        raise ImportRefused("its consent does not say which uses it allows")
    return consent


def _tags(said: str | tuple[str, ...], added: tuple[str, ...]) -> tuple[str, ...]:
    tags = dict.fromkeys(_line(tag, MAX_WORDS).lstrip("#") for tag in (*_many(said), *added))
    return tuple(filter(None, tags))[:MAX_TAGS]


def _one(fields: dict[str, str | tuple[str, ...]], key: str) -> str:
    value = fields.get(key, "")
    return value.strip() if isinstance(value, str) else " ".join(value).strip()


def _many(value: str | tuple[str, ...]) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    return tuple(part.strip() for part in parts if part.strip())


def _line(words: str, most: int) -> str:
    """Return words on one line, at most so many code points, cut at a word if need be."""
    line = _SPACES.sub(" ", cleaned(words)).strip()
    if len(line) <= most:
        return line
    return (line[: most - 1].rsplit(" ", 1)[0] or line[: most - 1]) + "…"


def _readable(stem: str) -> str:
    words = _SEPARATORS.sub(" ", cleaned(stem)).strip()
    return _line(words[:1].upper() + words[1:], MAX_TITLE) or "Untitled"
