"""Decide which passages answer a question, and which sentences of them to quote.

A passage answers when its best sentence, with its neighbours and its title, holds enough of what
the question asks about. Rare words weigh more than words that every found
passage holds. A question for a time or an amount is answered only by a sentence that gives one.
Refusing is the safe side: what is refused can still be offered as reading.
"""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final

from knowledge.answers.injection import speaks_to_a_model
from knowledge.answers.number_words import DURATIONS
from knowledge.answers.sentences import Sentence, sentences
from knowledge.answers.wording import Word, stems, words
from knowledge.search.stop_words import EVERY_STOP_WORD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from knowledge.passage import Passage

MAX_QUESTION_CHARS = 1000
"""Characters of a question that are read."""

MAX_PASSAGE_CHARS = 4000
"""Characters of a passage that are read; the index cuts them far shorter."""

MAX_TERMS = 16
"""Different words of a question that are read."""

ENOUGH = 0.55
"""Share of the question's weight that a passage must hold."""

ENOUGH_FOR_A_NUMBER = 0.7
"""The same, when the question asks for a time or an amount: a wrong one does harm."""

MAX_QUOTE_CHARS = 360
"""Longest quote, unless one sentence alone is longer."""

_CONTEXT_WEIGHT = 0.4
_TIE = 0.999
_LONGEST_ENDING = 3
_SHORTEST_PREFIX = 4
_SHORTEST_CORE = 5
_LONGEST_WORD = 60


class Asked(Enum):
    """What kind of answer a question wants."""

    ANYTHING = "anything"
    NUMBER = "number"
    DURATION = "duration"


_DURATION: Final = re.compile(
    r"\bhow long\b|\bcu[aá]nto tiempo\b|\bcombien de temps\b|\bwie lang\w*|\bmuda gani\b"
    r"|\bmuda wa \w+ gani\b|\bquanto tempo\b|\bdakika ngapi\b|\bsaa ngapi\b"
)
_NUMBER: Final = re.compile(
    r"\bhow (?:much|many|far|deep|hot|high|big|old)\b|\bcu[aá]nt[oa]s?\b|\bcombien\b"
    r"|\bwie ?viele?\b|\b\w*ngapi\b|\bkiasi gani\b|\bquant[oa]s?\b"
)
_ASKING_WORDS: Final = """
    must should need needs please tell know want way ways best good thing someone something
    anyone anything somebody anybody now give get got let does go goes going work works happen
    happens mean means often use using s m re t
    debo debe deben hacer puedo necesito tengo hay favor quiero hago
    faut doit puis dois faire
    muss soll kann ich wir man
    gani nini vipi je lazima tafadhali ninaweza naweza nifanye
"""
_ASKING: Final = frozenset(_ASKING_WORDS.split())


@dataclass(frozen=True, slots=True)
class Quote:
    """The part of a passage that answers.

    Attributes:
        text: Verbatim.
        start: Where it begins in the passage's text, in code points.
        share: How much of the question's weight it and its surroundings hold, 0 to 1.
        telling: The sentences of it that answer; the others are there to be read with them.
    """

    passage: Passage
    text: str
    start: int
    share: float
    telling: tuple[str, ...] = ()


class Question:
    """A question, read once and held against passages."""

    def __init__(self, text: str) -> None:
        folded = _plain(text[:MAX_QUESTION_CHARS])
        self.asked = Asked.ANYTHING
        if _DURATION.search(folded):
            self.asked = Asked.DURATION
        elif _NUMBER.search(folded):
            self.asked = Asked.NUMBER
        folded = _NUMBER.sub(" ", _DURATION.sub(" ", folded))
        told = [word.text for word in words(folded)]
        ignored = _IGNORED | _ASKING
        self.terms = tuple(dict.fromkeys(word for word in told if word not in ignored))[:MAX_TERMS]

    def quotes(self, passages: Sequence[Passage]) -> list[Quote]:
        """Return a quote of each passage that answers, best first; none when none does."""
        readings = [_Reading(passage, self.terms) for passage in passages]
        weights = {term: _weight(term, readings) for term in self.terms}
        enough = ENOUGH if self.asked is Asked.ANYTHING else ENOUGH_FOR_A_NUMBER
        # A word that other passages hold and this one lacks counts twice: onions that want
        # water in spring rain do not tell how long to boil it.
        elsewhere = frozenset[str]().union(*(reading.all_held for reading in readings))
        found = [
            quote
            for reading in readings
            if (quote := reading.quote(weights, self.asked, elsewhere)) is not None
            and quote.share >= enough
        ]
        return sorted(found, key=lambda quote: (-quote.share, -quote.passage.score))


