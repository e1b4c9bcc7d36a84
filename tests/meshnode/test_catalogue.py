"""The catalogue follows the record, whatever happens in between."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest
from sqlcipher3 import dbapi2

from crdt.errors import DocumentDamaged, MeshError, StoreError
from crdt.ids import DocumentId
from knowledge.search.permitted_retriever import PermittedRetriever
from meshnode.errors import IndexDamaged
from meshnode.record import stale_views
from meshnode.record.catalogue import Catalogue
from meshnode.record.index_file import IndexFile
from meshnode.record.rendering import contribution_of
from meshnode.service import ContributionQuery
from meshnode.views.answer import AskDone, AskQuote, AskRequest
from meshnode.views.contribution import EditRequest
from meshnode.views.withdrawal import WithdrawRequest
from tests.meshnode.nodes import World, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.replica.replica import Replica
    from knowledge.contribution import Contribution
    from knowledge.passage import Passage
    from meshnode.record.stale_views import View

pytestmark = pytest.mark.slow


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


async def test_a_change_that_comes_while_a_document_is_read_is_not_lost(world: World) -> None:
    async with world.node("rosa", is_reachable=False) as rosa:
        await rosa.found()
        note = await rosa.add("Boil it.", "Before")
        document = DocumentId(bytes.fromhex(note))
        await rosa.record.change(lambda replica: replica.forget_views())

        read = await rosa.record.run(lambda replica: replica.stale_documents(10))
        await rosa.record.change(lambda r: r.library.change(document, {1: "After"}, None))
        await rosa.record.run(lambda replica: replica.made_anew(read))

        async def is_shown() -> bool:
            return await rosa.titles() == {"After"}

        await wait_until(is_shown)


async def test_a_question_that_meets_a_damaged_index_has_it_made_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    deleted: list[IndexFile] = []
    delete = IndexFile.delete

    async def noted(file: IndexFile) -> None:
        deleted.append(file)
        await delete(file)

    def fails(*_: object) -> list[Passage]:
        error = dbapi2.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    monkeypatch.setattr(IndexFile, "delete", noted)
    question = AskRequest(question="How long does water boil?")
    async with world.node("rosa", is_reachable=False) as rosa:
        await rosa.found()
        await rosa.add("Water boils for ten minutes.", "Water")
        with monkeypatch.context() as patch:
            patch.setattr(PermittedRetriever, "retrieve", fails)
            with pytest.raises(IndexDamaged):
                _ = [event async for event in rosa.node.ask(question)]

        async def answers() -> bool:
            try:
                events = [event async for event in rosa.node.ask(question)]
            except MeshError:
                return False  # it is being made anew
            return bool(deleted) and any(isinstance(event, AskQuote) for event in events)

        await wait_until(answers)


async def test_what_is_near_a_question_can_be_read_though_it_answers_nothing(world: World) -> None:
    question = AskRequest(question="Who sells water pumps?")
    async with world.node("rosa", is_reachable=False) as rosa:
        await rosa.found()
        note = await rosa.add("Water boils for ten minutes.", "Water")

        async def is_near() -> bool:
            (done,) = [event async for event in rosa.node.ask(question)]
            assert isinstance(done, AskDone)
            assert not done.grounded
            assert done.citations == ()
            return [one.id for one in done.near] == [note]

        await wait_until(is_near)


async def test_one_document_that_cannot_be_shown_does_not_hide_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world.node("rosa", is_reachable=False) as rosa:
        await rosa.found()
        bad = DocumentId(bytes.fromhex(await rosa.add("Contradictions.", "Bad")))

        def fails(replica: Replica, document: DocumentId) -> Contribution | None:
            if document == bad:
                raise DocumentDamaged
            return contribution_of(replica, document)

        monkeypatch.setattr(stale_views, "contribution_of", fails)
        await rosa.record.change(lambda replica: replica.forget_views())
        await rosa.add("Boil it.", "Good")

        assert await rosa.titles() == {"Good"}


async def test_what_is_saved_stays_saved_while_the_index_fails_and_is_found_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: Catalogue, views: list[View]) -> bool:
        raise StoreError("the disk does not answer")

    async with world.node("rosa", is_reachable=False) as rosa:
        await rosa.found()
        with monkeypatch.context() as patch:
            patch.setattr(Catalogue, "_put", fails)
            note = await rosa.add("Boil it.", "Water")
            await rosa.node.edit(note, EditRequest(text="Boil it well."))
            problems = (await rosa.node.status()).problems
        await rosa.add("Plant them in March.", "Beans")

        assert any("search index" in problem for problem in problems)
        assert await rosa.titles() == {"Water", "Beans"}
        assert not (await rosa.node.status()).problems


async def test_the_model_forgets_when_words_are_withdrawn(world: World) -> None:
    forgotten = []

    async def forget() -> None:
        forgotten.append(1)

    async with world.node("rosa", is_reachable=False) as rosa:
        await rosa.found()
        rosa.node._catalogue._forget = forget
        note = await rosa.add("A telephone number.")
        assert forgotten == []

        await rosa.node.withdraw(note, WithdrawRequest())

        assert forgotten == [1]
        assert (await rosa.node.contributions(ContributionQuery())).total == 0
