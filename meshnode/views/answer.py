"""A question to the commons, and the answer as it comes."""

from __future__ import annotations

from meshnode.views.view import Request, View


class AskRequest(Request, frozen=True):
    """A question to the commons."""

    question: str


class Citation(View, frozen=True):
    """Whose words an answer uses."""

    id: str
    title: str
    author: str
    community: str
    quote: str
    language: str = "und"
    given_by: str = ""
    """Who signed it, where that is not the author."""


class AskQuote(View, frozen=True, tag="quote"):
    """A passage that answers, before the model has said a word."""

    citation: Citation


class AskPhrase(View, frozen=True, tag="phrase"):
    """A checked sentence of the model, to append."""

    text: str
    citations: tuple[int, ...] = ()
    """Indices into the quotes so far."""


class AskDone(View, frozen=True, tag="done"):
    """The whole answer."""

    answer: str
    grounded: bool
    citations: tuple[Citation, ...]
    first_ms: float
    total_ms: float
    note: str = ""
    """Why there is no phrasing, when there is none (no model, nothing supported, ...)."""
    near: tuple[Citation, ...] = ()
    """When it is not in the commons: what is near, to read and not to take as an answer."""


AskEvent = AskQuote | AskPhrase | AskDone
