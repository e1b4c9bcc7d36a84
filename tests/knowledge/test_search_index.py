"""The search index finds what may be found, and forgets what must be forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.contribution import Consent, Contribution, Level
from knowledge.passage import Passage, Retriever
from knowledge.search import schema
from knowledge.search.index import SearchIndex
from knowledge.search.listing import Filter, Order
from knowledge.search.permitted_retriever import PermittedRetriever
from tests.knowledge.encrypted_database import decrypted_pages, open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlite_utils import Database

EVERYTHING = tuple(Level)
MEMBER = (Level.INNER, Level.COMMONS)
STRANGER = (Level.COMMONS,)


def contribution(number: int, title: str, text: str, **fields: object) -> Contribution:
    blank = Contribution(
        id=f"{number:064x}",
        title=title,
        text=text,
        author="Rosa",
        author_key="ab" * 16,
        community="Ridge",
        level=Level.COMMONS,
        changed_ms=number,
    )
    return replace(blank, **fields)  # type: ignore[arg-type]


SPRING = contribution(
    1,
    "Spring water",
    "Springs run clear most of the year.\n\nAfter rain, boil spring water for three minutes.",
    language="en",
    tags=("water", "Health"),
    contributors=("Rosa", "Ahmed"),
)
SEEDS = contribution(2, "Semillas", "Las semillas se secan al sol.", language="es")
SECRET = contribution(3, "Where the water pump key is", "Under the stone.", level=Level.INNER)


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    database = open_database(tmp_path / "node.db")
    yield database
    database.conn.close()


@pytest.fixture
def index(db: Database) -> SearchIndex:
    return SearchIndex(db)


def found(index: SearchIndex, typed: str, levels: tuple[Level, ...] = EVERYTHING) -> list[str]:
    return [hit.title for hit in index.search(typed, Filter(levels))]


def test_what_was_put_is_given_back_unchanged(index: SearchIndex) -> None:
    assert index.put(SPRING)

    assert index.get(SPRING.id) == SPRING


def test_who_gave_it_goes_with_every_row_hit_and_passage(index: SearchIndex) -> None:
    given = replace(SPRING, author="Elena Quispe", given_by="Rosa")
    index.put(SPRING)

    assert index.put(given)

    [card] = index.page(Filter(EVERYTHING), Order.NEWEST, limit=9, offset=0).cards
    [hit] = index.search("spring", Filter(EVERYTHING))
    passages = PermittedRetriever(index, EVERYTHING).retrieve("How long to boil spring water?", 9)
    for shown in (index.get(SPRING.id), card, hit, *passages):
        assert shown is not None
        assert (shown.author, shown.given_by) == ("Elena Quispe", "Rosa")
    assert passages


def test_putting_the_same_again_changes_nothing(index: SearchIndex, db: Database) -> None:
    index.put(SPRING)
    before = db.conn.total_changes

    assert not index.put(SPRING)
    assert db.conn.total_changes == before


def test_a_changed_text_is_found_by_its_new_words_only(index: SearchIndex) -> None:
    index.put(SPRING)

    assert index.put(replace(SPRING, text=SPRING.text.replace("three", "seven")))

    assert found(index, '"seven minutes"') == ["Spring water"]
    assert found(index, '"three minutes"') == []
    assert not index.is_damaged()


def test_an_edit_indexes_only_the_pieces_that_it_changed(index: SearchIndex, db: Database) -> None:
    paragraphs = [f"Paragraph {number} says this much. " * 20 for number in range(40)]
    before = contribution(1, "Long", "\n\n".join(paragraphs))
    index.put(before)
    changes = db.conn.total_changes
    index.put(contribution(2, "Short", "One paragraph."))
    for_one_piece = db.conn.total_changes - changes

    changes = db.conn.total_changes
    paragraphs[3] = paragraphs[3].replace("says", "now tells")
    after = contribution(1, "Long", "\n\n".join(paragraphs))
    index.put(after)

    moved_starts = 40
    assert db.conn.total_changes - changes < 3 * for_one_piece + moved_starts
    assert index.get(after.id) == after
    assert found(index, "tells") == ["Long"]
    assert not index.is_damaged()


def test_a_contribution_that_moves_to_another_level_leaves_the_old_one(index: SearchIndex) -> None:
    index.put(SPRING)

    index.put(replace(SPRING, level=Level.INNER))

    assert found(index, "spring", STRANGER) == []
    assert found(index, "spring", MEMBER) == ["Spring water"]
    assert index.page(Filter(STRANGER)).total == 0
    assert not index.is_damaged()


def test_totals_follow_every_change_of_any_connection(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    writing, reading = (SearchIndex(open_database(path)) for _ in range(2))
    ridge = Filter(EVERYTHING, community="Ridge")

    assert (writing.total(ridge), reading.total(ridge)) == (0, 0)
    writing.put(SPRING)
    assert (writing.total(ridge), reading.total(ridge)) == (1, 1)
    writing.put(replace(SEEDS, community="Valley"))
    assert (writing.total(ridge), reading.total(ridge)) == (1, 1)
    writing.remove(SPRING.id)
    assert (writing.total(ridge), reading.total(ridge)) == (0, 0)
    for index in (writing, reading):
        index.db.conn.close()


def test_changed_consent_alone_is_noticed(index: SearchIndex) -> None:
    index.put(SPRING)

    assert index.put(replace(SPRING, consent=Consent.NONE))

    asked = index.passages("spring water", levels=STRANGER, consent=Consent.ANSWERING)
    assert asked == []
    assert index.search("spring", Filter(STRANGER, consent=Consent.TRAINING)) == []
    assert found(index, "spring") == ["Spring water"]


@pytest.mark.parametrize("typed", ["water", "key", "wat*", '"water pump"', "stone or anything"])
def test_nothing_restricted_shows_in_hits_scores_counts_or_passages(
    index: SearchIndex, typed: str
) -> None:
    def seen() -> object:
        return (
            index.search(typed, Filter(STRANGER)),
            index.passages(typed, levels=STRANGER, consent=Consent.ANSWERING),
            index.page(Filter(STRANGER)),
            index.page(Filter(STRANGER, tag="pump")),
            index.ids_beginning("", levels=STRANGER),
        )

    for public in (SPRING, SEEDS):
        index.put(public)
    before = seen()
    for number in range(10, 30):
        index.put(replace(SECRET, id=f"{number:064x}", tags=("pump",)))

    assert seen() == before
    assert index.get(f"{10:064x}", levels=STRANGER) is None
    assert found(index, "key", MEMBER) != []


def test_a_few_own_notes_rank_among_many_of_the_commons(index: SearchIndex) -> None:
    for number in range(100, 160):
        text = f"The market of village {number} sells water jars and many other things besides."
        index.put(contribution(number, f"Market {number}", text))
    own = replace(SPRING, level=Level.INNER)
    index.put(own)

    assert found(index, "water", MEMBER)[0] == own.title
    [first, *_] = index.passages("How is water boiled?", levels=MEMBER, consent=Consent.ANSWERING)
    assert first.contribution == own.id


def test_words_are_found_without_their_accents_and_endings(index: SearchIndex) -> None:
    index.put(contribution(1, "Réparer les pompes", "Nettoyer la pompe à eau."))
    index.put(contribution(4, "Boiling", "Batteries and boiled communities"))
    index.put(SEEDS)

    assert found(index, "reparer") == ["Réparer les pompes"]
    assert found(index, "boil battery") == ["Boiling"]
    assert found(index, "SEMILLA") == ["Semillas"]


def test_every_beginning_of_a_word_finds_it_while_it_is_typed(index: SearchIndex) -> None:
    index.put(contribution(1, "Purification", "Purifying water in small communities"))

    for word in ("purification", "purifying", "communities"):
        for end in range(2, len(word) + 1):
            hits = index.search(word[:end], Filter(STRANGER), as_you_type=True)
            assert [hit.title for hit in hits] == ["Purification"], word[:end]


def test_an_excluded_word_excludes_the_whole_contribution(index: SearchIndex) -> None:
    long_text = "Salt keeps meat.\n\n" + "Smoke it over a slow fire. " * 40
    index.put(contribution(1, "Meat", long_text))
    index.put(contribution(2, "Fish", "Smoke it too."))

    assert set(found(index, "smoke")) == {"Meat", "Fish"}
    assert found(index, "smoke -salt") == ["Fish"]


def test_contributions_with_every_word_come_before_those_with_some(index: SearchIndex) -> None:
    index.put(contribution(1, "Rain", "rain rain rain"))
    index.put(contribution(2, "Both", "Some rain and a barrel, and a lot of other words as well."))

    assert found(index, "rain barrel") == ["Both", "Rain"]


def test_each_contribution_is_one_hit_however_many_pieces_fit(index: SearchIndex) -> None:
    paragraph = "The well is deep. " * 40
    index.put(contribution(1, "Wells", "\n\n".join([paragraph] * 50)))
    index.put(contribution(2, "Other", "A well."))

    assert sorted(found(index, "well")) == ["Other", "Wells"]


def test_a_snippet_marks_the_words_that_were_found(index: SearchIndex) -> None:
    index.put(SPRING)

    [hit] = index.search("boiling", Filter(STRANGER))

    assert [hit.snippet.text[start:end] for start, end in hit.snippet.marks] == ["boil"]


def test_a_retriever_gives_the_paragraph_with_its_place_and_whose_it_is(index: SearchIndex) -> None:
    filler = "Nothing of interest is said in this paragraph about the hills. " * 10
    text = f"{filler}\n\nBoil spring water three minutes after rain."
    index.put(replace(SPRING, text=text))
    retriever: Retriever = PermittedRetriever(index, STRANGER)

    [passage] = retriever.retrieve("How long must spring water boil after rain?", 1)

    assert isinstance(passage, Passage)
    assert text[passage.start :] == passage.text == "Boil spring water three minutes after rain."
    assert (passage.author, passage.community) == ("Rosa", "Ridge")


@pytest.mark.parametrize("asked", ["", "?", "what is the", '"', "zzzz", "NEAR(a b)", "\0", "***"])
def test_a_question_that_says_nothing_finds_nothing_and_is_no_error(
    index: SearchIndex, asked: str
) -> None:
    index.put(SPRING)

    passages = index.passages(asked, levels=STRANGER, consent=Consent.ANSWERING)

    assert passages == [] or asked == "what is the"


def test_pages_laid_end_to_end_are_the_list(index: SearchIndex) -> None:
    for number in range(1, 25):
        index.put(contribution(number, f"Note {number % 7}", "x", changed_ms=number % 5))

    for order in Order:
        pages = [index.page(Filter(STRANGER), order, limit=5, offset=at) for at in range(0, 25, 5)]
        ids = [card.id for page in pages for card in page.cards]
        whole = index.page(Filter(STRANGER), order, limit=100)
        assert ids == [card.id for card in whole.cards]
        assert {page.total for page in pages} == {24}


def test_a_list_is_filtered_by_language_tag_author_and_consent(index: SearchIndex) -> None:
    for each in (SPRING, SEEDS, SECRET):
        index.put(each)

    def titles(wanted: Filter) -> list[str]:
        page = index.page(wanted)
        assert page.total == len(page.cards)
        return [card.title for card in page.cards]

    assert titles(Filter(EVERYTHING)) == [SECRET.title, SEEDS.title, SPRING.title]
    assert titles(Filter(STRANGER, language="es")) == ["Semillas"]
    assert titles(Filter(STRANGER, tag="HEALTH")) == ["Spring water"]
    assert titles(Filter(STRANGER, author="cd" * 16)) == []
    assert titles(Filter(EVERYTHING, consent=Consent.TRAINING)) == []
    assert titles(Filter(())) == []
    assert titles(Filter(STRANGER, author="Rosa", community="Ridge")) == [
        "Semillas",
        "Spring water",
    ]


@pytest.mark.parametrize(
    "narrowed",
    [
        Filter(STRANGER, language="en"),
        Filter(STRANGER, tag="Water"),
        Filter(STRANGER, author="Ahmed"),
        Filter(STRANGER, author="cd" * 16),
        Filter(STRANGER, community="Valley"),
        Filter((Level.ALLIED,)),
    ],
)
def test_a_search_is_narrowed_as_a_list_is(index: SearchIndex, narrowed: Filter) -> None:
    own = {"author": "Ahmed", "author_key": "cd" * 16, "community": "Valley", "language": "en"}
    index.put(contribution(1, "One", "the same words", tags=("water",), **own))
    index.put(contribution(2, "Two", "the same words", language="es"))

    for typed in ("same words", "words nowhere", "words -nowhere"):
        titles = [hit.title for hit in index.search(typed, narrowed)]
        assert titles == [card.title for card in index.page(narrowed).cards]


def test_lists_sort_titles_without_case_and_accents(index: SearchIndex) -> None:
    for number, title in enumerate(["Zinc", "água", "Apple", "Éclair", "banana"]):
        index.put(contribution(number, title, "x"))

    titles = [card.title for card in index.page(Filter(STRANGER), Order.TITLE).cards]

    assert titles == ["água", "Apple", "banana", "Éclair", "Zinc"]


def test_erased_words_are_nowhere_in_the_decrypted_file(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    database = open_database(path)
    index = SearchIndex(database)
    for number in range(10, 40):
        index.put(contribution(number, f"Kept {number}", "remainder " * 50))
    words = [f"quetzalcoatl{letter}" for letter in "abcdefghij"]
    doomed = replace(
        SPRING,
        title="Xylophonist",
        text="\n\n".join(f"{word} zephyrous. " * 60 for word in words),
        tags=("vuvuzela",),
        author="Wolfeschlegel",
    )
    index.put(doomed)
    edited = replace(doomed, text=doomed.text.replace("quetzalcoatlj", "kookaburra"))
    index.put(edited)
    database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    secrets = [
        "quetzalcoatl",
        "zephyrous",
        "xylophonist",
        "vuvuzela",
        "wolfeschlegel",
        "kookaburra",
    ]
    clear = decrypted_pages(path).lower()
    assert all(secret.encode() in clear for secret in secrets)
    assert b"quetzalcoatlj" not in clear

    index.remove(doomed.id)
    database.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    clear = decrypted_pages(path).lower()
    assert [secret for secret in secrets if secret.encode() in clear] == []
    # FTS5 keeps a word's end only, where it begins as the one before it.
    assert [
        tail for tail in (b"zalcoatl", b"phyrous", b"ophonist", b"aburra") if tail in clear
    ] == []
    assert b"remainder" in clear
    assert (tmp_path / "node.db-wal").stat().st_size == 0
    assert not index.is_damaged()
    database.conn.close()


def test_changes_join_the_callers_transaction(index: SearchIndex, db: Database) -> None:
    db.conn.execute("BEGIN IMMEDIATE")
    index.put(SPRING)
    assert db.conn.in_transaction
    index.remove(SPRING.id)
    index.put(SEEDS)

    db.conn.execute("ROLLBACK")

    assert index.page(Filter(EVERYTHING)).total == 0
    assert not index.is_damaged()


def test_a_change_that_fails_leaves_nothing_of_itself(index: SearchIndex, db: Database) -> None:
    index.put(SEEDS)
    unstorable = replace(SPRING, place="\ud800")

    with pytest.raises(UnicodeEncodeError):
        index.put(unstorable)

    assert not db.conn.in_transaction
    assert found(index, "spring") == []
    assert not index.is_damaged()


def test_a_damaged_index_is_noticed_and_rebuilt(index: SearchIndex, db: Database) -> None:
    index.put(SPRING)
    index.put(SEEDS)
    assert not index.is_damaged()
    db.conn.execute("UPDATE pieces SET text = 'other words' WHERE number >> 13 = 1")

    assert index.is_damaged()
    assert index.rebuild([SPRING, SEEDS]) == 2

    assert not index.is_damaged()
    assert found(index, "boil") == ["Spring water"]


def test_an_index_of_another_version_is_made_anew_and_says_so(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = SearchIndex(db)
    first.rebuild([SPRING])
    assert not SearchIndex(db).is_fresh
    monkeypatch.setattr(schema, "VERSION", schema.VERSION + 1)

    newer = SearchIndex(db)

    assert newer.is_fresh
    assert newer.page(Filter(EVERYTHING)).total == 0


def test_short_ids_find_their_contributions(index: SearchIndex) -> None:
    index.put(replace(SPRING, id="ab12" + "0" * 60))
    index.put(replace(SEEDS, id="ab13" + "0" * 60))

    assert index.ids_beginning("AB12") == ["ab12" + "0" * 60]
    assert len(index.ids_beginning("ab1")) == 2
    assert index.ids_beginning("%") == []


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(typed=st.text(max_size=60) | st.text(alphabet='ab "-*()^:+{}\0NOT', max_size=40))
def test_nothing_that_can_be_typed_is_an_error(index: SearchIndex, typed: str) -> None:
    index.put(SPRING)

    index.search(typed, Filter(EVERYTHING))
    index.search(typed, Filter(EVERYTHING), as_you_type=True)
    index.passages(typed, levels=EVERYTHING, consent=Consent.NONE)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    changes=st.lists(
        st.tuples(
            st.integers(0, 3),
            st.sampled_from([*Level, None]),
            st.text(alphabet="ab \n#\0é", max_size=30),
        ),
        max_size=12,
    )
)
def test_after_any_changes_the_index_holds_exactly_what_is_there(
    index: SearchIndex, changes: list[tuple[int, Level | None, str]]
) -> None:
    for number in range(4):
        index.remove(f"{number:064x}")
    expected: dict[str, Contribution] = {}
    for number, level, text in changes:
        identity = f"{number:064x}"
        if level is None:
            assert index.remove(identity) == (expected.pop(identity, None) is not None)
        else:
            expected[identity] = contribution(number, text[:5], text * 20, level=level)
            index.put(expected[identity])

    assert not index.is_damaged()
    assert {i: index.get(i) for i in expected} == expected
    assert index.page(Filter(EVERYTHING)).total == len(expected)
