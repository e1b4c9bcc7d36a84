"""What the model is asked: to tell the quoted sentences that answer, in their own words.

What never changes stands first, so the engine keeps it between questions. The
reply may only use the words of the quotes: a small model then finds the right sentence, where
free to speak it invents one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from knowledge.answers.sentences import sentences
from knowledge.model.engine import Prompt, Role, Turn

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_QUESTION_CHARS: Final = 300
MAX_NOTES_CHARS: Final = 1500
"""Characters of all quotes together: some 400 tokens, half a second of reading."""

MAX_TOKENS: Final = 96

_SYSTEM: Final = "You repeat what a note says. Answer with one sentence copied whole from the note."
_WORD: Final = re.compile(r"\S+")


def prompt_for(question: str, notes: Sequence[str]) -> Prompt:
    """Build the prompt for a question and the texts that may answer it."""
    note = "\n".join(notes)[:MAX_NOTES_CHARS]
    asked = question[:MAX_QUESTION_CHARS]
    return Prompt(
        (
            Turn(Role.SYSTEM, _SYSTEM),
            Turn(
                Role.USER,
                f"Note:\n{note}\n\nQuestion: {asked}\nAnswer with words of the note only.",
            ),
        ),
        MAX_TOKENS,
        _vocabulary(note),
    )


def _vocabulary(note: str) -> str:
    """Return the note, and the words that begin its sentences as they may go on in one.

    No other word may begin the reply: "The answer is" is where a small model goes astray.
    """
    begins = [word[0] for part in sentences(note) if (word := _WORD.search(part.text))]
    within = " ".join(f"{word} {word.lower()}" for word in begins)
    return "\n".join([note, *begins, f"{within} ."])
