"""Views are made anew of all that changed, whenever it changed, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path

LEVELS = ("inner", "commons")


@pytest.fixture
def rosa(tmp_path: Path) -> Villager:
    villager = Villager(tmp_path, "rosa")
    villager.found()
    return villager


def catch_up(villager: Villager, most: int = 64) -> set[bytes]:
    made: set[bytes] = set()
    while stale := villager.replica.stale_documents(most):
        made.update(stale)
        villager.replica.made_anew(stale)
    return made


def test_a_new_document_is_stale_until_its_view_is_made(rosa: Villager) -> None:
    document = rosa.write("Words.")

    assert rosa.replica.stale_documents(64) == [document]
    assert rosa.replica.stale_documents(64) == [document]
    assert catch_up(rosa) == {document}
    assert rosa.replica.stale_documents(64) == []


def test_many_are_handed_out_in_batches_each_once(rosa: Villager) -> None:
    documents = {rosa.write(f"Note {number}.") for number in range(10)}

    assert catch_up(rosa, most=3) == documents


def test_a_start_remembers_what_is_stale(rosa: Villager) -> None:
    first = rosa.write("One.")
    catch_up(rosa)
    second = rosa.write("Two.")
    rosa.withdraw(first)

    rosa.restart()

    assert catch_up(rosa) == {first, second}


def test_an_edit_that_comes_while_its_view_is_made_leaves_it_stale(rosa: Villager) -> None:
    document = rosa.write("Words.")

    stale = rosa.replica.stale_documents(64)
    rosa.edit(document, "Other words.")
    rosa.replica.made_anew(stale)

    assert rosa.replica.stale_documents(64) == [document]


def test_a_withdrawal_that_comes_while_its_view_is_made_leaves_it_stale(rosa: Villager) -> None:
    document = rosa.write("Words.")

    stale = rosa.replica.stale_documents(64)
    rosa.withdraw(document)
    rosa.replica.made_anew(stale)

    assert rosa.replica.stale_documents(64) == [document]


def test_a_second_withdrawal_between_two_reactions_is_not_lost(rosa: Villager) -> None:
    document = rosa.write("Words.")
    catch_up(rosa)

    rosa.edit(document, "Other words.")
    catch_up(rosa)
    rosa.replica.library.withdraw(document)

    assert catch_up(rosa) == {document}


def test_forgetting_makes_every_document_stale_again(rosa: Villager) -> None:
    documents = {rosa.write(f"Note {number}.", level) for number in (1, 2) for level in LEVELS}
    catch_up(rosa)

    rosa.replica.forget_views()

    assert catch_up(rosa) == documents
