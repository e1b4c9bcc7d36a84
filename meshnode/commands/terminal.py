"""Where a command reads and writes: lines, columns, JSON, questions, and progress that goes away.

Answers go to standard output; notes, questions and progress to standard error,
so that a pipe gets answers only.
"""

from __future__ import annotations

import getpass
import io
import os
import shutil
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TextIO

import msgspec

from meshnode.commands.columns import GAP, cells, column_sizes, fit, padded, row
from meshnode.errors import BadUsage, OutputLost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

BOLD, DIM, GREEN, RED = "1", "2", "32", "31"


class Terminal:
    """The person, or program, that called.

    Args:
        is_json: Print JSON where there is data.
        is_plain: No columns, colours and progress.
        out, err, source: Standard output, error and input unless given.
    """

    def __init__(
        self,
        *,
        is_json: bool = False,
        is_plain: bool = False,
        out: TextIO | None = None,
        err: TextIO | None = None,
        source: TextIO | None = None,
    ) -> None:
        self.is_json = is_json
        self.is_plain = is_plain
        # Python has none of the three where whoever called has closed them.
        self._out: TextIO = out or sys.stdout or io.StringIO()
        self._err: TextIO = err or sys.stderr or io.StringIO()
        self._in: TextIO = source or sys.stdin or io.StringIO()
        self._has_progress = False

    @property
    def has_person(self) -> bool:
        """Whether somebody is there to answer a question."""
        return self._in.isatty() and self._err.isatty()

    def can_write(self, text: str) -> bool:
        """Whether the answer's encoding has all letters of a text."""
        try:
            text.encode(self._out.encoding or "ascii")
        except UnicodeEncodeError:
            return False
        return True

    @property
    def width(self) -> int:
        """Columns of the screen; 80 where there is none."""
        return shutil.get_terminal_size().columns

    # --- out ---

    def say(self, text: str = "") -> None:
        """Print a line of the answer.

        Raises:
            OutputLost: It cannot be written, and not because its reader has read enough.
        """
        self.clear_progress()
        with _telling():
            _write(self._out, text + "\n")

    def stream(self, text: str) -> None:
        """Print at once, without a new line."""
        self.clear_progress()
        with _telling():
            _write(self._out, text)
            self._out.flush()

    def data(self, value: object) -> None:
        """Print JSON."""
        self.say(msgspec.json.encode(value).decode())

    def done(self, text: str) -> None:
        """Say that something without an answer was done; JSON is then empty."""
        if self.is_json:
            self.data({})
        else:
            self.note(text)

    def note(self, text: str) -> None:
        """Say something beside the answer."""
        self.flush()
        self._aside(text + "\n")

    def error(self, code: str, sentence: str) -> None:
        """Say why the command failed."""
        if self.is_json:
            self.note(msgspec.json.encode({"code": code, "message": sentence}).decode())
        else:
            self.note(f"meshnode: {sentence}")

    def progress(self, text: str) -> None:
        """Show how far it is, on a line that the next words replace; only to a person."""
        if self._err.isatty() and not self.is_plain and not self.is_json:
            self._aside("\r\x1b[K" + fit(text, self.width - 1))
            self._has_progress = True

    def clear_progress(self) -> None:
        """Take the line of progress away."""
        if self._has_progress:
            self._aside("\r\x1b[K")
            self._has_progress = False

    def flush(self) -> None:
        """Make sure that everything was written.

        Raises:
            OutputLost: It cannot be.
        """
        self.clear_progress()
        with _telling():
            self._out.flush()

    def coloured(self, text: str, style: str) -> str:
        """Return a text in a colour, where colours are wanted."""
        is_screen = self._out.isatty() and not self.is_plain
        if is_screen and not os.environ.get("NO_COLOR") and text:
            return f"\x1b[{style}m{text}\x1b[0m"
        return text

    def fields(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names and values, one pair a line; empty values are left out."""
        shown = [(name, value) for name, value in pairs if value]
        size = max((cells(name) for name, _ in shown), default=0) + GAP
        for name, value in shown:
            if self.is_plain:
                self.say(f"{name}: {value}")
            else:
                self.say(f"{self.coloured(padded(name, size), DIM)}{value}")

    def table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        *,
        gives_way: Sequence[str],
        empty: str = "",
    ) -> None:
        """Print rows in columns that fit the screen.

        Args:
            header: Names of the columns.
            rows: Their values.
            gives_way: Names of those that are cut on a narrow screen, the least important first.
            empty: Said beside the answer when there are no rows.
        """
        if not rows:
            self.note(empty)
            return
        if self.is_plain:
            for values in rows:
                pairs = zip(header, values, strict=True)
                self.say("; ".join(f"{name}: {value}" for name, value in pairs if value))
            return
        sizes = column_sizes(header, rows, gives_way, self.width)
        self.say(self.coloured(fit(row(header, sizes), self.width), DIM))
        for values in rows:
            self.say(fit(row(values, sizes), self.width))

    # --- in ---

    def confirm(self, question: str, word: str) -> bool:
        """Ask a person to type a word.

        Raises:
            BadUsage: Nobody is there, so `--yes` is needed.
        """
        if not self.has_person:
            raise BadUsage("nobody is here to confirm; add --yes")
        return self._ask(f"{question} Type {word} to go on: ").strip().lower() == word

    def line(self, question: str) -> str:
        """Ask for a line, or read it when nobody is there."""
        return self._ask(f"{question}: ").strip() if self.has_person else self._in.readline()

    def secret(self, question: str, hint: str) -> str:
        """Ask for a secret without showing it.

        Args:
            question: What is asked.
            hint: What to do where nobody is there.

        Raises:
            BadUsage: Nobody is there.
        """
        if not self.has_person:
            raise BadUsage(hint)
        self.clear_progress()
        return getpass.getpass(f"{question}: ", self._err)

    def read(self) -> str:
        """Read standard input to its end."""
        return self._in.read()

    def _ask(self, question: str) -> str:
        self.clear_progress()
        self._aside(question)
        return self._in.readline()

    def _aside(self, text: str) -> None:
        """Write beside the answer; what cannot be said there is no reason to fail."""
        with suppress(OSError):
            _write(self._err, text)
            self._err.flush()


@contextmanager
def _telling() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputLost(error.strerror) from error


def _write(stream: TextIO, text: str) -> None:
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = stream.encoding or "ascii"
        stream.write(text.encode(encoding, "replace").decode(encoding))
