"""The terminal app: sections, themes, keys that work everywhere, and the way to the node."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType

from meshnode.client import NodeClient
from tui import preferences, themes
from tui.follower import RECONNECTED, Follower
from tui.node_caller import NodeCaller
from tui.screens.ask import AskScreen
from tui.screens.commons import CommonsScreen
from tui.screens.connecting import ConnectingScreen
from tui.screens.doctor import DoctorScreen
from tui.screens.framed import FramedScreen
from tui.screens.help import HelpScreen
from tui.screens.home import HomeScreen
from tui.screens.members import MembersScreen
from tui.screens.network import NetworkScreen
from tui.screens.unlock import UnlockScreen
from tui.screens.welcome import WelcomeScreen
from tui.session import Session
from tui.terminal_bytes import take_any_bytes
from tui.widgets.section_bar import FIRST_KEY

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.screen import Screen

    from tui.widgets.section_bar import SectionTab

SECTIONS: dict[str, type[FramedScreen[None]]] = {
    "home": HomeScreen,
    "commons": CommonsScreen,
    "ask": AskScreen,
    "network": NetworkScreen,
    "members": MembersScreen,
}
GATES: dict[str, type[FramedScreen[None]]] = {
    "connecting": ConnectingScreen,
    "welcome": WelcomeScreen,
    "unlock": UnlockScreen,
}
SYNC_GOES_ON = (
    "The node goes on syncing in the background.\n"
    "`meshnode stop` stops it, `meshnode` opens this app again.\n"
)
UNSAVED = "What you wrote is not saved; closing loses it. Ctrl+S saves."
DRAFT_WAITS = "What you were writing is kept: open the editor again to go on."
SURE_S = 10.0
"""A second wish to close within this time, while the warning stands, is meant."""


class MeshApp(App[None]):
    """A window onto one node. Closing it never stops the node.

    Args:
        client: The way to the node.
        home: Where the app's few choices are kept; None: beside the socket.
    """

    TITLE = "Meshnode"
    CSS_PATH = "mesh.tcss"
    COMMAND_PALETTE_BINDING = "ctrl+p"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?"),
        Binding("f1", "help", "Help", key_display="f1"),  # where "?" is typed
        Binding("q", "quit", "Close"),
        *(
            Binding(f"f{key}", f"section('{section}')", f"Go to {section.title()}", show=False)
            for key, section in enumerate(SECTIONS, FIRST_KEY)
        ),
        Binding("right_square_bracket", "turn(1)", "Next section", show=False, key_display="]"),
        Binding("left_square_bracket", "turn(-1)", "Previous section", show=False, key_display="["),
        Binding("ctrl+t", "next_theme", "Change the colours", show=False),
    ]

    def __init__(self, client: NodeClient, home: Path | None = None) -> None:
        super().__init__()
        self.animation_level = "none"
        self.session = Session(client)
        self.home = Path(client.socket_path).parent if home is None else home
        self.preferences = preferences.load(self.home)
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = self.preferences.theme
        self._warned_s = -SURE_S
        self._follower = Follower(self.session, self._node_changed)
        for name, screen in (SECTIONS | GATES).items():
            self._add_mode(name, screen)

    def _add_mode(self, name: str, screen: type[FramedScreen[None]]) -> None:
        self.add_mode(name, lambda: screen(self.session))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Give the variables that our themes add, for while none of them is set yet."""
        return dict(themes.DARK.variables)

    async def on_mount(self) -> None:
        """Begin to follow the node."""
        await self.switch_mode("connecting")
        self.run_worker(self._follower.run(), group="follow")

    async def on_unmount(self) -> None:
        """Close the connections."""
        await self.session.client.close()

    # --- the node ---

    async def _node_changed(self, topics: frozenset[str]) -> None:
        await self._pass_gates(has_returned=RECONNECTED in topics)
        for screen in self.screen_stack:
            if isinstance(screen, FramedScreen) and screen.is_mounted:
                screen.show_connection()
        if isinstance(self.screen, NodeCaller) and self.screen.is_mounted:
            self.screen.node_changed(topics)

    async def _pass_gates(self, *, has_returned: bool = False) -> None:
        """Show what fits the node's state: the guide, the lock, or the sections.

        Args:
            has_returned: The node was away, so it is locked because it started anew.
        """
        status = self.session.status
        if status is None or self.session.is_making_home:
            return
        if status.state == "open":
            if self.current_mode in GATES:
                self.clear_notifications()
                await self.switch_mode("home")
                if self.session.drafts:
                    self.notify(DRAFT_WAITS, timeout=10, markup=False)
            return
        gate = "welcome" if status.state == "empty" else "unlock"
        if self.current_mode == gate:
            return
        self.clear_notifications()
        await self.switch_mode(gate)
        await self._forget_sections(keeps_unsaved=has_returned)

    async def _forget_sections(self, *, keeps_unsaved: bool) -> None:
        """Drop what was read: a locked node shows nothing, and keeps nothing in this process."""
        self.session.forget(keeps_unsaved=keeps_unsaved)
        for name, screen in SECTIONS.items():
            await self.remove_mode(name)
            self._add_mode(name, screen)

    async def on_node_caller_opened(self) -> None:
        """Go on to the sections."""
        self.session.is_making_home = False
        if await self._follower.refresh():
            await self._pass_gates()

    @property
    def farewell(self) -> str:
        """What to say after the app has closed, "" for nothing: once, and only if it is so."""
        status = self.session.status if self.session.is_connected else None
        goes_on = status is not None and status.state == "open"
        return SYNC_GOES_ON if goes_on and not self.preferences.knows_sync_goes_on else ""

    # --- keys that work everywhere ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer the sections only while there is something to show in them."""
        if action in {"section", "turn", "sync_now", "doctor"}:
            return self.current_mode in SECTIONS
        return super().check_action(action, parameters)

    async def action_section(self, section: str) -> None:
        """Go to a section, as it was left; from within it, back to its beginning."""
        if self.current_mode in SECTIONS and section != self.current_mode:
            await self.switch_mode(section)

    async def action_turn(self, places: int) -> None:
        """Go to the next section, or the previous one."""
        names = list(SECTIONS)
        await self.action_section(names[(names.index(self.current_mode) + places) % len(names)])

    async def on_section_tab_chosen(self, message: SectionTab.Chosen) -> None:
        """Go to the section that was clicked."""
        await self.action_section(message.section)

    async def action_sync_now(self) -> None:
        """Show the network, and meet everybody in reach."""
        await self.action_section("network")
        if isinstance(self.screen, NetworkScreen):
            self.screen.action_sync("")

    def action_doctor(self) -> None:
        """Check every part of the node."""
        self.push_screen(DoctorScreen(self.session))

    async def action_quit(self) -> None:
        """Close; warn first, once, when something would be lost."""
        loss = self.screen.loss if isinstance(self.screen, NodeCaller) else ""
        if not loss and self.session.has_unsaved:
            loss = UNSAVED
        now_s = time.monotonic()
        if loss and now_s - self._warned_s >= SURE_S:
            self._warned_s = now_s
            self.clear_notifications()
            words = f"{loss} Close again to close all the same."
            self.notify(words, severity="warning", timeout=SURE_S, markup=False)
            return
        self.exit()

    def action_help(self) -> None:
        """Show the keys of the screen on top."""
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.session, self.screen))

    def action_next_theme(self) -> None:
        """Change to the next theme."""
        following = (themes.NAMES.index(self.theme) + 1) % len(themes.NAMES)
        self.action_use_theme(themes.NAMES[following])

    def action_use_theme(self, name: str) -> None:
        """Change the theme, and remember it."""
        self.theme = name
        self.preferences = msgspec.structs.replace(self.preferences, theme=name)
        if not preferences.save(self.home, self.preferences):
            self.notify("The colours could not be remembered for next time.", markup=False)

    async def _lock(self) -> None:
        if isinstance(self.screen, NodeCaller):
            await self.screen.attempt(self.session.client.lock())
            self._follower.note("status")

    async def _open(self, section: str, action: str) -> None:
        await self.action_section(section)
        await self.screen.run_action(action)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Give everything that can be done, for the command palette."""
        if self.current_mode in SECTIONS:
            for section in SECTIONS:
                yield SystemCommand(
                    f"Go to {section.title()}",
                    "Section",
                    lambda section=section: self.action_section(section),
                )
            for title, section, action, what in COMMANDS:
                yield SystemCommand(
                    title,
                    what,
                    lambda section=section, action=action: self._open(section, action),
                )
            yield SystemCommand("Doctor", "Check every part of the node", self.action_doctor)
            yield SystemCommand("Lock", "Forget the keys until the passphrase is given", self._lock)
        for name in themes.NAMES:
            yield SystemCommand(
                f"Colours: {name}",
                "Change the theme, and remember it",
                lambda name=name: self.action_use_theme(name),
            )
        yield SystemCommand("Help", "The keys of this screen", self.action_help)
        yield SystemCommand("Close", "Close the app; the node goes on", self.action_quit)


COMMANDS = (
    ("Search", "commons", "search", "Search the commons"),
    ("New contribution", "commons", "add", "Write something down for the community"),
    ("Import files or a folder", "commons", "import", "Markdown, text, HTML, CSV, PDF, DOCX"),
    ("Filter the commons", "commons", "filter", "By level, language, tag, author"),
    ("Withdrawn by you", "commons", "withdrawals", "How far each withdrawal has reached"),
    ("Ask a question", "ask", "question", "Answered from the commons only"),
    ("Found a community", "members", "found", "You are its first member"),
    ("Invite", "members", "invite", "Make a ticket, as text and as a picture"),
    ("Join by ticket", "members", "join", "Redeem a ticket"),
    ("Sync now", "network", "sync('')", "Meet everybody in reach"),
    ("Add a peer", "network", "add_peer", "By the address that their node shows"),
    ("Copy this node's address", "network", "copy_address", "To give to somebody"),
    ("Write a bundle", "network", "bundle('write')", "A file to carry by hand"),
    ("Read a bundle", "network", "bundle('read')", "A file that was carried here"),
)


def run(socket_path: Path, home: Path | None = None) -> None:
    """Open the app on a node, and return when the reader closes it.

    Args:
        socket_path: The daemon's socket; the app waits for it if nothing answers yet.
        home: The node's home, when the socket lies elsewhere.
    """
    take_any_bytes()
    app = MeshApp(NodeClient(socket_path), home)
    app.run()
    if app.farewell:
        sys.stdout.write(app.farewell)
        preferences.save(
            app.home, msgspec.structs.replace(app.preferences, knows_sync_goes_on=True)
        )
