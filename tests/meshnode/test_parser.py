"""What the command line refuses, it refuses at once, and says what it takes."""

from __future__ import annotations

import json
import os

import msgspec
import pytest

from meshnode.commands import arguments, parser
from meshnode.commands.parser import build_parser
from meshnode.desks.community_desk import MAX_USES
from meshnode.home import unlocked_keys
from meshnode.service import MAX_PAGE_ROWS, ContributionQuery


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("invite", "--uses", "0"), "'0' is no number from 1 to 1000"),
        (("invite", "--uses", "1001"), "'1001' is no number from 1 to 1000"),
        (("invite", "--uses", "1" * 5_000), "is no number from 1 to 1000"),
        (("invite", "--uses", "two"), "'two' is no number from 1 to 1000"),
        (("search", "water", "--limit", "1001"), "'1001' is no number from 1 to 1000"),
        (("found", "x" * 201), "a name has at most 200 characters"),
        (("list", "--offset", "-1"), "'-1' is no number from 0 to 2147483648"),
    ],
)
def test_a_number_out_of_bounds_is_refused_with_its_bounds(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        build_parser().parse_args(words)

    assert told in capsys.readouterr().err


def test_the_bounds_themselves_are_taken() -> None:
    assert build_parser().parse_args(["invite", "--uses", "1000"]).uses == 1000
    assert build_parser().parse_args(["list", "--offset", "0", "--limit", "1"]).offset == 0


def test_the_bounds_are_those_of_the_node() -> None:
    asked = {"limit": parser.MAX_ROWS, "offset": parser.MAX_OFFSET}

    assert parser.MAX_USES == MAX_USES
    assert arguments.MAX_NAME_CHARS == unlocked_keys.MAX_NAME_CHARS
    assert parser.MAX_ROWS == MAX_PAGE_ROWS
    assert msgspec.convert(asked, ContributionQuery).offset == parser.MAX_OFFSET
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"offset": parser.MAX_OFFSET + 1}, ContributionQuery)


@pytest.mark.parametrize(
    "words",
    [
        ("show", ""),
        ("edit", "ab12", "--title", " "),
        ("init", "--name", "Rosa", "--join", ""),
        ("init", "--name", ""),
        ("bundle", "write", ""),
        ("sync", ""),
        ("add", ""),
        ("peers", "add", ""),
    ],
)
def test_what_must_be_named_is_not_empty(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        build_parser().parse_args(words)

    assert "it is empty" in capsys.readouterr().err


def test_with_json_wrong_usage_is_told_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["show"], ["peers", "frobnicate"], ["nonsense"], ["list", "--limit", "0"]):
        with pytest.raises(SystemExit, match="2"):
            build_parser(is_json=True).parse_args(words)
        told = json.loads(capsys.readouterr().err)

        assert told["code"] == "node.bad_usage"
        assert told["message"].startswith("meshnode")


def test_words_are_read_as_utf_8_whatever_the_locale() -> None:
    undecoded = "三分間".encode().decode("ascii", "surrogateescape")

    assert build_parser().parse_args(["ask", undecoded, "é"]).question == ["三分間", "é"]
    with pytest.raises(SystemExit, match="2"):
        build_parser().parse_args(["ask", os.fsdecode(b"\xff")])


def test_a_file_keeps_the_name_it_has() -> None:
    name = os.fsdecode(b"caf\xe9.mesh")

    assert build_parser().parse_args(["bundle", "read", name]).file == name
