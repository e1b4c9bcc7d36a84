"""Whatever is typed becomes a valid, bounded query."""

from __future__ import annotations

import sqlcipher3.dbapi2 as sqlcipher
from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.query import MAX_QUERY, MAX_TERMS, parse_query, question_words


def test_words_phrases_exclusions_and_beginnings_are_told_apart() -> None:
    query = parse_query('spring "boiling point" -salt purif* -"old well"')

    assert query.terms == ('"spring"', '"boiling point"', '("purif" OR "purif" *)')
    assert query.excluded == ('"salt"', '"old well"')


def test_operators_of_the_database_are_only_words() -> None:
    query = parse_query("a AND b NOT NEAR(c) title:d {x} ^y")

    assert query.terms[1] == '"AND"'
    assert '"title:d"' in query.terms
    assert query.excluded == ()


def test_a_dash_inside_a_word_excludes_nothing() -> None:
    assert parse_query("co-op 3-4").excluded == ()


def test_a_quote_that_is_never_closed_runs_to_the_end() -> None:
    assert parse_query('"boiling point').terms == ('"boiling point"',)


def test_only_the_last_word_may_be_unfinished() -> None:
    assert parse_query("spring wat", as_you_type=True).terms == ('"spring"', '("wat" OR "wat" *)')
    assert parse_query("spring wat ", as_you_type=True).terms == ('"spring"', '"wat"')
    assert parse_query("spring w", as_you_type=True).terms == ('"spring"', '"w"')


def test_a_long_query_is_cut() -> None:
    many = " ".join(f"word{number}" for number in range(1000))

    assert len(parse_query(many).terms) == MAX_TERMS
    assert len(parse_query("a" * 10 * MAX_QUERY).terms[0]) <= MAX_QUERY + 2


def test_a_question_is_told_by_its_rare_words() -> None:
    assert question_words("How long must the spring water boil?") == [
        '"long"', '"must"', '"spring"', '"water"', '"boil"',
    ]  # fmt: skip
    assert question_words("¿Cuánto tiempo debe hervir el agua?") == [
        '"tiempo"', '"debe"', '"hervir"', '"agua"',
    ]  # fmt: skip
    assert question_words("What is it?") == ['"what"', '"is"', '"it"']


TRICKY = "ab \"'*-\u2212()^:+{}\0\ud800«»“”́"


@given(typed=st.text() | st.text(alphabet=TRICKY), typing=st.booleans())
def test_no_query_is_a_syntax_error(typed: str, typing: bool) -> None:
    conn = sqlcipher.connect(":memory:")
    conn.execute("CREATE VIRTUAL TABLE words USING fts5 (text)")
    query = parse_query(typed, as_you_type=typing)

    every = [*query.terms, *query.excluded, *question_words(typed)]
    every += [term for looser in query.looser for term in looser]

    for expression in [*every, " AND ".join(every), " OR ".join(every)]:
        if expression:
            conn.execute("SELECT * FROM words WHERE words MATCH ?", (expression,)).fetchall()
    conn.close()
