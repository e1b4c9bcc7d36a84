"""Chapter 3: Ahmed asks the commons, and gets Rosa's words, or an honest no."""

from __future__ import annotations

import re
import time
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from meshnode.demo.patience import wait_until
from meshnode.demo.sample_commons import RIDGE
from meshnode.demo.telling import Untrue
from meshnode.views.answer import AskDone, AskQuote, Citation

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.demo.telling import Telling
    from meshnode.demo.village import Village
    from meshnode.views.status import Status

ANSWERABLE = "How long must spring water boil after rain?"
UNANSWERABLE = "Who won the 1998 football world cup?"
SPRING_NOTE = "The north spring after rain"
RIGHT_FIGURE = re.compile(r"\b(3|three) (full )?minutes\b", re.IGNORECASE)
FIRST_S = 1.0
"""From Enter to the first passage."""

_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_MODEL_S = 45.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What came back.

    Attributes:
        quotes: In the order in which they came.
        first_s: Until the first quote, on our own clock; None when none came.
    """

    quotes: tuple[Citation, ...]
    first_s: float | None
    done: AskDone


async def asking(telling: Telling, village: Village) -> None:
    """Tell it.

    Raises:
        Untrue: Something is not so.
    """
    telling.chapter("Ahmed asks")
    ahmed = village.ahmed.client
    async with telling.step("Ahmed's node makes its language model ready, if there is one."):
        status = await wait_until(
            ahmed,
            ahmed.status,
            _is_settled,
            "the model is ready, or said why not",
            within_s=_MODEL_S,
        )
        model = status.model
        telling.true("its state is known", _is_settled(status), model)
        telling.note(f"{model.state} {model.name} {model.detail}".strip())
    async with telling.step(f'Ahmed asks: "{ANSWERABLE}"'):
        check_answer(telling, await ask(ahmed, ANSWERABLE))
    async with telling.step(f'Ahmed asks: "{UNANSWERABLE}"'):
        asked = await ask(ahmed, UNANSWERABLE)
        telling.true(
            "it is not in the commons, and the node says so", not asked.done.grounded, asked
        )
        telling.true("nobody's words are quoted as an answer", not asked.quotes, asked.quotes)
        telling.note(asked.done.answer or asked.done.note)


def check_answer(telling: Telling, asked: Asked) -> None:
    """Check the answer about the spring.

    Raises:
        Untrue: It is not what Rosa wrote, not hers, or late.
    """
    telling.true("a passage answers", bool(asked.quotes), asked.done)
    first, done = asked.quotes[0], asked.done
    where = (first.title, first.author, first.community)
    expected = (SPRING_NOTE, "Rosa", RIDGE)
    telling.true(f"the first passage is Rosa's note, from {RIDGE}", where == expected, where)
    telling.note(f'"{first.quote}"')
    figure = bool(RIGHT_FIGURE.search(first.quote))
    telling.true("it says 3 minutes", figure, first.quote)
    late = asked.first_s is None or asked.first_s > FIRST_S
    telling.true(f"it came within {FIRST_S:.0f} s", not late, asked.first_s)
    telling.true("the answer is grounded, and cites her", done.grounded and _cites(done), done)
    telling.true("the answer says 3 minutes", bool(RIGHT_FIGURE.search(done.answer)), done.answer)
    invented = figures(done.answer) - figures(*(one.quote for one in done.citations))
    telling.true("it says no figure that the passages do not", not invented, invented)
    first_ms = 0.0 if asked.first_s is None else asked.first_s * 1000
    telling.note(f'answer: "{done.answer}"')
    telling.note(f"passage after {first_ms:.0f} ms, answer after {done.total_ms:.0f} ms")
    if done.note:
        telling.note(done.note)


async def ask(client: NodeClient, question: str) -> Asked:
    """Ask, and take the time until the first passage.

    Raises:
        Untrue: The answer broke off.
    """
    quotes: list[Citation] = []
    first_s: float | None = None
    began_s = time.monotonic()
    async with aclosing(client.ask(question)) as events:
        async for event in events:
            match event:
                case AskQuote(citation=citation):
                    if first_s is None:
                        first_s = time.monotonic() - began_s
                    quotes.append(citation)
                case AskDone():
                    return Asked(tuple(quotes), first_s, event)
                case _:
                    pass
    raise Untrue("an answer ends", "it broke off")


def figures(*texts: str) -> set[str]:
    """Return the figures in some texts."""
    return {figure for text in texts for figure in _FIGURE.findall(text)}


def _cites(done: AskDone) -> bool:
    return any(one.title == SPRING_NOTE and one.author == "Rosa" for one in done.citations)


def _is_settled(status: Status) -> bool:
    return status.model.state != "loading"
