"""The sample commons is what it says: enough, readable, with its authors, and free to share."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest

from knowledge.answers.answerer import Answered, Answerer, NotInCommons
from knowledge.contribution import Contribution, Level
from knowledge.imports.importing import Imported, import_paths
from knowledge.search import schema
from knowledge.search.index import SearchIndex
from knowledge.search.permitted_retriever import PermittedRetriever
from meshnode.demo.asking import ANSWERABLE, RIGHT_FIGURE, SPRING_NOTE, UNANSWERABLE
from meshnode.demo.correcting import AHMED_REPLACES, ROSA_REPLACES, has_both
from meshnode.demo.regretted_note import (
    REGRETTED,
    REGRETTED_QUESTION,
    REGRETTED_SEARCH,
    REGRETTED_WORDS,
)
from meshnode.demo.sample_commons import FOLDER, RIDGE, VALLEY, folder_of, notes_of
from meshnode.demo.withdrawing import KEPT_WORDS
from tests.knowledge.encrypted_database import open_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from knowledge.imports.draft import Draft

SUBJECTS = {"water", "first-aid", "radio", "food", "repair", "power", "words"}


def drafts_of(community: str) -> list[Draft]:
    found: list[Draft] = []
    for progress in import_paths([folder_of(community)]):
        assert isinstance(progress.report, Imported), progress.report
        assert not progress.report.notes, progress.report
        found += progress.report.drafts
    return found


def every_draft() -> list[Draft]:
    return drafts_of(RIDGE) + drafts_of(VALLEY)


def text_of(title: str) -> str:
    return next(draft.text for draft in every_draft() if draft.title == title)


def test_both_communities_gave_enough_on_every_subject() -> None:
    ridge, valley = notes_of(RIDGE), notes_of(VALLEY)

    assert len(ridge) + len(valley) >= 44
    assert len({note.title for note in ridge | valley}) == len(ridge | valley)
    assert min(len({note.author for note in notes}) for notes in (ridge, valley)) >= 4
    for community in (RIDGE, VALLEY):
        assert {path.name for path in folder_of(community).iterdir()} == SUBJECTS


def test_several_notes_stand_in_each_of_four_languages() -> None:
    languages = [draft.language for draft in every_draft()]

    assert set(languages) == {"en", "es", "sw", "fr"}
    assert min(languages.count(language) for language in set(languages)) >= 4


@pytest.mark.parametrize(
    "path", sorted(FOLDER.rglob("*.md")), ids=lambda path: str(path.relative_to(FOLDER))
)
def test_a_note_is_short_and_says_whose_it_is(path: Path) -> None:
    (progress,) = import_paths([path])

    assert isinstance(progress.report, Imported)
    assert not progress.report.notes
    (draft,) = progress.report.drafts
    assert 60 <= len(draft.text.split()) <= 300
    assert draft.author
    assert draft.place
    assert draft.tags
    assert draft.licence in {"CC-BY-SA-4.0", "CC0-1.0"}


def test_the_regretted_words_stand_in_no_other_note() -> None:
    regretted = f"{REGRETTED.title} {REGRETTED.text}".lower()

    for draft in every_draft():
        said = f"{draft.title} {draft.text}".lower()
        assert not [word for word in REGRETTED_WORDS if word in said]
    assert all(word in regretted for word in REGRETTED_WORDS)


def test_the_words_that_must_stay_stand_in_a_note_that_stays() -> None:
    spring = text_of(SPRING_NOTE)

    assert all(word in spring for word in KEPT_WORDS)
    assert not [word for word in KEPT_WORDS if word in REGRETTED.text]


def test_both_edits_fit_the_note_in_different_paragraphs() -> None:
    spring = text_of(SPRING_NOTE)
    paragraphs = spring.split("\n\n")
    places = [
        [at for at, paragraph in enumerate(paragraphs) if before in paragraph]
        for before, _ in (AHMED_REPLACES, ROSA_REPLACES)
    ]

    edited = spring.replace(*AHMED_REPLACES).replace(*ROSA_REPLACES)

    assert places == [[0], [2]]
    assert has_both(edited)
    assert not has_both(spring.replace(*AHMED_REPLACES))
    assert RIGHT_FIGURE.search(edited)


@pytest.fixture(scope="module")
def answerer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answerer]:
    """The whole sample behind the real index, without a model."""
    database = open_database(tmp_path_factory.mktemp("sample") / "node.db")
    schema.create(database)
    index = SearchIndex(database)
    sample = [(name, draft) for name in (RIDGE, VALLEY) for draft in drafts_of(name)]
    for number, (community, draft) in enumerate(sample):
        index.put(
            Contribution(
                id=f"{number:064x}",
                title=draft.title,
                text=draft.text,
                author=draft.author or "",
                author_key="",
                community=community,
                level=Level.COMMONS,
                language=draft.language,
                tags=draft.tags,
            )
        )
    yield Answerer(PermittedRetriever(index, [Level.COMMONS]), None, lambda: 0.0)
    database.close()


def answer(answerer: Answerer, question: str) -> Answered | NotInCommons:
    async def last() -> Answered | NotInCommons:
        end = [event async for event in answerer.ask(question)][-1]
        assert isinstance(end, Answered | NotInCommons)
        return end

    return asyncio.run(last())


@pytest.mark.parametrize(
    ("question", "title", "figure"),
    [
        (ANSWERABLE, SPRING_NOTE, r"\b3 minutes"),
        ("How many drops of bleach for a litre of clear water?", "Bleach drops", r"\b2 drops"),
        ("¿Cuánto tiempo hay que enfriar una quemadura?", "Quemaduras", r"\b20 minutos"),
        ("How long must red kidney beans boil?", "Red kidney beans", r"\b30 minutes"),
        ("How far from a window must a generator run?", "Generators and charcoal", r"\b6 metres"),
    ],
)
def test_a_question_is_answered_by_the_note_that_is_about_it(
    answerer: Answerer, question: str, title: str, figure: str
) -> None:
    answered = answer(answerer, question)

    assert isinstance(answered, Answered)
    assert answered.citations[0].title.startswith(title)
    assert re.search(figure, answered.citations[0].quote)


@pytest.mark.parametrize("question", [UNANSWERABLE, REGRETTED_QUESTION, REGRETTED_SEARCH])
def test_what_nobody_wrote_is_not_in_the_commons(answerer: Answerer, question: str) -> None:
    assert isinstance(answer(answerer, question), NotInCommons)
