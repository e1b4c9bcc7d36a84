"""Lines between the node and its model process: bounded, typed, or refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge.model import messages

EVERY_REQUEST = [
    messages.Phrase(1, (messages.Turn("user", "¿agua?\n\x00"),), 8, "agua"),
    messages.Cancel(1),
]
EVERY_REPLY = [
    messages.Loaded("tiny", 4096, 12),
    messages.LoadFailed("no such file"),
    messages.Piece(1, "maji\n"),
    messages.Done(1, "stop", 10, 9, 3, 1.5, 2.5),
]


@pytest.mark.parametrize("request_", EVERY_REQUEST)
def test_requests_come_back_as_sent(request_: messages.Request) -> None:
    line = messages.encode_line(request_)

    assert line.count(b"\n") == 1
    assert messages.decode_request(line) == request_


@pytest.mark.parametrize("reply", EVERY_REPLY)
def test_replies_come_back_as_sent(reply: messages.Reply) -> None:
    line = messages.encode_line(reply)

    assert line.count(b"\n") == 1
    assert messages.decode_reply(line) == reply


@given(st.binary(max_size=200))
def test_any_other_line_is_refused(line: bytes) -> None:
    for decode in (messages.decode_request, messages.decode_reply):
        with suppress(messages.BadLine):
            decode(line)


def test_a_line_over_the_bound_is_refused_unread() -> None:
    line = messages.encode_line(messages.Piece(1, "x" * messages.MAX_LINE_BYTES))

    with pytest.raises(messages.BadLine, match="bytes"):
        messages.decode_reply(line)
