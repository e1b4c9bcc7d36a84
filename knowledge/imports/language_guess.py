"""Guess the language of a text from its script and its commonest words, or say "und".

A wrong language is worse than none: so a guess needs enough words, a clear lead, and a language
that is known here. Everything else is "und", and whoever gave the text can say better.
"""

from __future__ import annotations

import re

from knowledge.search.stop_words import STOP_WORDS

UNKNOWN = "und"

_READ = 20_000
"""Code points that are looked at."""

_FEWEST_WORDS = 12

_SHARE = 0.15
"""Of all words, those that must be stop words of the language."""

_LEAD = 1.5
"""How many times the second-best language's share the best must have."""

_WORD = re.compile(r"[^\W\d_]+")
_OWN_SCRIPTS = (
    ("el", re.compile("[\u0370-\u03ff]")),
    ("he", re.compile("[\u0590-\u05ff]")),
    ("ko", re.compile("[\uac00-\ud7af]")),
    ("ja", re.compile("[\u3040-\u30ff]")),
    ("th", re.compile("[\u0e00-\u0e7f]")),
    ("am", re.compile("[\u1200-\u137f]")),
)
"""Scripts that nearly always mean one language. Arabic, Cyrillic, Devanagari and Han do not."""

_SCRIPT_SHARE = 0.3


def guess_language(text: str) -> str:
    """Return a BCP 47 tag, or "und" when the text does not tell."""
    sample = text[:_READ]
    words = [word.casefold() for word in _WORD.findall(sample)]
    letters = sum(map(len, words))
    for language, script in _OWN_SCRIPTS:
        if letters > _FEWEST_WORDS and len(script.findall(sample)) > _SCRIPT_SHARE * letters:
            return language
    if len(words) < _FEWEST_WORDS:
        return UNKNOWN
    shares = sorted(
        (sum(word in stop_words for word in words) / len(words), language)
        for language, stop_words in STOP_WORDS.items()
    )
    (second, _), (best, language) = shares[-2:]
    return language if best >= _SHARE and best >= _LEAD * second else UNKNOWN
