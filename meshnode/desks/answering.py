"""Answers for the reader at this node: from everything that they may read."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import TYPE_CHECKING

from knowledge.answers.answerer import (
    Answered,
    Answerer,
    NotInCommons,
    Phrased,
    Phrasing,
    QuoteFound,
)
from knowledge.contribution import Level
from knowledge.model.engine import EngineState
from knowledge.search.permitted_retriever import PermittedRetriever
from meshnode.views.answer import AskDone, AskPhrase, AskQuote, Citation
from meshnode.views.status import ModelView

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from knowledge.answers.answerer import Citation as Source
    from knowledge.model.engine import Engine
    from meshnode.record.catalogue import Catalogue
    from meshnode.views.answer import AskEvent
    from meshnode.views.status import ModelState

_NOTES = {
    Phrasing.MODEL: "",
    Phrasing.NOTHING_SUPPORTED: "The model said nothing that the passages support.",
    Phrasing.NO_MODEL: (
        "No model runs here; these are the passages. `scripts/setup --model` gets one."
    ),
    Phrasing.MODEL_FAILED: "The model failed; these are the passages.",
}
_STATES: dict[EngineState, ModelState] = {
    EngineState.RESTING: "off",
    EngineState.LOADING: "loading",
    EngineState.READY: "ready",
    EngineState.FAILED: "failed",
}
_NOT_IN_COMMONS = "This is not in the commons."


class Answering:
    """Answers questions.

    Args:
        catalogue: Searched for passages.
        engine: Phrases; None when there is no model.
    """

    def __init__(self, catalogue: Catalogue, engine: Engine | None) -> None:
        self._catalogue = catalogue
        self._engine = engine

    async def ask(self, question: str) -> AsyncGenerator[AskEvent, None]:
        """Answer: quotes, then checked sentences, then `AskDone`; closing it stops the model.

        Raises:
            IndexDamaged: The search index is being made anew; ask again in a moment.
            StoreError: The disk does not answer.
        """
        answerer = Answerer(
            PermittedRetriever(self._catalogue.file.reader, tuple(Level)),
            self._engine,
            lambda: time.monotonic() * 1000,
            self._catalogue.file.reader_thread,
        )
        quotes: list[Source] = []
        with self._catalogue.heeding_damage():
            async with aclosing(answerer.ask(question)) as events:
                async for event in events:
                    match event:
                        case QuoteFound(citation=citation):
                            quotes.append(citation)
                            yield AskQuote(citation=_citation(citation))
                        case Phrased(text=text, citation=citation):
                            yield AskPhrase(text=text, citations=(quotes.index(citation),))
                        case Answered():
                            yield _done(event)
                        case NotInCommons(nearest=nearest, total_ms=total_ms):
                            yield _not_there(nearest, total_ms)

    async def view(self) -> ModelView:
        """Give the model's state."""
        if self._engine is None:
            return ModelView(state="absent")
        return ModelView(state=_STATES[self._engine.state], name=self._engine.name)


def _citation(source: Source) -> Citation:
    return Citation(
        id=source.id,
        title=source.title,
        author=source.author,
        given_by=source.given_by,
        community=source.community,
        quote=source.quote,
        language=source.language,
    )


def _done(event: Answered) -> AskDone:
    return AskDone(
        answer=event.answer,
        grounded=event.grounded,
        citations=tuple(_citation(source) for source in event.citations),
        first_ms=event.first_ms,
        total_ms=event.total_ms,
        note=event.trouble or _NOTES[event.phrasing],
    )


def _not_there(nearest: tuple[Source, ...], total_ms: float) -> AskDone:
    note = _NOT_IN_COMMONS
    if nearest:
        titles = ", ".join(dict.fromkeys(source.title for source in nearest))
        note += f" Something near, which does not answer it: {titles}."
    return AskDone(
        answer="",
        grounded=False,
        citations=(),
        first_ms=total_ms,
        total_ms=total_ms,
        note=note,
        near=tuple({source.id: _citation(source) for source in nearest}.values()),
    )
