"""The keys by which communities are entered and opened to others, on Home and Members."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tui.screens.found import FoundScreen
from tui.screens.framed import FramedScreen
from tui.screens.invite import InviteScreen
from tui.screens.join import JoinScreen

NO_COMMUNITY = (
    "This node belongs to no community yet. Press t to join one by a ticket, or f to found one."
)


class CommunityDoor(FramedScreen[None]):
    """A section from which one invites, joins and founds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "invite", "Invite"),
        Binding("t", "join", "Join by ticket"),
        Binding("f", "found", "Found a community", show=False),
    ]

    def action_invite(self) -> None:
        """Make a ticket, if there is a community to invite to."""
        status = self.session.status
        if status is not None and status.communities:
            self.app.push_screen(InviteScreen(self.session))
        else:
            self.say(NO_COMMUNITY)

    def action_join(self) -> None:
        """Redeem a ticket."""
        self.app.push_screen(JoinScreen(self.session))

    def action_found(self) -> None:
        """Found a community."""
        self.app.push_screen(FoundScreen(self.session))
