"""From one text to another in few, small changes, so that what others change meanwhile survives.

The cost is bounded: what both texts begin and end with goes first, then lines
that occur once on either side anchor the rest, then words inside the gaps. A gap
too large to compare is replaced whole.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BLANK = "\ufdd0"
"""Stands for each character that was erased: a noncharacter of Unicode, never shown."""

_GAP_PRODUCT = 20_000
"""Tokens times tokens that are compared one by one."""

_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Scripts without spaces between words (Thai to Chinese): each character is a word of its own."""

_WORD = re.compile(rf"[^\W{_UNSPACED}]+|\s+|[^\s]")
_LETTER = re.compile(rf"[^\W{_UNSPACED}]")
_LONGEST_WORD = 100


@dataclass(frozen=True, slots=True)
class Replacement:
    """Part of a text that becomes another; positions in code points of the old text."""

    start: int
    end: int
    inserted: str


def visible(text: str) -> str:
    """Return a text without its blanks."""
    return text.replace(BLANK, "")


def splits_word(text: str, place: int) -> bool:
    """Whether a cut before this position would go through a word."""
    return bool(_LETTER.match(text[place - 1 : place]) and _LETTER.match(text[place : place + 1]))


def replacements(old: str, new: str) -> list[Replacement]:
    """Return what to replace to turn one text into another, left to right, never touching."""
    start, end = _common_ends(old, new)
    old_part, new_part = old[start : len(old) - end], new[start : len(new) - end]
    if not old_part and not new_part:
        return []
    found = [
        Replacement(
            start + line.start + word.start,
            start + line.start + word.end,
            word.inserted,
        )
        for line in _token_changes(_LINE, old_part, new_part)
        for word in _token_changes(_WORD, old_part[line.start : line.end], line.inserted)
    ]
    return _joined(found)


def _common_ends(old: str, new: str) -> tuple[int, int]:
    """Length of the common beginning, and of the common end of what is left."""
    shorter = min(len(old), len(new))
    start = _longest(shorter, lambda size: old.startswith(new[:size]))
    end = _longest(shorter - start, lambda size: size == 0 or old.endswith(new[-size:]))
    if start + end == shorter:
        # Something was only added, or only taken away.
        back = _to_word_start(max(old, new, key=len), start, len(old) + len(new) - 2 * shorter)
        return start - back, end + back
    start -= _letters_kept(old[:start], old[start:][:1], new[start:][:1])
    before = [text[: len(text) - end][-1:] for text in (old, new)]
    end -= _letters_kept(old[len(old) - end :][:_LONGEST_WORD][::-1], *before)
    return start, end


def _to_word_start(text: str, start: int, size: int) -> int:
    """How far back a stretch begins that reads the same and splits no word, or 0.

    In "one two three" after "one three", what was added is "two ", not "wo t".
    """
    for back in range(min(start, _LONGEST_WORD) + 1):
        place = start - back
        if not splits_word(text, place):
            return back
        if text[place - 1 : place] != text[place + size - 1 : place + size]:
            return 0
    return 0


def _letters_kept(common: str, *beside: str) -> int:
    """How many letters at the end of a common stretch belong to a word that changes beyond it.

    Words are replaced whole: two people who do so to one word should leave two words.
    """
    if not any(_LETTER.match(letter) for letter in beside if letter):
        return 0
    count = 0
    for letter in reversed(common[-_LONGEST_WORD:]):
        if not _LETTER.match(letter):
            return count
        count += 1
    return count


def _longest(limit: int, holds: Callable[[int], bool]) -> int:
    """Largest size up to a limit for which something holds that holds for all smaller ones."""
    low, high = 0, limit
    while low < high:
        middle = (low + high + 1) // 2
        if holds(middle):
            low = middle
        else:
            high = middle - 1
    return low


def _token_changes(token: re.Pattern[str], old: str, new: str) -> Iterator[Replacement]:
    if not old or not new:
        if old or new:
            yield Replacement(0, len(old), new)
        return
    olds, news = token.findall(old), token.findall(new)
    old_at, new_at = _offsets(olds), _offsets(news)
    i = j = 0
    for a, b, size in [*_matches(olds, news), (len(olds), len(news), 0)]:
        if i < a or j < b:
            yield Replacement(old_at[i], old_at[a], new[new_at[j] : new_at[b]])
        i, j = a + size, b + size


def _offsets(tokens: list[str]) -> list[int]:
    offsets = [0]
    for token in tokens:
        offsets.append(offsets[-1] + len(token))
    return offsets


def _matches(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int]]:
    """Runs that both have, in order, as (place in old, place in new, length)."""
    i = j = 0
    for a, b in [*_anchors(old, new), (len(old), len(new))]:
        if a < i or b < j:
            continue  # swallowed by the run before
        yield from _gap_matches(old, new, (i, a), (j, b))
        size = 0
        while a + size < len(old) and b + size < len(new) and old[a + size] == new[b + size]:
            size += 1
        if size:
            yield a, b, size
        i, j = a + size, b + size


def _gap_matches(
    old: list[str], new: list[str], olds: tuple[int, int], news: tuple[int, int]
) -> Iterator[tuple[int, int, int]]:
    (i, a), (j, b) = olds, news
    end = 0
    while a - end > i and b - end > j and old[a - end - 1] == new[b - end - 1]:
        end += 1
    if 0 < (a - end - i) * (b - end - j) <= _GAP_PRODUCT:
        matcher = SequenceMatcher(None, old[i : a - end], new[j : b - end], autojunk=False)
        for match in matcher.get_matching_blocks():
            if match.size:
                yield i + match.a, j + match.b, match.size
    if end:
        yield a - end, b - end, end


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Tokens that occur once on either side, in the same order on both (patience diff)."""
    old_counts, new_counts = Counter(old), Counter(new)
    place = {token: b for b, token in enumerate(new) if new_counts[token] == 1}
    pairs = [
        (a, place[token])
        for a, token in enumerate(old)
        if old_counts[token] == 1 and token in place
    ]
    return _longest_rising(pairs)


def _longest_rising(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Longest subsequence whose second members rise."""
    tops: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for index, (_, b) in enumerate(pairs):
        pile = bisect_left(tops, b)
        before.append(ends[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [b]
        ends[pile : pile + 1] = [index]
    chosen = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chosen.append(pairs[index])
        index = before[index]
    return chosen[::-1]


def _joined(found: list[Replacement]) -> list[Replacement]:
    joined: list[Replacement] = []
    for change in found:
        if joined and joined[-1].end == change.start:
            last = joined.pop()
            change = Replacement(last.start, change.end, last.inserted + change.inserted)
        joined.append(change)
    return joined
