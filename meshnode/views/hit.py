"""What a search finds."""

from __future__ import annotations

from meshnode.views.contribution import LevelName
from meshnode.views.view import View


class Hit(View, frozen=True):
    """One result of a search."""

    id: str
    title: str
    author: str
    community: str
    level: LevelName
    snippet: str
    score: float
    """Higher is better; comparable within one search only."""
    marks: tuple[tuple[int, int], ...] = ()
    """Stretches of the snippet that match, in code points: [start, end)."""
    language: str = "und"
    given_by: str = ""
    """Who signed it, where that is not the author."""
