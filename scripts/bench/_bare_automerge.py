"""The least that Automerge's Python interface can do with a document's edits: a rival to replay.

For each edit an actor and one transaction with the same puts, inserts and deletes; for edits
written beside others, a fork at the heads that they name, and a merge. It plans nothing,
checks nothing, and knows the order, the hashes and the values beforehand.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from automerge.core import ROOT, ObjType, ScalarType
from automerge.core import Document as Core

from crdt.documents.plan import plan
from crdt.entries.skeletons import SetField

if TYPE_CHECKING:
    from crdt.documents.document import EditFacts
    from crdt.ids import DocumentId, EntryId

Prepared = tuple["EditFacts", "frozenset[EntryId]"]


def prepared(document: DocumentId, edits: list[EditFacts]) -> list[Prepared]:
    """The edits in order, with what they rest on: what the rival knows beforehand."""
    return [(edit.facts, edit.step.base) for edit in plan(document, edits).edits]


def bare_automerge(
    steps: list[Prepared], texts: dict[EntryId, list[str]]
) -> tuple[str, list[bytes]]:
    """Apply the edits with nothing but Automerge."""
    core = Core()
    text_id = b""
    hashes: dict[EntryId, bytes] = {}
    heads: frozenset[EntryId] = frozenset()
    kind = ScalarType.Str
    for facts, base in steps:
        is_in_place = base == heads
        target = core if is_in_place else core.fork([hashes[name] for name in base])
        target.set_actor(facts.id[:16])
        values = iter(texts[facts.id])
        with target.transaction() as transaction:
            if not base:
                text_id = transaction.put_object(ROOT, "text", ObjType.Text)
            for operation in facts.skeleton.operations:
                if isinstance(operation, SetField):
                    transaction.put(ROOT, str(operation.field), kind, next(values))
                    continue
                for _ in range(operation.deleted):
                    transaction.delete(text_id, operation.position)
                if operation.inserted:
                    for index, letter in enumerate(next(values), operation.position):
                        transaction.insert(text_id, index, kind, letter)
        (hashes[facts.id],) = target.get_heads()
        if not is_in_place:
            core.merge(target)
        heads = heads - base | {facts.id}
    return core.text(text_id), core.get_heads()


def tagged(edits: list[EditFacts]) -> dict[EntryId, list[str]]:
    """What the rival puts and inserts, ready to use."""
    texts: dict[EntryId, list[str]] = {}
    for facts in edits:
        values = iter(facts.values or ())
        texts[facts.id] = []
        for number, operation in enumerate(facts.skeleton.operations):
            if isinstance(operation, SetField):
                value = json.dumps(next(values), ensure_ascii=False)
                texts[facts.id].append(f"{facts.id.hex()}{number:04x}{value}")
            elif operation.inserted:
                texts[facts.id].append(str(next(values)))
    return texts
