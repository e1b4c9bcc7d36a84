"""Check that a sentence says what one sentence of a source says: all of it, and nothing more.

The check knows spelling, not meaning, so it allows only what cannot change meaning:

- other small words (`FREE`: articles, "is", "it") and other punctuation;
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

from knowledge.answers.sentences import sentences
from knowledge.answers.wording import MAX_WORDS, Word, same, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MIN_WORDS = 2
"""Fewest meaningful words of a checked sentence: less states nothing."""

_FREE_WORDS: Final = {
    "en": "a an the is are be it its this that these those you your",
    "es": "el la los las un una es son está están",
    "fr": "le la les l un une des est sont",
    "de": "der die das den dem ein eine einen einem ist sind",
    "sw": "ni",
    "pt": "o os a as um uma é são está estão",
}
FREE: Final = {language: frozenset(words.split()) for language, words in _FREE_WORDS.items()}
"""By language, words that may come and go: none of them turns a statement round there.

Never shared: "ni" is "is" in Swahili and "nor" in Spanish. In other languages none is free.
"""

_CONDITION_WORDS: Final = """
    after before when if while until above below in on at during
    después antes cuando si hasta durante en
    après avant quand lorsque pendant dans
    nach vor wenn falls bei während im
    baada kabla kama ikiwa wakati katika
"""
_CONDITIONS: Final = frozenset(_CONDITION_WORDS.split())


_PLAIN_SIGNS: Final = frozenset("*_`#•.,;:!'\"()-–—…’‘“”«»¡。،")  # noqa: RUF001


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
        free = FREE.get(source.language.split("-")[0].casefold(), frozenset())
        said = words(sentence, source.language)
        if len(said) > MAX_WORDS:
            return None
        for stated in sentences(source.text):
            if _signs(sentence) == _signs(stated.text) and _says(
                said, words(stated.text, source.language), free
            ):
                return Support(index, stated.text)
    return None


def _signs(sentence: str) -> frozenset[str]:
    """Return the characters that are neither letters, digits, plain punctuation nor Markdown."""
    return frozenset(
        character
        for character in sentence
        if not character.isalnum() and not character.isspace() and character not in _PLAIN_SIGNS
    )


def _says(said: list[Word], stated: list[Word], free: frozenset[str]) -> bool:
    meant = _meaning(said, free)
    if len(meant) < MIN_WORDS or len(stated) > MAX_WORDS:
        return False
    return any(
        len(order) == len(meant) and all(map(_equal, meant, order))
        for order in _orders(stated, free)
    )


def _orders(stated: list[Word], free: frozenset[str]) -> Iterator[list[Word]]:
    """Yield the source's words as they stand, and with an opening condition at the end."""
    yield _meaning(stated, free)
    breaks = [index for index, word in enumerate(stated) if index and word.follows_break]
    if len(breaks) == 1 and stated[0].text in _CONDITIONS:
        yield _meaning(stated[breaks[0] :] + stated[: breaks[0]], free)


def _meaning(found: list[Word], free: frozenset[str]) -> list[Word]:
    return [word for word in found if word.is_number or word.text not in free]


def _equal(said: Word, stated: Word) -> bool:
    if said.is_number or stated.is_number:
        return said.is_number and stated.is_number and said.text == stated.text
    return same(said.text, stated.text)
