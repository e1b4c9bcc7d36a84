"""The daemon's API as typed calls: what the CLI, the TUI and scripts speak.

One method per route of `docs/api.md`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self
from urllib.parse import quote, urlencode

from meshnode.api.api_connection import (
    ApiConnection,
    ApiError,
    BadAnswer,
    ClientError,
    NodeUnreachable,
)
from meshnode.views.answer import AskEvent, AskRequest
from meshnode.views.bundle import BundleReadRequest, BundleView, BundleWriteRequest
from meshnode.views.community import (
    CommunityView,
    FoundRequest,
    InviteRequest,
    InviteView,
    JoinRequest,
    MemberView,
    RoleRequest,
)
from meshnode.views.contribution import AddRequest, ContributionPage, ContributionView, EditRequest
from meshnode.views.file_import import ImportEvent, ImportRequest
from meshnode.views.hit import Hit
from meshnode.views.home import InitRequest, InitView, UnlockRequest
from meshnode.views.news import NodeEvent
from meshnode.views.peer import LinkView, PeerRequest, PeerView
from meshnode.views.revision import Revision
from meshnode.views.status import CheckView, Status
from meshnode.views.sync import SyncEvent, SyncRequest
from meshnode.views.withdrawal import Coverage, WithdrawRequest

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from os import PathLike
    from types import TracebackType

__all__ = ["ApiError", "BadAnswer", "ClientError", "NodeClient", "NodeUnreachable"]

LONG_TIMEOUT_S = 900.0
"""For bundles, which may be as large as the medium they are written to."""


class NodeClient:
    """The daemon behind a unix socket.

    Use it as an async context manager, or `close` it. Every method raises
    `NodeUnreachable`, `BadAnswer` or `ApiError`. The methods that give an async
    iterator hold a connection until they are exhausted or closed: leave one early
    through `contextlib.aclosing`, and the daemon stops that work.

    Args:
        socket_path: The daemon's socket, `HOME/node.sock`.
    """

    def __init__(self, socket_path: PathLike[str] | str) -> None:
        self.socket_path = str(socket_path)
        self._api = ApiConnection(self.socket_path)

    async def __aenter__(self) -> Self:
        """Give the client itself; the first call connects."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self.close()

    async def close(self) -> None:
        """Close every connection. Closing twice is fine; a later call connects again."""
        await self._api.close()

    # --- the node ---

    async def status(self) -> Status:
        """Give the node at a glance; works in every state."""
        return await self._api.call("GET", "status", Status)

    async def init(self, request: InitRequest) -> InitView:
        """Make a home; only while the node is empty. The recovery words come once."""
        return await self._api.call("POST", "init", InitView, request)

    async def unlock(self, passphrase: str) -> Status:
        """Open a locked node."""
        return await self._api.call("POST", "unlock", Status, UnlockRequest(passphrase=passphrase))

    async def lock(self) -> Status:
        """Forget the keys until the passphrase is given again."""
        return await self._api.call("POST", "lock", Status)

    async def stop(self) -> None:
        """Stop the daemon."""
        await self._api.call("POST", "stop", dict)

    async def doctor(self) -> list[CheckView]:
        """Check every part of the node."""
        return await self._api.call("GET", "doctor", list[CheckView])

    def events(self) -> AsyncGenerator[NodeEvent, None]:
        """Follow what changes, until the daemon stops."""
        return self._api.stream("GET", "events", NodeEvent)

    # --- contributions ---

    async def contributions(
        self,
        *,
        q: str = "",
        level: str = "",
        tag: str = "",
        language: str = "",
        author: str = "",
        community: str = "",
        sort: str = "",
        limit: int = 100,
        offset: int = 0,
    ) -> ContributionPage:
        """Give one stretch of the list.

        Args:
            q: Words to search for, best match first; empty: everything.
            level: Keep only this level; empty: all, here and below.
            tag: Keep only what carries this tag.
            language: Keep only this language.
            author: Keep only this author's.
            community: Keep only this community's.
            sort: "newest" (the default), "title" or "author".
            limit: At most so many rows.
            offset: Rows to leave out at the start.
        """
        asked = {
            "q": q,
            "level": level,
            "tag": tag,
            "language": language,
            "author": author,
            "community": community,
            "sort": sort,
        }
        query = {name: value for name, value in asked.items() if value}
        query |= {"limit": str(limit), "offset": str(offset)}
        return await self._api.call("GET", "contributions", ContributionPage, query=query)

    async def add(self, request: AddRequest) -> ContributionView:
        """Give a new contribution."""
        return await self._api.call("POST", "contributions", ContributionView, request)

    async def contribution(self, contribution_id: str) -> ContributionView:
        """Give one contribution in full; the id may be shortened."""
        return await self._api.call(
            "GET", _path("contributions", contribution_id), ContributionView
        )

    async def edit(self, contribution_id: str, request: EditRequest) -> ContributionView:
        """Change a contribution, and give it as it is then."""
        path = _path("contributions", contribution_id)
        return await self._api.call("PATCH", path, ContributionView, request)

    async def history(self, contribution_id: str) -> list[Revision]:
        """Give every edit of a contribution, oldest first."""
        path = _path("contributions", contribution_id, "history")
        return await self._api.call("GET", path, list[Revision])

    async def withdraw(self, contribution_id: str, reason: str = "") -> Coverage:
        """Take a contribution back: erased here at once, elsewhere as nodes meet."""
        path = _path("contributions", contribution_id, "withdraw")
        return await self._api.call("POST", path, Coverage, WithdrawRequest(reason=reason))

    async def coverage(self, contribution_id: str) -> Coverage:
        """Say which nodes hold a contribution or, once withdrawn, have erased it."""
        return await self._api.call(
            "GET", _path("contributions", contribution_id, "coverage"), Coverage
        )

    async def withdrawals(self) -> list[Coverage]:
        """Give what this node's member withdrew, newest first."""
        return await self._api.call("GET", "withdrawals", list[Coverage])

    def import_files(self, request: ImportRequest) -> AsyncGenerator[ImportEvent, None]:
        """Import files and folders of the daemon's machine, one event a file."""
        return self._api.stream("POST", "import", ImportEvent, request)

    # --- search and answers ---

    async def search(self, q: str, limit: int = 20) -> list[Hit]:
        """Search the commons, best match first."""
        return await self._api.call("GET", "search", list[Hit], query={"q": q, "limit": str(limit)})

    def ask(self, question: str) -> AsyncGenerator[AskEvent, None]:
        """Ask the commons: quotes, then checked sentences, then the whole answer."""
        return self._api.stream("POST", "ask", AskEvent, AskRequest(question=question))

    async def seen(self) -> None:
        """Count nothing that is here now as new any more."""
        await self._api.call("POST", "seen", dict)

    # --- community and links ---

    async def members(self) -> list[MemberView]:
        """Give the members of every community of this node."""
        return await self._api.call("GET", "members", list[MemberView])

    async def appoint(self, member: str, request: RoleRequest) -> list[MemberView]:
        """Give a member another role, or bring a removed one back; give all members."""
        return await self._api.call("PUT", _path("members", member), list[MemberView], request)

    async def remove_member(self, member: str, community: str = "") -> list[MemberView]:
        """Take a member's roles in a community, and give who is left."""
        path = f"{_path('members', member)}?{urlencode({'community': community})}"
        return await self._api.call("DELETE", path, list[MemberView])

    async def found(self, request: FoundRequest) -> CommunityView:
        """Found a community."""
        return await self._api.call("POST", "communities", CommunityView, request)

    async def invite(self, request: InviteRequest) -> InviteView:
        """Make a ticket."""
        return await self._api.call("POST", "invites", InviteView, request)

    async def join(self, ticket: str) -> CommunityView:
        """Redeem a ticket."""
        return await self._api.call("POST", "join", CommunityView, JoinRequest(ticket=ticket))

    async def peers(self) -> list[PeerView]:
        """Give the nodes that an address is known of."""
        return await self._api.call("GET", "peers", list[PeerView])

    async def add_peer(self, address: str) -> PeerView:
        """Remember a peer's address."""
        return await self._api.call("POST", "peers", PeerView, PeerRequest(address=address))

    async def remove_peer(self, address: str) -> None:
        """Forget a peer's address."""
        await self._api.call("DELETE", _path("peers", address), dict)

    async def links(self) -> list[LinkView]:
        """Give the open links."""
        return await self._api.call("GET", "links", list[LinkView])

    def sync(self, peer: str | None = None) -> AsyncGenerator[SyncEvent, None]:
        """Meet a peer now; None: everybody within reach."""
        return self._api.stream("POST", "sync", SyncEvent, SyncRequest(peer=peer))

    async def write_bundle(self, path: str, peer: str | None = None) -> BundleView:
        """Write a bundle file on the daemon's machine, for everybody or for one peer."""
        request = BundleWriteRequest(path=path, peer=peer)
        return await self._api.call(
            "POST", "bundles/write", BundleView, request, timeout_s=LONG_TIMEOUT_S
        )

    async def read_bundle(self, path: str) -> BundleView:
        """Read a bundle file of the daemon's machine."""
        request = BundleReadRequest(path=path)
        return await self._api.call(
            "POST", "bundles/read", BundleView, request, timeout_s=LONG_TIMEOUT_S
        )


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)
