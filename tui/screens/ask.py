"""Ask the commons: quotes first, then what the model makes of them, then whose words they were."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static

from meshnode.views.answer import AskDone, AskPhrase, AskQuote, Citation
from meshnode.views.attribution import attribution
from tui import plain_text
from tui.screens.framed import FramedScreen
from tui.screens.reader import ReaderScreen
from tui.widgets.field import LineToAsk
from tui.widgets.quote_card import QuoteCard

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.events import Key

    from tui.session import Session

MAX_QUESTIONS = 100
NOT_THERE = "This is not in the commons."
NEAR = "Something near, which does not answer it:"
HINT = (
    "Ask in your own words. The answer begins with the passages it rests on, "
    "each with its author.\n\nWhat nobody contributed is not answered."
)


class AskScreen(FramedScreen[None]):
    """One question at a time."""

    SECTION = "ask"
    HELP_TEXT = (
        "Answers come only from what people contributed. Read the passage before you rely on "
        "the sentence below it. ↑ in the line brings back earlier questions of this session."
    )
    AUTO_FOCUS = "#question"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(
                str(number),
                f"open({number})",
                "Open passage",
                show=number == 1,
                key_display="1-9" if number == 1 else str(number),
            )
            for number in range(1, 10)
        ),
        Binding("y", "copy_answer", "Copy"),
        # Before anything else reads it: what is typed after it, in one burst, is the question.
        Binding("slash", "question", "Question", key_display="/", priority=True),
        Binding("escape", "cancel", "Stop"),
        Binding("escape", "question", "Question", show=False),
        Binding("down,j", "move(1)", "Next passage", show=False),
        Binding("up,k", "move(-1)", "Previous passage", show=False),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._question = ""
        self._citations: list[Citation] = []
        self._near: tuple[Citation, ...] = ()
        self._phrases: list[AskPhrase] = []
        self._done: AskDone | None = None
        self._recalled = 0

    def compose_body(self) -> ComposeResult:
        """Give the question's line and the place of the answer."""
        yield LineToAsk(
            placeholder="Your question, then Enter; ↑ brings back an earlier one", id="question"
        )
        with VerticalScroll(id="answer"):
            yield Static(HINT, markup=False, id="asked", classes="quiet")
            yield VerticalScroll(id="quotes", can_focus=False)
            yield Static("", markup=False, id="phrase")
            yield Static("", markup=False, id="note")

    # --- asking ---

    @on(Input.Submitted, "#question")
    def _submit(self, message: Input.Submitted) -> None:
        question = message.value.strip()
        if not question:
            return
        if question not in self.session.questions[-1:]:
            self.session.questions.append(question)
            del self.session.questions[:-MAX_QUESTIONS]
        self._recalled = 0
        message.input.value = ""
        self.start("ask", self._ask, question)

    async def _ask(self, question: str) -> None:
        self._question, self._done = question, None
        self._citations, self._phrases, self._near = [], [], ()
        await self.query_one("#quotes").remove_children()
        self.query_one("#asked", Static).update(Content.styled(question, "bold"))
        self.query_one("#asked").remove_class("quiet")
        self._say("#phrase", Content(""))
        self._say("#note", Content.styled("Looking …", "$quiet"))
        await self.attempt(self._follow(question))
        if self._done is None:
            note = "The answer broke off; what is above stands. ↑ brings the question back."
            self._say("#note", Content.styled(note, "$warning"))

    @property
    def _is_line_idle(self) -> bool:
        """Whether nobody has begun to write the next question."""
        line = self.query_one("#question", Input)
        return line.has_focus and not line.value

    @property
    def _is_asking(self) -> bool:
        return any(
            worker.group == "ask" and worker.node is self and not worker.is_finished
            for worker in self.workers
        )

    async def _follow(self, question: str) -> None:
        async with aclosing(self.client.ask(question)) as events:
            async for event in events:
                match event:
                    case AskQuote():
                        await self._show_quote(event.citation)
                    case AskPhrase():
                        self._phrases.append(event)
                        self._say("#phrase", self._phrasing())
                    case AskDone():
                        await self._finish(event)

    async def _show_quote(self, citation: Citation) -> None:
        self._citations.append(citation)
        card = QuoteCard(len(self._citations), citation)
        await self.query_one("#quotes").mount(card)
        self.refresh_bindings()
        if len(self._citations) == 1:
            self._say("#note", Content.styled("Phrasing … (Esc stops)", "$quiet"))
            if not self.query_one("#question", Input).value:
                self.set_focus(card)

    async def _finish(self, done: AskDone) -> None:
        for citation in done.citations:
            if citation not in self._citations:
                await self._show_quote(citation)
        self._done = done
        if not done.answer:
            self._phrases.clear()
        elif not self._phrases:
            self._phrases.append(AskPhrase(text=done.answer))
        self._say("#phrase", self._phrasing())
        if not done.grounded:
            self._near = done.near[:9]
            self._say("#note", _not_in_the_commons(done.note, self._near))
            self.refresh_bindings()
            if self._is_line_idle:
                self.set_focus(self.query_one("#answer"))  # "/" is a key there, as the note says
            return
        times = f"first passage {done.first_ms:,.0f} ms, all {done.total_ms:,.0f} ms"
        note = f"{plain_text.line(done.note)} " if done.note else ""
        self._say("#note", Content.assemble((note, "$warning"), (times, "$quiet")))

    def _phrasing(self) -> Content:
        if not self._phrases:
            return Content("")
        parts: list[Content] = [Content.styled("In other words, by the model: ", "$quiet")]
        for phrase in self._phrases:
            numbers = "".join(f"[{index + 1}]" for index in phrase.citations)
            parts.append(Content(plain_text.line(phrase.text)))
            parts.append(Content.styled(f" {numbers} ", "bold $accent"))
        return Content("").join(parts)

    def _say(self, where: str, words: Content) -> None:
        place = self.query_one(where, Static)
        place.update(words)
        place.display = bool(words.plain)

    # --- keys ---

    def action_question(self) -> None:
        """Go to the question's line."""
        self.set_focus(self.query_one("#question", Input))

    def action_cancel(self) -> None:
        """Stop the answer."""
        self.workers.cancel_group(self, "ask")
        self._say("#note", Content.styled("Stopped. What is above stands.", "$quiet"))

    def on_worker_state_changed(self) -> None:
        """Offer to stop an answer while there is one."""
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what there is something for."""
        if action == "question":
            return not isinstance(self.focused, Input)
        if action == "cancel":
            return self._is_asking
        if action == "open":
            return bool(self._citations or self._near)
        if action == "copy_answer":
            return bool(self._citations)
        return super().check_action(action, parameters)

    def action_open(self, number: int) -> None:
        """Open the contribution that a passage is from, or one that is near, at the passage."""
        shown = self._citations or self._near
        if number <= len(shown):
            citation = shown[number - 1]
            self.app.push_screen(ReaderScreen(self.session, citation.id, citation.quote))

    def on_quote_card_opened(self, message: QuoteCard.Opened) -> None:
        """Open it by Enter or click."""
        self.action_open(message.number)

    def action_move(self, places: int) -> None:
        """Move among the passages, and between them and the question."""
        cards = list(self.query(QuoteCard))
        here = next((i for i, card in enumerate(cards) if card.has_focus), -1)
        if here + places < 0:
            self.action_question()
        elif cards:
            self.set_focus(cards[min(here + places, len(cards) - 1)])

    def on_key(self, event: Key) -> None:
        """In the question's line, up brings back earlier questions, as in a shell."""
        line = self.query_one("#question", Input)
        earlier = self.session.questions
        if not line.has_focus or event.key not in {"up", "down"} or not earlier:
            return
        if event.key == "down" and not self._recalled:
            return
        event.stop()
        event.prevent_default()
        step = 1 if event.key == "up" else -1
        self._recalled = max(0, min(self._recalled + step, len(earlier)))
        line.value = earlier[-self._recalled] if self._recalled else ""
        line.cursor_position = len(line.value)

    def action_copy_answer(self) -> None:
        """Copy the question, the answer and whose words it rests on."""
        if not self._citations and not self._phrases:
            return
        words = " ".join(phrase.text for phrase in self._phrases)
        sources = [
            f'[{number}] "{one.quote}" — {attribution(one.author, one.given_by)}, '
            f"{one.community}: {one.title}"
            for number, one in enumerate(self._citations, 1)
        ]
        lines = [self._question, "", *([words, ""] if words else []), *sources]
        self.copy(plain_text.copied("\n".join(lines)) + "\n", "Answer and sources")


def _not_in_the_commons(note: str, near: tuple[Citation, ...]) -> Content:
    more = plain_text.line(note).removeprefix(NOT_THERE).strip()
    parts: list[tuple[str, str]] = [(f"{NOT_THERE}\n", "bold $warning")]
    if near:
        parts.append((f"{NEAR}\n", ""))
        for number, one in enumerate(near, 1):
            whose = f"{attribution(one.author, one.given_by)}, {one.community}"
            parts.append((f"{number}   ", "bold $accent"))
            parts.append((f"{plain_text.line(one.title)} · {plain_text.line(whose)}\n", ""))
    elif more:
        parts.append((f"{more}\n", ""))
    return Content.assemble(
        *parts,
        "\n",
        ("/", "bold $accent"),
        "   ask with other words: names of things work best\n",
        ("F3", "bold $accent"),
        "  search or browse the commons yourself\n",
        ("F5", "bold $accent"),
        "  sync: another node may hold what this one lacks\n",
    )
