"""Contributions of this node's member: given, changed, looked back on, taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crdt.errors import NotAuthorised, UnknownSpace, Withdrawn
from crdt.ids import DocumentId, EntryId
from knowledge.contribution import Field, Level
from meshnode.desks.contribution_fields import consent_of, edited_fields, fields_of, uses_of
from meshnode.desks.revisions import revisions_of
from meshnode.errors import BadRequest
from meshnode.record.coverage import coverage_of
from meshnode.record.rendering import GENRE, LEVELS, contribution_of
from meshnode.views.contribution import ContributionView

if TYPE_CHECKING:
    from crdt.replica.held_space import HeldSpace
    from crdt.replica.replica import Replica
    from meshnode.record.catalogue import Catalogue
    from meshnode.record.record import Record
    from meshnode.views.contribution import AddRequest, EditRequest
    from meshnode.views.revision import Revision
    from meshnode.views.withdrawal import Coverage

_WITHDRAWN_SHELF = "our withdrawals"
"""Documents that we took back, or took our words out of; value: stamp, then the withdrawal."""

_STAMP_BYTES = 8


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
            BadId, UnknownEntry, AmbiguousId: It means none, or several.
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
        return await self._record.run(lambda replica: revisions_of(replica, document))

    async def coverage(self, contribution_id: str) -> Coverage:
        """Say which nodes hold it or, once withdrawn, have erased it."""
        document = await self.find(contribution_id)
        return await self._record.run(lambda replica: _coverage(replica, document))

    async def withdrawals(self) -> list[Coverage]:
        """Give what was withdrawn in our name, newest first."""

        def read(replica: Replica) -> list[Coverage]:
            kept = replica.store.shelves.items(_WITHDRAWN_SHELF)
            newest_first = sorted(kept, key=lambda item: item[1], reverse=True)
            return [_coverage(replica, DocumentId(document)) for document, _ in newest_first]

        return await self._record.run(read)

    # --- writing -----------------------------------------------------------------------------

    async def add(self, request: AddRequest) -> ContributionView:
        """Give a new contribution.

        Raises:
            BadRequest: It has no title, or its consent is none that is known.
            BadLanguage, BadLicence: Its language or licence is none.
            UnknownSpace, NotAuthorised: There is no such community, or we may not write there.
        """
        fields = fields_of(
            title=request.title.strip(),
            language=request.language if request.language != "und" else self._language,
            licence=request.licence,
            tags=request.tags,
            place=request.place,
            author=request.author or self._name,
            source=request.source,
            consent=consent_of(request.consent),
        )
        if not request.title.strip() or not request.text.strip():
            raise BadRequest("a contribution has a title and a text")

        def write(replica: Replica) -> DocumentId:
            held = space_for(replica, Level(request.level), request.community)
            return replica.library.begin(held, GENRE, fields, request.text)

        document = await self._record.change(write)
        await self._catalogue.follow()
        return await self._record.run(lambda replica: view_of(replica, document))

    async def edit(self, contribution_id: str, request: EditRequest) -> ContributionView:
        """Change a contribution as its reader saw it.

        Raises:
            NotAuthorised, Withdrawn, UnknownEntry, DocumentFull, TooLarge, BadLanguage,
            BadLicence, BadRequest: Nothing was changed.
        """
        document = await self.find(contribution_id)
        fields = edited_fields(request)
        base = tuple(EntryId(bytes.fromhex(name)) for name in request.version)

        def write(replica: Replica) -> None:
            replica.library.change(document, fields, request.text, base)

        await self._record.change(write)
        await self._catalogue.follow()
        return await self._record.run(lambda replica: view_of(replica, document))

    async def withdraw(self, contribution_id: str, reason: str) -> Coverage:
        """Take a contribution, or our own words in another's, back: erased here on return.

        Raises:
            NotAuthorised, Withdrawn, UnknownEntry: Nothing was taken back.
        """
        document = await self.find(contribution_id)

        def write(replica: Replica) -> None:
            with replica.store.writing():
                withdrawal = replica.library.withdraw(document, reason.strip())
                note = replica.pen.now_ms().to_bytes(_STAMP_BYTES) + withdrawal
                replica.store.shelves.keep(_WITHDRAWN_SHELF, document, note)

        await self._record.change(write)
        await self._catalogue.follow()

        def finish(replica: Replica) -> Coverage:
            replica.store.checkpoint()
            return _coverage(replica, document)

        return await self._record.run(finish)


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
        given_by=contribution.given_by,
        author_key=contribution.author_key,
        contributors=contribution.contributors,
        community=contribution.community,
        level=contribution.level.value,
        language=contribution.language,
        licence=contribution.licence,
        tags=contribution.tags,
        place=contribution.place,
        source=contribution.source,
        consent=uses_of(contribution),
        created_ms=contribution.created_ms,
        changed_ms=contribution.changed_ms,
        edits=contribution.edits,
        version=tuple(head.hex() for head in shown.heads),
        is_own=replica.library.is_ours(document),
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


def _coverage(replica: Replica, document: DocumentId) -> Coverage:
    try:
        fields = replica.library.read(document).fields
        title = str(fields.get(Field.TITLE, ""))
    except Withdrawn:
        title = ""
    note = replica.store.shelves.get(_WITHDRAWN_SHELF, document)
    own = EntryId(note[_STAMP_BYTES:]) if note else None
    return coverage_of(replica, document, title, own)
