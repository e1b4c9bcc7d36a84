"""Where a command reads and writes: lines, columns, JSON, questions, and progress that goes away.

Answers go to standard output; notes, questions and progress to standard error,
so that a pipe gets answers only.
"""

from __future__ import annotations

import getpass
import os
import shutil
import sys
import unicodedata
from typing import TYPE_CHECKING, TextIO

import msgspec

from meshnode.errors import BadUsage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BOLD, DIM, GREEN, RED = "1", "2", "32", "31"
_GAP = 2


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
        self._out = sys.stdout if out is None else out
        self._err = sys.stderr if err is None else err
        self._in = sys.stdin if source is None else source
        self._has_progress = False

    @property
    def has_person(self) -> bool:
        """Whether somebody is there to answer a question."""
        return self._in.isatty() and self._err.isatty()

    @property
    def has_columns(self) -> bool:
        """Whether lines may be cut to fit a screen."""
        return self._out.isatty() and not self.is_plain

    @property
    def width(self) -> int:
        """Columns of the screen."""
        return shutil.get_terminal_size().columns

    # --- out ---

    def say(self, text: str = "") -> None:
        """Print a line of the answer."""
        self.clear_progress()
        self._write(self._out, text + "\n")

    def stream(self, text: str) -> None:
        """Print at once, without a new line."""
        self.clear_progress()
        self._write(self._out, text)
        self._out.flush()

    def data(self, value: object) -> None:
        """Print JSON."""
        self.say(msgspec.json.encode(value).decode())

    def note(self, text: str) -> None:
        """Say something beside the answer."""
        self.clear_progress()
        self._out.flush()
        self._write(self._err, text + "\n")
        self._err.flush()

    def error(self, code: str, sentence: str) -> None:
        """Say why the command failed."""
        if self.is_json:
            self.note(msgspec.json.encode({"code": code, "message": sentence}).decode())
        else:
            self.note(f"meshnode: {sentence}")

    def progress(self, text: str) -> None:
        """Show how far it is, on a line that the next words replace; only to a person."""
        if self._err.isatty() and not self.is_plain and not self.is_json:
            self._write(self._err, "\r\x1b[K" + fit(text, self.width - 1))
            self._err.flush()
            self._has_progress = True

    def clear_progress(self) -> None:
        """Take the line of progress away."""
        if self._has_progress:
            self._write(self._err, "\r\x1b[K")
            self._err.flush()
            self._has_progress = False

    def flush(self) -> None:
        """Make sure that everything was written."""
        self.clear_progress()
        self._out.flush()

    def coloured(self, text: str, style: str) -> str:
        """Return a text in a colour, where colours are wanted."""
        if self.has_columns and not os.environ.get("NO_COLOR") and text:
            return f"\x1b[{style}m{text}\x1b[0m"
        return text

    def fields(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Print names and values, one pair a line; empty values are left out."""
        shown = [(name, value) for name, value in pairs if value]
        size = max((cells(name) for name, _ in shown), default=0) + _GAP
        for name, value in shown:
            if self.is_plain:
                self.say(f"{name}: {value}")
            else:
                self.say(f"{self.coloured(padded(name, size), DIM)}{value}")

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]], wide: int) -> None:
        """Print rows in columns.

        Args:
            header: Names of the columns.
            rows: Their values.
            wide: The column that gives way on a narrow screen.
        """
        if self.is_plain:
            for row in rows:
                pairs = zip(header, row, strict=True)
                self.say("; ".join(f"{name}: {value}" for name, value in pairs if value))
            return
        sizes = [max(map(cells, column)) for column in zip(header, *rows, strict=True)]
        if self.has_columns:
            others = sum(sizes) - sizes[wide] + _GAP * (len(sizes) - 1)
            sizes[wide] = min(sizes[wide], max(12, self.width - others))
        self.say(self.coloured(_row(header, sizes), DIM))
        for row in rows:
            self.say(_row(row, sizes))

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
        self._write(self._err, question)
        self._err.flush()
        return self._in.readline()

    @staticmethod
    def _write(stream: TextIO, text: str) -> None:
        try:
            stream.write(text)
        except UnicodeEncodeError:
            encoding = stream.encoding or "ascii"
            stream.write(text.encode(encoding, "replace").decode(encoding))


def cells(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return len(text) + wide - sum(unicodedata.combining(character) > 0 for character in text)


def fit(text: str, size: int) -> str:
    """Cut a text to so many columns."""
    if cells(text) <= size:
        return text
    while cells(text) > max(0, size - 1):
        text = text[:-1]
    return text + "…"


def padded(text: str, size: int) -> str:
    """Fill a text up to so many columns."""
    return text + " " * (size - cells(text))


def _row(row: Sequence[str], sizes: Sequence[int]) -> str:
    parts = [padded(fit(value, size), size) for value, size in zip(row, sizes, strict=True)]
    return (" " * _GAP).join(parts).rstrip()
