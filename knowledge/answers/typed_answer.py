"""Where in a sentence a value stands that has the kind a question asks for.

"for 30 minutes" is a length of time; "within a few hours" is not, and "every two weeks" says
how often. A number counts only what stands beside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from knowledge.answers.likeness import alike
from knowledge.answers.number_words import DURATIONS, UNITS
from knowledge.answers.question import Asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from knowledge.answers.question import Question
    from knowledge.answers.wording import Word

_REACH = 3
"""Words between a number and what it counts: "6 level teaspoons", "vijiko vidogo 6"."""

_ARTICLES_WORDS: Final = "a an un una une ein eine einen um uma 1/2 half media demi"
_ARTICLES: Final = frozenset(_ARTICLES_WORDS.split())
_NIGHTS_WORDS: Final = "overnight usiku"
_NIGHTS: Final = frozenset(_NIGHTS_WORDS.split())
_REPEATING_WORDS: Final = (
    "every each per once twice daily weekly monthly yearly times cada veces vez chaque fois par "
    "tous toutes jede jeden jedes mal kila mara"
)
_REPEATING: Final = frozenset(_REPEATING_WORDS.split())
_DEGREES_WORDS: Final = "degree degrees grado grados degre degres grad nyuzi °"
_DEGREES: Final = frozenset(_DEGREES_WORDS.split())
_VOLTS_WORDS: Final = "volt volts voltios volti v"
_VOLTS: Final = frozenset(_VOLTS_WORDS.split())
_WAVES_WORDS: Final = "hz khz mhz ghz"
_WAVES: Final = frozenset(_WAVES_WORDS.split())
_WEIGHTS_WORDS: Final = "milligram gram kilogram tonne tonnes tons pound pounds ounces"
_WEIGHTS: Final = frozenset(_WEIGHTS_WORDS.split())
_LENGTHS_WORDS: Final = (
    "millimetre centimetre metre kilometre mile miles feet foot inch inches pas paso pasos step "
    "steps hatua hand hands finger fingers"
)
_LENGTHS: Final = frozenset(_LENGTHS_WORDS.split())
_MEASURED: Final = (
    (re.compile("hot|cold|warm|temperat|heiss|kalt|joto"), _DEGREES),
    (re.compile("volt|tension"), _VOLTS),
    (re.compile("freq|frec"), _WAVES),
    (re.compile("heavy|schwer"), _WEIGHTS),
    (re.compile("old|age|edad|alt$"), DURATIONS),
    (re.compile("how long"), _LENGTHS | DURATIONS),
    (re.compile("fast|strong|speed|schnell|big|large|gross"), frozenset(UNITS.values())),
)
"""What asks for a measure, and the units that can answer it; all else asks for a length."""

_MOMENTS_WORDS: Final = (
    "when before after until while if whenever during morning noon evening night dawn season "
    "cuando antes despues hasta mientras si manana tarde noche quand avant apres jusqu pendant "
    "lorsque matin soir nuit wenn bevor nachdem bis morgens abends kabla baada wakati "
    "kama asubuhi jioni usiku mchana "
    "monday tuesday wednesday thursday friday saturday sunday lunes martes miercoles "
    "jueves viernes sabado domingo lundi mardi mercredi jeudi vendredi samedi dimanche jumatatu "
    "jumanne jumatano alhamisi ijumaa jumamosi jumapili january february march april june july "
    "august september october november december enero febrero marzo abril mayo junio julio agosto "
    "septiembre octubre noviembre diciembre janvier fevrier mars avril mai juin juillet aout "
    "septembre octobre novembre decembre januari februari machi aprili juni julai agosti septemba "
    "oktoba novemba desemba"
)
_MOMENTS: Final = frozenset(_MOMENTS_WORDS.split())
_PLACES_WORDS: Final = (
    "in at on under near above below behind beside inside outside into over from to upstairs "
    "downstairs en sobre bajo junto cerca debajo encima detras dentro fuera a dans sur sous pres "
    "chez derriere devant au im am auf unter neben kwenye katika juu chini karibu ndani nje"
)
_PLACES: Final = frozenset(_PLACES_WORDS.split())


def places_of_answer(found: Sequence[Word], question: Question, verbatim: str) -> list[int]:
    """Return the indices of the words that give a value of the asked kind.

    Args:
        found: The words of a plain sentence.
        question: Says which kind.
        verbatim: The sentence as it was written.
    """
    match question.asked:
        case Asked.DURATION:
            return [at for at in range(len(found)) if _is_duration(found, at)]
        case Asked.FREQUENCY:
            return [at for at, word in enumerate(found) if word.text in _REPEATING]
        case Asked.AMOUNT:
            return [at for at in range(len(found)) if _counts(found, at, question.counted)]
        case Asked.MEASURE:
            units = _units(question.asked_with)
            return [
                at
                for at, word in enumerate(found)
                if word.is_number and any(near.text in units for near in _around(found, at))
            ]
        case Asked.TIME:
            return [at for at, word in enumerate(found) if word.is_number or word.text in _MOMENTS]
        case Asked.PLACE:
            return [
                at
                for at, word in enumerate(found)
                if word.text in _PLACES or word.text.endswith("ni")
            ]
        case Asked.PERSON:
            return list(range(len(found))) if _NAME.search(verbatim) else []
        case Asked.MEANING | Asked.ANYTHING:
            return list(range(len(found)))


_NAME: Final = re.compile(r"[\w,;:)] [A-ZÀ-Þ][^\W\d_]")
"""A word with a capital inside a sentence."""


def _units(asked_with: str) -> frozenset[str]:
    return next((units for name, units in _MEASURED if name.search(asked_with)), _LENGTHS)


def _is_duration(found: Sequence[Word], at: int) -> bool:
    word = found[at]
    if word.text in _NIGHTS:
        return True
    if word.text not in DURATIONS:
        return False
    before = found[max(0, at - _REACH) : at]
    if any(near.text in _REPEATING for near in before):
        return False
    if before and before[-1].text in _ARTICLES:
        return not any(near.is_number for near in before[-2:-1])  # "100 a minute" is a rate
    after = found[at + 1 : at + 2]
    return any(near.is_number for near in before[-2:]) or any(
        near.is_number and not near.follows_break for near in after
    )


def _counts(found: Sequence[Word], at: int, counted: str) -> bool:
    """Say whether a number counts this, or measures it: "6 teaspoons", "240 ml of bleach"."""
    if not found[at].is_number:
        return False
    near = found[max(0, at - _REACH) : at + 1 + 2 * _REACH]
    return not counted or any(alike(counted, word.text, is_prefixing=False) for word in near)


def _around(found: Sequence[Word], at: int, reach: int = _REACH) -> list[Word]:
    """Return the words of the same clause near one, those after it first."""
    near: list[Word] = []
    for word in found[at + 1 : at + 1 + reach]:
        if word.follows_break:
            break
        near.append(word)
    for index in range(at, max(0, at - _REACH), -1):
        if found[index].follows_break:
            break
        near.append(found[index - 1])
    return near
