"""The model process: `python -m knowledge.model.process MODEL [THREADS]`.

Reads requests on standard input and writes replies on standard output, as
`knowledge/model/messages.py` draws them. It steps back for everything else on the
machine: lowest priority for the processor, first to go when memory runs out.
It holds no keys and no database, and ends when its input ends, so it cannot
outlive the node.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, BinaryIO

from knowledge.model import messages

if TYPE_CHECKING:
    from knowledge.model.llama_model import LlamaModel

NICENESS = 10
_OOM_SCORE = "500"  # of 1000: the kernel takes the model before it takes the node


class ModelProcess:
    """Serves one model: a thread listens, the main thread decodes."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests = requests
        self._replies = replies
        self._waiting: SimpleQueue[messages.Phrase] = SimpleQueue()
        self._cancelled: set[int] = set()

    def run(self, path: Path, threads: int) -> int:
        """Load the model and answer until the input ends; returns the exit status."""
        began = time.perf_counter()
        try:
            model = _load(path, threads)
        except _NoModel as error:
            self._say(messages.LoadFailed(str(error)))
            return 1
        load_ms = round((time.perf_counter() - began) * 1000)
        self._say(messages.Loaded(model.name, model.context_tokens, load_ms))
        threading.Thread(target=self._listen, name="requests", daemon=True).start()
        while True:
            self._answer(model, self._waiting.get())

    def _listen(self) -> None:
        while line := self._requests.readline(messages.MAX_LINE_BYTES + 1):
            try:
                request = messages.decode_request(line)
            except messages.BadLine:
                break  # whoever speaks is not our node
            match request:
                case messages.Phrase():
                    self._waiting.put(request)
                case messages.Cancel(id):
                    self._cancelled.add(id)
        os._exit(0)  # the node is gone; llama.cpp may be deep in a decode

    def _answer(self, model: LlamaModel, request: messages.Phrase) -> None:
        from knowledge.model.llama_model import Cost, PromptTooLong

        cost, reason = Cost(), "length"
        try:
            for text in model.reply(request, cost):
                if request.id in self._cancelled:
                    reason = "cancelled"
                    break
                if text:
                    self._say(messages.Piece(request.id, text))
        except PromptTooLong:
            reason = "too_long"
        if cost.stopped:
            reason = "stop"
        # Ids only grow, and requests are served in order: older marks are spent.
        self._cancelled = {other for other in self._cancelled if other > request.id}
        self._say(
            messages.Done(
                request.id,
                reason,
                prompt_tokens=cost.prompt_tokens,
                reused_tokens=cost.reused_tokens,
                tokens=cost.tokens,
                prefill_ms=round(cost.prefill_ms, 1),
                decode_ms=round(cost.decode_ms, 1),
            )
        )

    def _say(self, reply: messages.Reply) -> None:
        self._replies.write(messages.encode_line(reply))
        self._replies.flush()


class _NoModel(Exception):
    """Why there is no model, for a person."""


def _load(path: Path, threads: int) -> LlamaModel:
    try:
        from knowledge.model.llama_model import CannotLoad, LlamaModel
    except (ImportError, OSError, RuntimeError) as error:
        # RuntimeError and OSError: llama_cpp is installed, but its library does not load.
        raise _NoModel(f"llama-cpp-python does not load: {error}") from error
    try:
        return LlamaModel(path, threads)
    except CannotLoad as error:
        raise _NoModel(f"{path.name}: {error}") from error


def _step_back() -> None:
    with suppress(OSError):
        os.nice(NICENESS)
    with suppress(OSError):  # Linux only
        Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE, encoding="ascii")


def main() -> int:
    """Serve the model named on the command line over standard input and output."""
    # Libraries that print must not print into our replies.
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _step_back()
    path = Path(sys.argv[1])
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    try:
        return ModelProcess(sys.stdin.buffer, replies).run(path, threads)
    except BrokenPipeError:
        return 0  # the node is gone


if __name__ == "__main__":
    sys.exit(main())
