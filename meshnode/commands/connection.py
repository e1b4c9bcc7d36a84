"""The way from a command to the daemon, which is started and unlocked on the way if need be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from meshnode.client import ApiError, NodeClient, NodeUnreachable
from meshnode.daemon.background import is_answering, start_in_background, wait_answering
from meshnode.errors import NodeEmpty
from meshnode.home.config import load_config
from meshnode.home.home_lock import holder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from meshnode.commands.call import Call

T = TypeVar("T")


def with_node(call: Call, work: Callable[[NodeClient], Awaitable[T]]) -> T:
    """Do some work with the daemon, starting it in the background when none runs.

    When the node is locked and somebody is there, the passphrase is asked for and
    the work begun again; work that finds a locked node has done nothing yet.

    Raises:
        NodeEmpty: There is no node here.
        NodeUnreachable: None runs, and `--no-start` was said.
        DidNotStart: It could not be started.
        ApiError: The daemon's own refusals.
    """
    ensure_daemon(call)
    try:
        return run(call, work)
    except ApiError as error:
        if error.code != "node.locked" or not call.terminal.has_person:
            raise
        passphrase = call.terminal.secret("The node is locked. Passphrase", "")
        run(call, lambda node: node.unlock(passphrase))
        return run(call, work)


def run(call: Call, work: Callable[[NodeClient], Awaitable[T]]) -> T:
    """Do some work with the daemon that runs."""

    async def connected() -> T:
        async with NodeClient(call.home.socket) as node:
            return await work(node)

    return asyncio.run(connected())


def ensure_daemon(call: Call, *, may_be_empty: bool = False) -> None:
    """Make sure that a daemon answers.

    Raises:
        NodeEmpty, NodeUnreachable, DidNotStart: As in `with_node`.
    """
    if is_answering(call.home):
        return
    if holder(call.home) is not None:
        wait_answering(call.home)  # it is just starting
        return
    if call.home.is_empty and not may_be_empty:
        raise NodeEmpty(str(call.home.root))
    if call.no_start:
        raise NodeUnreachable(str(call.home.socket))
    load_config(call.home.config)  # so that what is wrong there is said by its own name
    call.terminal.note("Starting the node in the background; `meshnode stop` stops it.")
    start_in_background(call.home, call.program.command)
