"""A node's life: empty, locked, open, and who may use it meanwhile.

    empty ──init──> open <──unlock── locked
                     │                 ^
                     └──────lock───────┘        any ──close──> closed

The node itself (`NodeService`) is there only while open. Whoever works with it
holds it by `using`; locking ends streams at once, gives calls a moment, and only
then closes the node under nobody's hands.
"""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec.structs import replace

from crdt.crypto.keys import ENTROPY_BYTES
from crdt.crypto.recovery import entropy_of, words_of
from crdt.errors import MeshError
from meshnode.errors import (
    BadUsage,
    HomeUnusable,
    Internal,
    NodeEmpty,
    NodeLocked,
    NodeNotEmpty,
    NodeOpen,
    NodeStopping,
    WrongPassphrase,
)
from meshnode.home.config import write_template
from meshnode.home.key_file import key_file_path, make_key_file, read_key_file
from meshnode.home.keystore import STRETCHING, Keystore, Protection, Stretching
from meshnode.home.unlocked_keys import new_keys
from meshnode.version import VERSION
from meshnode.views.community import FoundRequest
from meshnode.views.home import InitView, UnlockRequest
from meshnode.views.status import NodeState, Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from meshnode.home.home import Home
    from meshnode.home.settings import Config
    from meshnode.home.unlocked_keys import UnlockedKeys
    from meshnode.service import CreateRequest, NodeService

    OpenNode: TypeAlias = Callable[[Home, Config, UnlockedKeys], Awaitable[NodeService]]
    """Opens a node; `meshnode.node.open_node` is the real one."""

_LOG = logging.getLogger(__name__)

GRACE_S = 5.0
"""How long a call may go on after the node was asked to lock or stop."""


