"""Files become drafts, or a sentence that says why they do not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.contribution import Consent, Level
from knowledge.errors import ImportRefused
from knowledge.imports.csv_table import read_csv
from knowledge.imports.docx_document import read_docx
from knowledge.imports.draft import Defaults, Draft
from knowledge.imports.html import read_html
from knowledge.imports.importing import Imported, Refused, Skipped, import_paths, source_key
from knowledge.imports.markdown import read_markdown, read_plain_text
from knowledge.imports.pdf import read_pdf
from knowledge.imports.reading import MAX_FILE_BYTES, MAX_TEXT
from tests.knowledge.import_samples import docx_bytes, docx_with, locked_pdf_bytes, pdf_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from knowledge.imports.importing import FileReport
    from knowledge.imports.reading import Reading

SECRET = b"s" * 32


def short(value: object) -> str:
    """Name a parameter in the list of tests, however long it is."""
    return "".join(filter(str.isalnum, repr(value)))[:24]


def report_of(folder: Path, name: str, data: bytes, defaults: Defaults | None = None) -> FileReport:
    path = folder / name
    path.write_bytes(data)
    [progress] = import_paths([path], defaults or Defaults())
    return progress.report


def draft_of(folder: Path, name: str, data: bytes, defaults: Defaults | None = None) -> Draft:
    report = report_of(folder, name, data, defaults)
    assert isinstance(report, Imported), report
    [draft] = report.drafts
    return draft


def reason_of(folder: Path, name: str, data: bytes) -> str:
    report = report_of(folder, name, data)
    assert isinstance(report, Refused), report
    return report.reason


MARKDOWN = b"""---
title: Spring water
lang: no
license: CC BY 4.0
tags: [water, "#health"]
place: Ridge
author: Rosa
level: inner
consent: answering, sharing
colour: blue
---
# Not the title

