"""Who signed a contribution, beside the name that it was given under.

The author's name in a contribution is what its giver wrote there: their own, or that of
whoever told them. Who signed is certain, and shown wherever the two differ.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from crdt.entries.skeletons import SetField, Splice
from crdt.replica.appearance import appearance
from knowledge.contribution import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from crdt.documents.document import EditFacts
    from crdt.entries.contents import Value
    from crdt.ids import Pseudonym
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.replica import Replica

_SHORT = 8
"""Hex digits of a key that is shown to tell people apart; the whole one is `author_key`."""

_OURS = re.compile(r"givenby|(^|,)key[0-9a-fio]{4}")
"""What only this software says beside a name, as `appearance` folds it."""


def name_of(replica: Replica, held: HeldSpace, pseudonym: Pseudonym) -> str:
    """How a member calls themselves, by their pseudonym in any space of their community."""
    inner = replica.membership.inner_of(held)
    if inner is None or inner.people is None:
        return ""
    member = inner.people.member(pseudonym)
    if member is None:
        return ""
    inside = inner.people.pseudonym(inner.space, member)
    return inner.people.name(inside) if inside else ""


def name_of_device(replica: Replica, device_public: bytes) -> str:
    """How the member calls themselves who uses a device that proved itself."""
    for inner in replica.holdings.inner_spaces():
        for reading in inner.people.readings(device_public) if inner.people else ():
            if name := name_of(replica, inner, reading.pseudonym):
                return name
    return ""


def signer_of(replica: Replica, held: HeldSpace, pseudonym: Pseudonym) -> str:
    """Name a member as nobody else is named; "" when this node does not know who it is.

    A short key follows the name when another member's looks the same, or when the name
    itself poses as something that this software says.
    """
    name = name_of(replica, held, pseudonym)
    inner = replica.membership.inner_of(held)
    member = inner.people.member(pseudonym) if inner and inner.people else None
    if inner is None or inner.people is None or member is None or not appearance(name):
        return ""
    if inner.people.namesakes(member) or _poses(name):
        return f"{name}, {_key(pseudonym)}"
    return name


def attributed(
    replica: Replica, held: HeldSpace, signer: Pseudonym, claimed: str
) -> tuple[str, str]:
    """Return the author's name to show, and who gave it: "" when that is the same or not known.

    Args:
        replica: What this node knows.
        held: The space that the contribution is in.
        signer: Who began it.
        claimed: The author's name as the signer wrote it, or "".

    Returns:
        The second is a short key when the signer is nobody that this node knows in a community
        whose members it knows. Who is not in the community cannot know, and is told nothing.
    """
    shown = signer_of(replica, held, signer)
    if not shown:
        is_outside = replica.membership.inner_of(held) is None
        return claimed, "" if claimed and is_outside else _key(signer)
    name = name_of(replica, held, signer)
    author = claimed or name
    is_same = shown == name and appearance(author) == appearance(name)
    return author, "" if is_same else shown


def claimed_by(signer: Pseudonym, edits: Iterable[EditFacts], field: str) -> str:
    """Return the author's name that whoever began a contribution gave it.

    Args:
        signer: Who began it.
        edits: All of the contribution.
        field: What the field says now. Others who may edit can set it, but not to this effect.
    """
    claims = [(edit.pseudonym, said) for edit in edits if edit.is_effective for said in _said(edit)]
    if all(who == signer for who, _ in claims):
        return field
    own = [said for who, said in claims if who == signer]
    return own[-1] if own else ""


def _said(edit: EditFacts) -> Iterator[str]:
    values: Iterator[Value] = iter(edit.values or ())
    for operation in edit.skeleton.operations:
        if isinstance(operation, Splice) and not operation.inserted:
            continue
        value = next(values, None)
        if isinstance(operation, SetField) and operation.field == Field.AUTHOR:
            yield value if isinstance(value, str) else ""


def _poses(name: str) -> bool:
    has_brackets = any(unicodedata.category(letter) in {"Ps", "Pe"} for letter in name)
    return has_brackets or _OURS.search(appearance(name)) is not None


def _key(pseudonym: Pseudonym) -> str:
    return f"key {pseudonym.hex()[:_SHORT]}"
