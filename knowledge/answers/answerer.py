"""Answer a question out of the commons: retrieve, quote first, phrase, check, cite.

    question -> passages -> none answers -> NotInCommons
                    |
                    +-> QuoteFound (one to three, at once)
                          -> model -> each sentence checked -> Phrased
                          -> Answered

The quotes are the answer and need no model. What the model adds is shown only
when `knowledge/answers/grounding.py` finds the sentence that says it among the quotes shown.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, TypeVar

from knowledge.answers.grounding import Source, support
from knowledge.answers.prompt import prompt_for
from knowledge.answers.question import MAX_QUESTION_CHARS, read_question
from knowledge.answers.relevance import Quote, quotes
from knowledge.answers.sentences import sentences
from knowledge.answers.shown_text import shown_line, shown_text
from knowledge.errors import KnowledgeError, ModelUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from concurrent.futures import Executor

    from knowledge.model.engine import Engine
    from knowledge.passage import Passage, Retriever

MAX_PASSAGES: Final = 12
"""Passages looked at for one question."""

MAX_CITATIONS: Final = 3
"""Quotes shown for one answer; people read one, and check another."""

MAX_PHRASED: Final = 2
"""Sentences of the model shown; it is stopped after them."""

MAX_UNSUPPORTED: Final = 3
"""Unsupported sentences after which the model is stopped: it has lost the thread."""

_MAX_QUOTE_CHARS: Final = 1500
_MAX_LINE_CHARS: Final = 200
_Result = TypeVar("_Result")
_NEAR_BEST: Final = 0.9


@dataclass(frozen=True, slots=True)
class Citation:
    """Whose words they are, and the words.

    Attributes:
        id: The contribution's id, 64 hex characters.
        language: BCP 47 tag of the quote; it is shown as it is, never translated.
        quote: Verbatim, but for control characters.
        start: Where the quote begins in the contribution's text, in code points.
        given_by: Who signed it, where that is not the author; else "".
    """

    id: str
    title: str
    author: str
    community: str
    language: str
    quote: str
    start: int
    given_by: str = ""


class Phrasing(Enum):
    """Whether the model took part, so that the interface can say so."""

    MODEL = "model"
    NOTHING_SUPPORTED = "nothing_supported"
    NO_MODEL = "no_model"
    MODEL_FAILED = "model_failed"


@dataclass(frozen=True, slots=True)
class QuoteFound:
    """A passage that answers. Comes first, the best one first of all."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class Phrased:
    """A sentence of the model, checked against the quote it names."""

    text: str
    citation: Citation


@dataclass(frozen=True, slots=True)
class Answered:
    """The end of an answer.

    Attributes:
        answer: What the model phrased, or the best quote when nothing was.
        grounded: Always true here; false stands for `NotInCommons` in JSON.
        first_ms, total_ms: From the question to the first quote, and to the end.
        phrasing: Whether the model took part.
        trouble: What a person should know about the model, or "".
    """

    answer: str
    grounded: bool
    citations: tuple[Citation, ...]
    first_ms: float
    total_ms: float
    phrasing: Phrasing
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class NotInCommons:
    """Nobody contributed an answer.

    Attributes:
        nearest: Passages about something near: to read, not to take as an answer.
    """

    nearest: tuple[Citation, ...]
    total_ms: float


AnswerEvent = QuoteFound | Phrased | Answered | NotInCommons


