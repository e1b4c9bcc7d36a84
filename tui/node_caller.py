"""How a screen asks the node: one place that turns a refusal into words on the screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.css.query import NoMatches
from textual.message import Message
from textual.screen import Screen

from meshnode.client import ClientError, NodeUnreachable
from tui import plain_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from tui.session import Session

STOPPED = "The node is stopped, so nothing was changed. `meshnode run` starts it."
T = TypeVar("T")
ResultT = TypeVar("ResultT")


class NodeCaller(Screen[ResultT]):
    """A screen that talks to the node.

    Args:
        session: What all screens share.
    """

    # Before anything else reads them: on a slow line keys come in bursts, and what is
    # typed after a Tab belongs to the next field, not to the one that had the focus then.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next field", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "Previous field", show=False, priority=True),
    ]
    HELP_TEXT = ""
    """What this screen is for, in a sentence or two; shown above its keys."""

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.client = session.client

    @property
    def loss(self) -> str:
        """What closing the app now would lose, as a sentence; "" for nothing."""
        return ""

    class Opened(Message):
        """The node was opened, or made, from this screen."""

    async def attempt(self, call: Awaitable[T], *, is_reading: bool = False) -> T | None:
        """Await a call; give None, and say why on the screen, when it fails.

        Args:
            call: The call to the client.
            is_reading: A read may be repeated, so a stopped node needs no more
                words than the banner has.
        """
        try:
            return await call
        except NodeUnreachable:
            if not is_reading:
                self.say_refused(STOPPED)
        except ClientError as error:
            self.say_refused(error.explain())
        return None

    def start(
        self, group: str, work: Callable[..., Coroutine[Any, Any, None]], *arguments: object
    ) -> None:
        """Run work beside the screen.

        Args:
            group: Newer work of one group takes the place of older.
            work: Called with the arguments once it is its turn.
            arguments: For `work`.
        """
        begin: Callable[[], Awaitable[None]] = partial(self._work, work, *arguments)
        self.run_worker(begin, group=group, exclusive=True)

    async def _work(
        self, work: Callable[..., Coroutine[Any, Any, None]], *arguments: object
    ) -> None:
        try:
            await work(*arguments)
        except NoMatches:
            if self.display:  # else the screen is being taken apart: nobody waits for an answer
                raise

    def say_refused(self, sentence: str) -> None:
        """Show why something was not done, in place of older words: one thing at a time."""
        self.app.clear_notifications()
        self.notify(plain_text.line(sentence), severity="error", timeout=10, markup=False)

    def say(self, sentence: str) -> None:
        """Show what was done, in place of older words: a refusal that stays reads as a new one."""
        self.app.clear_notifications()
        self.notify(plain_text.line(sentence), markup=False)

    def on_options_taken(self) -> None:
        """Go on to the field after a choice."""
        self.focus_next()

    def copy(self, text: str, what: str) -> None:
        """Hand a text to the terminal's clipboard."""
        self.app.copy_to_clipboard(text)
        self.say(f"{what} copied, if this terminal allows it.")

    def node_changed(self, topics: frozenset[str]) -> None:
        """Fetch again what is on screen; the node said that these topics changed."""

    def dismiss_with(self, result: Any = None) -> None:  # noqa: ANN401
        """Close, from a callback that does not wait for the closing."""
        self.dismiss(result)
