"""A question, read once: what it is about, and what kind of answer it wants.

"How long must red kidney beans boil?" wants a length of time, in a sentence on boiling.
Recognised by the words that ask, in English, Spanish, French, German, Portuguese and Swahili;
whatever is not recognised asks for anything that is said about its words.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from knowledge.answers.likeness import plain
from knowledge.answers.number_words import DURATIONS
from knowledge.answers.wording import Word, words
from knowledge.search.stop_words import EVERY_STOP_WORD

MAX_QUESTION_CHARS = 1000
"""Characters of a question that are read."""

MAX_TERMS = 16
"""Different words of a question that are read."""


class Asked(Enum):
    """What kind of answer a question wants."""

    ANYTHING = "anything"
    MEANING = "meaning"
    DURATION = "duration"
    FREQUENCY = "frequency"
    AMOUNT = "amount"
    MEASURE = "measure"
    TIME = "time"
    PLACE = "place"
    PERSON = "person"

    @property
    def is_quantity(self) -> bool:
        """Whether a wrong answer is a wrong number: the kind that does most harm."""
        return self in _QUANTITIES


_QUANTITIES: Final = frozenset((Asked.DURATION, Asked.FREQUENCY, Asked.AMOUNT, Asked.MEASURE))

_TIME_UNIT: Final = (
    r"(?:seconds?|minutes?|hours?|days?|nights?|weeks?|months?|years?"
    r"|segundos?|minutos?|horas?|dias?|noches?|semanas?|mes(?:es)?|anos?"
    r"|secondes?|heures?|jours?|nuits?|semaines?|mois|ans|annees?"
    r"|sekunden?|minuten|stunden?|tagen?|nachten?|wochen?|monaten?|jahren?)"
)
_ASKING: Final = (
    (
        Asked.MEANING,
        r"^\W*what(?: is| are|'s) (?:an? |the )?(?=[\w-]+\W*$)|\bwhat (?=.+ means?\b)"
        r"|^\W*que (?:es|son|significan?) (?:(?:un|el|l?os|l?as?|una) )?(?=[\w-]+\W*$)"
        r"|^\W*que (?:veut dire|signifie)\b|^\W*was (?:ist|bedeutet) (?=[\w-]+\W*$)|\bni nini\b",
    ),
    (
        Asked.FREQUENCY,
        r"\bhow (?:often|many times|frequently)\b|\bcada cuant[oa]s?\b|\bcuantas veces\b"
        r"|\bcombien de fois\b|\btous les combien\b|\bwie (?:oft|haufig)\b|\bmara ngapi\b"
        r"|\bquantas vezes\b",
    ),
    (
        Asked.MEASURE,
        r"\bhow long (?:is|are)\b",
    ),
    (
        Asked.DURATION,
        rf"\bhow long\b|\bhow (?:many|much) (?:{_TIME_UNIT}|time)\b"
        rf"|\bcuant[oa]s? (?:{_TIME_UNIT}|tiempo)\b|\bcuanto (?=(?:dura|tarda|demora)n?\b)"
        rf"|\bcombien (?:de |d')(?:{_TIME_UNIT}|temps)\b|\bmuda gani\b|\bmuda wa \w+ gani\b"
        rf"|\bwie lang\w*|\bwie ?viele?n? (?:{_TIME_UNIT}|zeit)\b"
        rf"|\bquant[oa]s? (?:{_TIME_UNIT}|tempo)\b"
        r"|\b(?:sekunde|dakika|saa|siku|wiki|mwezi|miezi|mwaka|miaka) ngapi\b",
    ),
    (
        Asked.MEASURE,
        r"\bhow (?:far|wide|deep|high|tall|thick|big|large|hot|cold|warm|heavy|old|fast|strong)\b"
        r"|\bwhat (?:depth|distance|height|width|length|temperature|voltage|frequency|speed|age)\b"
        r"|\bque (?:profundidad|distancia|altura|ancho|temperatura|voltaje|frecuencia|edad)\b"
        r"|\bquell?e? (?:profondeur|distance|hauteur|largeur|temperature|tension|frequence|age)\b"
        r"|\bwie (?:weit|breit|tief|hoch|dick|gross|heiss|kalt|warm|schwer|alt|schnell)\b"
        r"|\b(?:urefu|kina|umbali|upana|joto) gani\b",
    ),
    (
        Asked.AMOUNT,
        r"\bhow (?:much|many)\b|\bcuant[oa]s?\b|\bcombien\b|\bwie ?viele?n?\b|\bquant[oa]s?\b"
        r"|\b\w*ngapi\b|\bkiasi gani\b"
        r"|\bwh(?:at|ich) (?=(?:dose|dosage|amount|quantity|number|price|weight|share)\b)"
        r"|\bque (?=(?:dosis|cantidad|numero|precio|peso)\b)"
        r"|\bquelle? (?=(?:dose|quantite|nombre|prix|poids)\b)"
        r"|\b(?:kipimo|bei) gani\b",
    ),
    (
        Asked.TIME,
        r"^\W*(?:(?:since|until|desde|hasta|depuis) )?(?:when|cuando|quand|wann)\b|\blini\b",
    ),
    (Asked.PLACE, r"^\W*(?:de |d')?(?:where|a?donde|ou|wo|onde)\b|\bwapi\b"),
    (Asked.PERSON, r"^\W*(?:who|whose|a? ?quien(?:es)?|qui|wer|quem)\b|\bnani\b"),
)
_PATTERNS: Final = tuple((asked, re.compile(pattern)) for asked, pattern in _ASKING)
"""First match counts; the order matters ("how many times" before "how many")."""

_OPEN: Final = re.compile(
    r"\b(?:how|what|why|which|como|por que|cual|comment|pourquoi|quoi|wie|warum|nini|jinsi|vipi)\b"
    r"|^\W*(?:que|quel|quelle|was|welche\w*)\b"
)
"""Asks for what there is to say, not for a yes or no."""

_ENOUGH: Final = re.compile(
    r"\b(?:enough|suffic\w*|bastan?|suficientes?|suffi\w*|assez|genug|reichen?|yatosha|inatosha|tosha)\b"
)
_LIGHT_WORDS: Final = """
    must should need needs please tell know want way ways best good thing someone something
    anyone anything somebody anybody now give get got let does go goes going work works happen
    happens mean means often use using s m re t
    debo debe deben hacer pueden podemos estar ser haber puedo necesito tengo hay favor quiero hago
    faut doit puis dois faire peut etre
    muss soll kann ich wir man
    gani nini vipi je lazima tafadhali ninaweza naweza nifanye
    per pro ni fine ok okay allowed possible posible permitido permis sawa