class Answerer:
    """Answers questions of one asker, bound to what that asker may read."""

    def __init__(
        self,
        retriever: Retriever,
        engine: Engine | None,
        clock_ms: Callable[[], float],
        executor: Executor | None = None,
    ) -> None:
        """Bind the parts.

        Args:
            retriever: Finds passages that the asker may read.
            engine: Phrases; None where no model is installed.
            clock_ms: A monotonic clock, in milliseconds.
            executor: The thread that owns the index; it also does the work on texts. None
                does all on the event loop, for tests and scripts.
        """
        self._retriever = retriever
        self._engine = engine
        self._clock_ms = clock_ms
        self._executor = executor

    async def ask(self, question: str) -> AsyncGenerator[AnswerEvent, None]:
        """Stream the answer; ends with `Answered` or `NotInCommons`.

        Closing the stream stops the model: use `contextlib.aclosing`.
        """
        began_ms = self._clock_ms()
        question = shown_line(question, MAX_QUESTION_CHARS)
        passages, best = await self._apart(self._look_up, question)
        if not best:
            nearest = tuple(_nearest(passage) for passage in passages[:MAX_CITATIONS])
            yield NotInCommons(nearest, self._clock_ms() - began_ms)
            return
        citations = tuple(_citation(quote) for quote in best)
        first_ms = self._clock_ms() - began_ms
        for citation in citations:
            yield QuoteFound(citation)

        phrased: list[str] = []
        phrasing, trouble = Phrasing.NO_MODEL, ""
        if self._engine is not None:
            phrasing = Phrasing.NOTHING_SUPPORTED
            try:
                async with aclosing(
                    self._phrased(self._engine, question, best, citations)
                ) as checked:
                    async for sentence in checked:
                        phrased.append(sentence.text)
                        phrasing = Phrasing.MODEL
                        yield sentence
            except ModelUnavailable as error:
                phrasing, trouble = Phrasing.NO_MODEL, error.explain()
            except KnowledgeError as error:
                phrasing, trouble = Phrasing.MODEL_FAILED, error.explain()
        yield Answered(
            " ".join(phrased) or citations[0].quote,
            True,
            citations,
            first_ms,
            self._clock_ms() - began_ms,
            phrasing,
            trouble,
        )

    async def _apart(self, work: Callable[..., _Result], *given: object) -> _Result:
        """Do work on texts off the event loop: a hostile note may take a tenth of a second."""
        if self._executor is None:
            return work(*given)
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *given)

    def _look_up(self, question: str) -> tuple[list[Passage], list[Quote]]:
        passages = self._retriever.retrieve(question, MAX_PASSAGES)
        return passages, _best(quotes(read_question(question), passages))

    async def _phrased(
        self,
        engine: Engine,
        question: str,
        found: Sequence[Quote],
        citations: Sequence[Citation],
    ) -> AsyncGenerator[Phrased, None]:
        """Stream the sentences of the model that the quotes support, each once."""
        sources = [
            Source(shown_text("\n".join(quote.telling), _MAX_QUOTE_CHARS), quote.passage.language)
            for quote in found
        ]
        if not any(source.text for source in sources):
            return
        prompt = prompt_for(question, [source.text for source in sources])
        told: set[tuple[int, str]] = set()
        unsupported = 0
        async with (
            aclosing(engine.phrase(prompt)) as pieces,
            aclosing(_sentences_of(pieces)) as replied,
        ):
            async for sentence in replied:
                told_by = await self._apart(support, sentence, sources)
                if told_by is None:
                    unsupported += 1
                elif (told_by.source, told_by.sentence) not in told:
                    told.add((told_by.source, told_by.sentence))
                    yield Phrased(sentence, citations[told_by.source])
                if len(told) == MAX_PHRASED or unsupported == MAX_UNSUPPORTED:
                    return


async def _sentences_of(pieces: AsyncGenerator[str, None]) -> AsyncGenerator[str, None]:
    """Put pieces together to sentences, as soon as each is whole."""
    reply = ""
    async for piece in pieces:
        reply += piece
        whole = sentences(reply)
        if len(whole) > 1:
            for sentence in whole[:-1]:
                yield shown_line(sentence.text, _MAX_QUOTE_CHARS)
            reply = reply[whole[-1].start :]
    for sentence in sentences(reply):
        yield shown_line(sentence.text, _MAX_QUOTE_CHARS)


def _best(found: Sequence[Quote]) -> list[Quote]:
    """Keep one quote a contribution, and none far weaker than the best."""
    kept: dict[str, Quote] = {}
    for quote in found:
        if quote.rank >= _NEAR_BEST * found[0].rank:
            kept.setdefault(quote.passage.contribution, quote)
    return list(kept.values())[:MAX_CITATIONS]


def _citation(quote: Quote) -> Citation:
    passage = quote.passage
    return Citation(
        passage.contribution,
        shown_line(passage.title, _MAX_LINE_CHARS),
        shown_line(passage.author, _MAX_LINE_CHARS),
        shown_line(passage.community, _MAX_LINE_CHARS),
        shown_line(passage.language, _MAX_LINE_CHARS),
        shown_text(quote.text, _MAX_QUOTE_CHARS),
        passage.start + quote.start,
        shown_line(passage.given_by, _MAX_LINE_CHARS),
    )


def _nearest(passage: Passage) -> Citation:
    first = sentences(passage.text)[:1]
    text = first[0].text if first else ""
    return _citation(Quote(passage, text, first[0].start if first else 0, 0.0))
