"""A contribution as a row of the search index: its columns, and the way there and back."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import astuple
from typing import Any

from knowledge.contribution import Consent, Contribution, Level

_FIELDS = (
    "id, level, consent, title, author, author_key, community, language, licence, tags, place, "
    "source, created_ms, changed_ms, edits, contributors, "
    "given_by"
)

PUT_ROW = f"""
INSERT INTO contributions (number, {_FIELDS}, title_order, author_order, digest)
VALUES ({", ".join("?" * 21)})
"""  # noqa: S608

GET_ROW = f"SELECT number, {_FIELDS} FROM contributions WHERE id = ?"  # noqa: S608


def row_values(number: int, contribution: Contribution, digest: bytes) -> tuple[Any, ...]:
    """Return the parameters of `PUT_ROW`."""
    return (
        number,
        contribution.id,
        contribution.level.value,
        int(contribution.consent),
        contribution.title,
        contribution.author,
        contribution.author_key,
        contribution.community,
        contribution.language,
        contribution.licence,
        json.dumps(contribution.tags, ensure_ascii=False),
        contribution.place,
        contribution.source,
        contribution.created_ms,
        contribution.changed_ms,
        contribution.edits,
        json.dumps(contribution.contributors, ensure_ascii=False),
        contribution.given_by,
        _order(contribution.title),
        _order(contribution.author),
        digest,
    )


def row_contribution(row: tuple[Any, ...], text: str) -> Contribution:
    """Return the contribution of a row that `GET_ROW` gave, with its text."""
    return Contribution(
        id=row[1],
        level=Level(row[2]),
        consent=Consent(row[3]),
        title=row[4],
        author=row[5],
        author_key=row[6],
        community=row[7],
        language=row[8],
        licence=row[9],
        tags=tuple(json.loads(row[10])),
        place=row[11],
        source=row[12],
        created_ms=row[13],
        changed_ms=row[14],
        edits=row[15],
        contributors=tuple(json.loads(row[16])),
        given_by=row[17],
        text=text,
    )


def row_digest(contribution: Contribution) -> bytes:
    """Return 16 bytes that tell whether anything of a contribution changed."""
    fields = json.dumps(astuple(contribution), default=lambda level: level.value)
    return hashlib.blake2b(fields.encode(), digest_size=16).digest()


def _order(words: str) -> str:
    folded = unicodedata.normalize("NFKD", words.casefold())
    return "".join(character for character in folded if not unicodedata.combining(character))