class Lifecycle:
    """The one who opens and closes the node.

    Args:
        home: Where it lives.
        config: Its settings.
        open_node: Builds the open node.
        stretching: Of a passphrase that `init` sets.
        started_ms: When the daemon started, for `status`.
    """

    def __init__(
        self,
        home: Home,
        config: Config,
        open_node: OpenNode,
        *,
        stretching: Stretching = STRETCHING,
        started_ms: int = 0,
    ) -> None:
        self.home = home
        self._config = config
        self._open_node = open_node
        self._keystore = Keystore(home.keys, stretching)
        self._started_ms = started_ms
        self._node: NodeService | None = None
        self._turn = asyncio.Lock()
        self._is_closing = False
        self._is_closed = False
        self._streams: set[asyncio.Timeout] = set()
        self._calls: set[asyncio.Timeout] = set()
        self._changed = asyncio.Condition()
        self._changes = 0
        self._problem = ""

    @property
    def state(self) -> NodeState:
        """Where the node is in its life."""
        if self._node is not None and not self._is_closing:
            return "open"
        return "empty" if self.home.is_empty else "locked"

    @property
    def is_closed(self) -> bool:
        """Whether the daemon is done with this node."""
        return self._is_closed

    @property
    def problem(self) -> str:
        """Why the node could not open by itself, for a person; empty when it could."""
        return self._problem

    async def start(self, passphrase: str | None = None) -> None:
        """Open the node if a passphrase or key file is at hand; if that fails, remember why."""
        if self.home.is_empty:
            return
        try:
            if passphrase is not None or self._keystore.protection() is Protection.KEY_FILE:
                await self.unlock(UnlockRequest(passphrase=passphrase or ""))
        except MeshError as error:
            self._problem = error.explain()
        except Exception as error:
            # A mistake of ours. Better a locked node that says so than none at all.
            _LOG.exception("The node did not open")
            self._problem = Internal(type(error).__name__).explain()

    # --- moves ---

    async def init(self, request: CreateRequest) -> InitView:
        """Make a node here and open it; all of it or nothing.

        Raises:
            NodeNotEmpty: There is one.
            BadUsage: A name or passphrase that cannot be, or requests that exclude each other.
            Malformed: The recovery words are not right.
            MeshError: The node could not open, found or join; the home is empty again.
        """
        async with self._turn:
            if not self.home.is_empty:
                raise NodeNotEmpty(str(self.home.root))
            _check(request)
            entropy = entropy_of(request.words) if request.words else os.urandom(ENTROPY_BYTES)
            keys = new_keys(request.name, entropy)
            self.home.make()
            self._write_config(request)
            try:
                await self._seal(keys, request.passphrase)
                await self._open(keys)
                community = await self._settle(request)
            except BaseException:
                # Nobody has seen the words: such a node must not stay.
                await self._close_node()
                self.home.undo_node()
                raise
        words = () if request.words else words_of(entropy)
        member = keys.device.enrolment.member.hex()
        return InitView(home=str(self.home.root), member=member, words=words, community=community)

    async def unlock(self, request: UnlockRequest) -> Status:
        """Open a locked node; where a key file opens it, the passphrase is not looked at.

        Raises:
            NodeEmpty, NodeOpen: There is nothing to unlock.
            WrongPassphrase, WrongKeyFile, KeyFileMissing, KeysDamaged: As the keystore says.
            MeshError: The keys are right, but the node cannot open.
        """
        async with self._turn:
            if self._is_closed:
                raise NodeStopping
            if self.state != "locked":
                raise NodeEmpty if self.state == "empty" else NodeOpen
            key: str | bytes = request.passphrase
            if self._keystore.protection() is Protection.KEY_FILE:
                key = read_key_file(key_file_path(self.home, self._config))
            elif not key:
                raise WrongPassphrase("none was given, and no key file opens this node")
            keys = await asyncio.to_thread(self._keystore.unlock, key)
            await self._open(keys)
        return await self.status()

    async def lock(self) -> Status:
        """Close the node and forget its keys.

        Raises:
            NodeEmpty: There is none.
        """
        async with self._turn:
            if self.state == "empty":
                raise NodeEmpty
            await self._close_node()
        return await self.status()

    async def close(self) -> None:
        """Close the node for good. Safe to call twice."""
        async with self._turn:
            self._is_closed = True
            await self._close_node()
            await self._tell()

    # --- use ---

    async def status(self) -> Status:
        """Give the node at a glance, in every state."""
        problems = (self._problem,) if self._problem else ()
        shut = Status(
            state=self.state,
            version=VERSION,
            home=str(self.home.root),
            started_ms=self._started_ms,
            problems=problems,
        )
        if shut.state != "open":
            return shut
        async with self.using() as node:
            status = await node.status()
        return replace(
            status,
            state="open",
            version=VERSION,
            home=shut.home,
            started_ms=self._started_ms,
            problems=problems + status.problems,
        )

    @asynccontextmanager
    async def using(self, *, is_stream: bool = False) -> AsyncIterator[NodeService]:
        """Hold the open node for a piece of work, within one task.

        Args:
            is_stream: The work has no end of its own; it is cut short when the node closes.

        Raises:
            NodeEmpty, NodeLocked: It is not open.
            NodeStopping: It is closing, now or before the work was done.
        """
        if self._is_closing or self._is_closed:
            raise NodeStopping
        if self._node is None:
            raise NodeEmpty if self.home.is_empty else NodeLocked(self._problem)
        uses = self._streams if is_stream else self._calls
        limit = asyncio.timeout(None)
        try:
            async with limit:
                uses.add(limit)
                yield self._node
        except TimeoutError:
            if limit.expired():
                raise NodeStopping from None
            raise
        finally:
            uses.discard(limit)
            await self._tell()

    @property
    def changes(self) -> int:
        """How often the node opened or closed so far."""
        return self._changes

    async def wait_change(self, since: int) -> None:
        """Wait until the node has opened or closed more often than that, or is done."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._changes != since or self._is_closed)

    # --- within ---

    def _write_config(self, request: CreateRequest) -> None:
        if request.key_file is not None:
            if self.home.config.exists():
                raise BadUsage(f"set node.key_file in {self.home.config}, then init without it")
            path = str(Path(request.key_file).expanduser().absolute())
            self._config = replace(self._config, node=replace(self._config.node, key_file=path))
        try:
            if not self.home.config.exists():
                write_template(self.home.config, self._config)
        except OSError as error:
            raise HomeUnusable(f"{self.home.config}: {error.strerror}") from error

    async def _seal(self, keys: UnlockedKeys, passphrase: str | None) -> None:
        key: str | bytes
        if passphrase is None:
            key = make_key_file(key_file_path(self.home, self._config))
        else:
            key = passphrase
        await asyncio.to_thread(self._keystore.write, keys, key)

    async def _settle(self, request: CreateRequest) -> str | None:
        if self._node is None:
            return None
        if request.community is not None:
            return (await self._node.found_community(FoundRequest(name=request.community))).name
        if request.ticket is not None:
            return (await self._node.join(request.ticket)).name
        return None

    async def _open(self, keys: UnlockedKeys) -> None:
        self._node = await self._open_node(self.home, self._config, keys)
        self._problem = ""
        self._changes += 1
        await self._tell()

    async def _close_node(self) -> None:
        node = self._node
        if node is None:
            return
        self._is_closing = True
        try:
            now = asyncio.get_running_loop().time()
            for limit in self._streams:
                limit.reschedule(now)
            for limit in self._calls:
                limit.reschedule(now + GRACE_S)
            async with self._changed:
                await self._changed.wait_for(lambda: not self._streams and not self._calls)
        finally:
            self._node = None
            await node.close()
            self._is_closing = False
            self._changes += 1
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def without_links(open_node: OpenNode) -> OpenNode:
    """Have nodes opened with no network and no model, for work on the home alone."""

    async def open_alone(home: Home, config: Config, keys: UnlockedKeys) -> NodeService:
        return await open_node(home, config.without_links(), keys)

    return open_alone


def _check(request: CreateRequest) -> None:
    if request.community is not None and request.ticket is not None:
        raise BadUsage("found a community or join one, not both at once")
    if request.community is not None and not request.community.strip():
        raise BadUsage("the community needs a name")
    if request.passphrase is not None and request.key_file is not None:
        raise BadUsage("a passphrase or a key file, not both")
