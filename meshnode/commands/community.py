"""Commands about communities and their members."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from meshnode.api.status_codes import Exit
from meshnode.commands.columns import cells
from meshnode.commands.connection import with_node
from meshnode.commands.wording import day, moment, short
from meshnode.errors import BadUsage
from meshnode.views.community import FoundRequest, InviteRequest, RoleRequest

if TYPE_CHECKING:
    from meshnode.commands.call import Call
    from meshnode.commands.terminal import Terminal
    from meshnode.views.community import MemberView


def found(call: Call) -> int:
    """Found a community."""
    community = with_node(call, lambda node: node.found(FoundRequest(name=call.name)))
    if call.json:
        call.terminal.data(community)
    else:
        call.terminal.say(f"Founded {community.name} ({short(community.id)}).")
    return Exit.DONE


def invite(call: Call) -> int:
    """Make a ticket."""
    request = InviteRequest(
        role=call.role, uses=call.uses, expires_ms=call.expires, community=call.community
    )
    made = with_node(call, lambda node: node.invite(request))
    if call.json:
        call.terminal.data(made)
        return Exit.DONE
    if call.qr:
        _draw(call.terminal, made.ticket)
    call.terminal.say(made.ticket)
    times = "once" if made.uses == 1 else f"{made.uses} times"
    call.terminal.note(
        f"For {made.community}, as {made.role}, {times}, until {moment(made.expires_ms)}. "
        "Whoever has it can join: hand it over in private."
    )
    return Exit.DONE


def _draw(terminal: Terminal, ticket: str) -> None:
    import segno

    drawn = io.StringIO()
    segno.make(ticket, error="l", micro=False).terminal(drawn, compact=True)
    code = drawn.getvalue().rstrip("\n")
    size = cells(code.partition("\n")[0])
    if size <= terminal.width and terminal.can_write(code):
        terminal.say(code)
    else:
        terminal.note(f"A QR code needs {size} columns of UTF-8, so this is the ticket alone.")


def join(call: Call) -> int:
    """Redeem a ticket."""
    ticket = call.terminal.read() if call.ticket == "-" else call.ticket
    if not ticket.strip():
        raise BadUsage("the ticket is empty")
    community = with_node(call, lambda node: node.join(ticket.strip()))
    if call.json:
        call.terminal.data(community)
    elif community.pending:
        call.terminal.say(f"Joining {community.name}: done at the next meeting (`meshnode sync`).")
    else:
        call.terminal.say(f"Joined {community.name}.")
    return Exit.DONE


def appoint(call: Call) -> int:
    """Give a member another role."""
    request = RoleRequest(role=call.role, community=call.community)
    return _show_members(call, with_node(call, lambda node: node.appoint(call.member, request)))


def remove(call: Call) -> int:
    """Remove a member, after asking."""
    question = (
        f"Member {call.member} will write and read nothing new here. What they gave stays, and "
        "what they have read cannot be taken from them."
    )
    if not call.yes and not call.terminal.confirm(question, "remove"):
        call.terminal.note("Nothing was done.")
        return Exit.FAILED
    return _show_members(
        call, with_node(call, lambda node: node.remove_member(call.member, call.community))
    )


def members(call: Call) -> int:
    """List the members."""
    return _show_members(call, with_node(call, lambda node: node.members()))


def _show_members(call: Call, listed: list[MemberView]) -> int:
    if call.json:
        call.terminal.data(listed)
        return Exit.DONE
    call.terminal.table(
        ("name", "member", "role", "community", "devices", "joined", "last heard"),
        [
            (
                f"{one.name} (you)" if one.is_self else one.name,
                short(one.member),
                one.role or "none",
                one.community,
                str(one.devices),
                day(one.joined_ms) if one.joined_ms else "",
                day(one.last_heard_ms) if one.last_heard_ms else "",
            )
            for one in listed
        ],
        gives_way=("community", "name"),
        empty="No community yet: `meshnode found NAME` makes one, `meshnode join TICKET` joins.",
    )
    return Exit.DONE
