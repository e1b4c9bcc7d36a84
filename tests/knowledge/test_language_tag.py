"""Languages are named as BCP 47 names them."""

from __future__ import annotations

import pytest

from knowledge.errors import BadLanguage
from knowledge.language_tag import language_tag


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("es", "es"),
        ("SW", "sw"),
        (" und ", "und"),
        ("PT-br", "pt-BR"),
        ("zh-hant-tw", "zh-Hant-TW"),
        ("zh-yue-hk", "zh-yue-HK"),
        ("es-419", "es-419"),
        ("sl-rozaj-biske-1994", "sl-rozaj-biske-1994"),
        ("de-u-CO-phonebk", "de-u-co-phonebk"),
        ("qu-x-Apurimac", "qu-x-apurimac"),
    ],
)
def test_a_tag_is_taken_and_written_in_its_case(said: str, written: str) -> None:
    assert language_tag(said) == written
    assert language_tag(written) == written


@pytest.mark.parametrize(
    "said",
    [
        *("", "e", "english", "español", "12", "en_GB", "en\nGB", "en-", "-en", "en--GB"),
        *("en-GB-US", "en-x", "en-" + "variant-" * 9 + "variant"),
    ],
)
def test_what_is_no_tag_is_refused_and_says_what_to_write(said: str) -> None:
    with pytest.raises(BadLanguage) as raised:
        language_tag(said)

    assert "such as es, sw or pt-BR" in raised.value.explain()
    assert len(raised.value.explain()) < 150
