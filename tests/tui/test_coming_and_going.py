"""First run, lock, restarts of the node, themes, and text that means harm."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from textual.events import Key
from textual.widgets import Button, Input

from meshnode.views.home import InitRequest
from tests.tui import fake_commons
from tui import preferences
from tui.node_caller import NodeCaller
from tui.preferences import Preferences

if TYPE_CHECKING:
    from pathlib import Path

    from tests.tui.conftest import Opener

pytestmark = pytest.mark.slow  # each runs the whole app


async def test_the_first_run_founds_a_community_and_shows_the_words_once(visit: Opener) -> None:
    async with visit(state="empty") as app:
        await app.sees("Welcome to Meshnode")
        await app.write("Rosa")
        await app.press("tab", "tab")
        await app.write("Ridge")
        await app.press("tab", "tab")
        await app.write("horse")
        await app.press("enter")
        await app.write("horse")
        await app.press("enter")
        await app.sees("Your recovery words", " 1. ridge", "24. yellow", str(app.node.home)[:20])

        await app.press("escape")
        await app.sees("Write the words down first", "24. yellow")
        await app.press("space", "enter")
        await app.sees("What to do next", "Ridge")
        asked = app.node.body(InitRequest)
        assert (asked.name, asked.community, asked.passphrase) == ("Rosa", "Ridge", "horse")
        assert "24. yellow" not in app.text


async def test_the_first_run_can_join_without_a_passphrase(visit: Opener) -> None:
    async with visit(state="empty") as app:
        await app.sees("Welcome to Meshnode")
        await app.write("Ahmed")
        await app.press("tab", "down", "space", "tab")
        await app.write("MESH1\n  ABC\n")
        await app.press("tab", "down", "space")
        await app.sees("Whoever takes it can read")
        await app.press("ctrl+s")
        await app.sees("Your recovery words")
        asked = app.node.body(InitRequest)
        assert (asked.ticket, asked.community, asked.passphrase) == ("MESH1ABC", None, None)


async def test_several_lines_pasted_into_a_name_become_one(visit: Opener) -> None:
    async with visit(state="empty") as app:
        await app.sees("Welcome to Meshnode")
        await app.write("Rosa\nQuispe\n")
        await app.sees("Your name      Rosa Quispe")


async def test_two_passphrases_that_differ_make_nothing(visit: Opener) -> None:
    async with visit(state="empty") as app:
        await app.sees("Welcome to Meshnode")
        await app.write("Rosa")
        await app.press("tab", "left", "tab", "tab")
        await app.write("one")
        await app.press("enter")
        await app.write("two")
        await app.press("enter")
        await app.sees("The two passphrases differ")
        assert not any(isinstance(body, InitRequest) for body in app.node.bodies)
        await app.write("one")  # in place of the one that differs
        await app.press("enter")
        await app.sees("Your recovery words")
        assert "Making the keys" not in app.text
        assert app.node.body(InitRequest).passphrase == "one"


async def test_the_arrows_pass_through_a_form_and_choose_nothing(visit: Opener) -> None:
    async with visit(state="empty") as app:
        await app.sees("● Found a community", "● Passphrase")
        await app.press(*["down"] * 9)
        assert isinstance(app.app.screen.focused, Button)
        await app.press(*["up"] * 6)
        await app.sees("● Found a community", "● Passphrase", "Its name")

        await app.press("down", "down", "enter")  # it chooses, and goes on
        await app.sees("● Join one", "paste the ticket here")
        await app.until(lambda: isinstance(app.app.screen.focused, Input), "at the ticket")
        await app.write("MESH1ABC")
        await app.sees("Ticket         MESH1ABC")


async def test_arrows_pressed_in_one_burst_all_count(visit: Opener) -> None:
    async with visit(state="empty") as app:
        await app.sees("● Found a community")
        for _ in range(3):  # as they come over a slow line
            app.app.post_message(Key("down", None))
        await app.pilot.pause()
        await app.press("space")
        await app.sees("● Neither")


async def test_a_click_chooses_the_line_under_it_in_a_narrow_window(visit: Opener) -> None:
    async with visit((44, 24), state="empty") as app:
        await app.sees("● Found a community", "○ Neither")
        y = next(y for y, line in enumerate(app.text.splitlines()) if "○ Neither" in line)
        await app.pilot.click(offset=(20, y))
        await app.sees("● Neither")


async def test_a_refused_beginning_keeps_the_form(visit: Opener) -> None:
    async with visit(state="empty") as app:
        await app.sees("Welcome to Meshnode")
        await app.write("Rosa")
        await app.press("tab", "left", "tab", "right")
        app.node.refuse("POST", "/v1/init", 503, "crdt.store.disk_full", "The disk is full.")
        await app.press("ctrl+s")
        await app.sees("The disk is full.", "Rosa", "Welcome")
        await app.press("ctrl+s")
        await app.sees("Your recovery words")


async def test_a_refused_ticket_is_where_one_writes_next(visit: Opener) -> None:
    async with visit(state="empty") as app:
        await app.sees("Welcome to Meshnode")
        await app.write("Ahmed")
        await app.press("tab", "down", "space", "tab")
        await app.write("MESH1OLD")
        await app.press("tab", "down", "space", "tab")
        app.node.refuse("POST", "/v1/init", 400, "crdt.bad_invite", "The ticket is too old.")
        await app.press("ctrl+s")
        await app.sees("The ticket is too old.")
        await app.write("MESH1NEW")
        await app.press("ctrl+s")
        await app.sees("Your recovery words")
        assert app.node.body(InitRequest).ticket == "MESH1NEW"


async def test_a_locked_node_opens_with_its_passphrase_only(visit: Opener) -> None:
    async with visit(state="locked") as app:
        await app.sees("This node is locked")
        await app.write("wrong")
        await app.press("enter")
        await app.sees("The passphrase does not open this node")
        await app.write(app.node.passphrase)
        await app.press("enter")
        await app.sees("Newest", "Spring water")


async def test_locking_takes_everything_off_the_screen(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3")
        await app.sees("Spring water")
        app.node.state = "locked"
        app.node.tell("status")
        await app.sees("This node is locked")
        await app.write(app.node.passphrase)
        await app.press("enter")
        await app.sees("Newest")


async def test_a_restart_shows_a_banner_and_keeps_what_is_on_screen(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Spring water")
        await app.press("enter")
        await app.sees("After rain the spring")
        await app.node.stop()
        await app.sees("Node stopped: trying again", "After rain the spring")
        await app.press("escape", "f3", "f4", "f2")
        await app.sees("Spring water", "Node stopped")

        await app.node.start()
        await app.sees_no("Node stopped: trying again")
        await app.press("f3")
        await app.sees("12 contributions")


async def test_a_search_typed_in_one_burst_is_a_search(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3")
        await app.sees("12 contributions")
        for key in ("slash", "n"):  # both wait before the first is handled, as over a slow line
            app.app.post_message(Key(key, "/" if key == "slash" else key))
        await app.until(lambda: app.app.screen.query_one("#search", Input).value == "n", "typed")


async def test_what_was_being_written_outlives_a_restart_and_the_lock_after_it(
    visit: Opener,
) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Goat fever")
        await app.press("f2")
        await app.node.stop()
        await app.sees("Node stopped: trying again")
        app.node.state = "locked"
        await app.node.start()
        await app.sees("This node is locked")
        assert "Goat fever" not in app.text
        await app.write(app.node.passphrase)
        await app.press("enter")
        await app.sees("What you were writing is kept")
        await app.press("f3", "n")
        await app.sees("Goat fever")


async def test_locking_on_purpose_forgets_what_was_being_written(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Goat fever")
        app.node.state = "locked"
        app.node.tell("status")
        await app.sees("This node is locked")
        await app.until(lambda: not app.app.session.has_unsaved, "forgotten")


async def test_closing_with_unsaved_words_warns_once(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Goat fever")
        await app.press("ctrl+q")
        await app.sees("closing loses it", "Goat fever")
        await app.press("ctrl+q")
        await app.until(lambda: not app.app.is_running, "closed")


async def test_closing_says_that_syncing_goes_on_only_where_it_does(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Newest")
        assert "goes on syncing" in app.app.farewell
        await app.node.stop()
        await app.sees("Node stopped: trying again")
        assert not app.app.farewell


async def test_doing_something_while_the_node_is_away_says_so_and_loses_nothing(
    visit: Opener,
) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Goat fever")
        await app.press("up")
        await app.write("Keep her in the shade.")
        await app.node.stop()
        await app.press("ctrl+s")
        await app.sees("so nothing was changed", "Goat fever")
        await app.node.start()
        await app.sees_no("Node stopped: trying again")
        await app.press("ctrl+s")
        await app.sees("Saved on this node")


async def test_the_app_waits_for_a_node_that_is_not_there_yet(visit: Opener) -> None:
    async with visit(is_running=False) as app:
        await app.sees("Looking for the node", "meshnode run")
        await app.node.start()
        await app.sees("Newest")


async def test_what_arrives_appears_without_a_key(visit: Opener) -> None:
    async with visit(size=3) as app:
        await app.press("f3")
        await app.sees("3 contributions")
        app.node.size = 5
        app.node.tell("contributions")
        await app.sees("5 contributions", "Who to call")


async def test_the_theme_is_remembered(visit: Opener, tmp_path: Path) -> None:
    async with visit() as app:
        await app.press("ctrl+t")
        assert app.app.theme == "light"
        await app.press("ctrl+t")
    assert preferences.load(tmp_path) == Preferences(theme="high-contrast")


async def test_words_from_others_are_neither_markup_nor_control_codes(visit: Opener) -> None:
    harm = "[red]not red[/] \x1b[31mnor this\x07 \u202edlrow"
    async with visit() as app:
        view = fake_commons.contribution(0)
        app.node.edited[view.id] = msgspec.structs.replace(
            view, title=harm, text=f"{harm}\n\n<b>{harm}</b>", author=harm, tags=(harm,), place=harm
        )
        app.node.tell("contributions")
        await app.sees("[red]not red[/] [31mnor this dlrow")
        await app.press("enter")
        await app.sees("<b>[red]not red[/]")
        for key in ("h", "escape", "v", "escape", "w", "escape", "e"):
            await app.press(key)
            assert not any(letter in app.text for letter in "\x1b\x07\u202e")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (60, 18)])
async def test_every_section_draws_at_any_size(visit: Opener, size: tuple[int, int]) -> None:
    async with visit(size) as app:
        for key in ("f2", "f3", "f4", "f5", "f6"):
            await app.press(key)
            await app.sees("F2 Home  F3 Commons")


async def test_keys_that_come_in_a_burst_go_to_the_field_they_were_meant_for(
    visit: Opener,
) -> None:
    async with visit(state="empty") as app:
        await app.sees("Welcome to Meshnode")
        for key in ("R", "o", "s", "a", "tab", "tab", "R", "i", "d", "g", "e"):
            app.app.post_message(Key(key, key if len(key) == 1 else None))
        await app.sees("Your name      Rosa", "Its name       Ridge")


async def test_an_answer_that_comes_while_its_screen_closes_is_dropped(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        screen = app.app.screen
        assert isinstance(screen, NodeCaller)
        has_begun = asyncio.Event()

        async def work() -> None:
            has_begun.set()
            try:
                await asyncio.Event().wait()
            finally:  # the screen's parts are gone before its work is called off
                screen.query_one("#title")

        screen.start("late", work)
        await has_begun.wait()
        await app.press("escape")
        await app.sees("searches as you type")
