"""The settings file, `HOME/config.toml`: read strictly, explained when wrong, written once."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from textwrap import shorten
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

import msgspec

from meshnode.errors import ConfigError
from meshnode.home.private_file import write_private
from meshnode.home.settings import Config, Section

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

MAX_FILE_BYTES = 64 * 1024

_PLACE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")


def load_config(path: Path) -> Config:
    """Read the settings; without a file, all are as they come.

    Raises:
        ConfigError: It cannot be read, or a setting is unknown or cannot be.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        return Config()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    if len(data) > MAX_FILE_BYTES:
        raise ConfigError(f"{path} is larger than {MAX_FILE_BYTES} bytes")
    try:
        return parse_config(data.decode())
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path} is not UTF-8 text") from error
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse_config(text: str) -> Config:
    """Read settings from TOML.

    Raises:
        ConfigError: It says which setting, and what it may be.
    """
    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # tomllib's own, and numbers without end
        raise ConfigError(f"not TOML: {error}") from error
    _check_names(tables)
    try:
        return msgspec.convert(tables, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(_explain(tables, str(error))) from error


def write_template(path: Path, config: Config = Config()) -> None:  # noqa: B008 - it is frozen
    """Write a settings file in which every setting stands with its comment.

    A setting that is as it comes is commented out, so that a later version may
    choose better for whoever did not choose.

    Raises:
        OSError: It cannot be written.
    """
    write_private(path, template(config).encode())


def template(config: Config = Config()) -> str:  # noqa: B008 - it is frozen
    """Return the text of a settings file."""
    lines = [
        "# Settings of this Meshnode. Remove the # before a line to change it, then restart",
        "# (`meshnode stop`, `meshnode`). `meshnode config` shows what is in force.",
    ]
    for name, section in sections(config):
        lines += ["", f"# {_summary(section)}", f"[{name}]"]
        for key, value, meta in settings(section):
            is_default = value == getattr(type(section)(), key)
            lines += ["", *(f"# {line}" for line in (meta.description or "").split("\n"))]
            lines.append(f"{'# ' if is_default else ''}{key} = {toml(value)}")
    return "\n".join(lines) + "\n"


def sections(config: Config) -> Iterator[tuple[str, Section]]:
    """Give each table of the file with its name."""
    for name in config.__struct_fields__:
        yield name, getattr(config, name)


def settings(section: Section) -> Iterator[tuple[str, object, msgspec.Meta]]:
    """Give each setting of a table: its name, its value, what is said about it."""
    for key in section.__struct_fields__:
        yield key, getattr(section, key), _meta(type(section), key)


def toml(value: object) -> str:
    """Write a value as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case tuple() | list():
            return f"[{', '.join(map(toml, value))}]"
        case _:
            # JSON's strings are TOML's basic strings, but for one character.
            return msgspec.json.encode(str(value)).decode().replace("\x7f", "\\u007f")


# --- what is wrong -----------------------------------------------------------------


def _check_names(tables: dict[str, Any]) -> None:
    for name, table in tables.items():
        if name not in Config.__struct_fields__:
            raise ConfigError(_unknown(f"[{name}]", name, Config.__struct_fields__, "[{}]"))
        if not isinstance(table, dict):
            raise ConfigError(f"{name} must be a table: write [{name}], and its settings below")
        known = type(getattr(Config(), name)).__struct_fields__
        for key in table:
            if key not in known:
                raise ConfigError(_unknown(f"{name}.{key}", key, known, f"{name}.{{}}"))


def _unknown(shown: str, word: str, known: Iterable[str], form: str) -> str:
    near = get_close_matches(word, known, n=1)
    if near:
        return f"there is no {shown}; did you mean {form.format(near[0])}?"
    return f"there is no {shown}; there are {', '.join(form.format(name) for name in known)}"


def _explain(tables: dict[str, Any], message: str) -> str:
    found = _PLACE.search(message)
    section, _, key = (found["path"] if found else "").partition(".")
    key = key.partition("[")[0]
    meta = _meta(type(getattr(Config(), section)), key)
    value = shorten(toml(tables[section][key]), 80)
    return f"{section}.{key} is {value}; it must be {_allowed(meta)}"


def _meta(section: type[Section], key: str) -> msgspec.Meta:
    hint = get_type_hints(section, include_extras=True)[key]
    return next(part for part in get_args(hint) if isinstance(part, msgspec.Meta))


def _allowed(meta: msgspec.Meta) -> str:
    return str((meta.extra or {})["allowed"])


def _summary(section: Section) -> str:
    return (type(section).__doc__ or "").splitlines()[0]
