"""What a command says gets where it should, or it is said that it did not."""

from __future__ import annotations

import errno
import io

import pytest

from meshnode.commands.terminal import Terminal
from meshnode.errors import OutputLost


class Full(io.StringIO):
    """A disk without room."""

    def write(self, text: str) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")


class Gone(io.StringIO):
    """A reader that has read enough."""

    def flush(self) -> None:
        raise BrokenPipeError


def test_an_answer_that_cannot_be_written_is_an_error() -> None:
    for say in (Terminal(out=Full()).say, Terminal(out=Full()).stream, Terminal(out=Full()).data):
        with pytest.raises(OutputLost, match="No space left"):
            say("words")


def test_a_reader_that_went_away_is_none() -> None:
    with pytest.raises(BrokenPipeError):
        Terminal(out=Gone()).flush()


def test_what_cannot_be_said_beside_the_answer_does_not_end_it() -> None:
    out = io.StringIO()
    terminal = Terminal(out=out, err=Full())
    terminal.note("words")
    terminal.say("answer")

    assert out.getvalue() == "answer\n"


def test_what_an_encoding_has_not_is_known_before_it_is_written() -> None:
    terminal = Terminal(out=io.TextIOWrapper(io.BytesIO(), encoding="latin-1"))

    assert terminal.can_write("água")
    assert not terminal.can_write("█")
