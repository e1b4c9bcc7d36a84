"""Contributions of this node's member: given, changed, imported, looked back on, taken back."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from crdt.codec import Decoder, WireStruct, encode
from crdt.documents.history import RunKind, history
from crdt.errors import MeshError, NotAuthorised, UnknownSpace, Withdrawn
from crdt.ids import DocumentId, EntryId
from knowledge.contribution import Consent, Contribution, Field, Level
from knowledge.imports.draft import Defaults
from knowledge.imports.importing import Imported, Refused, Skipped, import_paths, source_key
from meshnode.errors import BadRequest
from meshnode.record.coverage import coverage_of
from meshnode.record.rendering import GENRE, LEVELS, contribution_of, name_of
from meshnode.views import (
    Change,
    ContributionView,
    Coverage,
    FieldChange,
    ImportDone,
    ImportedFile,
    Revision,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from crdt.documents.history import Run
    from crdt.entries.skeletons import Value
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.replica import Replica
    from knowledge.imports.draft import Draft
    from knowledge.imports.importing import Progress
    from meshnode.record.catalogue import Catalogue
    from meshnode.record.record import Record
    from meshnode.views import AddRequest, EditRequest, ImportEvent, ImportRequest

_IMPORT_SHELF = "imports"
_SECRET_SHELF = "import secret"  # noqa: S105 - the name of a shelf
_TITLE_SHELF = "withdrawn titles"


class _Known(WireStruct, frozen=True):
    document: bytes
    digest: bytes


_DECODE_KNOWN = Decoder(_Known, 256)


class Contributing:
    """What a member does with contributions.

    Args:
        record: Where they are.
        catalogue: Kept in step before anything is answered.
        language: What is given is in this language unless something says otherwise.
        name: Of the member: the author, unless something says otherwise.
    """

    def __init__(self, record: Record, catalogue: Catalogue, language: str, name: str) -> None:
        self._record = record
        self._catalogue = catalogue
        self._language = language
        self._name = name

    # --- reading -----------------------------------------------------------------------------

    async def find(self, contribution_id: str) -> DocumentId:
        """Return the one document that an id, maybe shortened, means.

        Raises:
            Malformed, UnknownEntry, AmbiguousId: It means none, or several.
        """
        return DocumentId(
            await self._record.run(lambda replica: replica.store.entries.find(contribution_id))
        )

    async def view(self, contribution_id: str) -> ContributionView:
        """Give one contribution in full.

        Raises:
            Withdrawn, UnknownEntry: It is not here (any more).
        """
        document = await self.find(contribution_id)
        return await self._record.run(lambda replica: view_of(replica, document))

    async def history(self, contribution_id: str) -> list[Revision]:
        """Give every edit, oldest first."""
        document = await self.find(contribution_id)
        return await self._record.run(lambda replica: _history(replica, document))

    async def coverage(self, contribution_id: str) -> Coverage:
        """Say which nodes hold it or, once withdrawn, have erased it."""
        document = await self.find(contribution_id)
        return await self._record.run(lambda replica: _coverage(replica, document))

    async def withdrawals(self) -> list[Coverage]:
        """Give what was withdrawn in our name, newest first."""

        def read(replica: Replica) -> list[Coverage]:
            kept = replica.store.shelves.items(_TITLE_SHELF)
            newest_first = sorted(kept, key=lambda item: item[1], reverse=True)
            return [_coverage(replica, DocumentId(document)) for document, _ in newest_first]

        return await self._record.run(read)

    # --- writing -----------------------------------------------------------------------------

    async def add(self, request: AddRequest) -> ContributionView:
        """Give a new contribution.

        Raises:
            BadRequest: It has no title, or its consent is none that is known.
            UnknownSpace, NotAuthorised: There is no such community, or we may not write there.
        """
        fields = _fields(
            title=request.title.strip(),
            language=request.language if request.language != "und" else self._language,
            licence=request.licence,
            tags=request.tags,
            place=request.place,
            author=request.author or self._name,
            source=request.source,
            consent=_consent(request.consent),
        )
        if not request.title.strip() or not request.text.strip():
            raise BadRequest("a contribution has a title and a text")

        def write(replica: Replica) -> DocumentId:
            held = space_for(replica, Level(request.level), request.community)
            return replica.library.begin(held, GENRE, fields, request.text)

        document = await self._record.change(write)
        await self._catalogue.catch_up()
        return await self._record.run(lambda replica: view_of(replica, document))

    async def edit(self, contribution_id: str, request: EditRequest) -> ContributionView:
        """Change a contribution as its reader saw it.

        Raises:
            NotAuthorised, Withdrawn, UnknownEntry, DocumentFull, TooLarge: Nothing was changed.
        """
        document = await self.find(contribution_id)
        fields = _fields(
            title=request.title,
            language=request.language,
            licence=request.licence,
            tags=request.tags,
            place=request.place,
        )
        base = tuple(EntryId(bytes.fromhex(name)) for name in request.version)

        def write(replica: Replica) -> None:
            replica.library.change(document, fields, request.text, base)

        await self._record.change(write)
        await self._catalogue.catch_up()
        return await self._record.run(lambda replica: view_of(replica, document))

    async def withdraw(self, contribution_id: str) -> Coverage:
        """Take a contribution back: erased here when this returns.

        Raises:
            NotAuthorised, Withdrawn, UnknownEntry: Nothing was taken back.
        """
        document = await self.find(contribution_id)

        def write(replica: Replica) -> None:
            with replica.store.writing():
                replica.library.withdraw(document)
                stamp = replica.pen.now_ms().to_bytes(8, "big")
                replica.store.shelves.keep(_TITLE_SHELF, document, stamp)

        await self._record.change(write)
        await self._catalogue.catch_up()

        def finish(replica: Replica) -> Coverage:
            replica.store.checkpoint()
            return _coverage(replica, document)

        return await self._record.run(finish)

    # --- importing ---------------------------------------------------------------------------

    async def import_files(self, request: ImportRequest) -> AsyncGenerator[ImportEvent, None]:
        """Import files and folders; what was done stays done when this is closed early."""
        defaults = Defaults(request.language, request.licence, request.tags)
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
        await self._catalogue.catch_up()
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
            notes=notes,
            done=step.number,
            total=step.total,
        )

    def _import_draft(
        self, replica: Replica, path: Path, draft: Draft, request: ImportRequest
    ) -> tuple[Literal["added", "updated", "unchanged"], DocumentId]:
        key = bytes.fromhex(source_key(_secret(replica), path, draft.part))
        level = Level(request.level) if request.level else draft.level or Level.COMMONS
        held = space_for(replica, level, request.community)
        digest = draft.digest + held.space
        fields = _fields(
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
        known = _DECODE_KNOWN(kept) if kept else None
        with replica.store.writing():
            if known and _is_still_there(replica, DocumentId(known.document), held):
                document = DocumentId(known.document)
                if known.digest == digest:
                    return "unchanged", document
                replica.library.change(document, fields, draft.text)
                outcome: Literal["added", "updated"] = "updated"
            else:
                document = replica.library.begin(held, GENRE, fields, draft.text)
                outcome = "added"
            replica.store.shelves.keep(_IMPORT_SHELF, key, encode(_Known(document, digest)))
        return outcome, document


def view_of(replica: Replica, document: DocumentId) -> ContributionView:
    """Return a contribution in full.

    Raises:
        Withdrawn, UnknownEntry: It is not here (any more).
    """
    shown = replica.library.read(document)
    contribution = contribution_of(replica, document)
    if contribution is None:
        raise NotAuthorised("whoever wrote this had no right to, so it is not shown")
    return ContributionView(
        id=contribution.id,
        title=contribution.title,
        text=contribution.text,
        author=contribution.author,
        author_key=contribution.author_key,
        contributors=contribution.contributors,
        community=contribution.community,
        level=contribution.level.value,
        language=contribution.language,
        licence=contribution.licence,
        tags=contribution.tags,
        place=contribution.place,
        source=contribution.source,
        consent=_uses(contribution),
        created_ms=contribution.created_ms,
        changed_ms=contribution.changed_ms,
        edits=contribution.edits,
        version=tuple(head.hex() for head in shown.heads),
        is_own=replica.library.may_withdraw(document),
        may_edit=replica.library.may_edit(document),
        may_withdraw=replica.library.may_withdraw(document),
    )


def space_for(replica: Replica, level: Level, community: str | None) -> HeldSpace:
    """Return the space of a level, in a community by name or in the first one.

    Raises:
        UnknownSpace: There is none.
    """
    for found in replica.membership.communities():
        if community is not None and found.inner.name != community:
            continue
        for held in (found.inner, found.commons):
            if held is not None and LEVELS[held.kind] is level:
                return held
    if level is Level.ALLIED:
        raise UnknownSpace("sharing with allies comes with federation; choose inner or commons")
    raise UnknownSpace(community or "found a community, or join one")


def _is_still_there(replica: Replica, document: DocumentId, held: HeldSpace) -> bool:
    """Whether an earlier import can be brought up to date, rather than given anew."""
    try:
        is_withdrawn = replica.library.withdrawal_of(document) is not None
        return not is_withdrawn and replica.library.space_of(document) is held
    except MeshError:
        return False


def _secret(replica: Replica) -> bytes:
    secret = replica.store.shelves.get(_SECRET_SHELF, b"")
    if secret is None:
        secret = os.urandom(32)
        with replica.store.writing():
            replica.store.shelves.keep(_SECRET_SHELF, b"", secret)
    return secret


def _coverage(replica: Replica, document: DocumentId) -> Coverage:
    try:
        fields = replica.library.read(document).fields
        title = str(fields.get(Field.TITLE, ""))
    except Withdrawn:
        title = ""
    return coverage_of(replica, document, title)


def _history(replica: Replica, document: DocumentId) -> list[Revision]:
    held = replica.library.space_of(document)
    return [
        Revision(
            id=edit.id.hex(),
            author=name_of(replica, held, edit.pseudonym) or edit.pseudonym.hex()[:8],
            stamp_ms=edit.stamp_ms,
            is_effective=edit.is_effective,
            is_withdrawn=edit.is_erased,
            fields=tuple(_field_changes(edit.fields)),
            changes=tuple(_change(run) for run in edit.runs),
        )
        for edit in history(document, replica.library.edits(document))
    ]


def _change(run: Run) -> Change:
    if run.kind is RunKind.OMITTED:
        return Change(op="same", text="…")
    return Change(op=run.kind.value, text=run.text)


def _field_changes(fields: Mapping[int, Value]) -> Iterator[FieldChange]:
    for number, value in fields.items():
        try:
            name = Field(number).name.lower()
        except ValueError:
            name = f"field {number}"
        shown = ", ".join(value) if isinstance(value, tuple) else str(value)
        yield FieldChange(field=name, value=shown)


def _fields(
    *,
    title: str | None = None,
    language: str | None = None,
    licence: str | None = None,
    tags: tuple[str, ...] | None = None,
    place: str | None = None,
    author: str | None = None,
    source: str | None = None,
    consent: Consent | None = None,
) -> dict[int, Value]:
    """Return the fields that are given, by number; what is None is not set."""
    given: dict[int, Value | None] = {
        Field.TITLE: title,
        Field.LANGUAGE: language,
        Field.LICENCE: licence,
        Field.TAGS: tags,
        Field.PLACE: place,
        Field.AUTHOR: author,
        Field.SOURCE: source,
        Field.CONSENT: None if consent is None else int(consent),
    }
    return {int(field): value for field, value in given.items() if value not in (None, "", ())}


def _consent(uses: tuple[str, ...] | None) -> Consent | None:
    if uses is None:
        return None
    consent = Consent.NONE
    for use in uses:
        if use.upper() not in Consent.__members__:
            raise BadRequest(f"{use!r} is not one of answering, training and sharing")
        consent |= Consent[use.upper()]
    return consent


def _uses(contribution: Contribution) -> tuple[str, ...]:
    uses = (Consent.ANSWERING, Consent.TRAINING, Consent.SHARING)
    return tuple(str(use.name).lower() for use in uses if use in contribution.consent)
