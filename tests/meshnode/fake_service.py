"""An open node made of a dictionary, to put behind the real daemon, socket and commands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from msgspec.structs import replace

from crdt.errors import BadInvite, UnknownEntry, Withdrawn
from meshnode.views.answer import AskDone, AskEvent, AskPhrase, AskQuote, AskRequest, Citation
from meshnode.views.bundle import BundleReadRequest, BundleView, BundleWriteRequest
from meshnode.views.community import (
    CommunityView,
    FoundRequest,
    InviteRequest,
    InviteView,
    MemberView,
    RoleRequest,
)
from meshnode.views.contribution import (
    AddRequest,
    ContributionPage,
    ContributionRow,
    ContributionView,
    EditRequest,
)
from meshnode.views.file_import import ImportDone, ImportedFile, ImportEvent, ImportRequest
from meshnode.views.hit import Hit
from meshnode.views.peer import LinkView, PeerRequest, PeerView
from meshnode.views.revision import Change, FieldChange, Revision
from meshnode.views.status import CheckView, Status
from meshnode.views.sync import SyncDone, SyncEvent, SyncProgress, SyncRequest
from meshnode.views.withdrawal import Coverage, CoverageNode, WithdrawRequest
from transports.errors import Unreachable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from meshnode import service as s
    from meshnode.home.home import Home
    from meshnode.home.settings import Config
    from meshnode.home.unlocked_keys import UnlockedKeys
    from meshnode.views.news import NodeEvent

NOW_MS = 1_790_000_000_000
TICKET = "mesh1:qgzjrvq3f5k7w2n9xd4t8ycm6h0plau5e2s7bq4rk9vz3tj8wd6nf1xgc0yhmp5l"
ADDRESS = "9f2c4e81b07ad3365c1e0f74a2b8d915"


class FakeService:
    """See `meshnode.service.NodeService`.

    Attributes:
        config, keys: What it was opened with.
        failure: Raised by the next call of anything.
        hold: Set it to let streams go on after their first event.
        ended: Names of streams that were closed.
        has_ended: Set once an answer was.
    """

    def __init__(self, config: Config, keys: UnlockedKeys) -> None:
        self.config = config
        self.keys = keys
        self.failure: Exception | None = None
        self.hold = asyncio.Event()
        self.hold.set()
        self.ended: list[str] = []
        self.has_ended = asyncio.Event()
        self.is_closed = False
        self.held: dict[str, ContributionView] = {}
        self.taken_back: list[Coverage] = []
        self.community_name = ""
        self.known_peers: dict[str, PeerView] = {}
        self.removed: list[tuple[str, str]] = []
        self.appointed: list[tuple[str, str]] = []
        self.changed: asyncio.Queue[NodeEvent] = asyncio.Queue()

    def _call(self) -> None:
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure

    def _find(self, name: str) -> ContributionView:
        self._call()
        if any(one.id.startswith(name) for one in self.taken_back):
            raise Withdrawn(name)
        for found in self.held.values():
            if found.id.startswith(name):
                return found
        raise UnknownEntry(name)

    # --- the node ---

    async def status(self) -> Status:
        self._call()
        return Status(
            state="open",
            version="",
            home="",
            name=self.keys.name,
            member=self.keys.device.enrolment.member.hex(),
            address=ADDRESS,
            community=self.community_name,
            communities=(self._community(),) if self.community_name else (),
            entries=3 * len(self.held),
            contributions=len(self.held),
            peers=len(self.known_peers),
        )

    def _community(self) -> CommunityView:
        return CommunityView(
            id="c0ffee" * 10,
            name=self.community_name,
            role="founder",
            members=1,
            contributions=len(self.held),
        )

    async def doctor(self) -> list[CheckView]:
        self._call()
        return [CheckView(name="database", state="good", detail="whole")]

    async def events(self) -> AsyncGenerator[NodeEvent, None]:
        try:
            while True:
                yield await self.changed.get()
        finally:
            self.ended.append("events")

    async def close(self) -> None:
        self.is_closed = True

    # --- contributions ---

    async def contributions(self, query: s.ContributionQuery) -> ContributionPage:
        self._call()
        rows = [_row(one) for one in self.held.values() if query.tag in ("", *one.tags)]
        stretch = rows[query.offset : query.offset + query.limit]
        return ContributionPage(total=len(rows), offset=query.offset, items=tuple(stretch))

    async def add(self, request: AddRequest) -> ContributionView:
        self._call()
        name = f"{len(self.held) + 0xAB0000:08x}" + "0" * 56
        self.held[name] = ContributionView(
            id=name,
            title=request.title,
            text=request.text,
            author=self.keys.name,
            author_key=self.keys.device.enrolment.member.hex(),
            contributors=(),
            community=self.community_name,
            level=request.level,
            language=request.language,
            licence=request.licence or "CC-BY-4.0",
            tags=request.tags,
            place=request.place,
            source=request.source,
            consent=("answering",),
            created_ms=NOW_MS,
            changed_ms=NOW_MS,
            edits=1,
            version=("1",),
            is_own=True,
            may_edit=True,
            may_withdraw=True,
        )
        return self.held[name]

    async def contribution(self, contribution_id: str) -> ContributionView:
        return self._find(contribution_id)

    async def edit(self, contribution_id: str, request: EditRequest) -> ContributionView:
        before = self._find(contribution_id)
        after = replace(
            before,
            text=before.text if request.text is None else request.text,
            title=before.title if request.title is None else request.title,
            tags=before.tags if request.tags is None else request.tags,
            edits=before.edits + 1,
            version=(str(before.edits + 1),),
        )
        self.held[before.id] = after
        return after

    async def history(self, contribution_id: str) -> list[Revision]:
        found = self._find(contribution_id)
        return [
            Revision(
                id=found.id,
                author=found.author,
                stamp_ms=NOW_MS,
                is_effective=True,
                is_withdrawn=False,
                fields=(FieldChange(field="title", value=found.title),),
                changes=(Change(op="added", text=found.text),),
            )
        ]

    async def withdraw(self, contribution_id: str, request: WithdrawRequest) -> Coverage:
        found = self._find(contribution_id)
        del self.held[found.id]
        self.taken_back.append(_coverage(found.id, "", is_withdrawn=True))
        return self.taken_back[-1]

    async def coverage(self, contribution_id: str) -> Coverage:
        for one in self.taken_back:
            if one.id.startswith(contribution_id):
                return one
        found = self._find(contribution_id)
        return _coverage(found.id, found.title, is_withdrawn=False)

    async def withdrawals(self) -> list[Coverage]:
        self._call()
        return self.taken_back

    async def import_files(self, request: ImportRequest) -> AsyncGenerator[ImportEvent, None]:
        self._call()
        refused = 0
        for number, path in enumerate(request.paths, 1):
            progress = {"path": path, "done": number, "total": len(request.paths)}
            if path.endswith(".exe"):
                refused += 1
                yield ImportedFile(outcome="refused", reason="no text", **progress)  # type: ignore[arg-type]
                continue
            title = path.rpartition("/")[2]
            made = await self.add(AddRequest(title=title, text=title, tags=request.tags))
            yield ImportedFile(outcome="added", id=made.id, title=title, **progress)  # type: ignore[arg-type]
        added = len(request.paths) - refused
        yield ImportDone(added=added, updated=0, unchanged=0, skipped=0, refused=refused)

    # --- search and answers ---

    async def search(self, query: s.SearchQuery) -> list[Hit]:
        self._call()
        return [
            Hit(
                id=one.id,
                title=one.title,
                author=one.author,
                given_by=one.given_by,
                community=one.community,
                level=one.level,
                snippet=one.text,
                score=1.0,
                marks=((0, 1),),
            )
            for one in self.held.values()
            if query.q.lower() in one.text.lower()
        ][: query.limit]

    async def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        self._call()
        try:
            citations = []
            for one in self.held.values():
                citation = Citation(
                    id=one.id,
                    title=one.title,
                    author=one.author,
                    given_by=one.given_by,
                    community=one.community,
                    quote=one.text,
                )
                citations.append(citation)
                yield AskQuote(citation=citation)
            await self.hold.wait()
            answer = f"About {request.question}" if citations else ""
            if answer:
                yield AskPhrase(text=answer, citations=(0,))
            yield AskDone(
                answer=answer,
                grounded=bool(citations),
                citations=tuple(citations),
                first_ms=1.0,
                total_ms=2.0,
                note="" if citations else "Not in the commons.",
            )
        finally:
            self.ended.append("ask")
            self.has_ended.set()

    async def seen(self) -> None:
        self._call()

    # --- community and links ---

    async def found_community(self, request: FoundRequest) -> CommunityView:
        self._call()
        self.community_name = request.name
        return self._community()

    async def members(self) -> list[MemberView]:
        self._call()
        return [
            MemberView(
                name=self.keys.name,
                member=self.keys.device.enrolment.member.hex(),
                role="founder",
                community=self.community_name,
                devices=1,
                is_self=True,
                joined_ms=NOW_MS,
            )
        ]

    async def appoint(self, member: str, request: RoleRequest) -> list[MemberView]:
        self._call()
        self.appointed.append((member, request.role))
        return await self.members()

    async def remove_member(self, member: str, community: str) -> list[MemberView]:
        self._call()
        self.removed.append((member, community))
        return await self.members()

    async def invite(self, request: InviteRequest) -> InviteView:
        self._call()
        return InviteView(
            ticket=TICKET,
            community=self.community_name,
            role=request.role,
            uses=request.uses,
            expires_ms=NOW_MS + (request.expires_ms or 1),
        )

    async def join(self, ticket: str) -> CommunityView:
        self._call()
        if ticket != TICKET:
            raise BadInvite("not a ticket")
        self.community_name = "Ridge"
        return replace(self._community(), pending=True)

    async def peers(self) -> list[PeerView]:
        self._call()
        return list(self.known_peers.values())

    async def add_peer(self, request: PeerRequest) -> PeerView:
        self._call()
        peer = PeerView(address=request.address, carrier="reticulum", is_configured=True)
        self.known_peers[request.address] = peer
        return peer

    async def remove_peer(self, address: str) -> None:
        self._call()
        self.known_peers.pop(address, None)

    async def links(self) -> list[LinkView]:
        self._call()
        return [
            LinkView(
                address=address,
                carrier="reticulum",
                name="Ahmed",
                is_outgoing=True,
                since_ms=NOW_MS,
                sent_bytes=12,
                received_bytes=3_400_000,
                bits_per_s=1200.0,
            )
            for address in self.known_peers
        ]

    async def sync(self, request: SyncRequest) -> AsyncGenerator[SyncEvent, None]:
        self._call()
        if request.peer is not None and request.peer not in self.known_peers:
            raise Unreachable(request.peer)
        for address in self.known_peers:
            yield SyncProgress(peer=address, stage="comparing")
            await self.hold.wait()
            yield SyncDone(peer=address, sent=1, received=2, sent_bytes=3, duration_ms=4.0)

    async def write_bundle(self, request: BundleWriteRequest) -> BundleView:
        self._call()
        return BundleView(path=request.path, entries=len(self.held), new=0, bytes=9)

    async def read_bundle(self, request: BundleReadRequest) -> BundleView:
        self._call()
        return BundleView(path=request.path, entries=2, new=1, bytes=9, problems=("one odd",))


class FakeOpener:
    """An `OpenNode` that remembers what it opened.

    Args:
        failure: Raised instead of opening, until it is None.
    """

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure
        self.opened: list[FakeService] = []

    async def __call__(self, home: Home, config: Config, keys: UnlockedKeys) -> FakeService:
        if self.failure is not None:
            raise self.failure
        home.database.touch()
        self.opened.append(FakeService(config, keys))
        return self.opened[-1]

    @property
    def node(self) -> FakeService:
        """The node that was opened last."""
        return self.opened[-1]


def _row(one: ContributionView) -> ContributionRow:
    return ContributionRow(
        id=one.id,
        title=one.title,
        author=one.author,
        given_by=one.given_by,
        community=one.community,
        level=one.level,
        language=one.language,
        tags=one.tags,
        changed_ms=one.changed_ms,
        is_own=one.is_own,
    )


def _coverage(name: str, title: str, *, is_withdrawn: bool) -> Coverage:
    return Coverage(
        id=name,
        title=title,
        is_withdrawn=is_withdrawn,
        done=1,
        total=2,
        sentence="erased on 1 of 2 nodes" if is_withdrawn else "held by 1 of 2 nodes",
        nodes=(CoverageNode(name="Ahmed", device="d" * 32, state="waiting"),),
    )
