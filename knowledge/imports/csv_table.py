"""Tables: a contribution for each row where the columns say so, or else one for the whole table.

A table whose first row names a `title` and a `text` column becomes a contribution for each row;
its other columns are read like front matter. Any other table becomes one contribution in which
each row is a paragraph, "column: value" line by line, so that a search brings back a row that
can be understood by itself.
"""

from __future__ import annotations

import csv
import io
from collections import Counter

from knowledge.errors import ImportRefused
from knowledge.imports.decoding import decoded
from knowledge.imports.reading import MAX_READINGS, Reading

MAX_ROWS = 100_000
MAX_COLUMNS = 200

_DELIMITERS = ",;\t|"
_TEXT_COLUMNS = ("text", "body", "content")


def read_csv(data: bytes) -> list[Reading]:
    """Read a table, separated by comma, semicolon, tab or bar.

    Raises:
        UnsupportedFile: It is not text.
        ImportRefused: It is not a table, or a larger one than can be read.
    """
    text, notes = decoded(data)
    rows = _rows(text)
    if not rows:
        return [Reading("", notes=notes)]
    names = [cell.strip() for cell in rows[0]]
    keys = [name.casefold() for name in names]
    text_column = next((key for key in _TEXT_COLUMNS if key in keys), None)
    if "title" in keys and text_column is not None:
        return _row_readings(keys, text_column, rows[1:], notes)
    paragraphs = (
        "\n".join(
            f"{name}: {cell.strip()}" if name else cell.strip()
            for name, cell in zip(_named(names, len(row)), row, strict=False)
            if cell.strip()
        )
        for row in (rows[1:] or rows)
    )
    return [Reading("\n\n".join(filter(None, paragraphs)), notes=notes)]


def _rows(text: str) -> list[list[str]]:
    first_line = text.split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=first_line.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if len(row) > MAX_COLUMNS or len(rows) >= MAX_ROWS:
                raise ImportRefused(
                    f"the table is larger than {MAX_ROWS} rows of {MAX_COLUMNS} columns"
                )
            if any(cell.strip() for cell in row):
                rows.append(row)
    except csv.Error as error:
        raise ImportRefused(f"it is not a table: {error}") from error
    return rows


def _row_readings(
    keys: list[str], text_column: str, rows: list[list[str]], notes: tuple[str, ...]
) -> list[Reading]:
    if len(rows) > MAX_READINGS:
        raise ImportRefused(f"it has more than {MAX_READINGS} rows; split it")
    readings: list[Reading] = []
    times: Counter[str] = Counter()
    for row in rows:
        cells = {key: cell.strip() for key, cell in zip(keys, row, strict=False) if cell.strip()}
        title, text = cells.pop("title", ""), cells.pop(text_column, "")
        if not text:
            continue
        # A row is known again by its title, so that its text may change between imports.
        times[title] += 1
        part = title if times[title] == 1 else f"{title}\n{times[title]}"
        readings.append(Reading(text, title, {**cells}, notes if not readings else (), part or "-"))
    return readings


def _named(names: list[str], width: int) -> list[str]:
    return names + [""] * (width - len(names))
