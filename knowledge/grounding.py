"""Check that a sentence says what one sentence of a source says: all of it, and nothing more.

The check knows spelling, not meaning, so it allows only what cannot change meaning:

- other small words (`FREE`: articles, "is", "of") and other punctuation;
- other forms of a word ("boil", "boiling") and other spellings of a number or unit
  ("three minutes", "3 min");
- a condition that opens the source's sentence ("After rain, ...") moved to the end.

Everything else must be there, in the same order. Leaving words out is not allowed: "cooked
beans are safe" without its first word can kill. So nothing is added, dropped, negated, swapped
or mixed from two sentences; what passes is the source's sentence, told again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from knowledge.sentences import sentences
from knowledge.wording import MAX_WORDS, Word, same, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MIN_WORDS = 2
"""Fewest meaningful words of a checked sentence: less states nothing."""

_FREE_WORDS: Final = """
    a an the is are be it its this that these those you your of to for and do does
    el la los las un una de del al y es son lo su sus se está están
    le les des du et est sont l d
    der die das den dem ein eine einen einem einer und ist sind
    ya wa za cha vya kwa ni na
    o os as um uma da dos e é são
"""
FREE: Final = frozenset(_FREE_WORDS.split())
"""Words that may come and go: none of them turns a statement round."""

_CONDITION_WORDS: Final = """
    after before when if while until above below in on at during
    después antes cuando si hasta durante en
    après avant quand lorsque pendant dans
    nach vor wenn falls bei während im
    baada kabla kama ikiwa wakati katika
"""
_CONDITIONS: Final = frozenset(_CONDITION_WORDS.split())


_PLAIN_SIGNS: Final = frozenset(".,;:!'\"()-–—…’‘“”«»¡。،")  # noqa: RUF001


@dataclass(frozen=True, slots=True)
class Source:
    """A text that may support a sentence, and its language."""

    text: str
    language: str = "und"


@dataclass(frozen=True, slots=True)
class Support:
    """Where a sentence stands: the source's place in the list, and its sentence, verbatim."""

    source: int
    sentence: str


def support(sentence: str, sources: Sequence[Source]) -> Support | None:
    """Return what supports a sentence, or None: then it must not be shown."""
    for index, source in enumerate(sources):
        said = words(sentence, source.language)
        if len(said) > MAX_WORDS:
            return None
        for stated in sentences(source.text):
            if _signs(sentence) <= _signs(stated.text) and _says(
                said, words(stated.text, source.language)
            ):
                return Support(index, stated.text)
    return None


def _signs(sentence: str) -> frozenset[str]:
    """Return the characters that are neither letters, digits nor plain punctuation."""
    return frozenset(
        character
        for character in sentence
        if not character.isalnum() and not character.isspace() and character not in _PLAIN_SIGNS
    )


def _says(said: list[Word], stated: list[Word]) -> bool:
    meant = [word for word in said if _means(word)]
    if len(meant) < MIN_WORDS or len(stated) > MAX_WORDS:
        return False
    return any(
        len(order) == len(meant) and all(map(_equal, meant, order)) for order in _orders(stated)
    )


def _orders(stated: list[Word]) -> Iterator[list[Word]]:
    """Yield the source's words as they stand, and with an opening condition at the end."""
    yield [word for word in stated if _means(word)]
    breaks = [index for index, word in enumerate(stated) if index and word.follows_break]
    if len(breaks) == 1 and stated[0].text in _CONDITIONS:
        turned = stated[breaks[0] :] + stated[: breaks[0]]
        yield [word for word in turned if _means(word)]


def _means(word: Word) -> bool:
    return word.is_number or word.text not in FREE


def _equal(said: Word, stated: Word) -> bool:
    if said.is_number or stated.is_number:
        return said.is_number and stated.is_number and said.text == stated.text
    return same(said.text, stated.text)
