"""Decide which passages answer a question, and which sentences of them to quote.

The subject may come from the title, the heading or the sentence before; what is said about
it must stand in the sentence itself. A question for a quantity is answered only by a sentence
that gives one of that kind, in a clause that speaks of what was asked. Rare words weigh more.
Refusing is the safe side: what is refused can still be offered as reading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from knowledge.answers.injection import speaks_to_a_model
from knowledge.answers.likeness import opposites
from knowledge.answers.question import LASTING, LIGHT_VERBS, NEGATIONS, Asked
from knowledge.answers.reading import ReadText, asides
from knowledge.answers.typed_answer import places_of_answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from knowledge.answers.question import Question
    from knowledge.answers.reading import TermsOf
    from knowledge.answers.sentences import Sentence
    from knowledge.answers.wording import Word
    from knowledge.passage import Passage

ENOUGH = 0.55
"""Share of the question's weight that a sentence and its surroundings must hold."""

ENOUGH_FOR_YES_OR_NO = 0.63
"""The same, when the question wants a yes or no: half an answer may be the wrong half."""

ENOUGH_FOR_A_VALUE = 0.85
"""The same, when the question asks for a quantity, time, place or person: a wrong one does harm."""

ENOUGH_ITSELF = 0.5
"""Share of what the title leaves open that the sentence itself must hold."""

ENOUGH_ITSELF_FOR_YES_OR_NO = 0.6
"""The same for a question that wants a yes or no: what is asked must be said of the subject."""

MAX_QUOTE_CHARS = 360
"""Longest quote, unless one sentence alone is longer."""

_REACH = 12
"""Words on either side of a quantity that may say what it is the quantity of."""

_CONTEXT_WEIGHT = 0.4
_NAMED_WEIGHT = 0.4
_TIE = 0.999
_LIGHT = 0.4
"""Weight of a light verb beside that of other words."""

_ARTICLE_WORDS: Final = "a an the el la los las un una le les une der die das ein"
_ARTICLES: Final = frozenset(_ARTICLE_WORDS.split())
_COPULA_WORDS: Final = "is are means mean es son significa est sont signifie ist sind ni"
_COPULAS: Final = frozenset(_COPULA_WORDS.split())

_LIMIT_WORDS: Final = """
    not never no except unless only if nunca jamas sin pas jamais nicht nie kamwe bila usi
"""
_LIMITS: Final = frozenset(_LIMIT_WORDS.split())


@dataclass(frozen=True, slots=True)
class Quote:
    """The part of a passage that answers.

    Attributes:
        text: Verbatim.
        start: Where it begins in the passage's text, in code points.
        rank: How well its best sentence answers; comparable within one question.
        telling: The sentences of it that answer; the others are there to be read with them.
    """

    passage: Passage
    text: str
    start: int
    rank: float
    telling: tuple[str, ...] = ()


def quotes(question: Question, passages: Sequence[Passage]) -> list[Quote]:
    """Return a quote of each passage that answers, best first; none when none does."""
    known: TermsOf = {}
    readings = [_Reading(passage, question, known) for passage in passages]
    weights = {term: _weight(term, readings) for term in question.terms}
    # A word that other passages hold and this one lacks counts twice: onions that want
    # water in spring rain do not tell how long to boil it.
    elsewhere = frozenset[str]().union(*(reading.all_held for reading in readings))
    found = [
        quote for reading in readings if (quote := reading.quote(weights, elsewhere)) is not None
    ]
    return sorted(found, key=lambda quote: (-quote.rank, -quote.passage.score))


