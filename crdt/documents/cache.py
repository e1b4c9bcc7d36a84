"""Replayed documents as the store keeps them, so that opening one needs no replay.

A cache is ours alone: it never leaves the node, and any doubt about it ends in a
replay. Whoever keeps it drops it as soon as one of its edits is erased.
"""

from __future__ import annotations

from importlib.metadata import version

from crdt.codec import Decoder, WireStruct, encode
from crdt.documents.document import Document, EditFacts
from crdt.documents.trunk import Trunk
from crdt.entries.contents import Value
from crdt.errors import MeshError
from crdt.ids import DocumentId, EntryId, Pseudonym, digest

REPLAY_VERSION = 2
"""Raised whenever the same edits may give another document."""

_MAX_BYTES = 256 * 1024 * 1024


class _Applied(WireStruct, frozen=True):
    id: EntryId
    is_shown: bool
    change_hash: bytes


class _Field(WireStruct, frozen=True):
    number: int
    value: Value


class _Cached(WireStruct, frozen=True):
    made_with: str
    id: DocumentId
    genre: int | None
    fields: tuple[_Field, ...]
    full_text: str
    heads: tuple[EntryId, ...]
    applied: tuple[_Applied, ...]
    contributors: tuple[Pseudonym, ...]
    damage: str | None
    waiting: int
    left_out: int
    automerge: bytes


_DECODE = Decoder(_Cached, _MAX_BYTES)


def made_with() -> str:
    """Versions that a cache depends on: a cache made with others is of no use."""
    return f"replay {REPLAY_VERSION}, automerge {version('automerge')}"


def save(document: Document) -> bytes:
    """Write a document; it must be the newest that `update` made of it.

    Raises:
        DocumentDamaged: Automerge cannot save it.
    """
    trunk = document.trunk
    if trunk.heads != frozenset(document.heads):
        raise ValueError("this document was updated since")
    cached = _Cached(
        made_with(),
        document.id,
        document.genre,
        tuple(_Field(number, value) for number, value in document.fields.items()),
        document.full_text,
        document.heads,
        tuple(
            _Applied(name, is_shown, trunk.hashes[name])
            for name, is_shown in document.shown.items()
        ),
        document.contributors,
        document.damage,
        document.waiting,
        document.left_out,
        trunk.save(),
    )
    return encode(cached)


def load(data: bytes) -> Document | None:
    """Read a document; None when other versions wrote it, or it is damaged: replay then."""
    try:
        cached = _DECODE(data)
    except MeshError:
        return None
    hashes = {edit.id: edit.change_hash for edit in cached.applied}
    if cached.made_with != made_with() or not hashes.keys() >= set(cached.heads):
        return None
    trunk = Trunk(cached.automerge, frozenset(cached.heads), hashes)
    return Document(
        id=cached.id,
        genre=cached.genre,
        fields={field.number: field.value for field in cached.fields},
        full_text=cached.full_text,
        heads=cached.heads,
        shown={edit.id: edit.is_shown for edit in cached.applied},
        contributors=cached.contributors,
        automerge_heads=trunk.automerge_heads,
        damage=cached.damage,
        waiting=cached.waiting,
        left_out=cached.left_out,
        trunk=trunk,
    )


def state_of(edits: list[EditFacts]) -> bytes:
    """Digest of all that a document depends on: kept beside its cache, it tells if that is fresh.

    Which edits there are, which have effect, and whose content is here.
    """
    parts = sorted(edit.id + bytes([edit.is_effective, edit.values is not None]) for edit in edits)
    return digest(b"mesh doc state", *parts)
