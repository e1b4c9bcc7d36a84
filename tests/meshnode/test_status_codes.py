from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import knowledge.errors
import meshnode.api.api_connection
import meshnode.errors
import transports.errors
from crdt.errors import MeshError
from meshnode.api.status_codes import STATUSES, Exit, exit_status, http_status

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOADED = (knowledge.errors, meshnode.api.api_connection, meshnode.errors, transports.errors)


def every_error(kind: type[MeshError] = MeshError) -> Iterator[type[MeshError]]:
    yield kind
    for leaf in kind.__subclasses__():
        yield from every_error(leaf)


CODES = sorted(
    {
        error.code
        for error in every_error()
        if not error.__module__.startswith(("tests.", "meshnode.demo."))
        and isinstance(error.__dict__.get("code"), str)
    }
)


def test_every_listed_code_belongs_to_an_error() -> None:
    assert set(STATUSES) <= set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_error_has_both_statuses(code: str) -> None:
    assert 400 <= http_status(code) < 600
    assert exit_status(code) in Exit


def test_a_code_takes_the_line_of_its_longest_beginning() -> None:
    assert http_status("crdt.store.damaged") == STATUSES["crdt.store"][0]
    assert exit_status("crdt.store.damaged") == Exit.STORAGE
    assert http_status("something.new") == 500
    assert exit_status("") == Exit.FAILED


def test_codes_are_not_used_twice() -> None:
    ours = [e for e in every_error() if "code" in e.__dict__ and e.__module__ in (
        "meshnode.errors", "transports.errors", "knowledge.errors", "crdt.errors")]  # fmt: skip

    assert len({e.code for e in ours}) == len(ours)