class _Reading:
    """One passage, held against one question."""

    def __init__(self, passage: Passage, question: Question, known: TermsOf) -> None:
        self._passage = passage
        self._question = question
        self._text = ReadText(passage, question.terms, known)
        self._sentences = self._text.sentences
        self._words = self._text.words
        self._held = self._text.held
        self.all_held = self._text.all_held

    def quote(self, weights: dict[str, float], elsewhere: frozenset[str]) -> Quote | None:
        """Return the best sentence with what belongs to it, or None when none answers."""
        best: tuple[float, int] | None = None
        for index in range(len(self._sentences)):
            rank = self._rank(index, weights, elsewhere)
            if rank is not None and (best is None or rank > best[0]):
                best = (rank, index)
        if best is None:
            return None
        first, last = self._grown(best[1])
        start, end = self._sentences[first].start, self._sentences[last].end
        telling = self._telling(first, last, weights)
        return Quote(self._passage, self._passage.text[start:end], start, best[0], telling)

    def _rank(
        self, index: int, weights: dict[str, float], elsewhere: frozenset[str]
    ) -> float | None:
        """Return how well a sentence answers, or None when it does not."""
        asked = self._question.asked
        subject = self._text.subject(index)
        itself = self._answering(index)
        if itself is None or not (itself or subject):
            return None
        # One word in passing: the note is about something else.
        is_passing = not subject and len(weights) == 1 and asked is not Asked.AMOUNT
        if (is_passing or asked is Asked.MEANING) and not self._defines(index):
            return None
        around = itself | subject | self._text.headings[index] | self._text.before(index)
        if any(term[0].isdigit() and term not in around for term in weights):
            return None  # "channel 5" is not channel 4
        if asked is Asked.ANYTHING and not self._question.actions <= around:
            return None
        if self._question.is_negated and not self._is_negated(index):
            return None
        share = _share(around, weights, elsewhere)
        is_yes_or_no = asked is Asked.ANYTHING and not self._question.is_open
        if share < _enough(asked, is_yes_or_no=is_yes_or_no):
            return None
        open_terms = weights.keys() - subject
        if self._question.is_open and subject:
            open_terms &= elsewhere  # "fix" where the note, and every other, says "mend"
        told = _sum(itself & open_terms, weights)
        itself_enough = ENOUGH_ITSELF_FOR_YES_OR_NO if is_yes_or_no else ENOUGH_ITSELF
        if told < itself_enough * _sum(open_terms, weights):
            return None
        if not _is_quotable(self._sentences[index]):
            return None
        return (
            _share(itself, weights, elsewhere)
            + _CONTEXT_WEIGHT * share
            + _NAMED_WEIGHT * _sum(self._text.title, weights) / _sum(weights, weights)
            + _NAMED_WEIGHT * bool(self._text.headings[index] & open_terms)
        )

    def _is_negated(self, index: int) -> bool:
        return any(word.text in NEGATIONS for word in self._words[index])

    def _defines(self, index: int) -> bool:
        """Say whether a sentence tells what its first word means: "**puna**: the grassland"."""
        found = self._words[index]
        at = next((at for at, word in enumerate(found) if word.text not in _ARTICLES), len(found))
        if not self._text.terms_in(found[at : at + 1]):
            return False
        after = found[at + 1 : at + 2]
        return any(word.follows_break or word.text in _COPULAS for word in after)

    def _answering(self, index: int) -> frozenset[str] | None:
        """Return the asked terms that the sentence itself speaks of, None if it cannot answer.

        For a quantity they must stand near it, and the asked action not in an aside.
        """
        question, found, held = self._question, self._words[index], self._held[index]
        if question.asked is Asked.ANYTHING and not question.is_open:
            # "When there is no fuel, ..." says nothing about fuel; it may answer "without fuel?".
            aside = asides(found, ())
            main = [word for at, word in enumerate(found) if at not in aside]
            held = self._text.terms_in(main) | held & question.conditions
        if question.asked in (Asked.ANYTHING, Asked.MEANING):
            return held | frozenset(term for term in question.terms if _has_opposite(term, found))
        if any(term not in held and _has_opposite(term, found) for term in question.terms):
            return None
        places = places_of_answer(found, question, self._sentences[index].text)
        if not places:
            return None
        if not question.asked.is_quantity:
            return held
        near = {at for place in places for at in range(place - _REACH, place + _REACH + 1)}
        if question.actions:
            near -= asides(found, places)
        spoken_of = self._text.terms_in([word for at, word in enumerate(found) if at in near])
        if spoken_of.isdisjoint(question.actions or question.terms):
            return None
        # "may last a day", said of whatever the sentence names: not of the title's subject.
        is_of_other = question.actions <= LASTING and held <= question.actions
        is_of_other = is_of_other and bool(question.actions) and len(question.terms) > 1
        return None if is_of_other and not self._text.begins_with_pronoun(index) else held

    def _telling(self, first: int, last: int, weights: dict[str, float]) -> tuple[str, ...]:
        """Return the sentences of a quote that hold most of the question.

        Where two hold as much and a quantity is asked for, neither is told alone: "2 drops
        for clear water" must not answer for cloudy water.
        """
        held = {
            index: _sum(itself, weights)
            for index in range(first, last + 1)
            if (itself := self._answering(index)) is not None
        }
        most = max(held.values())
        telling = [index for index, weight in held.items() if weight >= _TIE * most]
        if self._question.asked is not Asked.ANYTHING and len(telling) > 1:
            return ()
        return tuple(self._sentences[index].text for index in telling)

    def _grown(self, index: int) -> tuple[int, int]:
        """Return the first and last sentence: neighbours join that bear on the question."""
        first, last = index, index
        for step in (1, -1):
            other = index + step
            is_in = 0 <= other < len(self._sentences)
            if is_in and (self._belongs(other) or self._leans_on(index, other)):
                low, high = min(first, other), max(last, other)
                if self._sentences[high].end - self._sentences[low].start <= MAX_QUOTE_CHARS:
                    first, last = low, high
        return first, last

    def _leans_on(self, index: int, other: int) -> bool:
        """Say whether a sentence without any asked word needs this neighbour to be understood."""
        return not self._held[index] and not self._distracts(other)

    def _distracts(self, index: int) -> bool:
        """Say whether a sentence gives a value of the asked kind, but for something else."""
        question, found = self._question, self._words[index]
        return (
            question.asked.is_quantity
            and self._answering(index) is None
            and bool(places_of_answer(found, question, self._sentences[index].text))
        )

    def _belongs(self, index: int) -> bool:
        if not _is_quotable(self._sentences[index]) or self._distracts(index):
            return False
        return bool(self._held[index]) or any(
            word.is_number or word.text in _LIMITS for word in self._words[index]
        )


