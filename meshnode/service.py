"""The port between the daemon's API and an open node: one method per route of `docs/api.md`.

    API ─> Lifecycle (empty, locked, open) ─> NodeService, implemented in `meshnode/node.py`

`NodeService` exists only while the keys are here, so none of its methods asks
whether the node is open. Whatever goes wrong is raised as a `MeshError`; the API
turns its code into an HTTP status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Protocol

import msgspec

from meshnode.views.home import InitRequest
from meshnode.views.view import Request

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from meshnode.views.answer import AskEvent, AskRequest
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
        ContributionView,
        EditRequest,
    )
    from meshnode.views.file_import import ImportEvent, ImportRequest
    from meshnode.views.hit import Hit
    from meshnode.views.news import NodeEvent
    from meshnode.views.peer import LinkView, PeerRequest, PeerView
    from meshnode.views.revision import Revision
    from meshnode.views.status import CheckView, Status
    from meshnode.views.sync import SyncEvent, SyncRequest
    from meshnode.views.withdrawal import Coverage, WithdrawRequest

MAX_PAGE_ROWS = 1000
"""Most rows or hits in one answer: bounds what one question makes the node hold."""

_Query = Annotated[str, msgspec.Meta(max_length=1000)]


class ContributionQuery(Request, frozen=True):
    """Which stretch of the list is asked for; empty means no filter."""

    q: _Query = ""
    """Words to search for, best match first."""
    level: Literal["", "inner", "allied", "commons"] = ""
    tag: _Query = ""
    language: _Query = ""
    author: _Query = ""
    community: _Query = ""
    sort: Literal["newest", "title", "author"] = "newest"
    limit: Annotated[int, msgspec.Meta(ge=0, le=MAX_PAGE_ROWS)] = 100
    offset: Annotated[int, msgspec.Meta(ge=0, le=1 << 31)] = 0


class SearchQuery(Request, frozen=True):
    """What to search for."""

    q: _Query
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_PAGE_ROWS)] = 20


class CreateRequest(InitRequest, frozen=True):
    """An `InitRequest` with what only the command line asks for.

    Attributes:
        words: Recovery words of an existing member: this becomes another device of theirs.
        key_file: Where the key file lies instead of in the home; used without a passphrase.
    """

    words: str | None = None
    key_file: str | None = None


class NodeService(Protocol):
    """An open node.

    The methods that return an async generator do nothing until the first
    `anext`; closing one (`aclose`, or cancelling who reads it) stops its work.
    Ids of contributions may be shortened while unambiguous.
    """

    # --- the node ---

    async def status(self) -> Status:
        """Give the node at a glance, with `state="open"`. The caller fills in `home`."""
        ...

    async def doctor(self) -> list[CheckView]:
        """Check what only an open node can: database, carriers, model."""
        ...

    def events(self) -> AsyncGenerator[NodeEvent, None]:
        """Follow what changes, until the node closes."""
        ...

    async def close(self) -> None:
        """Stop every task, link and model, close the database. Safe to call twice."""
        ...

    # --- contributions ---

    async def contributions(self, query: ContributionQuery) -> ContributionPage:
        """Give one stretch of the list."""
        ...

    async def add(self, request: AddRequest) -> ContributionView:
        """Give a new contribution."""
        ...

    async def contribution(self, contribution_id: str) -> ContributionView:
        """Give one contribution in full."""
        ...

    async def edit(self, contribution_id: str, request: EditRequest) -> ContributionView:
        """Change a contribution, and give it as it is then."""
        ...

    async def history(self, contribution_id: str) -> list[Revision]:
        """Give every edit of a contribution, oldest first."""
        ...

    async def withdraw(self, contribution_id: str, request: WithdrawRequest) -> Coverage:
        """Take a contribution back."""
        ...

    async def coverage(self, contribution_id: str) -> Coverage:
        """Say which nodes hold a contribution or, once withdrawn, have erased it."""
        ...

    async def withdrawals(self) -> list[Coverage]:
        """Give what this node's member withdrew, newest first."""
        ...

    def import_files(self, request: ImportRequest) -> AsyncGenerator[ImportEvent, None]:
        """Import files and folders of this machine, one event a file, then `ImportDone`."""
        ...

    # --- search and answers ---

    async def search(self, query: SearchQuery) -> list[Hit]:
        """Search the commons, best match first."""
        ...

    def ask(self, request: AskRequest) -> AsyncGenerator[AskEvent, None]:
        """Answer: quotes, then checked sentences, then `AskDone`."""
        ...

    async def seen(self) -> None:
        """Count nothing that is here now as new any more."""
        ...

    # --- community and links ---

    async def found_community(self, request: FoundRequest) -> CommunityView:
        """Found a community, with this node's member as its founder."""
        ...

    async def members(self) -> list[MemberView]:
        """Give the members of every community of this node."""
        ...

    async def remove_member(self, member: str, community: str) -> list[MemberView]:
        """Take a member's roles in a community, and give who is left.

        Args:
            member: Their id, or the beginning of it.
            community: By name; "" for the first one.
        """
        ...

    async def appoint(self, member: str, request: RoleRequest) -> list[MemberView]:
        """Give a member another role, or bring a removed one back; give all members."""
        ...

    async def invite(self, request: InviteRequest) -> InviteView:
        """Make a ticket."""
        ...

    async def join(self, ticket: str) -> CommunityView:
        """Redeem a ticket. Works without a link: the community hears of it at the next meeting."""
        ...

    async def peers(self) -> list[PeerView]:
        """Give the nodes that an address is known of."""
        ...

    async def add_peer(self, request: PeerRequest) -> PeerView:
        """Remember a peer's address."""
        ...

    async def remove_peer(self, address: str) -> None:
        """Forget a peer's address."""
        ...

    async def links(self) -> list[LinkView]:
        """Give the open links."""
        ...

    def sync(self, request: SyncRequest) -> AsyncGenerator[SyncEvent, None]:
        """Meet a peer now, or everybody within reach; one `SyncDone` for each."""
        ...

    async def write_bundle(self, request: BundleWriteRequest) -> BundleView:
        """Write a bundle file on this machine, for everybody or for one peer."""
        ...

    async def read_bundle(self, request: BundleReadRequest) -> BundleView:
        """Read a bundle file of this machine."""
        ...
