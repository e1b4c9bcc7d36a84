"""The network: who is in reach, who was met, what travelled, and how to help it along."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import DataTable, Static

from meshnode.views.sync import SyncDone, SyncProgress
from tui import plain_text
from tui.plain_text import ago, count, size
from tui.screens.bundle import BundleScreen
from tui.screens.framed import FramedScreen
from tui.screens.peer import AddPeerScreen, RemovePeerScreen

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.peer import LinkView, PeerView
    from meshnode.views.sync import SyncEvent
    from tui.session import Session

MAX_SYNC_LINES = 6


class NetworkScreen(FramedScreen[None]):
    """Own address, peers, open links, and the sync under way."""

    SECTION = "network"
    TOPICS: ClassVar[frozenset[str]] = frozenset({"status", "peers", "links"})
    HELP_TEXT = (
        "Nodes meet by themselves whenever they are in reach; sync now only hurries. A bundle is "
        "a file with entries, to carry by hand where no network goes."
    )
    AUTO_FOCUS = "#peers"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sync('')", "Sync"),
        Binding("enter", "sync_chosen", "Sync this peer", show=False),
        Binding("a", "add_peer", "Add"),
        Binding("x,delete", "remove_peer", "Remove", key_display="x"),
        Binding("y", "copy_address", "Copy"),
        Binding("w", "bundle('write')", "Write bundle"),
        Binding("r", "bundle('read')", "Read bundle"),
        Binding("j", "move(1)", "Next peer", show=False),
        Binding("k", "move(-1)", "Previous peer", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._peers: tuple[PeerView, ...] | None = None
        self._meetings: dict[str, Content] = {}

    def compose_body(self) -> ComposeResult:
        """Give the address, the peers, the links and the progress."""
        yield Static("", markup=False, id="address")
        yield Static("Peers", markup=False, classes="title")
        yield DataTable(cursor_type="row", id="peers")
        yield Static("", markup=False, id="no-peers", classes="quiet")
        yield Static("", markup=False, id="peer-detail")
        yield Static("Open links", markup=False, classes="title", id="links-title")
        yield DataTable(cursor_type="none", id="links")
        yield Static("", markup=False, id="meetings")

    def on_mount(self) -> None:
        """Name the columns."""
        self.query_one("#peers", DataTable).add_columns(
            "Name", "By", "State", "Met", "Lacks", "Sent", "Received"
        )
        self.query_one("#links", DataTable).add_columns(
            "Name", "By", "Direction", "Since", "Sent", "Received", "Speed"
        )
        self.query_one("#meetings").display = False

    def refresh_body(self) -> None:
        """Fetch peers and links."""
        self.start("network", self._fetch)

    async def _fetch(self) -> None:
        status = self.session.status
        if status is not None:
            self.query_one("#address", Static).update(
                Content.assemble(("This node  ", "$quiet"), plain_text.line(status.address))
            )
        peers = await self.attempt(self.client.peers(), is_reading=True)
        links = await self.attempt(self.client.links(), is_reading=True)
        if peers is not None:
            self._show_peers(tuple(peers))
        if links is not None:
            self._show_links(links)

    def _show_peers(self, peers: tuple[PeerView, ...]) -> None:
        if peers == self._peers:
            return
        table = self.query_one("#peers", DataTable)
        chosen = self._chosen
        self._peers = peers
        table.clear()
        for peer in peers:
            table.add_row(*map(Text, _peer_cells(peer)), key=peer.address)
        kept = chosen is not None and chosen.address in table.rows
        if chosen is not None and kept:
            table.move_cursor(row=table.get_row_index(chosen.address), animate=False)
        table.display = bool(peers)
        nobody = self.query_one("#no-peers", Static)
        nobody.display = not peers
        nobody.update(
            "No peer's address is known.\n"
            "a  add an address that somebody gave you\n"
            "y  copy this node's address, to give to somebody\n"
            "w  write a bundle to a stick, to carry by hand"
        )
        self._show_detail()

    def _show_links(self, links: list[LinkView]) -> None:
        table = self.query_one("#links", DataTable)
        table.clear()
        for link in links:
            table.add_row(*map(Text, _link_cells(link)))
        table.display = self.query_one("#links-title").display = bool(links)

    @property
    def _chosen(self) -> PeerView | None:
        row = self.query_one("#peers", DataTable).cursor_row
        peers = self._peers or ()
        return peers[row] if 0 <= row < len(peers) else None

    @on(DataTable.RowHighlighted, "#peers")
    def _show_detail(self) -> None:
        peer = self._chosen
        detail = self.query_one("#peer-detail", Static)
        detail.display = peer is not None
        if peer is None:
            return
        hops = "" if peer.hops is None else f" · {count(peer.hops, 'hop')}"
        how = "added by hand" if peer.is_configured else "heard of"
        detail.update(
            Content.assemble(
                (f"{plain_text.line(peer.address)} · {how}{hops}", "$quiet"),
                (f"\n{plain_text.line(peer.last_error)}" if peer.last_error else "", "$warning"),
            )
        )

    def action_move(self, rows: int) -> None:
        """Move among the peers."""
        table = self.query_one("#peers", DataTable)
        if rows > 0:
            table.action_cursor_down()
        else:
            table.action_cursor_up()

    # --- doing ---

    @on(DataTable.RowSelected, "#peers")
    def action_sync_chosen(self) -> None:
        """Meet the peer under the cursor now."""
        if self._chosen is not None:
            self.action_sync(self._chosen.address)

    def action_sync(self, address: str) -> None:
        """Meet a peer now, or everybody in reach."""
        self._meetings.clear()
        self._show_meeting("", Content.styled("Looking for peers …", "$quiet"))
        self.start("sync", self._sync, address or None)

    async def _sync(self, address: str | None) -> None:
        await self.attempt(self._follow(address))
        if self._meetings.pop("", None) is not None:
            self._show_meeting("nobody", Content.styled("Nobody is in reach now.", "$warning"))

    async def _follow(self, address: str | None) -> None:
        async with aclosing(self.client.sync(address)) as events:
            async for event in events:
                self._meetings.pop("", None)
                self._show_meeting(event.peer, _meeting(event))

    def _show_meeting(self, peer: str, words: Content) -> None:
        self._meetings[peer] = words
        place = self.query_one("#meetings", Static)
        place.update(Content("\n").join(list(self._meetings.values())[-MAX_SYNC_LINES:]))
        place.display = True

    def action_add_peer(self) -> None:
        """Ask for an address."""
        self.app.push_screen(AddPeerScreen(self.session), self._changed)

    def action_remove_peer(self) -> None:
        """Ask, then forget the peer under the cursor."""
        if self._chosen is not None:
            self.app.push_screen(RemovePeerScreen(self.session, self._chosen), self._changed)

    def _changed(self, is_changed: bool | None) -> None:
        if is_changed:
            self.refresh_body()

    def action_copy_address(self) -> None:
        """Copy this node's address."""
        status = self.session.status
        if status is not None and status.address:
            self.copy(status.address, "Address")

    def action_bundle(self, what: str) -> None:
        """Write or read a bundle file."""
        self.app.push_screen(BundleScreen(self.session, is_writing=what == "write"))


