"""Whoever writes somebody else's name above their words is named beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crdt.certificates import bind
from crdt.codec import encode
from crdt.entries.contents import ProfileText
from crdt.entries.entry import Priority
from crdt.entries.skeletons import Profile
from crdt.rights.authority import Role
from crdt.tickets import read_ticket
from knowledge.contribution import Field
from meshnode.desks.revisions import revisions_of
from meshnode.record.rendering import contribution_of
from tests.crdt.village import Villager

if TYPE_CHECKING:
    from pathlib import Path

    from crdt.entries.contents import Value
    from crdt.ids import DocumentId
    from knowledge.contribution import Contribution

LOOK_LIKE_ROSA = ["Rosa", "rosa", " ROSA ", "R\u043es\u0430", "Ro\u200bsa", "\uff32osa", "R0sa"]


@pytest.fixture
def mallory(rosa: Villager, tmp_path: Path) -> Villager:
    """A member who may write."""
    return joined(Villager(tmp_path, "mallory"), rosa)


def joined(villager: Villager, host: Villager) -> Villager:
    [community] = host.replica.membership.communities()
    ticket = read_ticket(host.ticket(community, Role.CONTRIBUTOR))
    villager.replica.membership.redeem(ticket)
    host.meet(villager)
    return villager


def give(node: Villager, author: str, level: str = "commons") -> DocumentId:
    fields: dict[int, Value] = {Field.TITLE: "Water", Field.AUTHOR: author}
    document = node.replica.library.begin(node.space(level), 1, fields, "Boil it.")
    node.replica.react()
    return document


def call_oneself(node: Villager, name: str) -> None:
    """Take a name for oneself, as a profile says it."""
    profile = Profile(node.weather.now_ms(), ())
    inner = node.space("inner")
    node.replica.pen.write(inner, profile, encode(ProfileText(name)), priority=Priority.URGENT)
    node.replica.react()


def seen_by(node: Villager, document: DocumentId) -> Contribution:
    shown = contribution_of(node.replica, document)
    assert shown is not None
    return shown


def key_of(node: Villager, level: str = "commons") -> str:
    return f"key {node.space(level).own.pseudonym.hex()[:8]}"


@pytest.mark.parametrize("level", ["commons", "inner"])
@pytest.mark.parametrize("name", LOOK_LIKE_ROSA)
def test_words_under_another_members_name_show_who_signed(
    rosa: Villager, mallory: Villager, name: str, level: str
) -> None:
    document = give(mallory, name, level)
    rosa.meet(mallory)

    for node in (rosa, mallory):
        shown = seen_by(node, document)
        assert (shown.author, shown.given_by) == (name, "Mallory")


def test_words_under_ones_own_name_show_it_once(rosa: Villager, mallory: Villager) -> None:
    documents = [give(rosa, name) for name in ("Rosa", "rosa ", "")]
    rosa.meet(mallory)

    for document in documents:
        assert seen_by(mallory, document).given_by == ""


def test_words_of_somebody_who_is_no_member_keep_their_name(
    rosa: Villager, mallory: Villager
) -> None:
    document = give(rosa, "Elena Quispe")
    rosa.meet(mallory)

    shown = seen_by(mallory, document)

    assert (shown.author, shown.given_by) == ("Elena Quispe", "Rosa")
    assert shown.contributors == ("Rosa",)


@pytest.mark.parametrize("name", LOOK_LIKE_ROSA)
def test_two_members_whose_names_look_the_same_are_told_apart_by_their_keys(
    rosa: Villager, mallory: Villager, name: str
) -> None:
    hers = give(rosa, "Rosa")
    rosa.meet(mallory)
    assert seen_by(rosa, hers).given_by == ""

    call_oneself(mallory, name)
    theirs = give(mallory, "Rosa")
    rosa.meet(mallory)

    for node in (rosa, mallory):
        assert seen_by(node, hers).given_by == f"Rosa, {key_of(rosa)}"
        assert seen_by(node, theirs).given_by == f"{name}, {key_of(mallory)}"
        [revision] = revisions_of(node.replica, theirs)
        assert revision.author == f"{name}, {key_of(mallory)}"


def test_views_of_both_namesakes_are_made_anew_when_a_name_is_taken_and_given_up(
    rosa: Villager, mallory: Villager
) -> None:
    hers, theirs = give(rosa, "Rosa"), give(mallory, "Mallory")
    rosa.meet(mallory)

    for name in ("Rosa", "Mallory"):
        rosa.replica.made_anew(rosa.replica.stale_documents(100))
        assert not rosa.replica.stale_documents(100)
        call_oneself(mallory, name)
        mallory.give(rosa)
        assert set(rosa.replica.stale_documents(100)) >= {hers, theirs}

    assert seen_by(rosa, hers).given_by == seen_by(rosa, theirs).given_by == ""


@pytest.mark.parametrize(
    "name",
    [
        "Elena (given by Rosa)",
        "Elena \uff08Rosa\uff09",
        "Elena, given  by Rosa",
        "Rosa, key 3f9a1c2b",
    ],
)
def test_a_name_that_poses_as_our_words_is_followed_by_the_key(
    rosa: Villager, mallory: Villager, name: str
) -> None:
    call_oneself(mallory, name)
    document = give(mallory, name)
    rosa.meet(mallory)

    assert seen_by(rosa, document).given_by == f"{name}, {key_of(mallory)}"


def test_a_member_with_an_invisible_name_is_shown_by_key(rosa: Villager, mallory: Villager) -> None:
    call_oneself(mallory, "\u200b")
    document = give(mallory, "Rosa")
    rosa.meet(mallory)

    assert seen_by(rosa, document).given_by == key_of(mallory)


def test_who_may_write_but_is_not_known_is_shown_by_key(rosa: Villager, mallory: Villager) -> None:
    document = give(mallory, "Rosa")
    rosa.meet(mallory)
    people, commons = rosa.space("inner").people, mallory.space("commons")
    assert people is not None
    del people._members[commons.own.pseudonym]  # as before what says it has come

    before = seen_by(rosa, document)
    binding = bind(mallory.replica.keys, commons.space, commons.own, mallory.weather.now_ms())
    people.bind(mallory.space("inner").own.pseudonym, binding)

    assert (before.author, before.given_by) == ("Rosa", key_of(mallory))
    assert seen_by(rosa, document).given_by == "Mallory"


def test_an_editor_cannot_put_a_name_above_what_somebody_else_began(
    rosa: Villager, mallory: Villager
) -> None:
    document = give(rosa, "Elena Quispe")
    rosa.meet(mallory)
    mallory.replica.library.change(document, {Field.AUTHOR: "Mallory the Great"}, "Drink it.")
    mallory.replica.react()
    rosa.meet(mallory)

    shown = seen_by(rosa, document)

    assert (shown.author, shown.given_by) == ("Elena Quispe", "Rosa")
    assert shown.contributors == ("Rosa", "Mallory")
