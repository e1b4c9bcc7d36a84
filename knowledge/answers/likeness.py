"""When two words are likely forms of one, or opposites: looser than `wording.same`.

Used to find what may answer, never to check what is told. Languages differ in where words
change: most at the end, Swahili and its kin at the beginning.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from knowledge.answers.wording import stems

_LONGEST_ENDING = 3
_SHORTEST_PREFIX = 4
_SHORTEST_CORE = 5
_LONGEST_WORD = 60

_ELISION: Final = re.compile(r"\b(?:[ldjmtsnc]|qu|jusqu)['\u2019](?=\w\w)")
_ENDINGS_WORDS: Final = (
    "s es e ed d er ers r ing ly ily y ies ied ier en n age ous al ity "
    "a o as os an ar ir ado ada ido ida ia ie io an on em e er ez ent ons ee ees t te st et"
)
_ENDINGS: Final = frozenset(_ENDINGS_WORDS.split())
"""What may follow the common beginning of two forms of a word: "boil" is in "boiled", but "pump"
not in "pumpkin", nor has "batten" to do with "battery"."""

_OPPOSITE_WORDS: Final = """
    indoors inside / outdoors outside
    hot warm / cold cool
    wet damp / dry
    raw / cooked
    full / empty
    open / closed shut
    clear / cloudy muddy
    clean / dirty
    safe / unsafe dangerous poisonous
    loose loosen / tight tighten
    dentro adentro / fuera afuera
    caliente / frio
    mojado humedo / seco
    crudo / cocido
    lleno / vacio
    abierto / cerrado
    claro / turbio
    limpio / sucio
    dedans interieur / dehors exterieur
    chaud / froid
    mouille humide / sec
    cru / cuit
    plein / vide
    ouvert / ferme
    propre / sale
    ndani / nje
    moto / baridi
    mbichi / kavu
    safi / chafu
    salama / hatari
"""


def _opposites() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for line in _OPPOSITE_WORDS.strip().splitlines():
        one, other = (frozenset(side.split()) for side in line.split("/"))
        found.update(dict.fromkeys(one, other))
        found.update(dict.fromkeys(other, one))
    return found


_OPPOSITES: Final = _opposites()


def plain(text: str) -> str:
    """Fold case, drop accents and part elisions, so that "maiz" finds "maíz", "eau" "l'eau"."""
    bare = text.casefold()
    if not bare.isascii():
        decomposed = unicodedata.normalize("NFKD", bare)
        bare = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return _ELISION.sub(" ", bare)


def opposites(word: str) -> frozenset[str]:
    """Return words that say the contrary of a plain word, as far as they are known."""
    return _OPPOSITES.get(word, frozenset())


def alike(term: str, word: str, *, is_prefixing: bool) -> bool:
    """Say whether two plain words are likely forms of one.

    Args:
        term: One word, as `plain` gives it.
        word: The other.
        is_prefixing: Whether the language may change the beginning of words.
    """
    if term == word:
        return True
    if max(len(term), len(word)) > _LONGEST_WORD:
        return False
    if term[0] != word[0] and not is_prefixing:
        return False
    if min(len(term), len(word)) < _SHORTEST_PREFIX or term[0].isdigit():
        return not stems(term).isdisjoint(stems(word))
    common = _common_prefix(term, word)
    rests = term[common:], word[common:]
    if common >= _SHORTEST_PREFIX and max(map(len, rests)) <= _LONGEST_ENDING:
        is_whole = common > _SHORTEST_PREFIX and "" in rests
        if is_whole or all(not rest or rest in _ENDINGS for rest in rests):
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
