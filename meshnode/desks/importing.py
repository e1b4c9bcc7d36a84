"""Importing files and folders of this machine: each becomes a contribution, or updates its own."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from crdt.errors import MeshError
from crdt.ids import DocumentId
from knowledge.contribution import Level
from knowledge.imports.draft import Defaults
from knowledge.imports.importing import Imported, Refused, Skipped, import_paths, source_key
from knowledge.language_tag import language_tag
from knowledge.licence import licence_expression
from meshnode.desks.contributing import space_for
from meshnode.desks.contribution_fields import fields_of
from meshnode.record.import_marks import import_secret, keep_mark, says_the_same
from meshnode.record.rendering import GENRE
from meshnode.views.file_import import ImportDone, ImportedFile

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from crdt.replica.held_space import HeldSpace
    from crdt.replica.replica import Replica
    from knowledge.imports.draft import Draft
    from knowledge.imports.importing import Progress
    from meshnode.record.catalogue import Catalogue
    from meshnode.record.record import Record
    from meshnode.views.file_import import ImportEvent, ImportRequest

_IMPORT_SHELF = "imported files"
"""Key: the source, named with a secret; value: the document that it became."""

_WITHDRAWN = "You withdrew this. Add it again with --again."

_Outcome: TypeAlias = Literal["added", "updated", "unchanged", "skipped"]


class Importing:
    """Imports for a member.

    Args:
        record: Where contributions go.
        catalogue: Kept in step.
        language: What is given is in this language unless something says otherwise.
        name: Of the member: the author, unless something says otherwise.
    """

    def __init__(self, record: Record, catalogue: Catalogue, language: str, name: str) -> None:
        self._record = record
        self._catalogue = catalogue
        self._language = language
        self._name = name

    async def import_files(self, request: ImportRequest) -> AsyncGenerator[ImportEvent, None]:
        """Import files and folders; what was done stays done when this is closed early.

        Raises:
            BadLanguage, BadLicence: What is to hold for all files is none; nothing was done.
            UnknownSpace: There is no such community, or none at all; nothing was done.
        """
        level = Level(request.level) if request.level else Level.COMMONS
        await self._record.run(lambda replica: space_for(replica, level, request.community))
        defaults = Defaults(
            None if request.language is None else language_tag(request.language),
            None if request.licence is None else licence_expression(request.licence),
            request.tags,
        )
        steps = import_paths([Path(path) for path in request.paths], defaults)
        counts = dict.fromkeys(("added", "updated", "unchanged", "skipped", "refused"), 0)
        try:
            while (step := await asyncio.to_thread(next, steps, None)) is not None:
                async with aclosing(self._import_one(step, request)) as events:
                    async for event in events:
                        counts[event.outcome] += 1
                        yield event
        finally:
            self._catalogue.hint()
        await self._catalogue.follow()
        yield ImportDone(**counts)

    async def _import_one(
        self, step: Progress, request: ImportRequest
    ) -> AsyncGenerator[ImportedFile, None]:
        report = step.report
        done, total = step.number, step.total
        match report:
            case Skipped(shown=shown, reason=reason):
                yield ImportedFile(
                    path=shown, outcome="skipped", reason=reason, done=done, total=total
                )
            case Refused(shown=shown, reason=reason):
                yield ImportedFile(
                    path=shown, outcome="refused", reason=reason, done=done, total=total
                )
            case Imported(shown=shown, drafts=drafts, notes=notes):
                for draft in drafts:
                    yield await self._keep(report.path, shown, draft, notes, step, request)

    async def _keep(
        self,
        path: Path,
        shown: str,
        draft: Draft,
        notes: tuple[str, ...],
        step: Progress,
        request: ImportRequest,
    ) -> ImportedFile:
        try:
            outcome, document = await self._record.change(
                lambda replica: self._import_draft(replica, path, draft, request)
            )
        except MeshError as error:
            return ImportedFile(
                path=shown,
                outcome="refused",
                title=draft.title,
                reason=error.explain(),
                done=step.number,
                total=step.total,
            )
        return ImportedFile(
            path=shown,
            outcome=outcome,
            id=document.hex(),
            title=draft.title,
            reason=_WITHDRAWN if outcome == "skipped" else "",
            notes=notes,
            done=step.number,
            total=step.total,
        )

    def _import_draft(
        self, replica: Replica, path: Path, draft: Draft, request: ImportRequest
    ) -> tuple[_Outcome, DocumentId]:
        key = bytes.fromhex(source_key(import_secret(replica), path, draft.part))
        level = Level(request.level) if request.level else draft.level or Level.COMMONS
        held = space_for(replica, level, request.community)
        said = draft.digest + held.space
        fields = fields_of(
            title=draft.title,
            language=draft.language if draft.language != "und" else self._language,
            licence=draft.licence,
            tags=draft.tags,
            place=draft.place,
            author=draft.author or self._name,
            source=draft.source,
            consent=draft.consent,
        )
        kept = replica.store.shelves.get(_IMPORT_SHELF, key)
        known = DocumentId(kept) if kept else None
        outcome: _Outcome = "added"
        with replica.store.writing():
            if known and _is_withdrawn(replica, known) and not request.again:
                return "skipped", known
            if known and _is_still_there(replica, known, held):
                if says_the_same(replica, known, said):
                    return "unchanged", known
                replica.library.change(known, fields, draft.text)
                outcome, document = "updated", known
            else:
                document = replica.library.begin(held, GENRE, fields, draft.text)
            replica.store.shelves.keep(_IMPORT_SHELF, key, document)
            keep_mark(replica, document, said)
        return outcome, document


def _is_still_there(replica: Replica, document: DocumentId, held: HeldSpace) -> bool:
    """Whether an earlier import can be brought up to date, rather than given anew."""
    try:
        is_withdrawn = replica.library.withdrawal_of(document) is not None
        return not is_withdrawn and replica.library.space_of(document) is held
    except MeshError:
        return False


def _is_withdrawn(replica: Replica, document: DocumentId) -> bool:
    try:
        return replica.library.withdrawal_of(document) is not None
    except MeshError:
        return False
