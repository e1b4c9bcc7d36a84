"""Write a new contribution, or change one. What is typed is never lost to an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input, Static

from meshnode.views.contribution import AddRequest, ContributionView, EditRequest
from tui import plain_text
from tui.screens.framed import FramedScreen
from tui.screens.keep_draft import KeepDraftScreen
from tui.session import Draft
from tui.widgets.choice import Choice
from tui.widgets.field import Field
from tui.widgets.writing_area import WritingArea

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.session import Session

LEVELS = {
    "commons": "Commons: everybody may read it",
    "inner": "Inner: members of your community only",
}
FIELDS = ("title", "language", "tags", "place")


class EditorScreen(FramedScreen[ContributionView]):
    """A form and a text; gives the contribution as saved, or None.

    Args:
        session: What all screens share; an unsaved draft in it is taken up again.
        view: What to change; None: begin a new one.
    """

    SECTION = "commons"
    IS_PAGE = True
    HELP_TEXT = (
        "Ctrl+S saves. If the node refuses, your words stay here. The text is Markdown: "
        "# heading, - list, **bold**."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save"),
        Binding("escape", "back", "Leave"),
        Binding("down", "next_field", "Next field", show=False),
        Binding("up", "previous_field", "Previous field", show=False),
    ]

    def __init__(self, session: Session, view: ContributionView | None = None) -> None:
        super().__init__(session)
        self._key = "" if view is None else view.id
        if draft := session.drafts.get(self._key):
            view = draft.base  # what others changed since then stays theirs
        self._view = view
        self._before = Draft("", "", "", "", "", "commons") if view is None else _draft_of(view)

    def compose_body(self) -> ComposeResult:
        """Give the fields and the text, filled from the draft where there is one."""
        draft = self.session.drafts.get(self._key, self._before)
        yield Field("Title", id="title", value=draft.title, placeholder="what it is about")
        yield Field(
            "Language", id="language", value=draft.language, placeholder="en, es, sw … optional"
        )
        yield Field("Tags", id="tags", value=draft.tags, placeholder="water, first-aid … optional")
        yield Field("Place", id="place", value=draft.place, placeholder="optional")
        if self._view is None:
            yield Choice("Who reads", list(LEVELS.items()), id="level")
        yield Static("Text", markup=False, classes="label")
        yield WritingArea(draft.text, id="text")

    def on_mount(self) -> None:
        """Begin at the text of what exists, and at the title of what does not."""
        self.session.writing[self._key] = self._unsaved
        draft = self.session.drafts.get(self._key, self._before)
        if self._view is None:
            self.query_one(Choice).choose(draft.level)
        else:
            self.query_one(WritingArea).focus()
        if self._key in self.session.drafts:
            self.say("Your unsaved draft is here again.")

    def on_unmount(self) -> None:
        """Hold nothing any more."""
        if self.session.writing.get(self._key) == self._unsaved:
            del self.session.writing[self._key]

    def action_next_field(self) -> None:
        """Go to the field below."""
        self.focus_next()

    def action_previous_field(self) -> None:
        """Go to the field above."""
        self.focus_previous()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.focus_next()

    def _draft(self) -> Draft:
        title, language, tags, place = (self.query_one(f"#{name}", Input).value for name in FIELDS)
        level = self._before.level if self._view is not None else self.query_one(Choice).value
        text = self.query_one(WritingArea).text
        return Draft(title, text, language, tags, place, level, self._view)

    def _unsaved(self) -> Draft | None:
        draft = self._draft()
        return None if draft == self._before else draft

    def action_save(self) -> None:
        """Send it to the node."""
        draft = self._draft()
        missing = [name for name in ("title", "text") if not getattr(draft, name).strip()]
        if missing:
            self.say_refused(f"A contribution has a title and a text: give the {missing[0]} too.")
            self.set_focus(self.query_one(f"#{missing[0]}"))
            return
        self.session.drafts[self._key] = draft
        self.start("save", self._send, draft)

    async def _send(self, draft: Draft) -> None:
        if self._view is None:
            view = await self.attempt(self.client.add(_addition(draft)))
        else:
            view = await self.attempt(
                self.client.edit(self._view.id, _change(self._view, self._before, draft))
            )
        if view is None:
            return  # the draft stays, here and in the session
        self.session.drafts.pop(self._key, None)
        self.say("Saved on this node. It reaches others as nodes meet.")
        self.dismiss_with(view)

    def action_back(self) -> None:
        """Leave; ask first when there is something to lose."""
        draft = self._unsaved()
        if draft is None:
            self.session.drafts.pop(self._key, None)
            self.dismiss_with(None)
            return
        self.session.drafts[self._key] = draft
        self.app.push_screen(KeepDraftScreen(self.session), self._decided)

    def _decided(self, decision: str | None) -> None:
        if decision == "save":
            self.action_save()
        elif decision == "keep":
            self.dismiss_with(None)
        elif decision == "drop":
            self.session.drafts.pop(self._key, None)
            self.dismiss_with(None)


def _draft_of(view: ContributionView) -> Draft:
    return Draft(
        plain_text.editable_line(view.title),
        plain_text.editable(view.text),
        plain_text.language(view.language),
        plain_text.editable_line(", ".join(view.tags)),
        plain_text.editable_line(view.place),
        view.level,
        view,
    )


def _tags(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.strip().lstrip("#") for tag in text.split(",") if tag.strip()))


def _addition(draft: Draft) -> AddRequest:
    return AddRequest(
        title=draft.title.strip(),
        text=draft.text,
        level=draft.level,  # type: ignore[arg-type]  # one of LEVELS
        language=draft.language.strip() or "und",
        tags=_tags(draft.tags),
        place=draft.place.strip(),
    )


def _change(view: ContributionView, before: Draft, draft: Draft) -> EditRequest:
    """Give only what changed, so that others' changes of the rest stand."""

    def changed(name: str) -> str | None:
        now: str = getattr(draft, name)
        return None if now == getattr(before, name) else now

    language = changed("language")
    return EditRequest(
        version=view.version,
        title=None if changed("title") is None else draft.title.strip(),
        text=changed("text"),
        language=None if language is None else language.strip() or "und",
        tags=None if changed("tags") is None else _tags(draft.tags),
        place=None if changed("place") is None else draft.place.strip(),
    )
