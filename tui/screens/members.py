"""Who belongs to the community, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from tui import plain_text
from tui.plain_text import ago, count
from tui.screens.community_door import CommunityDoor, why_outside

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.community import MemberView

NOBODY = (
    "No community yet.\n\n"
    "t  join one by a ticket that a member gave you\n"
    "f  found one: you are its first member\n\n"
    "What is written here is written for a community, so that comes first."
)


class MembersScreen(CommunityDoor):
    """One line for each member."""

    SECTION = "members"
    TOPICS: ClassVar[frozenset[str]] = frozenset({"status", "members"})
    HELP_TEXT = (
        "Founders and stewards invite others and set roles; contributors add and edit; readers "
        "read and ask."
    )
    AUTO_FOCUS = "DataTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "move(1)", "Next member", show=False),
        Binding("k", "move(-1)", "Previous member", show=False),
    ]

    def compose_body(self) -> ComposeResult:
        """Give the table, and what to do when it is empty."""
        yield Static("Members", markup=False, id="members-title", classes="title")
        yield DataTable(cursor_type="row")
        yield Static(NOBODY, markup=False, id="nobody", classes="quiet")

    def refresh_body(self) -> None:
        """Fetch the members."""
        self.start("members", self._fetch)

    async def _fetch(self) -> None:
        members = await self.attempt(self.client.members(), is_reading=True)
        if members is None:
            return
        table = self.query_one(DataTable)
        row = table.cursor_row
        table.clear(columns=True)
        columns = _columns(members)
        table.add_columns(*columns)
        for cells in zip(*columns.values(), strict=True):
            table.add_row(*map(Text, cells))
        table.move_cursor(row=min(row, len(members) - 1), animate=False)
        table.display = bool(members)
        status = self.session.status
        waits = status is not None and bool(status.communities)
        nobody = self.query_one("#nobody", Static)
        nobody.update(why_outside(status) if waits else NOBODY)
        nobody.display = not members
        title = "Members" if waits and not members else count(len(members), "member")
        self.query_one("#members-title", Static).update(title)

    def action_move(self, rows: int) -> None:
        """Move among the members."""
        table = self.query_one(DataTable)
        if rows > 0:
            table.action_cursor_down()
        else:
            table.action_cursor_up()


def _columns(members: list[MemberView]) -> dict[str, list[str]]:
    """Give the columns that say something, the first ones first where there is no room for all.

    What nobody knows or all share has no column.
    """
    columns: dict[str, list[str]] = {
        "Name": [_name(member) for member in members],
        "Role": [member.role or "none" for member in members],
        "Heard from": [
            "this node" if member.is_self else ago(member.last_heard_ms) for member in members
        ],
        "Community": [plain_text.line(member.community)[:20] for member in members],
        "Joined": [plain_text.date(member.joined_ms)[:10] for member in members],
        "Devices": [str(member.devices) for member in members],
    }
    if not any(member.joined_ms for member in members):
        del columns["Joined"]
    if len({member.community for member in members}) == 1:
        del columns["Community"]
    return columns


def _name(member: MemberView) -> str:
    name = plain_text.line(member.name)[:28]
    return f"{name} (you)" if member.is_self else name
