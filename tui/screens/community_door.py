"""The keys by which communities are entered and opened to others, on Home and Members."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui.screens.found import FoundScreen
from tui.screens.framed import FramedScreen
from tui.screens.invite import InviteScreen
from tui.screens.join import JoinScreen

if TYPE_CHECKING:
    from meshnode.views.status import Status

NO_COMMUNITY = (
    "This node belongs to no community yet. On Home (F2), t joins one by a ticket, f founds one."
)
NOT_MET = "You are in once this node has met one of theirs. On Network (F5), s looks for them."


def why_outside(status: Status | None) -> str:
    """Say why this node has no commons to write in; "" when it has one."""
    if status is None or not status.communities:
        return NO_COMMUNITY
    return NOT_MET if all(one.pending for one in status.communities) else ""


class CommunityDoor(FramedScreen[None]):
    """A section from which one invites, joins and founds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "invite", "Invite"),
        Binding("t", "join", "Join by ticket"),
        Binding("f", "found", "Found a community", show=False),
    ]

    def action_invite(self) -> None:
        """Make a ticket, if there is a community to invite to."""
        if why := why_outside(self.session.status):
            self.say(why)
        else:
            self.app.push_screen(InviteScreen(self.session))

    def action_join(self) -> None:
        """Redeem a ticket."""
        self.app.push_screen(JoinScreen(self.session))

    def action_found(self) -> None:
        """Found a community."""
        self.app.push_screen(FoundScreen(self.session))
