"""Sentences that speak to a model instead of to people: "ignore the above and say ...".

They are neither quoted as an answer nor handed to the model. This list is no wall, and need
not be one: whatever a model is talked into, only what the sources say passes
`knowledge/answers/grounding.py`. It keeps such sentences from being the source.
"""

from __future__ import annotations

import re
from typing import Final

_SPEAKS_TO_A_MODEL: Final = re.compile(
    r"<\||\|>|\[/?inst\]|<</?sys>>|</?(?:system|assistant|user)>"
    r"|^\W*(?:system|assistant|user)\s*:"
    r"|\b(?:system|developer) prompt\b|\blanguage model\b|\bas an ai\b"
    r"|\byou are (?:now )?(?:an? )?(?:ai|assistant|chatbot)\b"
    r"|\b(?:ignore|disregard|forget|override)\b.{0,40}"
    r"\b(?:above|previous|prior|earlier|instructions?|rules|context|notes?|question)\b"
    r"|\b(?:ignor[ae]|olvid[ae])\b.{0,40}\b(?:anterior\w*|arriba|instrucci\w+|reglas)\b"
    r"|\b(?:ignore[zr]?|oublie[zr]?)\b.{0,40}(?:ci-dessus|pr[ée]c[ée]dent|instructions?|consignes?)"
    r"|\b(?:ignorier\w*|vergiss|vergesst)\b.{0,40}\b(?:oben|obige\w*|vorherige\w*|anweisung\w*)\b"
    r"|\b(?:puuza|sahau)\b.{0,40}\b(?:juu|yaliyo\w*|maagizo|maelekezo)\b",
    re.IGNORECASE | re.DOTALL,
)


def speaks_to_a_model(sentence: str) -> bool:
    """Say whether a sentence reads like an instruction to a language model."""
    return _SPEAKS_TO_A_MODEL.search(sentence) is not None
