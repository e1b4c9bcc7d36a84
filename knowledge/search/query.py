"""What somebody typed into a search box, turned into FTS5 expressions that are always valid.

    spring water        both words, and failing that either
    "boiling point"     the words side by side
    -salt               nothing that holds this word
    purif*              every word that begins so

Everything else is taken as words. Each term reaches FTS5 inside quotes, so no input is a
syntax error, and their number is bounded, so no input is costly by its length.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from knowledge.search.stop_words import EVERY_STOP_WORD

MAX_QUERY = 1000
"""Code points of a query that are read; the rest is ignored."""

MAX_TERMS = 16
"""Terms of a query that are used, in the order typed; later ones are ignored."""

_SHORTEST_PREFIX = 2
"""Letters. A single letter begins half the words there are; it is searched as a word."""

_SHORTEST_STEM = 4
_LONGEST_SUFFIX = 7
"""Letters that the index's stemmer takes off a word at most: "purif" stands for "purification"."""

_OPENING = '"“”„«»'
_TERM = re.compile(
    rf"(?P<minus>(?<!\S)[-\u2212])?(?:[{_OPENING}](?P<phrase>[^{_OPENING}]*)(?:[{_OPENING}]|$)"
    rf"|(?P<word>[^\s{_OPENING}]+))"
)
_WORD = re.compile(r"[^\W_]+(?:['\u2019\-][^\W_]+)*")
_UNSEARCHABLE = ("Cc", "Cs", "Cn")


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: what must be there, as FTS5 terms, and what must not.

    Attributes:
        terms: One quoted FTS5 term for each word or phrase, as typed.
        looser: The same, over and over, with ever shorter beginnings of half-typed words. The
            index holds stems ("boil" for "boiling"), so "boili" begins no word in it.
        excluded: Quoted FTS5 terms that a hit may not hold anywhere.
    """

    terms: tuple[str, ...] = ()
    looser: tuple[tuple[str, ...], ...] = ()
    excluded: tuple[str, ...] = ()


def parse_query(typed: str, *, as_you_type: bool = False) -> Query:
    """Read a query. Whatever was typed, the result is valid and bounded.

    Args:
        typed: What the person typed.
        as_you_type: The last word may be unfinished: find every word that begins so.
    """
    cleaned = searchable(typed)
    unfinished = as_you_type and bool(cleaned) and not cleaned[-1].isspace()
    wanted: list[tuple[str, bool]] = []
    excluded: list[str] = []
    for found in _TERM.finditer(cleaned):
        raw = found["word"] if found["phrase"] is None else found["phrase"]
        if not any(character.isalnum() for character in raw):
            continue
        if len(wanted) + len(excluded) == MAX_TERMS:
            break
        word = raw.rstrip("*")
        is_beginning = (
            found["phrase"] is None
            and (raw.endswith("*") or (unfinished and found.end() == len(cleaned)))
            and sum(map(str.isalnum, word)) >= _SHORTEST_PREFIX
        )
        if found["minus"]:
            excluded.append(_term(word, is_beginning))
        else:
            wanted.append((word, is_beginning))
    terms = tuple(_term(word, is_beginning) for word, is_beginning in wanted)
    return Query(terms, _looser(wanted), tuple(excluded))


def question_words(question: str) -> list[str]:
    """Return the words that a question is about, quoted for FTS5, each once, in order.

    Stop words of the languages that we know are left out, unless there is nothing else.
    """
    words = dict.fromkeys(word.casefold() for word in _WORD.findall(searchable(question)))
    telling = [word for word in words if word not in EVERY_STOP_WORD]
    return [quoted(word) for word in (telling or list(words))[: 2 * MAX_TERMS]]


def searchable(typed: str) -> str:
    """Return at most `MAX_QUERY` code points, without those that no text can hold."""
    return "".join(
        " " if unicodedata.category(character) in _UNSEARCHABLE else character
        for character in typed[:MAX_QUERY]
    )


def quoted(term: str) -> str:
    """Quote a term, so that FTS5 reads it as words only."""
    return '"' + term.replace('"', '""') + '"'


def _term(word: str, is_beginning: bool, cut: int = 0) -> str:
    if not is_beginning:
        return quoted(word)
    beginning = word[: max(len(word) - cut, min(len(word), _SHORTEST_STEM))]
    return f"({quoted(word)} OR {quoted(beginning)} *)"


def _looser(wanted: list[tuple[str, bool]]) -> tuple[tuple[str, ...], ...]:
    longest = max((len(word) for word, is_beginning in wanted if is_beginning), default=0)
    cuts = range(1, min(_LONGEST_SUFFIX, longest - _SHORTEST_STEM) + 1)
    return tuple(tuple(_term(word, begins, cut) for word, begins in wanted) for cut in cuts)
