"""Reads `questions.txt`: what is asked of the demo commons, and what a right quote holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).resolve().parent / "questions.txt"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and its right answers.

    Attributes:
        kind: The heading that it stands under, for example "near".
        right: Words that a right quote holds, any of them; none means refuse.
        may_refuse: Whether a refusal is right as well as a right quote.
    """

    kind: str
    language: str
    text: str
    right: tuple[str, ...]
    may_refuse: bool

    @property
    def is_held_out(self) -> bool:
        """Whether nothing was tuned on it."""
        return self.kind == "blind"

    def is_right(self, quote: str) -> bool:
        """Say whether a quote answers."""
        return any(flat(words) in flat(quote) for words in self.right)


def read_questions(file: Path = FILE) -> list[Asked]:
    """Return every question of the file, in order."""
    found: list[Asked] = []
    kind = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("=="):
            kind = line.strip("= ").split(":")[0]
        elif line and not line.startswith("#"):
            asked, _, answer = line.partition("=>")
            language, text = asked.split(maxsplit=1)
            answer = answer.strip()
            right = tuple(part.strip() for part in answer.lstrip("? ").split("||") if part.strip())
            may_refuse = not right or answer.startswith("?")
            found.append(Asked(kind, language, text.strip(), right, may_refuse))
    return found


def flat(text: str) -> str:
    """Return the text in one line, so that wrapping makes no difference."""
    return " ".join(text.split())
