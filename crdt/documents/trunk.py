"""Automerge, held at arm's length: no other module touches it.

Its core panics, hangs or corrupts on crafted input, so nothing from a peer goes
in but edits that were checked: positions inside the text, one character at a
time, no transaction left open. Every edit is one change by an actor of its own,
so that every order which respects causes gives the same bytes.

An edit that was written beside others goes to a *branch* (the document without
those), which is then merged. Branches are kept, moved along and joined where possible:
to take a document apart again costs Automerge milliseconds each time.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from automerge.core import ROOT, ObjType, ScalarType
from automerge.core import Document as Core

from crdt.documents.draft import MAX_TEXT_LENGTH
from crdt.documents.lines import line_by_line, operations_of
from crdt.documents.text_change import BLANK
from crdt.entries.skeletons import SetField
from crdt.errors import DocumentDamaged

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crdt.documents.step import Heads, Step
    from crdt.ids import EntryId

ACTOR_BYTES = 16
"""Bytes of an edit's id that name it in Automerge."""

_MAX_BRANCHES = 64
_KEPT_OPERATIONS = 500_000
"""Operations in all branches together: Automerge takes some 430 bytes of memory for each."""

_TEXT = "text"


class Trunk:
    """A document in Automerge.

    Args:
        saved: What `save` returned; None to begin anew.
        heads: Newest edits in it.
        hashes: Change hash of each edit in it.
    """

    def __init__(
        self,
        saved: bytes | None = None,
        heads: Heads = frozenset(),
        hashes: Mapping[EntryId, bytes] | None = None,
    ) -> None:
        self._saved = saved
        self._core: Core | None = None
        self._text_id = b""
        self._length = 0
        self._operations = 0
        self._heads = heads
        self._hashes = dict(hashes or {})
        self._branches: OrderedDict[Heads, Core] = OrderedDict()

    @property
    def heads(self) -> Heads:
        """Newest edits."""
        return self._heads

    @property
    def hashes(self) -> Mapping[EntryId, bytes]:
        """Change hash of each edit."""
        return self._hashes

    @property
    def automerge_heads(self) -> tuple[bytes, ...]:
        """Hashes of the newest changes, sorted."""
        return tuple(sorted(self._hashes[head] for head in self._heads))

    def text(self) -> str:
        """The text, blanks included.

        Raises:
            DocumentDamaged: Automerge cannot tell.
        """
        with _guarded():
            core = self._opened()
            return core.text(self._text_id) if self._text_id else ""

    def text_at(self, heads: Heads) -> str:
        """The text as some edits and what they rest on left it, blanks included.

        Raises:
            DocumentDamaged: Automerge cannot tell.
        """
        with _guarded():
            hashes = [self._hashes[head] for head in heads]
            return self._opened().text(self._text_id, hashes)

    def field_winner(self, field: int) -> str | None:
        """What Automerge holds for a field: the edit's id, its operation, the value as JSON."""
        with _guarded():
            found = self._opened().get(ROOT, str(field))
        return None if found is None else str(found[0][1])  # type: ignore[index]

    def save(self) -> bytes:
        """Return the document as Automerge stores it.

        Raises:
            DocumentDamaged: Automerge cannot.
        """
        if self._core is None and self._saved is not None:
            return self._saved
        with _guarded():
            return self._opened().save()

    def apply(self, steps: Sequence[Step]) -> list[EntryId]:
        """Apply edits.

        Args:
            steps: Each after those that it rests on.

        Returns:
            Edits that were left out: positions outside the text, a text that is not as
            long as they say, or resting on such an edit. It depends on skeletons alone.

        Raises:
            DocumentDamaged: Automerge failed; this trunk is of no more use.
        """
        awaited = Counter(heads for step in steps for heads in _starting_points(step))
        bad: dict[EntryId, None] = {}
        with _guarded():
            self._opened()
            for step in line_by_line(steps):
                awaited.subtract(_starting_points(step))
                if not bad.keys().isdisjoint(step.base) or not self._apply(step, awaited):
                    bad[step.id] = None
            self._branches.clear()
        return list(bad)

    def _opened(self) -> Core:
        if self._core is None:
            if self._saved is None:
                self._core = Core()
            else:
                self._core = Core.load(self._saved)
                self._saved = None
                found = self._core.get(ROOT, _TEXT)
                if found is not None:
                    self._text_id = found[1]
                    self._length = self._operations = self._core.length(self._text_id)
        return self._core

    def _apply(self, step: Step, awaited: Counter[Heads]) -> bool:
        core = self._opened()
        if step.base == self._heads:
            length = length_after(step, self._length)
            if length is None:
                return False
            if awaited[step.base]:
                self._keep(step.base, self._moved_along(core, awaited), awaited)
            self._hashes[step.id] = self._write(core, step)
            self._heads = frozenset((step.id,))
            self._length = length
            return True
        if awaited[self._heads] and self._heads not in self._branches:
            self._keep(self._heads, self._moved_along(core, awaited), awaited)
        branch = self._branches.pop(step.base, None)
        if branch is None:
            branch = self._joined(step.base, awaited)
        if branch is None:
            branch = core.fork([self._hashes[head] for head in step.base])
        if length_after(step, branch.length(self._text_id)) is None:
            self._keep(step.base, branch, awaited)
            return False
        if awaited[step.base]:
            self._keep(step.base, branch.fork(), awaited)
        self._hashes[step.id] = self._write(branch, step)
        core.merge(branch)
        self._keep(frozenset((step.id,)), branch, awaited)
        self._heads = self._heads - step.base | {step.id}
        self._length = core.length(self._text_id)
        return True

    def _joined(self, base: Heads, awaited: Counter[Heads]) -> Core | None:
        """The document as of several edits, out of the branches that end in them, if all are kept.

        It takes over one that nothing else rests on.
        """
        parts = [frozenset((head,)) for head in base]
        if len(parts) < 2 or any(part not in self._branches for part in parts):
            return None
        taken = next((part for part in parts if not awaited[part]), None)
        joined = self._branches[parts[0]].fork() if taken is None else self._branches.pop(taken)
        for part in parts:
            if part in self._branches:
                joined.merge(self._branches[part])
        return joined

    def _moved_along(self, core: Core, awaited: Counter[Heads]) -> Core:
        """A copy of the trunk, made out of a branch that nothing rests on any more."""
        for heads in self._branches:
            if not awaited[heads]:
                branch = self._branches.pop(heads)
                branch.merge(core)
                return branch
        return core.fork()

    def _keep(self, heads: Heads, branch: Core, awaited: Counter[Heads]) -> None:
        self._branches[heads] = branch
        room = min(_MAX_BRANCHES, max(2, _KEPT_OPERATIONS // max(1, self._operations)))
        while len(self._branches) > room:
            spare = next((kept for kept in self._branches if not awaited[kept]), None)
            self._branches.pop(spare if spare is not None else next(iter(self._branches)))

    def _write(self, core: Core, step: Step) -> bytes:
        """Write an edit as one change; return its hash."""
        core.set_actor(step.id[:ACTOR_BYTES])
        self._operations += operations_of(step.operations)
        name = step.id.hex()
        values = iter(step.values) if step.values is not None else None
        with core.transaction() as transaction:
            if not step.base:
                self._text_id = transaction.put_object(ROOT, _TEXT, ObjType.Text)
            text_id, insert, delete = self._text_id, transaction.insert, transaction.delete
            kind = ScalarType.Str
            for number, operation in enumerate(step.operations):
                if isinstance(operation, SetField):
                    # Never the same twice: putting an equal value would be no operation at all.
                    value = "" if values is None else json.dumps(next(values), ensure_ascii=False)
                    tagged = f"{name}{number:04x}{value}"
                    transaction.put(ROOT, str(operation.field), kind, tagged)
                    continue
                position = operation.position
                for _ in range(operation.deleted):
                    delete(text_id, position)
                if operation.inserted:
                    inserted = BLANK * operation.inserted if values is None else str(next(values))
                    for index, letter in enumerate(inserted, position):
                        insert(text_id, index, kind, letter)
        (change_hash,) = core.get_heads()
        return change_hash


def _starting_points(step: Step) -> list[Heads]:
    """Branches that an edit could start from: one as of its base, or those that make it up."""
    if len(step.base) < 2:
        return [step.base]
    return [step.base, *(frozenset((head,)) for head in step.base)]


def length_after(step: Step, length: int) -> int | None:
    """Length of a text after an edit; None when the edit does not fit it."""
    if step.base_length != length:
        return None
    for operation in step.operations:
        if isinstance(operation, SetField):
            continue
        if operation.position + operation.deleted > length:
            return None
        length += operation.inserted - operation.deleted
        if length > MAX_TEXT_LENGTH:
            return None
    return length


@contextmanager
def _guarded() -> Iterator[None]:
    """Turn what Automerge throws into our error; its panics are no ordinary exceptions."""
    try:
        yield
    except BaseException as error:
        # It raises Exception itself, no subclass; PyO3's panics cannot be imported to be named.
        if type(error) is Exception or type(error).__name__ == "PanicException":
            raise DocumentDamaged(str(error)) from error
        raise
