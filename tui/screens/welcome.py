"""The first run: who you are, which community, how the keys are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Input, Static

from meshnode.client import ApiError
from meshnode.views.home import InitRequest
from tui.screens.framed import FramedScreen
from tui.screens.recovery_words import RecoveryWordsScreen
from tui.widgets.choice import Choice, Options
from tui.widgets.field import Field

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from meshnode.views.home import InitView

WELCOME = (
    "This node keeps what your community knows, on this machine, and shares it with whoever comes "
    "within reach: by radio, network or a stick in a pocket. No account, no internet needed."
)
BEGINNINGS = {
    "found": "Found a community: you are its first member",
    "join": "Join one: you have a ticket from a member",
    "neither": "Neither for now: you can do both later",
}
KEEPINGS = {
    "passphrase": "Passphrase: asked for whenever the node starts",
    "none": "None: starts by itself",
}
WITH = (
    "Whoever takes this machine reads nothing while it is off or locked. Nobody can recover a "
    "forgotten passphrase."
)
WITHOUT = (
    "Good for a machine that must restart alone, such as a Pi on a roof. Whoever takes it can read "
    "everything on it and write in your name."
)


_BAD_TICKET = "crdt.bad_invite"
"""What the node says of a ticket that it cannot take (docs/guide/cli.md, errors)."""


class WelcomeScreen(FramedScreen[None]):
    """One form; the recovery words follow it."""

    HELP_TEXT = "Tab or the arrows move, Space chooses, Ctrl+S begins. Nothing is made before that."
    AUTO_FOCUS = "#name"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "begin", "Begin"),
        Binding("down", "app.focus_next", "Next field", show=False),
        Binding("up", "app.focus_previous", "Previous field", show=False),
    ]

    def compose_body(self) -> ComposeResult:
        """Give the form."""
        with VerticalScroll(id="form", can_focus=False):
            yield Static("Welcome to Meshnode", markup=False, classes="title")
            yield Static(WELCOME + "\n", markup=False, classes="quiet")
            yield Field("Your name", id="name", placeholder="as others shall read it")
            yield Choice("Community", list(BEGINNINGS.items()), id="beginning")
            with Vertical(classes="place"):
                yield Field("Its name", id="community", placeholder="for example Ridge")
                yield Field(
                    "Ticket", id="ticket", placeholder="paste the ticket here", is_code=True
                )
            yield Choice("Keys", list(KEEPINGS.items()), id="keeping")
            yield Static(WITH, markup=False, id="meaning", classes="quiet indented")
            with Vertical(classes="place"):
                yield Field("Passphrase", id="passphrase", password=True)
                yield Field("Once more", id="again", password=True)
            with Horizontal(classes="buttons"):
                yield Button("Begin", id="begin", variant="primary", compact=True)

    def on_mount(self) -> None:
        """Show what belongs to the first choices."""
        self._follow_choices()

    @on(Options.Changed)
    def _follow_choices(self) -> None:
        beginning = self.query_one("#beginning", Choice).value
        has_passphrase = self.query_one("#keeping", Choice).value == "passphrase"
        self._field("community").display = beginning == "found"
        self._field("ticket").display = beginning == "join"
        self._field("passphrase").display = self._field("again").display = has_passphrase
        self.query_one("#meaning", Static).update(WITH if has_passphrase else WITHOUT)

    def _field(self, name: str) -> Field:
        return next(field for field in self.query(Field) if field.query(f"#{name}"))

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value

    @on(Input.Submitted)
    def _next(self, message: Input.Submitted) -> None:
        if message.input.id == "again":
            self.action_begin()
        else:
            self.focus_next()

    @on(Button.Pressed, "#begin")
    def action_begin(self) -> None:
        """Check the form, then make the home."""
        beginning = self.query_one("#beginning", Choice).value
        has_passphrase = self.query_one("#keeping", Choice).value == "passphrase"
        ticket = "".join(self._value("ticket").split())
        missing = (
            ("name", "Give your name first.", not self._value("name").strip()),
            (
                "community",
                "Give the community a name.",
                beginning == "found" and not self._value("community").strip(),
            ),
            ("ticket", "Paste the ticket.", beginning == "join" and not ticket),
            (
                "passphrase",
                "Give a passphrase, or choose none.",
                has_passphrase and not self._value("passphrase"),
            ),
            (
                "again",
                "The two passphrases differ. Type it once more.",
                has_passphrase and self._value("passphrase") != self._value("again"),
            ),
        )
        for name, sentence, is_missing in missing:
            if is_missing:
                self.say_refused(sentence)
                field = self.query_one(f"#{name}", Input)
                if field.password:
                    field.value = ""  # dots hide what is to be mended
                self.set_focus(field)
                return
        if self.session.is_making_home:
            return
        request = InitRequest(
            name=self._value("name").strip(),
            community=self._value("community").strip() if beginning == "found" else None,
            ticket=ticket if beginning == "join" else None,
            passphrase=self._value("passphrase") if has_passphrase else None,
        )
        self.session.is_making_home = True
        self.start("init", self._make, request)

    async def _make(self, request: InitRequest) -> None:
        self.say("Making the keys …")
        made = await self.attempt(self._init(request))
        self.session.is_making_home = made is not None
        if made is not None:
            self.app.clear_notifications()
            for name in ("passphrase", "again"):
                self.query_one(f"#{name}", Input).value = ""
            self.app.push_screen(RecoveryWordsScreen(self.session, made), self._finish)

    async def _init(self, request: InitRequest) -> InitView:
        """Make the home; a refused ticket is what the next paste takes the place of."""
        try:
            return await self.client.init(request)
        except ApiError as error:
            if error.code == _BAD_TICKET:
                ticket = self.query_one("#ticket", Input)
                self.set_focus(ticket)
                ticket.select_all()
            raise

    def _finish(self, _result: None) -> None:
        self.post_message(self.Opened())
