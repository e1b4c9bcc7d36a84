"""A text is cut where a person would, and nothing of it is lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from knowledge.imports.reading import MAX_TEXT
from knowledge.search.pieces import LARGE, MAX_PIECES, SMALL, pieces

PARAGRAPH = "The well behind the school is deep and gives clear water all year round. " * 8


@given(text=st.text(alphabet="ab .\n#=-é。", max_size=400).map(lambda part: part * 9) | st.text())
def test_pieces_laid_end_to_end_are_the_text(text: str) -> None:
    cut = pieces(text)

    assert "".join(piece.text for piece in cut) == text
    assert all(text.startswith(piece.text, piece.start) for piece in cut)
    assert all(piece.text for piece in cut)


def test_paragraphs_are_kept_whole_and_short_ones_joined() -> None:
    cut = pieces(f"Short.\n\nAlso short.\n\n{PARAGRAPH}\n\n{PARAGRAPH}")

    assert [piece.text.strip() for piece in cut] == [
        "Short.\n\nAlso short.", PARAGRAPH.strip(), PARAGRAPH.strip(),
    ]  # fmt: skip


def test_a_heading_stays_with_what_it_heads() -> None:
    cut = pieces(f"{PARAGRAPH}\n\n## Pump\n\n{PARAGRAPH}\n\nPipes\n-----\n\n{PARAGRAPH}")

    assert [piece.text.split("\n")[0] for piece in cut][1:] == ["## Pump", "Pipes"]


def test_a_long_paragraph_is_cut_after_a_sentence() -> None:
    cut = pieces(PARAGRAPH * 10)

    assert all(SMALL < len(piece.text) <= LARGE for piece in cut[:-1])
    assert all(piece.text.rstrip().endswith(".") for piece in cut)


def test_the_longest_text_makes_no_more_pieces_than_there_is_room_for() -> None:
    worst = ("x" * (SMALL // 2) + "\n\n") * (MAX_TEXT // (SMALL // 2 + 2))
    assert len(pieces(worst)) < MAX_PIECES

    beyond = ("x" * SMALL + "\n\n") * (2 * MAX_PIECES)
    cut = pieces(beyond)

    assert len(cut) == MAX_PIECES
    assert "".join(piece.text for piece in cut) == beyond


def test_long_runs_of_space_cost_no_more_than_their_length() -> None:
    for hostile in ("# " + " " * 500_000 + "x", "\n \n" * 200_000 + "x", "a\n" * 300_000):
        assert "".join(piece.text for piece in pieces(hostile)) == hostile
