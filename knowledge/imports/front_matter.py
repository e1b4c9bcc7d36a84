"""Front matter: the few lines of YAML between `---` that open a Markdown file.

YAML can do far more than anyone needs here, and much of it can be abused. So its events are read
one by one: flat keys with a word or a list of words; nothing nested, no aliases, no types (a
language "no" is Norwegian, not false).
"""

from __future__ import annotations

import re

import yaml

from knowledge.errors import ImportRefused

_MAX_DEPTH = 3
"""A list in a list is not read anyway, and PyYAML's work grows with the square of the depth."""

MAX_FRONT_MATTER = 16 * 1024
"""Code points."""

_FRONT_MATTER = re.compile(
    r"\A---[^\S\n]*\n(?P<body>.*?)^(?:---|\.\.\.)[^\S\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)

Fields = dict[str, str | tuple[str, ...]]


def split_front_matter(text: str) -> tuple[Fields, str]:
    """Return the fields that open a text, and the rest of it.

    Raises:
        ImportRefused: There is front matter, but it cannot be read. Guessing could give away
            more than its author wanted.
    """
    found = _FRONT_MATTER.match(text)
    if found is None or not found["body"].strip():
        return {}, text[found.end() :] if found else text
    if len(found["body"]) > MAX_FRONT_MATTER:
        raise ImportRefused(f"its front matter is longer than {MAX_FRONT_MATTER} characters")
    try:
        fields = _fields(found["body"])
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        where = getattr(error, "problem_mark", None)
        line = f" in line {where.line + 2}" if where is not None else ""
        raise ImportRefused(f"its front matter is not valid YAML{line}") from error
    return fields, text[found.end() :]


def _fields(body: str) -> Fields:
    fields: Fields = {}
    depth = 0
    key: str | None = None
    items: list[str] = []
    for event in yaml.parse(body, Loader=yaml.BaseLoader):
        match event:
            case yaml.AliasEvent():
                raise ValueError("aliases are not read")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                depth += 1
                if depth > _MAX_DEPTH:
                    raise ValueError("nested too deeply")
                if depth == 1 and isinstance(event, yaml.SequenceStartEvent):
                    raise ValueError("not keys and values")
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                depth -= 1
                if depth == 1 and key is not None:
                    fields[key] = tuple(items)
                    key, items = None, []
            case yaml.ScalarEvent(value=value):
                if depth == 0:
                    raise ValueError("not keys and values")
                if depth == 1 and key is None:
                    key = value.strip().casefold()
                elif depth == 1 and key is not None:
                    fields[key] = value.strip()
                    key = None
                else:
                    items.append(value.strip())
            case _:
                pass
    return fields
