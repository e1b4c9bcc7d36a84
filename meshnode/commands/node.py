"""Commands that start, stop, open and close the node, and show it at a glance."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

from meshnode.api.status_codes import Exit
from meshnode.client import NodeUnreachable
from meshnode.commands import passphrases
from meshnode.commands.connection import ensure_daemon, with_node
from meshnode.commands.connection import run as with_running
from meshnode.commands.wording import counted, moment, short
from meshnode.errors import NodeEmpty

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.commands.call import Call
    from meshnode.lifecycle import Lifecycle
    from meshnode.views.status import Status

_ANEW_S = 20.0


def run(call: Call) -> int:
    """Run the node here, until it is stopped."""
    from meshnode.daemon.background import detach, import_path, report_ready
    from meshnode.daemon.daemon import Daemon, End

    if call.background:
        detach()
    passphrase = None if call.locked or call.background else _passphrase(call)

    def say(line: str) -> None:
        call.terminal.say(line)
        call.terminal.flush()

    async def ready(lifecycle: Lifecycle) -> None:
        if call.background:
            report_ready()
        else:
            _announce(call, await lifecycle.status())

    daemon = Daemon(call.home, call.program.open_node(), tell=say, on_ready=ready)
    end = daemon.run(passphrase=passphrase, stays_locked=call.locked)
    if end is End.LOCKED:
        command = [*call.program.command, "--home", str(call.home.root), "run", "--locked"]
        call.terminal.flush()
        os.execve(command[0], command, os.environ | import_path())  # noqa: S606 - ourselves, anew
    say("Stopped.")
    return Exit.DONE


def _passphrase(call: Call) -> str | None:
    from meshnode.home.keystore import Keystore, Protection

    if call.passphrase_file is not None:
        return passphrases.from_file(call.passphrase_file)
    if call.home.is_empty or not call.terminal.has_person:
        return None
    if Keystore(call.home.keys).protection() is Protection.KEY_FILE:
        return None
    return call.terminal.secret("Passphrase", "")


def _announce(call: Call, status: Status) -> None:
    terminal = call.terminal
    terminal.say(f"Meshnode {status.version}, home {status.home}")
    if status.state == "empty":
        terminal.say("Empty: make a node with `meshnode init`, or open the app.")
    elif status.state == "locked":
        terminal.say("Locked: open it with `meshnode unlock`.")
    else:
        where = f", community {status.community}" if status.community else ""
        terminal.say(f"Open as {status.name}{where}")
        terminal.say(f"Address {status.address or 'none: no carrier is switched on'}")
    for problem in status.problems:
        terminal.say(f"Problem: {problem}")
    terminal.say(f"Ready on {call.home.socket}; Ctrl-C stops.")
    terminal.flush()


def stop(call: Call) -> int:
    """Stop the daemon, and wait until it has."""
    from meshnode.daemon.background import is_answering, wait_stopped
    from meshnode.home.home_lock import holder

    process = holder(call.home)
    if process is None:
        call.terminal.done("No node runs here.")
        return Exit.DONE
    if is_answering(call.home):
        with_running(call, lambda node: node.stop())
    elif process:
        os.kill(process, signal.SIGTERM)  # it is just starting
    wait_stopped(call.home)
    call.terminal.done("Stopped.")
    return Exit.DONE


def lock(call: Call) -> int:
    """Close the node, and have the daemon start anew without its keys."""
    from meshnode.daemon.background import is_answering

    if call.home.is_empty:
        raise NodeEmpty(str(call.home.root))
    if not is_answering(call.home):
        call.terminal.done("No node runs here, so its keys are in nobody's memory.")
        return Exit.DONE

    async def close_it(node: NodeClient) -> None:
        before = (await node.status()).started_ms
        await node.lock()
        await _wait_anew(node, before)

    with_running(call, close_it)
    call.terminal.done("Locked. `meshnode unlock` opens it again.")
    return Exit.DONE


async def _wait_anew(node: NodeClient, before_ms: int) -> None:
    """Wait until the daemon that had the keys is gone, and the next one answers."""
    import asyncio

    with contextlib.suppress(TimeoutError):  # it is locked all the same
        async with asyncio.timeout(_ANEW_S):
            while True:
                with contextlib.suppress(NodeUnreachable):
                    if (await node.status()).started_ms != before_ms:
                        return
                await asyncio.sleep(0.05)


def unlock(call: Call) -> int:
    """Open a locked node."""
    from meshnode.home.keystore import Keystore, Protection

    if call.home.is_empty:
        raise NodeEmpty(str(call.home.root))
    passphrase = ""
    if Keystore(call.home.keys).protection() is Protection.PASSPHRASE:
        passphrase = passphrases.present(call.terminal, call.passphrase_file)
    ensure_daemon(call)

    async def open_it(node: NodeClient) -> Status:
        status = await node.status()
        return status if status.state == "open" else await node.unlock(passphrase)

    status = with_running(call, open_it)
    if call.json:
        call.terminal.data(status)
    else:
        call.terminal.note("Open.")
    return Exit.DONE


def status(call: Call) -> int:
    """Show the node at a glance."""
    found = with_node(call, lambda node: node.status())
    if call.json:
        call.terminal.data(found)
    else:
        _show(call, found)
    return Exit.DONE


def _show(call: Call, status: Status) -> None:
    terminal = call.terminal
    rows = [("Node", f"{status.state}, version {status.version}"), ("Home", status.home)]
    if status.state == "open":
        model = status.model
        rows += [
            ("Member", f"{status.name} ({short(status.member)})"),
            ("Address", status.address or "none"),
            ("Holds", f"{counted(status.contributions, 'contribution')} in "
                      f"{counted(status.entries, 'entry', 'entries')}"),
            ("New", str(status.new) if status.new else ""),
            ("Waiting", f"{counted(status.unsynced, 'own entry', 'own entries')} on no other node"
                        if status.unsynced else ""),
            ("Peers", f"{counted(status.peers, 'peer')}, {counted(status.links, 'open link')}"),
            ("Model", " ".join(filter(None, (model.state, model.name, model.detail)))),
            ("Since", moment(status.started_ms)),
        ]  # fmt: skip
    terminal.fields(rows)
    if status.state == "locked":
        terminal.say("Open it with `meshnode unlock`.")
    for community in status.communities:
        standing = "joining, not yet heard of there" if community.pending else community.role
        terminal.say(
            f"Community {community.name} ({short(community.id)}): {standing or 'reader'}, "
            f"{counted(community.members, 'member')}, "
            f"{counted(community.contributions, 'contribution')}"
        )
    for problem in status.problems:
        terminal.say(terminal.coloured(f"Problem: {problem}", "31"))