"""
_IGNORED: Final = frozenset(plain(word) for word in EVERY_STOP_WORD) | frozenset(
    _LIGHT_WORDS.split()
)
_LIGHT_VERBS_WORDS: Final = (
    "put take have make keep use poner pongo tomar tomo dar doy echar usar  "
    "mettre mets prendre prends donner avoir utiliser  "
    "weka kuweka toa kutoa tumia kutumia"
)
LIGHT_VERBS: Final = frozenset(_LIGHT_VERBS_WORDS.split())
"""Verbs that go with nearly any subject and say little of their own."""

_LASTING_WORDS: Final = (
    "last keep stay live remain dura durar tarda vive queda dure durer tient reste vit "
    "dauert halt bleibt lebt inadumu hudumu inakaa hukaa"
)
LASTING: Final = frozenset(_LASTING_WORDS.split())
"""Verbs of lasting: they go with any subject, so the sentence must name it."""

_BEFORE_VERB_WORDS: Final = "i you we one they people to be been debo debe deben que"
_BEFORE_VERB: Final = frozenset(_BEFORE_VERB_WORDS.split())
"""Words after which the verb stands, where they stand."""

_OF_WORDS: Final = "of de d du des del von vom do da ya wa vya cha za la"
_OF: Final = frozenset(_OF_WORDS.split())

_CLAUSE_OPENS_WORDS: Final = (
    "after before when if until while without once cuando si antes despues hasta sin quand avant "
    "apres jusqu sans baada kabla kama bila"
)
_NEGATION_WORDS: Final = (
    "not never no none nothing nobody nunca jamas nada nadie tampoco pas jamais rien aucun aucune "
    "nicht nie kein keine keinen nao kamwe"
)
NEGATIONS: Final = frozenset(_NEGATION_WORDS.split())
"""Words that turn a clause round. "No" is one in English and Spanish, and "in the" in Portuguese:
there a question is then refused more often, which is the safe side."""

CLAUSE_OPENS: Final = frozenset(_CLAUSE_OPENS_WORDS.split())
"""Words that open a clause beside the main one: the action asked about stands before them."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a question asks.

    Attributes:
        terms: Its telling words, plain, each once.
        actions: Those that may be its verb, where that matters: one of them must stand by an
            asked duration, and near what answers a yes-or-no question.
        counted: For an amount, what is counted or measured: "drops", "bleach"; or "". A number
            answers only beside it.
        is_open: Whether it asks how or what, so that all said about its subject bears on it.
        asked_with: The words that ask: "how deep".
        conditions: Those of the terms that come after the main clause: "after rain".
        is_negated: Whether it asks what is not: what must not be given is told by no sentence
            that says what to give.
    """

    asked: Asked
    terms: tuple[str, ...]
    actions: frozenset[str] = frozenset()
    counted: str = ""
    is_open: bool = False
    asked_with: str = ""
    conditions: frozenset[str] = frozenset()
    is_negated: bool = False


def read_question(text: str) -> Question:
    """Read a question. Whatever was typed, the result is valid and bounded."""
    folded = plain(text[:MAX_QUESTION_CHARS])
    for asked, pattern in _PATTERNS:
        if found := pattern.search(folded):
            before, after = words(folded[: found.start()]), words(folded[found.end() :])
            counted: str = ""
            if asked is Asked.AMOUNT:
                counted = _counted(before, after, is_last=found[0].endswith(("ngapi", "gani")))
            is_verb_last = found[0].startswith("how")
            return _question(asked, [*before, *after], counted, found[0], is_verb_last=is_verb_last)
    told = words(_ENOUGH.sub(" ", folded))
    # "Is 5 minutes enough ...?" is answered by the right length, not by a sentence with a 5.
    lengths = {index for index, word in enumerate(told) if word.text in DURATIONS}
    counts = {index - 1 for index in lengths} & {
        index for index, word in enumerate(told) if word.is_number
    }
    if counts:
        kept = [word for index, word in enumerate(told) if index not in lengths | counts]
        return _question(Asked.DURATION, kept)
    return _question(Asked.ANYTHING, told, is_open=_OPEN.search(folded) is not None)


def _question(
    asked: Asked,
    told: list[Word],
    counted: str = "",
    asked_with: str = "",
    *,
    is_verb_last: bool = False,
    is_open: bool = False,
) -> Question:
    terms = tuple(dict.fromkeys(word.text for word in told if word.text not in _IGNORED))
    actions = _after_pronoun(told) - LIGHT_VERBS
    if is_open:
        actions = frozenset()
    elif asked is Asked.DURATION:
        actions = actions or _at_the_edge(told, is_last=is_verb_last)
    actions = (actions & LASTING or actions) & frozenset(terms[:MAX_TERMS])
    conditions = frozenset(terms[:MAX_TERMS]).difference(_main_clause(told))
    can_be_told_by_its_opposite = is_open or asked in (Asked.TIME, Asked.PLACE, Asked.PERSON)
    is_negated = can_be_told_by_its_opposite and not NEGATIONS.isdisjoint(_main_clause(told))
    return Question(
        asked, terms[:MAX_TERMS], actions, counted, is_open, asked_with, conditions, is_negated
    )


def _counted(before: list[Word], after: list[Word], *, is_last: bool) -> str:
    """Return what follows "how many"; in Swahili it precedes "ngapi"."""
    nearest = before[-1:] if is_last else [word for word in after[:2] if word.text not in _OF]
    return next((word.text for word in nearest if word.text not in _IGNORED), "")


def _after_pronoun(told: list[Word]) -> frozenset[str]:
    """Return the first verb that a pronoun, "to" or an auxiliary gives away, if any."""
    main = _main_clause(told)
    follows = (
        later
        for one, later in itertools.pairwise(main)
        if one in _BEFORE_VERB and later not in _IGNORED
    )
    return frozenset(itertools.islice(follows, 1))


def _at_the_edge(told: list[Word], *, is_last: bool) -> frozenset[str]:
    """Return what else may be the verb: it ends an English question, or begins a Spanish one."""
    telling = [text for text in _main_clause(told) if text not in _IGNORED]
    return frozenset(telling[-1:] if is_last else telling[:1] + telling[-1:])


def _main_clause(told: list[Word]) -> list[str]:
    main: list[str] = []
    for word in told:
        if word.text in CLAUSE_OPENS and any(text not in _IGNORED for text in main):
            break
        main.append(word.text)
    return main