class _Reading:
    """One passage, with the question's words that each of its sentences holds."""

    def __init__(self, passage: Passage, terms: Iterable[str]) -> None:
        self._passage = passage
        self._sentences = sentences(passage.text[:MAX_PASSAGE_CHARS])
        self._words = [words(_plain(part.text), passage.language) for part in self._sentences]
        self._held = [_held(found, terms, passage.language) for found in self._words]
        self._title = _held(words(_plain(passage.title)), terms, passage.language)
        self.all_held = frozenset[str]().union(self._title, *self._held)

    def quote(
        self, weights: dict[str, float], asked: Asked, elsewhere: frozenset[str]
    ) -> Quote | None:
        best: tuple[float, float, int] | None = None
        for index, held in enumerate(self._held):
            is_under_title = bool(self._title) and asked is Asked.ANYTHING
            if not (held or is_under_title) or not _is_quotable(self._sentences[index]):
                continue
            if not self._gives(index, asked):
                continue
            around = held | self._title | self._near(index)
            share = _share(around, weights, elsewhere)
            rank = _share(held, weights, elsewhere) + _CONTEXT_WEIGHT * share
            if best is None or rank > best[0]:
                best = (rank, share, index)
        if best is None:
            return None
        first, last = self._grown(best[2])
        start, end = self._sentences[first].start, self._sentences[last].end
        telling = self._telling(first, last, weights, asked)
        return Quote(self._passage, self._passage.text[start:end], start, best[1], telling)

    def _telling(
        self, first: int, last: int, weights: dict[str, float], asked: Asked
    ) -> tuple[str, ...]:
        """Return the sentences of a quote that hold most of the question.

        Where two hold as much and a number is asked for, neither is told alone: "2 drops
        for clear water" must not answer for cloudy water.
        """
        held = {
            index: sum(weights[term] for term in self._held[index])
            for index in range(first, last + 1)
            if self._gives(index, asked)
        }
        most = max(held.values())
        telling = [index for index, weight in held.items() if weight >= _TIE * most]
        if asked is not Asked.ANYTHING and len(telling) > 1:
            return ()
        return tuple(self._sentences[index].text for index in telling)

    def _near(self, index: int) -> frozenset[str]:
        return frozenset[str]().union(*self._held[max(0, index - 1) : index + 2])

    def _gives(self, index: int, asked: Asked) -> bool:
        found = self._words[index]
        match asked:
            case Asked.ANYTHING:
                return True
            case Asked.NUMBER:
                return any(word.is_number for word in found)
            case Asked.DURATION:
                return any(not stems(word.text).isdisjoint(_TIMES) for word in found)

    def _grown(self, index: int) -> tuple[int, int]:
        """Return the first and last sentence: neighbours join that bear on the question."""
        first, last = index, index
        for step in (1, -1):
            other = index + step
            is_in = 0 <= other < len(self._sentences)
            if is_in and (self._belongs(other) or not self._held[index]):
                low, high = min(first, other), max(last, other)
                if self._sentences[high].end - self._sentences[low].start <= MAX_QUOTE_CHARS:
                    first, last = low, high
        return first, last

    def _belongs(self, index: int) -> bool:
        if not _is_quotable(self._sentences[index]):
            return False
        return bool(self._held[index]) or any(
            word.is_number or word.text in _LIMITS for word in self._words[index]
        )


_LIMIT_WORDS: Final = """
    not never no except unless only if nunca jamas sin pas jamais nicht nie kamwe bila usi
"""
_LIMITS: Final = frozenset(_LIMIT_WORDS.split())
_TIMES: Final = DURATIONS | {"night", "overnight", "noche", "nuit", "nacht", "usiku"}


def _plain(text: str) -> str:
    """Fold case and drop accents, so that "maiz" finds "maíz"."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_IGNORED: Final = frozenset(_plain(word) for word in EVERY_STOP_WORD)


def _weight(term: str, readings: Sequence[_Reading]) -> float:
    holding = sum(term in reading.all_held for reading in readings)
    return math.log(1 + (len(readings) + 1) / (holding + 1))


def _share(held: frozenset[str], weights: dict[str, float], elsewhere: frozenset[str]) -> float:
    have = sum(weights[term] for term in held)
    lack = sum(
        weight * (2 if term in elsewhere else 1)
        for term, weight in weights.items()
        if term not in held
    )
    return have / (have + lack)


def _held(found: Sequence[Word], terms: Iterable[str], language: str) -> frozenset[str]:
    is_prefixing = language.split("-")[0] in ("sw", "und")
    return frozenset(
        term
        for term in terms
        if any(_alike(term, word.text, is_prefixing=is_prefixing) for word in found)
    )


def _alike(term: str, word: str, *, is_prefixing: bool) -> bool:
    """Say whether two words are likely forms of one: looser than `wording.same`."""
    if term == word:
        return True
    if max(len(term), len(word)) > _LONGEST_WORD:
        return False
    if min(len(term), len(word)) < _SHORTEST_PREFIX or term[0].isdigit():
        return not stems(term).isdisjoint(stems(word))
    common = _common_prefix(term, word)
    if common >= _SHORTEST_PREFIX and max(len(term), len(word)) - common <= _LONGEST_ENDING:
        return True
    # Swahili and its kin change the beginning: kuchemsha, inachemshwa.
    return is_prefixing and _common_core(term, word) >= max(
        _SHORTEST_CORE, 0.6 * min(len(term), len(word))
    )


def _common_prefix(first: str, second: str) -> int:
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))


def _common_core(first: str, second: str) -> int:
    longest = 0
    for start in range(len(first)):
        while start + longest < len(first) and first[start : start + longest + 1] in second:
            longest += 1
    return longest


def _is_quotable(sentence: Sentence) -> bool:
    is_heading = sentence.text.startswith("#") or sentence.text.endswith(":")
    return not is_heading and not speaks_to_a_model(sentence.text)
