"""The messages between the node and its model process, one JSON line each.

    node                        model process
      | <------- Loaded | LoadFailed ---- |   once, when the file is loaded
      | -- Phrase(id) ------------------> |
      | <------------------- Piece(id) -- |   many
      | -- Cancel(id) ------------------> |   any time; unknown ids are ignored
      | <-------------------- Done(id) -- |   always, once per Phrase

Lines are bounded and decoded into these types only; anything else is `BadLine`.
The end of its input ends the model process.
"""

from __future__ import annotations

import msgspec

MAX_LINE_BYTES = 256 * 1024
"""Longest line either side reads: a prompt of 32 Ki characters, escaped, fits."""


class BadLine(ValueError):
    """A line that is no message of this protocol."""


class Turn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One turn: role is "system", "user" or "assistant"."""

    role: str
    text: str


class Phrase(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="phrase"):
    """Answer these turns with at most `max_tokens` tokens, of those in `vocabulary` if any."""

    id: int
    turns: tuple[Turn, ...]
    max_tokens: int
    vocabulary: str = ""


class Cancel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="cancel"):
    """Nobody waits for this answer any more."""

    id: int


class Loaded(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="loaded"):
    """The model is ready; `context_tokens` is how much it can hold, `load_ms` what it took."""

    name: str
    context_tokens: int
    load_ms: int


class LoadFailed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="load_failed"):
    """The model cannot be loaded; the process ends."""

    reason: str


class Piece(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="piece"):
    """The next characters of an answer."""

    id: int
    text: str


class Done(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="done"):
    """An answer ended, with what it cost.

    Attributes:
        reason: "stop" (the model was done), "length", "cancelled" or "too_long" (the
            prompt does not fit the context; nothing was made).
        prompt_tokens, reused_tokens: Prompt length, and how much of it was still in memory.
        tokens: Tokens made.
        prefill_ms, decode_ms: Time for the prompt and for the answer.
    """

    id: int
    reason: str
    prompt_tokens: int = 0
    reused_tokens: int = 0
    tokens: int = 0
    prefill_ms: float = 0.0
    decode_ms: float = 0.0


Request = Phrase | Cancel
Reply = Loaded | LoadFailed | Piece | Done

_request_decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_reply_decoder: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def encode_line(message: Request | Reply) -> bytes:
    """Return the message as one line, newline included."""
    return msgspec.json.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """Read a line that the node wrote.

    Raises:
        BadLine: Too long, or no request.
    """
    try:
        return _request_decoder.decode(_bounded(line))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadLine(str(error)) from error


def decode_reply(line: bytes) -> Reply:
    """Read a line that the model process wrote.

    Raises:
        BadLine: Too long, or no reply.
    """
    try:
        return _reply_decoder.decode(_bounded(line))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise BadLine(str(error)) from error


def _bounded(line: bytes) -> bytes:
    if len(line) > MAX_LINE_BYTES:
        raise BadLine(f"a line of {len(line)} bytes")
    return line
