from __future__ import annotations

import tomllib
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshnode.errors import ConfigError
from meshnode.home.config import (
    load_config,
    parse_config,
    sections,
    settings,
    template,
    toml,
    write_template,
)
from meshnode.home.settings import Config, NodeSettings, ReticulumSettings, split_address

if TYPE_CHECKING:
    from pathlib import Path

OWN = Config(
    node=NodeSettings(language="sw", key_file="/media/stick/unlock.key"),
    reticulum=ReticulumSettings(
        auto_interface=False,
        tcp_listen="127.0.0.1:4242",
        tcp_connect=("ridge.example:4242", "[fe80::1%eth0]:1"),
    ),
)


def test_without_a_file_everything_is_as_it_comes(tmp_path: Path) -> None:
    assert load_config(tmp_path / "config.toml") == Config()


@pytest.mark.parametrize("config", [Config(), OWN])
def test_the_template_says_what_it_was_made_from(tmp_path: Path, config: Config) -> None:
    write_template(tmp_path / "config.toml", config)

    assert load_config(tmp_path / "config.toml") == config


def test_every_setting_stands_in_the_template_with_a_comment() -> None:
    lines = template().splitlines()

    for name, section in sections(Config()):
        assert f"[{name}]" in lines
        for key, value, meta in settings(section):
            comment = f"# {(meta.description or '').splitlines()[-1]}"
            assert (comment, f"# {key} = {toml(value)}") in set(pairwise(lines))


def test_every_line_of_the_template_may_be_uncommented() -> None:
    lines = [line.removeprefix("# ") if " = " in line else line for line in template().split("\n")]

    assert parse_config("\n".join(lines)) == Config()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[reticulm]", "there is no [reticulm]; did you mean [reticulum]?"),
        ("[model]\nthread = 2", "there is no model.thread; did you mean model.threads?"),
        ("[model]\ncolour = 2", "there are model.enabled, model.path, model.threads"),
        ("x = 1", "there are [node], [model], [reticulum], [sync], [api]"),
        ("model = 1", "model must be a table"),
        ("[model]\nthreads = -1", "model.threads is -1; it must be a whole number from 0 to 256"),
        ("[model]\nthreads = '2'", 'model.threads is "2"; it must be a whole number'),
        ("[model]\nenabled = 1", "model.enabled is 1; it must be true or false"),
        ("[model]\npath = 'models/x'", "it must be an absolute path, or empty"),
        ("[reticulum]\ntcp_listen = 'ridge'", 'it must be "host:port", or empty'),
        ("[reticulum]\ntcp_listen = 'ridge:65536'", 'it must be "host:port", or empty'),
        ("[reticulum]\ntcp_connect = ['']", 'it must be a list of "host:port"'),
        ("[reticulum]\ntcp_connect = 'a:1'", 'it must be a list of "host:port"'),
        ("[reticulum]\ntcp_listen = 'a\\n[x]:1'", "host:port"),
        ("[node]\nlanguage = 'English!'", "a language tag"),
        ("[node]\nlanguage = 2000-01-01", "a language tag"),
        ("[sync", "not TOML"),
        ("[model]\nthreads = " + "9" * 5000, "not TOML"),
    ],
)
def test_a_setting_that_cannot_be_is_named_with_what_can(text: str, words: str) -> None:
    with pytest.raises(ConfigError) as wrong:
        parse_config(text)

    assert words in wrong.value.explain()
    assert len(str(wrong.value)) < 400


def test_the_file_is_named_in_every_complaint(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    for data in (b"[sync]\nevery = 1", b"\xff\xfe", b"#" * 70_000):
        path.write_bytes(data)
        with pytest.raises(ConfigError, match=r"config\.toml"):
            load_config(path)


@given(st.text(max_size=200))
def test_any_text_is_settings_or_our_error(text: str) -> None:
    with suppress(ConfigError):
        parse_config(text)


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)


@given(st.sampled_from([(n, k) for n, s in sections(Config()) for k, *_ in settings(s)]), _VALUES)
def test_any_value_is_one_or_our_error(place: tuple[str, str], value: object) -> None:
    section, key = place

    def write(value: object) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f'"k{n}" = {write(v)}' for n, v in enumerate(value)) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(write, value)) + "]"
        return repr(value).lower() if isinstance(value, bool | int | float) else "'x'"

    text = f"[{section}]\n{key} = {write(value)}"
    tomllib.loads(text)
    try:
        parse_config(text)
    except ConfigError as error:
        assert f"{section}.{key}" in str(error)  # noqa: PT017 - it may also be fine


def test_a_node_without_links_keeps_its_other_settings() -> None:
    alone = OWN.without_links()

    assert (alone.reticulum.enabled, alone.model.enabled) == (False, False)
    assert alone.node == OWN.node


def test_an_address_is_split_at_its_port() -> None:
    assert split_address("ridge.example:4242") == ("ridge.example", 4242)
    assert split_address("[fe80::1]:1") == ("fe80::1", 1)
