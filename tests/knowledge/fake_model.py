"""A stand-in for the model process: speaks its protocol, behaves as its first argument says."""

from __future__ import annotations

import os
import signal
import sys

from knowledge.model import messages


def say(reply: messages.Reply) -> None:
    """Write one reply."""
    sys.stdout.buffer.write(messages.encode_line(reply))
    sys.stdout.buffer.flush()


def main() -> None:
    """Behave."""
    how = sys.argv[1]
    match how:
        case "refuses":
            say(messages.LoadFailed("it is no model"))
            return
        case "nonsense":
            sys.stdout.buffer.write(b"hello?\n")
            sys.stdout.buffer.flush()
        case "endless":
            sys.stdout.buffer.write(b"x" * (2 * messages.MAX_LINE_BYTES))
            sys.stdout.buffer.flush()
        case "dies_loading":
            os.kill(os.getpid(), signal.SIGSEGV)
        case _:
            pass
    say(messages.Loaded("fake", 100, 1))
    for line in sys.stdin.buffer:
        request = messages.decode_request(line)
        if isinstance(request, messages.Cancel):
            say(messages.Done(request.id, "cancelled"))
            continue
        say(messages.Piece(request.id, request.turns[-1].text))
        if how == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        if how == "waits":
            continue
        say(messages.Piece(request.id, "."))
        say(messages.Done(request.id, "stop", tokens=2))


if __name__ == "__main__":
    main()