def _weight(term: str, readings: Sequence[_Reading]) -> float:
    holding = sum(term in reading.all_held for reading in readings)
    weight = math.log(1 + (len(readings) + 1) / (holding + 1))
    return weight * _LIGHT if term in LIGHT_VERBS else weight


def _enough(asked: Asked, *, is_yes_or_no: bool) -> float:
    if asked is Asked.ANYTHING:
        return ENOUGH_FOR_YES_OR_NO if is_yes_or_no else ENOUGH
    return ENOUGH_FOR_A_VALUE


def _sum(terms: Iterable[str], weights: dict[str, float]) -> float:
    return sum(weights[term] for term in terms)


def _share(held: frozenset[str], weights: dict[str, float], elsewhere: frozenset[str]) -> float:
    have = _sum(held, weights)
    lack = sum(
        weight * (2 if term in elsewhere else 1)
        for term, weight in weights.items()
        if term not in held
    )
    return have / (have + lack)


def _has_opposite(term: str, found: Sequence[Word]) -> bool:
    contrary = opposites(term)
    return any(word.text in contrary for word in found)


def _is_quotable(sentence: Sentence) -> bool:
    is_heading = sentence.text.startswith("#") or sentence.text.endswith(":")
    return not is_heading and not speaks_to_a_model(sentence.text)
