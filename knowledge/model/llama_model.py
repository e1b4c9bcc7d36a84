"""A GGUF model in memory, decoded with llama.cpp's low-level interface, one sequence at a time.

Runs only inside the model process (`knowledge/model/process.py`): importing
llama_cpp costs tens of megabytes, and a fault inside it ends the process.

The key-value cache keeps what the last prompt left; a new prompt decodes only
from the first token that differs, so a shared beginning costs nothing.
"""

from __future__ import annotations

import codecs
import ctypes
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import llama_cpp
import numpy as np

from knowledge.model.chat_template import ChatTemplate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from knowledge.model.messages import Phrase, Turn

CONTEXT_TOKENS = 4096
"""Longest prompt and reply together; at most what the model was trained for."""

SLICE_TOKENS = 128
"""Prompt tokens decoded at once: how far a cancelled prompt still runs."""

_MAX_PIECE_BYTES = 512
_ERROR_LEVEL = 3  # ggml_log_level: 3 is error


class CannotLoad(Exception):
    """llama.cpp refuses this file."""


class PromptTooLong(Exception):
    """Prompt and reply do not fit the context."""


@dataclass(slots=True)
class Cost:
    """What one reply took; filled while it is made."""

    prompt_tokens: int = 0
    reused_tokens: int = 0
    tokens: int = 0
    prefill_ms: float = 0.0
    decode_ms: float = 0.0
    stopped: bool = False


@dataclass(slots=True)
class _Log:
    """The last error lines of llama.cpp, to say why a file cannot be loaded."""

    lines: list[str] = field(default_factory=list)

    def note(self, level: int, text: bytes, _data: object) -> None:
        if level == _ERROR_LEVEL:
            self.lines.append(text.decode("utf-8", "replace").strip())
            del self.lines[:-3]


_log = _Log()
_log_callback = llama_cpp.llama_log_callback(_log.note)


