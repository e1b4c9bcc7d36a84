"""Licences are named as SPDX names them."""

from __future__ import annotations

import pytest

from knowledge.errors import BadLicence
from knowledge.licence import licence_expression


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("CC-BY-SA-4.0", "CC-BY-SA-4.0"),
        ("CC BY-SA 4.0", "CC-BY-SA-4.0"),
        (" CC0-1.0 ", "CC0-1.0"),
        ("GPL-2.0+", "GPL-2.0+"),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        ("(MIT AND (BSD-3-Clause OR 0BSD))", "(MIT AND (BSD-3-Clause OR 0BSD))"),
        ("GPL-2.0-only WITH Classpath-exception-2.0 OR MIT",) * 2,
        ("LicenseRef-Ridge", "LicenseRef-Ridge"),
        ("DocumentRef-ours:LicenseRef-Ridge", "DocumentRef-ours:LicenseRef-Ridge"),
    ],
)
def test_an_expression_is_taken(said: str, written: str) -> None:
    assert licence_expression(said) == written
    assert licence_expression(written) == written


@pytest.mark.parametrize(
    "said",
    [
        *("", "all rights reserved", "MIT OR", "OR MIT", "MIT Apache-2.0", "MIT AND OR 0BSD"),
        *("(MIT", "MIT)", "()", "( )", "(MIT OR) 0BSD", "(MIT) (0BSD)", "((MIT)"),
        *("MIT WITH", "MIT WITH (A)", "(MIT) WITH A", "MIT WITH A WITH B"),
        *("MIT,0BSD", "©", "CC BY: Rosa", "A" * 101),
    ],
)
def test_what_is_no_expression_is_refused_and_says_what_to_write(said: str) -> None:
    with pytest.raises(BadLicence) as raised:
        licence_expression(said)

    assert "such as CC-BY-SA-4.0, CC0-1.0 or MIT" in raised.value.explain()
    assert len(raised.value.explain()) < 250