Boil it for three minutes.
"""


def test_front_matter_says_whose_and_what_a_text_is(tmp_path: Path) -> None:
    report = report_of(tmp_path, "water.md", MARKDOWN)

    assert isinstance(report, Imported)
    [draft] = report.drafts
    assert draft.title == "Spring water"
    assert draft.text == "# Not the title\n\nBoil it for three minutes."
    assert (draft.language, draft.licence, draft.place) == ("no", "CC-BY-4.0", "Ridge")
    assert (draft.tags, draft.author) == (("water", "health"), "Rosa")
    assert (draft.level, draft.consent) == (Level.INNER, Consent.ANSWERING | Consent.SHARING)
    assert draft.source == "water.md"
    assert report.notes == ('"colour" is not a key that is known here; it was left out.',)


def test_what_a_file_does_not_say_comes_from_the_defaults(tmp_path: Path) -> None:
    given_for_all = Defaults(language="sw", licence="CC0-1.0", tags=("ridge",), place="Ridge")

    draft = draft_of(tmp_path, "a.md", b"---\nlang: es\ntags: agua\n---\nHola", given_for_all)

    assert (draft.language, draft.licence, draft.place) == ("es", "CC0-1.0", "Ridge")
    assert draft.tags == ("agua", "ridge")
    assert (draft.author, draft.level, draft.consent) == (None, None, None)


@pytest.mark.parametrize(
    ("front", "word"),
    [
        (b"level: everybody", "level"),
        (b"level: [inner, commons]", "level"),
        (b"consent: maybe", "consent"),
        (b"consent:", "consent"),
        (b"consent: none, training", "consent"),
        (b"licence: all rights reserved", "licence"),
        (b"a: &x [1]\nb: *x", "YAML"),
        (b"- a\n- b", "YAML"),
        (b"a: [1, 2", "YAML"),
        (b'a: "\\UFFFFFFFF"', "YAML"),
        (b"a: " + b"[" * 9000, "YAML"),
        (b"a: " + b"x" * 20000, "longer"),
    ],
    ids=short,
)
def test_front_matter_that_is_unclear_is_refused_not_guessed(
    tmp_path: Path, front: bytes, word: str
) -> None:
    assert word in reason_of(tmp_path, "a.md", b"---\n" + front + b"\n---\nWords")


def test_what_is_unclear_in_a_table_is_said_with_its_row(tmp_path: Path) -> None:
    table = b"title,text,level\nSpring,Boil it.,inner\nWell,Cover it.,everybody\n"

    assert 'in the row "Well": its level' in reason_of(tmp_path, "a.csv", table)


def test_a_language_that_is_no_tag_is_left_out_and_told_and_the_file_is_kept(
    tmp_path: Path,
) -> None:
    report = report_of(tmp_path, "a.md", b"---\nlanguage: english\n---\nWords")

    assert isinstance(report, Imported)
    assert report.drafts[0].language == "und"
    assert '"english" is no language tag' in report.notes[0]


def test_a_language_is_written_in_its_case(tmp_path: Path) -> None:
    assert draft_of(tmp_path, "a.md", b"---\nlang: PT-br\n---\nWords").language == "pt-BR"


@pytest.mark.parametrize(
    ("name", "data", "title"),
    [
        ("a.md", b"Intro\n\n## The *well* of [Ridge](http://x) ##\n\nDeep.", "The well of Ridge"),
        ("a.md", b"The well\n========\n\nDeep.", "The well"),
        ("deep_well-notes.txt", b"Deep.", "Deep well notes"),
        ("a.html", b"<title> Deep\n well</title><h1>Other</h1><p>x", "Deep well"),
        ("a.html", b"<h1>Other</h1><p>x", "Other"),
        ("a.pdf", pdf_bytes("x", title="Deep well"), "Deep well"),
        ("a.docx", docx_bytes(title="Deep well"), "Deep well"),
        ("a.docx", docx_bytes(), "Drying seeds"),
        ("README", b"Words", "README"),
    ],
    ids=short,
)
def test_a_title_is_found_where_the_format_keeps_one(
    tmp_path: Path, name: str, data: bytes, title: str
) -> None:
    assert draft_of(tmp_path, name, data).title == title


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("agua más".encode(), "agua más"),
        ("\ufeffagua más".encode(), "agua más"),
        ("agua más".encode("utf-16"), "agua más"),
        (b"\xfe\xff" + "agua más".encode("utf-16-be"), "agua más"),
        ("agua más “pura”".encode("cp1252"), "agua más “pura”"),
        (b"one\r\ntwo\rthree \t\n\n\n\n\n\nfour", "one\ntwo\nthree\n\n\nfour"),
        (b"a\x1b[31mred", "a[31mred"),
        ("e\u0301".encode(), "é"),
    ],
    ids=short,
)
def test_text_is_read_whatever_its_encoding_and_cleaned(
    tmp_path: Path, data: bytes, text: str
) -> None:
    assert draft_of(tmp_path, "a.txt", data).text == text


def test_a_guessed_encoding_is_reported(tmp_path: Path) -> None:
    report = report_of(tmp_path, "a.txt", "más".encode("cp1252"))

    assert isinstance(report, Imported)
    assert "Windows-1252" in report.notes[0]


def test_html_keeps_what_a_person_reads(tmp_path: Path) -> None:
    page = b"""<html lang=es><head><meta name=author content=Rosa></head><body><nav>menu</nav>
        <h2>Agua</h2><p>Hervir <b>tres</b> minutos.</p><script>steal()</script>
        <ul><li><p>uno</p></li><li>dos</li></ul>
        <table><tr><th>a<th>b</tr><tr><td>1<td>2</tr></table><pre>x\n  y</pre></body></html>"""

    draft = draft_of(tmp_path, "a.html", page)

    assert draft.text == (
        "## Agua\n\nHervir tres minutos.\n\n- uno\n\n- dos\n\na | b\n1 | 2\n\nx\n  y"
    )
    assert (draft.language, draft.author) == ("es", "Rosa")


def test_a_table_with_titles_and_texts_becomes_a_contribution_for_each_row(tmp_path: Path) -> None:
    table = b"Title;Text;lang;tags\nUno;Hola;es;a,b\nTwo;Hello;;\nUno;Otra;es;\n;;;\n"

    report = report_of(tmp_path, "a.csv", table)

    assert isinstance(report, Imported)
    assert [(d.title, d.text, d.tags) for d in report.drafts] == [
        ("Uno", "Hola", ("a", "b")),
        ("Two", "Hello", ()),
        ("Uno", "Otra", ()),
    ]
    assert len({draft.part for draft in report.drafts}) == 3


def test_any_other_table_becomes_one_contribution_that_can_be_read(tmp_path: Path) -> None:
    table = b'plant\tmonth\n"maize, white"\tMarch\nbeans\t\n'

    assert (
        draft_of(tmp_path, "a.tsv", table).text
        == "plant: maize, white\nmonth: March\n\nplant: beans"
    )


def test_a_pdf_gives_its_text_page_by_page(tmp_path: Path) -> None:
    data = pdf_bytes("Boil the wa-\nter for three\nminutes.", "Second page.", author="Rosa")

    draft = draft_of(tmp_path, "a.pdf", data)

    assert draft.text == "Boil the water for three minutes.\n\nSecond page."
    assert draft.author == "Rosa"


def test_a_document_gives_headings_lists_and_tables(tmp_path: Path) -> None:
    draft = draft_of(tmp_path, "a.docx", docx_bytes(author="Ahmed", language="en-GB"))

    assert draft.text == (
        "# Drying seeds\n\n# When\n\nIn the shade, for two weeks.\n\n- Maize\n\n"
        "plant | days\nmaize | 14"
    )
    assert (draft.author, draft.language) == ("Ahmed", "en-GB")


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.txt", b"\x89PNG\r\n\x1a\nxxxx", "PNG picture"),
        ("a.md", b"PK\x03\x04xxxx", "ZIP archive"),
        ("a.txt", b"%PDF-1.7\n", "PDF document"),
        ("a.txt", b"<!DOCTYPE html><p>x", "HTML page"),
        ("a.csv", bytes(range(256)), "not text"),
        ("a.txt", b"a\0b", "not text"),
        ("a.txt", b"\xff\xfea", "UTF-16"),
        ("a.pdf", b"Just words", "holds text"),
        ("a.docx", b"%PDF-1.7\n", "PDF document"),
        ("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old Office"),
        ("a.docx", docx_bytes()[:-200], "damaged"),
        ("a.docx", docx_with("word/document.xml", b"<no"), "damaged"),
        ("a.pdf", b"%PDF-1.7\nnothing", "damaged"),
        ("a.pdf", pdf_bytes(""), "only pictures"),
        ("a.pdf", locked_pdf_bytes("x"), "password"),
        ("a.exe", b"MZ", ".exe"),
        ("a.csv", b'a,b\n"x', "not a table"),
        ("a.html", b"<div>" * 9000 + b"x", "nested"),
    ],
    ids=short,
)
def test_what_a_file_is_not_is_said(tmp_path: Path, name: str, data: bytes, words: str) -> None:
    assert words in reason_of(tmp_path, name, data)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("bomb.docx", docx_with("word/big.xml", b" " * 3_000_000), "unpacks"),
        ("many.docx", docx_with("word/x", b"", copies=4_100), "4000 files"),
        ("long.txt", b"a" * (MAX_TEXT + 1), "split"),
        ("rows.csv", b"title,text\n" + b"a,b\n" * 5_001, "split"),
        ("wide.csv", b"," * 300, "columns"),
    ],
    ids=short,
)
def test_what_is_too_large_is_refused_with_advice(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    assert words in reason_of(tmp_path, name, data)


def test_a_file_beyond_the_size_limit_is_not_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "huge.txt"
    path.touch()
    os.truncate(path, MAX_FILE_BYTES + 1)

    [progress] = import_paths([path])

    assert isinstance(progress.report, Refused)
    assert "MiB" in progress.report.reason


def test_a_pdf_that_takes_too_long_is_given_up_between_pages() -> None:
    ticks = iter(range(0, 1000, 20))

    with pytest.raises(ImportRefused, match="longer than 30 s"):
        read_pdf(pdf_bytes("a", "b", "c"), clock=lambda: float(next(ticks)))


@pytest.mark.parametrize(
    "data",
    [
        b"# " + b" " * 300_000 + b"\nx",
        b"x" + b" " * 300_000 + b"y",
        b"\n " * 200_000,
        b"* " * 200_000,
    ],
    ids=short,
)
def test_long_runs_cost_no_more_than_their_length(tmp_path: Path, data: bytes) -> None:
    # A pattern that backtracks takes minutes here; the suite's own time limit is the judge.
    report_of(tmp_path, "a.md", data + b"\nend")


def test_a_folder_is_read_in_order_without_hidden_files_and_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("private")
    folder = tmp_path / "notes"
    (folder / "b" / "c").mkdir(parents=True)
    (folder / ".git").mkdir()
    for name in ("z.md", "b/c/deep.md", "a.txt", ".hidden.md", ".git/config.txt"):
        (folder / name).write_text(f"Words of {name}")
    (folder / "empty.txt").touch()
    (folder / "link.txt").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    os.mkfifo(folder / "pipe.txt")

    reports = [progress.report for progress in import_paths([folder, folder / "a.txt"])]

    names = [os.path.relpath(report.shown, folder) for report in reports]
    assert names == ["a.txt", "b/c/deep.md", "empty.txt", "link.txt", "loop", "pipe.txt", "z.md"]
    assert [type(report) for report in reports] == [
        Imported, Imported, Skipped, Skipped, Skipped, Skipped, Imported,
    ]  # fmt: skip


def test_progress_counts_to_the_total(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(name)

    assert [(p.number, p.total) for p in import_paths([tmp_path])] == [(1, 3), (2, 3), (3, 3)]


def test_a_missing_file_is_refused_and_the_others_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a")

    reports = [p.report for p in import_paths([tmp_path / "none", tmp_path / "a.txt"])]

    assert [type(report) for report in reports] == [Refused, Imported]


def test_the_same_file_has_the_same_key_and_changes_show_in_the_digest(tmp_path: Path) -> None:
    first = draft_of(tmp_path, "a.md", b"One")
    again = draft_of(tmp_path, "a.md", b"One")
    changed = draft_of(tmp_path, "a.md", b"Two")

    path = tmp_path / "a.md"
    assert source_key(SECRET, path) == source_key(SECRET, path)
    assert first.digest == again.digest != changed.digest


def test_a_key_tells_nothing_without_the_nodes_secret(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    keys = {
        source_key(SECRET, path),
        source_key(b"t" * 32, path),
        source_key(SECRET, path, "row"),
        source_key(SECRET, tmp_path / "b.md"),
    }

    assert len(keys) == 4
    with pytest.raises(ValueError, match="secret"):
        source_key(b"short", path)


READERS: list[tuple[Callable[[bytes], list[Reading]], bytes]] = [
    (read_markdown, MARKDOWN),
    (read_plain_text, b"plain words"),
    (read_html, b"<p>x<table><tr><td>1</table><ul><li>a</ul>"),
    (read_csv, b"title,text\na,b\n"),
    (read_pdf, pdf_bytes("words", title="t")),
    (read_docx, docx_bytes()),
]


@settings(max_examples=80, deadline=None)
@given(
    which=st.sampled_from(READERS),
    at=st.floats(0, 1),
    junk=st.binary(max_size=40),
    cut=st.integers(0, 60),
)
def test_garbage_raises_only_our_error(
    which: tuple[Callable[[bytes], list[Reading]], bytes], at: float, junk: bytes, cut: int
) -> None:
    read, honest = which
    place = int(at * len(honest))
    damaged = honest[:place] + junk + honest[place + cut :]

    try:
        readings = read(damaged)
    except ImportRefused:
        return
    assert all(isinstance(reading.text, str) for reading in readings)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["a.md", "a.txt", "a.html", "a.csv", "a.pdf", "a.docx", "a"]),
    data=st.binary(max_size=200) | st.text(max_size=100).map(lambda t: ("---\n" + t).encode()),
)
def test_any_bytes_give_a_report(tmp_path: Path, name: str, data: bytes) -> None:
    report = report_of(tmp_path, name, data)

    assert isinstance(report, Imported | Skipped | Refused)
