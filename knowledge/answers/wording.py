"""The words, numbers and units of a sentence, in a form that can be compared.

Cautious on purpose: two words are the same only when spelling says so ("boil",
"boiled"), and a number only equals the same number. Nothing here knows synonyms.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from knowledge.answers.number_words import FRACTIONS, JOINS, NUMBER_WORDS, UNITS

MAX_WORDS = 120
"""Words of one sentence that are read; a longer sentence is never used to check another."""

_MARKS = (
    "\u0300-\u036f\u0591-\u05c7\u0610-\u065f\u0670\u06d6-\u06ed\u0900-\u0dff"
    "\u0e31-\u0e4e\u0f71-\u0f84\u102b-\u103e\u17b4-\u17d3\u200c\u200d"
)
"""Accents, vowel signs and joiners: part of a word, though no letters."""

_TOKEN = re.compile(
    r"(?P<number>(?<!\w)[-−]?[.,]?\d+(?:[.,:/]\d+)*|[½¼¾⅓⅔])"  # noqa: RUF001
    rf"|(?P<word>[^\W\d_](?:[^\W_]|[{_MARKS}])*(?:['’‐‑-][^\W\d_](?:[^\W_]|[{_MARKS}])*)*)"  # noqa: RUF001
    r"|(?P<sign>[%°<>≤≥±=+×²³])"  # noqa: RUF001
    r"|(?P<break>[,;:()\[\]–—/.!?|]|\n)"  # noqa: RUF001
)
_HYPHEN = re.compile("[\u2010\u2011-]")
_CONTRACTION = re.compile(r"^(.+)n['’]t$")  # noqa: RUF001
_ROUND_NUMBERS = ("100", "1000")
_SHORTEST_STEM = 3
_MAX_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Word:
    """One word, number or sign.

    Attributes:
        text: Case folded; units under one name; numbers as digits.
        is_number: Whether it is a quantity.
        is_spelled: Whether a quantity is written in words: only those join ("two hundred").
        at: Its place among the raw words of the sentence, to tell neighbours.
        follows_break: Whether punctuation stands before it.
    """

    text: str
    is_number: bool
    at: int
    follows_break: bool
    is_spelled: bool = False


def words(sentence: str, language: str = "und") -> list[Word]:
    """Return the words of a sentence, at most `MAX_WORDS + 1`."""
    code = language.split("-")[0].casefold()
    number_words = NUMBER_WORDS.get(code, NUMBER_WORDS["en"])
    found: list[Word] = []
    is_after_break = False
    for token in _TOKEN.finditer(unicodedata.normalize("NFC", sentence)):
        if token["break"]:
            is_after_break = True
            continue
        for text, is_number in _readings(token, number_words):
            is_spelled = is_number and token["word"] is not None
            found.append(Word(text, is_number, len(found), is_after_break, is_spelled))
            is_after_break = False
        if len(found) > MAX_WORDS:
            break
    return _joined(found, JOINS.get(code, "and"))


def same(first: str, second: str) -> bool:
    """Say whether two words are forms of one: equal, or apart by a plain ending."""
    return first == second or not stems(first).isdisjoint(stems(second))


def stems(word: str) -> frozenset[str]:
    """Return what a word may be a form of, itself included."""
    found = {word}
    for ending, instead in (
        ("s", ("",)),
        ("es", ("",)),
        ("ed", ("", "e")),
        ("ing", ("", "e")),
        ("ies", ("y",)),
        ("ied", ("y",)),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            found.update(word[: -len(ending)] + letters for letters in instead)
    return frozenset(found)


def _readings(token: re.Match[str], number_words: dict[str, str]) -> list[tuple[str, bool]]:
    if token["number"]:
        digits = token["number"].replace("−", "-")  # noqa: RUF001
        return [(FRACTIONS.get(digits, digits), True)]
    if token["sign"]:
        return [(UNITS.get(token["sign"], token["sign"]), False)]
    readings: list[tuple[str, bool]] = []
    for part in _HYPHEN.split(token["word"].casefold(), maxsplit=MAX_WORDS):
        contraction = _CONTRACTION.match(part)
        if part == "cannot":
            readings += [("can", False), ("not", False)]
        elif contraction:
            stem = {"ca": "can", "wo": "will", "sha": "shall"}.get(contraction[1], contraction[1])
            readings += [(stem, False), ("not", False)]
        elif part in number_words:
            readings.append((number_words[part], True))
        else:
            text = re.sub(r"['’]s$", "", part)  # noqa: RUF001
            readings.append((UNITS.get(text, text), False))
    return readings


def _joined(found: list[Word], join: str) -> list[Word]:
    """Put numbers of several words together: twenty five, three hundred, treinta y cinco."""
    result: list[Word] = []
    index = 0
    while index < len(found):
        word = found[index]
        after = found[index + 1] if index + 1 < len(found) else None
        if word.is_number and after is not None and not after.follows_break:
            if after.text == join and index + 2 < len(found):
                beyond = found[index + 2]
                if _is_tens(word) and _is_one(beyond):
                    result.append(_sum(word, beyond))
                    index += 3
                    continue
            if _is_tens(word) and _is_one(after):
                result.append(_sum(word, after))
                index += 2
                continue
            if after.text in _ROUND_NUMBERS and after.is_spelled and word.text.isdecimal():
                value = int(word.text[:_MAX_DIGITS]) * int(after.text)
                result.append(Word(str(value), True, word.at, word.follows_break))
                index += 2
                continue
        result.append(word)
        index += 1
    return result


def _is_tens(word: Word) -> bool:
    return word.is_spelled and word.text in ("20", "30", "40", "50", "60", "70", "80", "90")


def _is_one(word: Word) -> bool:
    return word.is_spelled and len(word.text) == 1


def _sum(tens: Word, ones: Word) -> Word:
    return Word(str(int(tens.text) + int(ones.text)), True, tens.at, tens.follows_break)
