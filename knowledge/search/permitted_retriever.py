"""Passages for a question, bound to what one asker may read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from knowledge.contribution import Consent

if TYPE_CHECKING:
    from collections.abc import Collection

    from knowledge.contribution import Level
    from knowledge.passage import Passage
    from knowledge.search.index import SearchIndex


class PermittedRetriever:
    """A `knowledge.passage.Retriever` over the search index.

    The permission is given once, where the retriever is made, and cannot be widened after.

    Args:
        index: The node's search index.
        levels: What the asker may read.
    """

    def __init__(self, index: SearchIndex, levels: Collection[Level]) -> None:
        self._index = index
        self._levels = frozenset(levels)

    def retrieve(self, question: str, limit: int) -> list[Passage]:
        """Return at most `limit` passages whose authors consent to answering, best first."""
        return self._index.passages(
            question, levels=self._levels, limit=limit, consent=Consent.ANSWERING
        )
