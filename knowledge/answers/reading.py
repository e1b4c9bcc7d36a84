"""A passage, cut into sentences, with the words of a question that each part of it holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeAlias

from knowledge.answers.likeness import alike, plain
from knowledge.answers.question import CLAUSE_OPENS
from knowledge.answers.sentences import sentences
from knowledge.answers.wording import Word, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from knowledge.passage import Passage

MAX_PASSAGE_CHARS = 4000
"""Characters of a passage that are read; the index cuts them far shorter."""

TermsOf: TypeAlias = dict[tuple[str, bool], frozenset[str]]
"""A word, whether its language changes beginnings, and the asked terms that it is a form of."""

_HEADING: Final = re.compile(r"\s*(?:#{1,6}\s+(.+)|\*\*([^*]{1,80})\*\*)")
_PRONOUN_WORDS: Final = "it they he she this these that those il ils elle elles ca"
_PRONOUNS: Final = frozenset(_PRONOUN_WORDS.split())
_WITHOUT_WORDS: Final = "without no not never sin nunca sans jamais ohne nie sem bila"
_WITHOUT: Final = frozenset(_WITHOUT_WORDS.split())


class ReadText:
    """A passage as a question sees it.

    Attributes:
        sentences: In order.
        words: Of each sentence, plain.
        held: The asked terms that each sentence holds.
        title: Those that the title holds, but for what it says it is not about.
        headings: Those of the heading, or bold beginning, that each sentence stands under.
        all_held: Those that the passage holds anywhere.
    """

    def __init__(self, passage: Passage, terms: Sequence[str], known: TermsOf) -> None:
        """Read it.

        Args:
            passage: At most `MAX_PASSAGE_CHARS` of it are read.
            terms: The plain words asked about.
            known: Filled and used: passages of one question share it.
        """
        self._passage = passage
        self._terms = terms
        self._known = known
        self._is_prefixing = passage.language.split("-")[0] in ("sw", "und")
        self.sentences = sentences(passage.text[:MAX_PASSAGE_CHARS])
        self.words = [words(plain(part.text), passage.language) for part in self.sentences]
        self.held = [self.terms_in(found) for found in self.words]
        self.title = self.terms_in(_affirmed(words(plain(passage.title))))
        self.headings: list[frozenset[str]] = []
        self._is_headed: list[bool] = []
        self._read_headings()
        self._under_headings = frozenset[str]().union(*self.headings)
        self.all_held = frozenset[str]().union(self.title, *self.held)

    def terms_in(self, found: Sequence[Word]) -> frozenset[str]:
        """Return the asked terms that these words are forms of."""
        return frozenset[str]().union(*(self._terms_of(word.text) for word in found))

    def subject(self, index: int) -> frozenset[str]:
        """Return the terms that the title lends to a sentence.

        A heading that names one takes it away from the sentences of other headings; and "It"
        under a heading about something else is that something.
        """
        is_elsewhere = self._is_headed[index] and not self.headings[index]
        if is_elsewhere and self.begins_with_pronoun(index):
            return frozenset()
        return self.title - (self._under_headings - self.headings[index])

    def before(self, index: int) -> frozenset[str]:
        """Return the terms of the sentence before, and of the one that opens the paragraph."""
        if index == 0:
            return frozenset()
        opening = index
        while opening and not self._begins_line(opening):
            opening -= 1
        return self.held[index - 1] | self.held[opening]

    def begins_with_pronoun(self, index: int) -> bool:
        """Say whether a sentence begins with a word that stands for something said before."""
        return bool(self.words[index]) and self.words[index][0].text in _PRONOUNS

    def _terms_of(self, word: str) -> frozenset[str]:
        """Return the terms that a word is a form of; words come often, so each is asked once."""
        key = word, self._is_prefixing
        if key not in self._known:
            self._known[key] = frozenset(
                term for term in self._terms if alike(term, word, is_prefixing=self._is_prefixing)
            )
        return self._known[key]

    def _read_headings(self) -> None:
        current, is_headed = frozenset[str](), False
        for part in self.sentences:
            if match := _HEADING.match(part.text):
                current, is_headed = self.terms_in(words(plain(match[1] or match[2]))), True
            self.headings.append(current)
            self._is_headed.append(is_headed)

    def _begins_line(self, index: int) -> bool:
        return (
            "\n" in self._passage.text[self.sentences[index - 1].end : self.sentences[index].start]
        )


def asides(found: Sequence[Word], places: Sequence[int]) -> set[int]:
    """Return the words of clauses like "when it boils" that hold none of these places."""
    clauses: list[list[int]] = []
    for at, word in enumerate(found):
        if not clauses or word.follows_break or word.text in CLAUSE_OPENS:
            clauses.append([])
        clauses[-1].append(at)
    return {
        at
        for clause in clauses
        if found[clause[0]].text in CLAUSE_OPENS and not set(clause).intersection(places)
        for at in clause
    }


def _affirmed(found: Sequence[Word]) -> Sequence[Word]:
    """Leave out what a title says it is not about: "Bread without yeast"."""
    ends = (at for at, word in enumerate(found) if word.text in _WITHOUT)
    return found[: next(ends, len(found))]
