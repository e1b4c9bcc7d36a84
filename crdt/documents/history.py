"""What each edit of a document changed, to read."""

from __future__ import annotations

import itertools
from collections import Counter, OrderedDict
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from crdt.documents.plan import PlannedEdit, plan
from crdt.documents.replay import replay
from crdt.documents.text_change import BLANK, replacements, splits_word, visible
from crdt.entries.skeletons import SetField

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from crdt.documents.document import Document, EditFacts
    from crdt.documents.step import Heads, Step
    from crdt.entries.contents import Value
    from crdt.ids import DocumentId, EntryId, Pseudonym

CONTEXT_LENGTH = 60
"""Code points of unchanged text shown beside a change, at most; cut between words."""

MAX_RUNS = 200
"""Runs shown of one edit."""

MAX_RUN_LENGTH = 4_000
"""Code points shown of one run."""

_KEPT_LENGTH = 16_000_000
"""Code points of texts kept at hand while a history is read."""


class RunKind(Enum):
    """What an edit did to a run of text."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    OMITTED = "omitted"
    """Stands for text, changed or not, that is not shown."""


@dataclass(frozen=True, slots=True)
class Run:
    """Part of a text, before or after an edit."""

    kind: RunKind
    text: str


@dataclass(frozen=True, slots=True)
class PastEdit:
    """One edit of a document, and what it changed.

    Attributes:
        stamp_ms: Its author's clock; to show, never to decide.
        is_effective: Whether its author may write here; if not, others rest on it.
        is_erased: Whether its words were withdrawn, or do not fit.
        fields: What it set; None for what it cleared.
        runs: Its change of the visible text, in order.
    """

    id: EntryId
    pseudonym: Pseudonym
    stamp_ms: int
    is_effective: bool
    is_erased: bool
    fields: Mapping[int, Value]
    runs: tuple[Run, ...]


def history(document: DocumentId, edits: Iterable[EditFacts]) -> tuple[PastEdit, ...]:
    """Return the edits of a document, causes first, each with what it changed.

    Every change is shown against the text that its author saw. The document is
    replayed once.

    Raises:
        DocumentDamaged: As for `replay`.
    """
    known = list(edits)
    whole = replay(document, known)
    planned = [edit for edit in plan(document, known).edits if edit.facts.id in whole.shown]
    texts = _Texts(whole, planned)
    return tuple(_past(edit, texts) for edit in planned)


def _past(edit: PlannedEdit, texts: _Texts) -> PastEdit:
    facts, step = edit.facts, edit.step
    before = texts.take(step.base)
    after = _applied(before, step)
    texts.keep(frozenset((facts.id,)), after)
    return PastEdit(
        facts.id,
        facts.pseudonym,
        facts.stamp_ms,
        facts.is_effective,
        step.values is None and facts.is_effective,
        _fields(step),
        tuple(_shortened(_runs(visible(before), visible(after)))),
    )


class _Texts:
    """Texts as edits left them, as long as an edit still needs them and room allows."""

    def __init__(self, whole: Document, planned: list[PlannedEdit]) -> None:
        self._trunk = whole.trunk
        self._needed = Counter(edit.step.base for edit in planned)
        self._kept: OrderedDict[Heads, str] = OrderedDict()
        self._length = 0

    def take(self, base: Heads) -> str:
        if not base:
            return ""
        text = self._kept.pop(base, None)
        if text is None:
            text = self._trunk.text_at(base)
        else:
            self._length -= len(text)
        self._needed[base] -= 1
        self.keep(base, text)
        return text

    def keep(self, heads: Heads, text: str) -> None:
        if not self._needed[heads]:
            return
        self._kept[heads] = text
        self._length += len(text)
        while self._length > _KEPT_LENGTH:
            _, dropped = self._kept.popitem(last=False)
            self._length -= len(dropped)


def _applied(text: str, step: Step) -> str:
    values = iter(step.values) if step.values is not None else None
    for operation in step.operations:
        if isinstance(operation, SetField):
            if values is not None:
                next(values)
            continue
        inserted = ""
        if operation.inserted:
            inserted = BLANK * operation.inserted if values is None else str(next(values))
        start, end = operation.position, operation.position + operation.deleted
        text = f"{text[:start]}{inserted}{text[end:]}"
    return text


def _fields(step: Step) -> dict[int, Value]:
    if step.values is None:
        return {}
    takers = (
        operation
        for operation in step.operations
        if isinstance(operation, SetField) or operation.inserted
    )
    return {
        operation.field: value
        for operation, value in zip(takers, step.values, strict=True)
        if isinstance(operation, SetField)
    }


def _runs(before: str, after: str) -> Iterator[Run]:
    shown_to = 0
    changes = replacements(before, after)
    for index, change in enumerate(changes):
        yield from _unchanged(before[shown_to : change.start], is_first=index == 0, is_last=False)
        if change.start < change.end:
            yield from _bounded(RunKind.REMOVED, before[change.start : change.end])
        if change.inserted:
            yield from _bounded(RunKind.ADDED, change.inserted)
        shown_to = change.end
    if changes:
        yield from _unchanged(before[shown_to:], is_first=False, is_last=True)


def _unchanged(text: str, *, is_first: bool, is_last: bool) -> Iterator[Run]:
    if len(text) <= CONTEXT_LENGTH * (2 - is_first - is_last):
        if text:
            yield Run(RunKind.SAME, text)
        return
    if not is_first:
        yield Run(RunKind.SAME, _beginning(text))
    yield Run(RunKind.OMITTED, "")
    if not is_last:
        yield Run(RunKind.SAME, _beginning(text[::-1])[::-1])


def _beginning(text: str) -> str:
    """Cut a longer text behind a space; where there is none, so that no word is split."""
    places = range(CONTEXT_LENGTH, CONTEXT_LENGTH // 2, -1)
    spaces = (place for place in places if text[place - 1].isspace())
    between = (place for place in places if not splits_word(text, place))
    return text[: next(itertools.chain(spaces, between), CONTEXT_LENGTH)]


def _bounded(kind: RunKind, text: str) -> Iterator[Run]:
    yield Run(kind, text[:MAX_RUN_LENGTH])
    if len(text) > MAX_RUN_LENGTH:
        yield Run(RunKind.OMITTED, "")


def _shortened(runs: Iterator[Run]) -> Iterator[Run]:
    for count, run in enumerate(runs):
        if count == MAX_RUNS:
            yield Run(RunKind.OMITTED, "")
            return
        yield run