def _name(name: str, address: str) -> str:
    name = plain_text.line(name)
    return name[:20] if name else f"{plain_text.line(address)[:12]}…"


def _peer_cells(peer: PeerView) -> list[str]:
    return [
        _name(peer.name, peer.address),
        plain_text.line(peer.carrier)[:10],
        peer.state,
        ago(peer.last_met_ms),
        "-" if peer.lacks is None else f"{peer.lacks:,}",
        size(peer.sent_bytes),
        size(peer.received_bytes),
    ]


def _link_cells(link: LinkView) -> list[str]:
    speed = "" if link.bits_per_s is None else f"{size(int(link.bits_per_s / 8))}/s"
    return [
        _name(link.name, link.address),
        plain_text.line(link.carrier)[:10],
        "outgoing" if link.is_outgoing else "incoming",
        ago(link.since_ms),
        size(link.sent_bytes),
        size(link.received_bytes),
        speed,
    ]


def _meeting(event: SyncEvent) -> Content:
    name = _name("", event.peer) if len(event.peer) > 20 else plain_text.line(event.peer)
    entries = f"{event.sent:,} sent, {event.received:,} received"
    match event:
        case SyncProgress():
            return Content.assemble(f"{name}: ", (f"{event.stage} … {entries}", "$secondary"))
        case SyncDone(error=""):
            took = f"{size(event.sent_bytes + event.received_bytes)} in {event.duration_ms:,.0f} ms"
            return Content.assemble(f"{name}: ", ("in step", "$success"), f" · {entries} · {took}")
        case SyncDone():
            return Content.assemble(f"{name}: ", (plain_text.line(event.error), "$error"))
