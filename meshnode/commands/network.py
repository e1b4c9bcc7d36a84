"""Commands about peers, links, meetings and bundle files."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from meshnode.api.status_codes import Exit
from meshnode.client import ApiError
from meshnode.commands.connection import with_node
from meshnode.commands.wording import counted, moment, short, size, span, speed
from meshnode.errors import BadUsage
from meshnode.views.sync import SyncDone

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.commands.call import Call
    from meshnode.views.bundle import BundleView
    from meshnode.views.sync import SyncProgress

AGAIN_S = 2.0
"""Between two attempts of `sync --wait`."""


_NO_PEER = "No peer is known. Add one: `meshnode peers add ADDRESS`."


def peers(call: Call) -> int:
    """List the peers."""
    listed = with_node(call, lambda node: node.peers())
    if call.json:
        call.terminal.data(listed)
        return Exit.DONE
    call.terminal.table(
        ("address", "name", "state", "last met", "out", "in"),
        [
            (
                one.address,
                one.name,
                one.state,
                moment(one.last_met_ms),
                size(one.sent_bytes),
                size(one.received_bytes),
            )
            for one in listed
        ],
        gives_way=("address", "name"),
        empty=_NO_PEER,
    )
    for one in listed:
        if one.last_error:
            call.terminal.say(f"{short(one.address)}: {one.last_error}")
    return Exit.DONE


def add_peer(call: Call) -> int:
    """Remember a peer."""
    peer = with_node(call, lambda node: node.add_peer(call.address))
    if call.json:
        call.terminal.data(peer)
    else:
        call.terminal.say(f"Added {peer.address}.")
    return Exit.DONE


def remove_peer(call: Call) -> int:
    """Forget a peer."""
    with_node(call, lambda node: node.remove_peer(call.address))
    if call.json:
        call.terminal.data({})
    else:
        call.terminal.say(f"Removed {call.address}.")
    return Exit.DONE


def links(call: Call) -> int:
    """List the open links."""
    listed = with_node(call, lambda node: node.links())
    if call.json:
        call.terminal.data(listed)
        return Exit.DONE
    call.terminal.table(
        ("address", "name", "made by", "since", "out", "in", "speed"),
        [
            (
                one.address,
                one.name,
                "us" if one.is_outgoing else "them",
                moment(one.since_ms),
                size(one.sent_bytes),
                size(one.received_bytes),
                speed(one.bits_per_s) if one.bits_per_s else "",
            )
            for one in listed
        ],
        gives_way=("address", "name"),
        empty="No link is open.",
    )
    return Exit.DONE


# --- meetings ----------------------------------------------------------------------


def sync(call: Call) -> int:
    """Meet now; with `--wait` again and again, until a meeting went well or the time is up."""
    met: dict[str, SyncDone] = {}
    is_late = not with_node(call, lambda node: _meet_in_time(call, node, met))
    went_well = _went_well(met)
    late = ""
    if is_late:
        which = "not every meeting" if went_well else "no meeting"
        late = (
            f"The time was up after {span(call.timeout)}, and {which} had ended. "
            "What arrived is kept; `meshnode peers` shows whom this node knows."
        )
    if call.json:
        ends = [SyncDone(peer=call.peer or "", error=late)] if is_late else []
        call.terminal.data([*met.values(), *ends])
        return Exit.DONE if went_well else Exit.UNREACHABLE
    for one in met.values():
        _tell_met(call, one)
    if is_late:
        call.terminal.note(late)
    elif not met:
        call.terminal.note(_NO_PEER)
    return Exit.DONE if went_well else Exit.UNREACHABLE


async def _meet_in_time(call: Call, node: NodeClient, met: dict[str, SyncDone]) -> bool:
    """Meet until it went well, or once; tell whether it ended within the time that was given."""
    try:
        async with asyncio.timeout(call.timeout / 1000 if call.timeout else None):
            await _meet(call, node, met)
            while call.wait and not _went_well(met):
                call.terminal.progress("Nobody within reach yet; trying again …")
                await asyncio.sleep(AGAIN_S)
                await _meet(call, node, met)
    except TimeoutError:
        return False
    return True


def _went_well(met: dict[str, SyncDone]) -> bool:
    return any(not one.error for one in met.values())


async def _meet(call: Call, node: NodeClient, met: dict[str, SyncDone]) -> None:
    try:
        async with aclosing(node.sync(call.peer)) as events:
            async for event in events:
                if isinstance(event, SyncDone):
                    met[event.peer] = event
                else:
                    _tell_progress(call, event)
    except ApiError as error:
        if not error.code.startswith("transport.") or error.code == "transport.bad_address":
            raise
        peer = call.peer or ""
        met[peer] = SyncDone(peer=peer, error=error.explain())


def _tell_progress(call: Call, event: SyncProgress) -> None:
    moved = (
        f", {event.sent} sent, {event.received} received" if event.sent or event.received else ""
    )
    call.terminal.progress(f"{short(event.peer)}: {event.stage}{moved}")


def _tell_met(call: Call, one: SyncDone) -> None:
    if one.error:
        call.terminal.note(f"{one.peer}: {one.error}")
        return
    call.terminal.say(
        f"{one.peer}: {counted(one.sent, 'entry', 'entries')} sent, {one.received} received, "
        f"{size(one.sent_bytes)} out, {size(one.received_bytes)} in, {span(one.duration_ms)}"
    )


# --- bundles -----------------------------------------------------------------------


def bundle(call: Call) -> int:
    """Say that one of the two is meant."""
    raise BadUsage("say `meshnode bundle write FILE` or `meshnode bundle read FILE`")


def write_bundle(call: Call) -> int:
    """Write a bundle file."""
    path = str(Path(call.file).expanduser().absolute())
    _show_bundle(call, with_node(call, lambda node: node.write_bundle(path, call.peer)), "Wrote")
    return Exit.DONE


def read_bundle(call: Call) -> int:
    """Read a bundle file."""
    file = Path(call.file).expanduser().absolute()
    if not file.exists():
        raise BadUsage(f"there is no {file}")
    path = str(file)
    found = with_node(call, lambda node: node.read_bundle(path))
    _show_bundle(call, found, "Read")
    return Exit.FAILED if found.refused else Exit.DONE


def _show_bundle(call: Call, found: BundleView, verb: str) -> None:
    if call.json:
        call.terminal.data(found)
        return
    new = f", {found.new} new" if verb == "Read" else ""
    refused = f", {found.refused} refused" if found.refused else ""
    entries = counted(found.entries, "entry", "entries")
    call.terminal.say(f"{verb} {found.path}: {entries}{new}{refused}, {size(found.bytes)}.")
    for problem in found.problems:
        call.terminal.note(problem)
