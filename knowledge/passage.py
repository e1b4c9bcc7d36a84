"""A passage: the part of a contribution that a search brings back, with whose words it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from knowledge.contribution import Level


@dataclass(frozen=True, slots=True)
class Passage:
    """One or a few paragraphs of a contribution.

    Attributes:
        contribution: Id of the contribution, 64 hex characters.
        language: BCP 47 tag; "und" when unknown.
        text: The paragraphs, verbatim.
        score: Higher is better; comparable only within one list of results.
        given_by: Who signed it, where that is not the author; else "".
        start: Where `text` begins in the contribution's text, in code points.
    """

    contribution: str
    title: str
    author: str
    community: str
    language: str
    level: Level
    text: str
    score: float
    start: int = 0
    given_by: str = ""


class Retriever(Protocol):
    """Finds passages for a question."""

    def retrieve(self, question: str, limit: int) -> list[Passage]:
        """Return at most `limit` passages, best first.

        Only what the asker may read and whose authors consent to `Consent.ANSWERING`:
        filtered before the search, so that nothing restricted moves a score.
        """
        ...
