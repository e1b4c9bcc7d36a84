"""The port to a language model: turns go in, pieces of text come out as they are made.

The engine says nothing about truth. What it returns is raw text that only
`knowledge/answers/answerer.py` may show, after checking it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

MAX_REPLY_TOKENS = 1024
"""Longest reply that may be asked for: bounds how long one asker holds the model."""

MAX_PROMPT_CHARS = 32_768
"""Longest prompt in characters, all turns together: bounds what is sent to the model at once."""


class Role(Enum):
    """Who speaks in a turn."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class EngineState(Enum):
    """Where the model is: RESTING -> LOADING -> READY, or FAILED (tried again on next use)."""

    RESTING = "resting"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation. `text` never acts as markup, whatever it holds."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is asked.

    Attributes:
        turns: The conversation so far; put what stays the same between questions
            first, since the engine keeps the longest common beginning.
        max_tokens: Longest reply, 1 to `MAX_REPLY_TOKENS`.
        vocabulary: Text whose tokens are the only ones that the reply may use; "" sets no
            bound. It keeps a weak model at the words of its sources.
    """

    turns: tuple[Turn, ...]
    max_tokens: int = 96
    vocabulary: str = ""

    def __post_init__(self) -> None:
        """Refuse what no engine could take."""
        if not self.turns:
            raise ValueError("a prompt needs a turn")
        if not 1 <= self.max_tokens <= MAX_REPLY_TOKENS:
            raise ValueError(f"max_tokens must lie in 1..{MAX_REPLY_TOKENS}")
        if sum(len(turn.text) for turn in self.turns) + len(self.vocabulary) > MAX_PROMPT_CHARS:
            raise ValueError(f"a prompt holds at most {MAX_PROMPT_CHARS} characters")


class Engine(Protocol):
    """A language model that phrases. Safe to use by many askers; they are served in turn."""

    @property
    def name(self) -> str:
        """Name to show, for example "SmolLM2-135M-Instruct.Q8_0"."""
        ...

    @property
    def state(self) -> EngineState:
        """Whether the model is loaded, so that status and doctor can say so."""
        ...

    async def start(self) -> None:
        """Begin loading in the background and return at once. Safe to call twice."""
        ...

    def phrase(self, prompt: Prompt) -> AsyncGenerator[str, None]:
        """Stream the reply in pieces, greedily decoded: the same prompt gives the same text.

        Closing the stream (`aclose`, or cancelling the task) stops the model within
        a token or one slice of the prompt. Use `contextlib.aclosing`.

        Raises:
            ModelUnavailable: No model file, no library, or the file cannot be loaded.
            ModelFailed: The model died or hung; the next call starts it again.
        """
        ...

    async def forget(self) -> None:
        """Leave nothing of earlier prompts and replies in memory; those under way are cut off.

        To call when somebody withdrew words that a prompt may have held.
        """
        ...

    async def close(self) -> None:
        """Stop the model and free its memory. Safe to call twice."""
        ...