class LlamaModel:
    """One loaded model and its context."""

    def __init__(self, path: Path, threads: int, batch_threads: int | None = None) -> None:
        """Load a GGUF file.

        Args:
            path: The file.
            threads: Threads for making tokens. Few: they spin, and other work suffers.
            batch_threads: Threads for reading prompts; None is one for each core.

        Raises:
            CannotLoad: Missing, damaged or of an unknown kind.
        """
        llama_cpp.llama_log_set(_log_callback, ctypes.c_void_p(0))
        llama_cpp.llama_backend_init()
        settings = llama_cpp.llama_model_default_params()
        settings.n_gpu_layers = 0
        self._model = llama_cpp.llama_model_load_from_file(os.fsencode(path), settings)
        if not self._model:
            raise CannotLoad("; ".join(_log.lines) or "llama.cpp gave no reason")
        self.name = path.stem
        self.context_tokens = min(
            CONTEXT_TOKENS, int(llama_cpp.llama_model_n_ctx_train(self._model)) or CONTEXT_TOKENS
        )
        self._context = self._new_context(threads, batch_threads or os.cpu_count() or 1)
        self._memory = llama_cpp.llama_get_memory(self._context)
        self._vocab = llama_cpp.llama_model_get_vocab(self._model)
        self._vocab_size = int(llama_cpp.llama_vocab_n_tokens(self._vocab))
        self._batch = llama_cpp.llama_batch_init(SLICE_TOKENS, 0, 1)
        self._held: list[int] = []
        self._ends = {
            token
            for token in range(self._vocab_size)
            if llama_cpp.llama_vocab_is_eog(self._vocab, token)
        }
        self._template = self._read_template()

    def reply(self, request: Phrase, cost: Cost) -> Iterator[str]:
        """Make a reply, greedily; yields "" between slices of the prompt, then text.

        Stop iterating to cancel: what was decoded stays usable as a beginning.

        Raises:
            PromptTooLong: It does not fit; nothing was decoded.
        """
        prompt = self.tokens_of(request.turns)
        if len(prompt) + request.max_tokens > self.context_tokens:
            raise PromptTooLong(f"{len(prompt)} tokens")
        began = time.perf_counter()
        start = self._keep_common_beginning(prompt)
        cost.prompt_tokens, cost.reused_tokens = len(prompt), start
        for at in range(start, len(prompt), SLICE_TOKENS):
            self._decode(prompt[at : at + SLICE_TOKENS])
            yield ""
        cost.prefill_ms = (time.perf_counter() - began) * 1000

        began = time.perf_counter()
        characters = codecs.getincrementaldecoder("utf-8")("replace")
        allowed = self._allowed(request.vocabulary)
        token = self._likeliest(allowed)
        while token not in self._ends:
            cost.tokens += 1
            cost.decode_ms = (time.perf_counter() - began) * 1000
            yield characters.decode(self._piece(token))
            if cost.tokens == request.max_tokens:
                return
            self._decode([token])
            token = self._likeliest(allowed)
        cost.stopped = True

    def tokens_of(self, turns: Sequence[Turn]) -> list[int]:
        """Return the prompt's tokens; only the template's own markup counts as markup."""
        tokens: list[int] = []
        for text, is_markup in self._template.parts(turns):
            tokens += self._tokenise(text, parse_special=is_markup)
        if llama_cpp.llama_vocab_get_add_bos(self._vocab):
            bos = int(llama_cpp.llama_vocab_bos(self._vocab))
            if tokens[:1] != [bos]:
                tokens.insert(0, bos)
        return tokens

    def close(self) -> None:
        """Free the model's memory."""
        llama_cpp.llama_batch_free(self._batch)
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def _new_context(self, threads: int, batch_threads: int) -> object:
        settings = llama_cpp.llama_context_default_params()
        settings.n_ctx = self.context_tokens
        settings.n_batch = settings.n_ubatch = SLICE_TOKENS
        settings.n_threads, settings.n_threads_batch = threads, batch_threads
        context = llama_cpp.llama_init_from_model(self._model, settings)
        if not context:
            llama_cpp.llama_model_free(self._model)
            raise CannotLoad("; ".join(_log.lines) or "no memory for its context")
        return context

    def _read_template(self) -> ChatTemplate:
        source = llama_cpp.llama_model_chat_template(self._model, None)
        bos, eos = (
            self._piece(int(token(self._vocab)), special=True).decode("utf-8", "replace")
            for token in (llama_cpp.llama_vocab_bos, llama_cpp.llama_vocab_eos)
        )
        return ChatTemplate(source.decode("utf-8", "replace") if source else "", bos, eos)

    def _keep_common_beginning(self, prompt: list[int]) -> int:
        """Drop what differs from the cache; at least the last token is decoded anew."""
        common = 0
        for held, wanted in zip(self._held, prompt[:-1], strict=False):
            if held != wanted:
                break
            common += 1
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, common, -1):
            # Recurrent models cannot go back a part of the way.
            llama_cpp.llama_memory_clear(self._memory, True)
            common = 0
        del self._held[common:]
        return common

    def _decode(self, tokens: list[int]) -> None:
        batch, first = self._batch, len(self._held)
        for index, token in enumerate(tokens):
            batch.token[index] = token
            batch.pos[index] = first + index
            batch.n_seq_id[index] = 1
            batch.seq_id[index][0] = 0
            batch.logits[index] = 0
        batch.logits[len(tokens) - 1] = 1
        batch.n_tokens = len(tokens)
        status = llama_cpp.llama_decode(self._context, batch)
        if status != 0:
            raise RuntimeError(f"llama_decode returned {status}")
        self._held += tokens

    def _allowed(self, vocabulary: str) -> npt.NDArray[np.intp] | None:
        """Return the tokens that a reply may use, the ends of a reply among them."""
        if not vocabulary:
            return None
        tokens = set(self._tokenise(vocabulary, parse_special=False))
        return np.array(sorted(tokens | self._ends), dtype=np.intp)

    def _likeliest(self, allowed: npt.NDArray[np.intp] | None) -> int:
        pointer = llama_cpp.llama_get_logits_ith(self._context, -1)
        logits = np.ctypeslib.as_array(pointer, (self._vocab_size,))
        if allowed is None:
            return int(logits.argmax())
        return int(allowed[logits[allowed].argmax()])

    def _piece(self, token: int, *, special: bool = False) -> bytes:
        buffer = ctypes.create_string_buffer(_MAX_PIECE_BYTES)
        size = llama_cpp.llama_token_to_piece(
            self._vocab, token, buffer, _MAX_PIECE_BYTES, 0, special
        )
        return buffer.raw[: max(size, 0)]

    def _tokenise(self, text: str, *, parse_special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8  # a token is a byte at least
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(
            self._vocab, data, len(data), tokens, room, False, parse_special
        )
        if count < 0:
            raise PromptTooLong(f"{-count} tokens")
        return list(tokens[:count])
