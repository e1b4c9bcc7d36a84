"""Who belongs to the community, and what they may do."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widgets import DataTable, Static

from tui import plain_text
from tui.plain_text import ago, count
from tui.screens.framed import FramedScreen
from tui.screens.invite import InviteScreen
from tui.screens.join import JoinScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views import MemberView

NOBODY = (
    "No community yet.\nt  join one by a ticket that a member gave you\n\n"
    "A node can also be used alone; what you write stays on it until you join."
)


class MembersScreen(FramedScreen[None]):
    """One line for each member."""

    SECTION = "members"
    TOPICS: ClassVar[frozenset[str]] = frozenset({"status", "members"})
    HELP_TEXT = (
        "Founders and stewards invite others and set roles; contributors add and edit; readers "
        "read and ask."
    )
    AUTO_FOCUS = "DataTable"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "invite", "Invite"),
        Binding("t", "join", "Join by ticket"),
        Binding("j", "move(1)", "Next member", show=False),
        Binding("k", "move(-1)", "Previous member", show=False),
    ]

    def compose_body(self) -> ComposeResult:
        """Give the table, and what to do when it is empty."""
        yield Static("Members", markup=False, id="members-title", classes="title")
        yield DataTable(cursor_type="row")
        yield Static(NOBODY, markup=False, id="nobody", classes="quiet")

    def on_mount(self) -> None:
        """Name the columns."""
        self.query_one(DataTable).add_columns(
            "Name", "Role", "Community", "Devices", "Joined", "Heard from"
        )

    def refresh_body(self) -> None:
        """Fetch the members."""
        self.start("members", self._fetch)

    async def _fetch(self) -> None:
        members = await self.attempt(self.client.members(), is_reading=True)
        if members is None:
            return
        table = self.query_one(DataTable)
        row = table.cursor_row
        table.clear()
        for member in members:
            table.add_row(*map(Text, _cells(member)))
        table.move_cursor(row=min(row, len(members) - 1), animate=False)
        table.display = bool(members)
        self.query_one("#nobody").display = not members
        self.query_one("#members-title", Static).update(count(len(members), "member"))

    def action_move(self, rows: int) -> None:
        """Move among the members."""
        table = self.query_one(DataTable)
        if rows > 0:
            table.action_cursor_down()
        else:
            table.action_cursor_up()

    def action_invite(self) -> None:
        """Make a ticket."""
        status = self.session.status
        if status is not None and status.communities:
            self.app.push_screen(InviteScreen(self.session))
        else:
            self.say("This node belongs to no community yet. Press t to join one by a ticket.")

    def action_join(self) -> None:
        """Redeem a ticket."""
        self.app.push_screen(JoinScreen(self.session))


def _cells(member: MemberView) -> list[str]:
    name = plain_text.line(member.name)[:28]
    heard = "this node" if member.is_self else ago(member.last_heard_ms)
    return [
        f"{name} (you)" if member.is_self else name,
        member.role or "none",
        plain_text.line(member.community)[:16],
        str(member.devices),
        plain_text.date(member.joined_ms)[:10],
        heard,
    ]
