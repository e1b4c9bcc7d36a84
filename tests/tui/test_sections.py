"""Home, Commons, Ask, Network and Members, by keyboard alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from textual.widgets import Input, Static, TextArea

from meshnode.views.answer import AskRequest
from meshnode.views.bundle import BundleWriteRequest
from meshnode.views.community import FoundRequest, InviteRequest, JoinRequest
from meshnode.views.contribution import AddRequest, EditRequest
from meshnode.views.file_import import ImportRequest
from meshnode.views.peer import PeerRequest
from meshnode.views.sync import SyncRequest
from meshnode.views.withdrawal import WithdrawRequest
from tests.tui.fake_commons import contribution
from tests.tui.fake_node import TICKET

if TYPE_CHECKING:
    from tests.tui.conftest import Opener

pytestmark = pytest.mark.slow  # each runs the whole app


async def test_home_shows_the_community_what_is_new_and_what_waits(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Ridge · you are its founder", "12 contributions · 2 new", "4 entries")
        await app.sees("● Kuchemsha maji", "● Oral rehydration", "2 known · 1 open link")
        assert "● Spring water after rain" not in app.text  # one's own is no news
        await app.until(lambda: app.node.new == 0, "the news counts as seen")


async def test_home_shows_problems_with_their_advice(visit: Opener) -> None:
    problem = "The disk is nearly full. Free some space, or nothing new will be kept."
    async with visit(problems=(problem,)) as app:
        await app.sees("Problem", "The disk is nearly full.")


async def test_an_empty_home_says_what_to_do_next(visit: Opener) -> None:
    async with visit(alone=True) as app:
        await app.sees("none yet", "Join one by the ticket")
        assert "i: invite" not in app.text
        await app.press("f3")
        await app.sees("This node belongs to no community yet.", "t joins one")
        await app.press("n", "i")  # nobody writes a page and hears only then that it has no place
        assert "searches as you type" in app.text
        await app.press("f5")
        await app.sees("No peer's address is known.")
        await app.press("f6")
        await app.sees("No community yet.")


async def test_who_waits_for_the_first_meeting_is_told_so_everywhere(visit: Opener) -> None:
    async with visit(size=0, pending=True) as app:
        await app.sees("you are in once this node has met theirs")
        assert "Write down" not in app.text
        for section in ("f3", "f6"):
            await app.press(section)
            await app.sees("You are in once this node has met one of theirs.")
            assert "no community" not in app.text.lower()


async def test_the_sections_are_a_key_apart(visit: Opener) -> None:
    async with visit() as app:
        for key, words in (
            ("f3", "searches as you type"),
            ("f4", "Your question"),
            ("f5", "Open links"),
            ("f6", "4 members"),
            ("f2", "Newest"),
            ("left_square_bracket", "4 members"),
            ("right_square_bracket", "Newest"),
        ):
            await app.press(key)
            await app.sees(words)


async def test_every_section_answers_to_the_mouse(visit: Opener) -> None:
    async with visit() as app:
        for column, words in ((13, "searches as you type"), (25, "Your question"), (3, "Newest")):
            await app.pilot.click(offset=(column, 0))
            await app.sees(words)


async def test_a_click_goes_to_a_row_and_a_second_one_opens_it(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3")
        await app.sees("Oral rehydration")
        await app.pilot.click(offset=(10, 7))
        await app.sees("▌  Oral rehydration")
        await app.pilot.click(offset=(10, 7))
        await app.sees("One litre of clean water")


async def test_help_lists_the_keys_of_the_screen(visit: Opener) -> None:
    async with visit() as app:
        for section, words in (("f2", "Invite"), ("f3", "Search"), ("f5", "Copy")):
            await app.press(section)
            await app.press("f1")
            await app.sees("─ Keys ─", words)
            await app.press("escape")
            await app.sees_no("─ Keys ─")


async def test_the_command_palette_reaches_what_other_sections_do(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Newest")
        await app.press("ctrl+p")
        await app.write("copy this")
        await app.sees("Copy this node's address")
        await app.press("enter")
        await app.sees("Address copied")
        assert app.app.clipboard == app.node.status().address


async def test_searching_as_you_type_lists_what_matches(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "slash", "s", "e", "e", "d")
        await app.sees("1 contribution · best first", "Seed we keep")
        await app.press("enter", "enter")
        await app.sees("Luz Mamani · Ridge", "El maíz blanco")


async def test_a_search_shows_where_the_words_stand(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "slash")
        await app.write("water")
        await app.press("enter")
        await app.sees("carries soil and animal waste")
        await app.press("f", "down", "down", "down", "enter")
        await app.write("xx")
        await app.press("enter")
        await app.sees("Nothing here matches.")
        assert "───" not in app.text  # no line under nothing
        await app.press("escape")
        await app.sees_no("carries soil and animal waste")


async def test_a_search_without_matches_says_how_to_go_on(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "slash")
        await app.write("zzz")
        await app.sees("Nothing here matches.")
        await app.press("enter")
        await app.sees("/ Search")
        assert "⏎ Open" not in app.text
        await app.press("escape")
        await app.sees("12 contributions", "⏎ Open")


async def test_a_new_search_takes_the_place_of_the_old_one(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "slash", "slash")  # once too often
        await app.write("spring")
        await app.sees("best first", "   spring  ")
        await app.press("enter", "slash", "g", "o")
        await app.until(
            lambda: app.app.screen.query_one("#search", Input).value == "go", "only what is new"
        )


async def test_the_label_of_the_field_one_is_in_stands_out(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        labels = list(app.app.screen.query(".label").results(Static))
        for label in ("Title", "Language", "Tags", "Place", "Who reads"):
            shown = [str(one.render()) for one in labels if one.rich_style.bold]
            assert shown == [label]
            await app.press("tab")


async def test_a_field_goes_on_where_one_left_it(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Spring")
        await app.press("tab", "shift+tab")
        await app.write(" water")
        await app.sees("Title          Spring water")
        await app.press("left", "left", "tab", "shift+tab")
        await app.write("'")
        await app.sees("Title          Spring wat'er")


async def test_filters_leave_out_what_does_not_fit(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "f")
        await app.sees("─ Filter ─")
        await app.press("tab")
        await app.write("es")
        await app.press("enter")
        await app.sees("2 contributions · es")
        assert ("GET", "/v1/contributions?language=es&limit=100&offset=0") in app.node.requests


async def test_a_contribution_is_read_as_markdown(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Spring water")
        await app.press("enter")
        await app.sees("After rain the spring", "What to do", "1. Let the bucket", "#water")
        assert "##" not in app.text
        await app.press("G")
        await app.sees("the chlorine table.")


@pytest.mark.parametrize("title", ["Well water", "Well wat…"])
async def test_a_heading_that_repeats_the_title_is_shown_once(visit: Opener, title: str) -> None:
    async with visit() as app:
        text = "# Well water\n\nBoil it.\n\n# Well water\n\nTwice."
        view = msgspec.structs.replace(contribution(0), title=title, text=text)
        app.node.edited[view.id] = view
        await app.press("f3")
        await app.sees(title)
        await app.press("enter")
        await app.sees("Boil it.", "Twice.", title)
        assert app.text.count("Well wat") == 2  # the second heading is no title


async def test_adding_keeps_what_was_typed_when_the_node_refuses(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Goat fever")
        await app.press(*["tab"] * 5)
        await app.write("Keep her in the shade.")
        app.node.refuse(
            "POST", "/v1/contributions", 503, "crdt.store.disk_full", "The disk is full."
        )
        await app.press("ctrl+s")
        await app.sees("The disk is full.", "Goat fever", "Keep her in the shade.")

        await app.press("ctrl+s")
        await app.sees("Saved on this node", "Goat fever")
        asked = app.node.body(AddRequest)
        assert (asked.title, asked.text) == ("Goat fever", "Keep her in the shade.")
        assert (asked.level, asked.language) == ("commons", "und")


async def test_an_edit_sends_what_changed_and_the_version_that_was_read(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Spring water")
        await app.press("enter")
        await app.sees("After rain")
        await app.press("e")
        await app.sees("## What to do")
        await app.write("N")
        await app.press("ctrl+s")
        await app.sees("NAfter rain", "3 edits")
        asked = app.node.body(EditRequest)
        assert asked.text is not None
        assert asked.text.startswith("NAfter rain")
        assert asked.version
        assert (asked.title, asked.tags, asked.language) == (None, None, None)


async def test_an_edit_of_arabic_keeps_its_marks_of_direction(visit: Opener) -> None:
    text = "\u200fاغلِ الماء\u200f: \u2067رقم \u2066+591\u2069\u2069\u202e"  # noqa: RUF001
    async with visit() as app:
        view = msgspec.structs.replace(contribution(0), text=text, place="\u200eعين")
        app.node.edited[view.id] = view
        await app.sees("Spring water")
        await app.press("enter")
        await app.sees("+591")
        assert "\u2067" not in app.text
        await app.press("e")
        await app.until(lambda: isinstance(app.app.screen.focused, TextArea), "editing")
        await app.write("N")
        await app.press("ctrl+s")
        await app.sees("Saved on this node")
        asked = app.node.body(EditRequest)
        assert asked.text == f"N{text}".rstrip("\u202e")  # the override alone is dropped
        assert asked.place is None


async def test_the_keys_that_work_everywhere_do_so_in_the_text_too(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n", "tab", "tab", "tab", "tab", "tab")
        await app.write("one\ntwo")
        await app.press("ctrl+home")
        await app.write("zero ")
        await app.press("ctrl+end")
        await app.write(" three")
        await app.sees("zero one", "two three")
        await app.press("f1")
        await app.sees("Ctrl+S saves", "Save", "^p  ^t", "Undo, redo")
        assert "Move cursor" not in app.text
        await app.press("escape", "f6")
        await app.sees("4 members")
        await app.press("f3")
        await app.sees("zero one", "two three")


async def test_a_language_that_nobody_named_is_left_out(visit: Opener) -> None:
    async with visit() as app:
        view = msgspec.structs.replace(contribution(0), language="und", title="Sin nombre")
        app.node.edited[view.id] = view
        await app.press("f3")
        await app.sees("Sin nombre")
        await app.press("enter")
        await app.sees("open commons")
        await app.press("e", "tab", "tab", "tab", "tab")  # from the text around to the place
        await app.write(", upper part ")
        await app.press("ctrl+s")
        await app.sees("Saved on this node", "upper part")
        assert " und " not in app.text
        asked = app.node.body(EditRequest)
        assert (asked.place, asked.language) == ("Ridge school, upper part", None)
        await app.press("escape")
        await app.sees("12 contributions")
        assert " und " not in app.text


async def test_a_narrow_list_of_members_keeps_who_was_heard_from(visit: Opener) -> None:
    async with visit((60, 20)) as app:
        await app.press("f6")
        await app.sees("Heard from", "this node", "21 h")
        assert "Community" not in app.text  # all are of one


async def test_a_contribution_without_title_or_text_is_not_sent(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Goat fever")
        await app.press("ctrl+s")
        await app.sees("A contribution has a title and a text: give the text too.")
        await app.until(lambda: isinstance(app.app.screen.focused, TextArea), "in the text")
        await app.write("Keep her in the shade.")
        await app.press("ctrl+s")
        await app.sees("Saved on this node")


async def test_what_is_for_members_stays_so_when_the_arrows_pass_it(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Where the key hangs")
        await app.press("down", "down", "down", "down", "down", "space")
        await app.sees("● Inner")
        await app.press("down")
        await app.write("Behind the third stone.")
        await app.press("shift+tab", "up", "up", "up", "down", "down")
        await app.sees("● Inner")
        await app.press("ctrl+s")
        await app.sees("Saved on this node")
        assert app.node.body(AddRequest).level == "inner"


async def test_leaving_an_unsaved_edit_asks_and_can_keep_the_draft(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "n")
        await app.write("Half a thought")
        await app.press("escape")
        await app.sees("Not saved yet")
        await app.press("right", "enter")
        await app.sees("searches as you type")
        await app.press("n")
        await app.sees("Half a thought", "unsaved draft")


async def test_history_marks_what_was_added_and_removed_by_sign(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Spring water")
        await app.press("enter")
        await app.sees("After rain")
        await app.press("h")
        await app.sees("History of", "without effect", "± place: Ridge school")
        await app.sees("  Visitor      place", "  Ahmed Salim  +")  # one column for the names
        await app.press("j")
        await app.sees("[-ten minutes]", "[+one", "minute]")


async def test_withdrawing_explains_asks_and_then_follows_the_coverage(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Spring water")
        await app.press("enter")
        await app.sees("After rain")
        await app.press("w")
        await app.sees("It is erased here at once", "It cannot", "reach copies outside")
        await app.press("enter")
        await app.sees_no("It cannot")
        assert not app.node.withdrawn

        await app.press("w")
        await app.sees("It cannot", "not secret: whoever carries it can read it")
        await app.press("shift+tab")
        await app.write("it says where the key is")
        await app.press("tab", "tab", "enter")
        await app.sees("erased on 1 of 3 nodes", "✓ erased", "? not heard from", "4 d")
        await app.sees("Reason: it says where the key is")
        assert app.node.body(WithdrawRequest).reason == "it says where the key is"
        await app.press("escape", "f3", "u")
        await app.sees("Withdrawn by you", "erased on 1 of 3 nodes", "it says where")


async def test_what_withdrawing_cannot_do_is_read_in_a_small_window_too(visit: Opener) -> None:
    async with visit((60, 20)) as app:
        await app.press("f3", "enter")
        await app.sees("After rain")
        await app.press("w")
        await app.sees("It is erased here at once", "Keep it")
        assert "be taken back" not in app.text
        await app.press("pagedown")
        await app.sees("be taken back", "Keep it")
        await app.press("pageup")
        await app.sees("It is erased here at once")


async def test_whoever_reads_a_text_sees_it_go_when_it_is_withdrawn(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Spring water")
        await app.press("enter")
        await app.sees("After rain")
        view = contribution(0)
        app.node.withdrawn[view.id] = view
        app.node.tell("contributions")
        await app.sees("This was withdrawn by its author")
        assert "After rain" not in app.text


async def test_both_ways_out_of_withdrawing_are_on_a_small_screen(visit: Opener) -> None:
    async with visit((60, 20)) as app:
        await app.sees("Spring water")
        await app.press("enter")
        await app.sees("After rain")
        await app.press("w")
        await app.sees("Keep it", "Withdraw", "It is erased here at once")


async def test_what_is_not_ones_own_cannot_be_withdrawn(visit: Opener) -> None:
    async with visit() as app:
        await app.sees("Kuchemsha")
        await app.press("j", "j", "enter")
        await app.sees("Chemsha maji")
        await app.press("w")
        await app.sees("Only who began this contribution")


async def test_an_import_shows_each_file_and_a_sum(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f3", "i")
        await app.write("/home/rosa/notes")
        await app.press("enter")
        await app.sees("2 added, 1 updated, 1 skipped", "pictures are not read")
        assert app.node.body(ImportRequest).paths == ("/home/rosa/notes",)
        assert "as Markdown" not in app.text  # there is no room in its line
        await app.press("down", "down", "down")
        await app.sees("photo.jpg: pictures are not read.", "as Markdown")


async def test_an_answer_begins_with_the_passages_and_opens_them(visit: Opener) -> None:
    async with visit() as app:
        app.node.hold.clear()
        await app.press("f4")
        await app.write("how long to boil?")
        await app.press("enter")
        await app.sees("1 “Bring it to a rolling boil", "Rosa Quispe · Ridge · Spring water")
        assert "In other words" not in app.text

        app.node.hold.set()
        await app.sees("Boil it for one minute", "first passage 38 ms")
        assert app.node.body(AskRequest).question == "how long to boil?"
        await app.press("y")
        assert "Rosa Quispe, Ridge" in app.app.clipboard

        await app.press("1")
        await app.sees("▌ 2. Bring it to a rolling boil")
        await app.press("escape", "2")
        await app.sees("Chemsha maji hadi")


async def test_escape_stops_an_answer_and_the_work_behind_it(visit: Opener) -> None:
    async with visit() as app:
        app.node.hold.clear()
        await app.press("f4")
        await app.write("boil")
        await app.press("enter")
        await app.sees("1 “Bring it")
        await app.press("escape")
        await app.sees("Stopped. What is above stands.")
        await app.until(lambda: app.node.cancelled_streams >= 1, "the node heard of it")


async def test_what_nobody_contributed_is_not_answered(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f4")
        await app.write("who wins")
        await app.press("enter")
        await app.sees("This is not in the commons.", "ask with other words")
        line = app.app.screen.query_one("#question", Input)
        await app.until(lambda: not line.has_focus, "keys are keys now")
        await app.press("1", "slash")
        assert line.has_focus
        await app.press("up")
        assert line.value == "who wins"


async def test_what_is_near_is_named_as_no_answer_and_opens_by_its_number(visit: Opener) -> None:
    near = contribution(2)
    async with visit() as app:
        await app.press("f4")
        await app.write("what is near")
        await app.press("enter")
        await app.sees("This is not in the commons.", "Something near, which does not answer it:")
        await app.sees(f"1   {near.title[:30]}", "1-9 Open")
        assert "y Copy" not in app.text
        line = app.app.screen.query_one("#question", Input)
        await app.until(lambda: not line.has_focus, "keys are keys now")
        await app.press("1")
        await app.sees(near.title[:30], "esc Back")


async def test_without_a_model_the_passages_stand_alone(visit: Opener) -> None:
    async with visit(can_phrase=False) as app:
        await app.press("f4")
        await app.write("boil")
        await app.press("enter")
        await app.sees("1 “Bring it", "The model is still loading")
        assert "In other words" not in app.text


async def test_an_invitation_is_shown_as_text_and_as_a_picture(visit: Opener) -> None:
    async with visit() as app:
        await app.press("i")
        await app.sees("─ Invite ─", "● Contributor")
        await app.press("down", "enter", "backspace", "3", "enter")
        await app.sees(TICKET[:40], "reader · 3 uses", "p shows it as a picture")
        asked = app.node.body(InviteRequest)
        assert (asked.role, asked.uses, asked.expires_ms) == ("reader", 3, 7 * 86_400_000)
        await app.press("y")
        assert app.app.clipboard == TICKET
        await app.press("p")
        await app.sees("The picture needs", "Ctrl and minus")
        await app.pilot.resize_terminal(100, 40)
        await app.sees("█▀▀▀▀▀█")
        await app.press("escape")
        await app.sees("reader · 3 uses")


async def test_a_further_community_is_founded(visit: Opener) -> None:
    async with visit(alone=True) as app:
        await app.sees("Found a community")
        await app.press("f")
        await app.sees("─ Found a community ─")
        await app.press("enter")
        await app.sees("Give the community a name.")
        await app.write("Vale")
        await app.press("enter")
        await app.sees("Vale is founded")
        await app.sees("import a folder", "i: invite")
        assert "Give the community a name" not in app.text  # what was done is said alone
        assert app.node.body(FoundRequest).name == "Vale"


async def test_a_long_ticket_shows_its_beginning_once_one_goes_on(visit: Opener) -> None:
    async with visit(alone=True) as app:
        await app.sees("Join one by the ticket")
        await app.press("t")
        await app.sees("─ Join a community ─")
        await app.write(TICKET)
        await app.press("tab")
        await app.sees(TICKET[:40])


@pytest.mark.parametrize("joint", ["\n", "\r\n", " ", " \n  "])
async def test_a_ticket_from_a_mail_is_taken_with_all_its_lines(visit: Opener, joint: str) -> None:
    mailed = joint.join(TICKET[at : at + 70] for at in range(0, len(TICKET), 70)) + joint
    async with visit(alone=True) as app:
        await app.press("t")
        await app.sees("─ Join a community ─")
        await app.write(mailed)
        assert app.app.screen.query_one("#ticket", Input).value == TICKET
        await app.press("enter")
        await app.sees("Ticket for Ridge taken.")
        assert app.node.body(JoinRequest).ticket == TICKET


async def test_a_bad_ticket_is_refused_and_a_good_one_waits(visit: Opener) -> None:
    async with visit(alone=True) as app:
        await app.press("t")
        await app.write("nonsense")
        await app.press("enter")
        await app.sees("This ticket cannot be redeemed", "─ Join a community ─")
        await app.write("mesh1 abc")  # in place of the refused one
        await app.press("enter")
        await app.sees("Ticket for Ridge taken.")
        assert app.node.body(JoinRequest).ticket == "mesh1abc"


async def test_a_peer_is_added_and_forgotten(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f5", "a")
        await app.sees("─ Add a peer ─")
        await app.write("abcd\n 1234\n")
        await app.press("enter")
        await app.until(lambda: app.node.extra_peers == ["abcd1234"], "added")
        assert app.node.body(PeerRequest).address == "abcd1234"
        await app.sees("abcd1234…")
        await app.press("j", "j", "x")
        await app.sees("Forget the address of abcd1234?")
        await app.press("tab", "enter")
        await app.until(lambda: app.node.extra_peers == [], "forgotten")


async def test_a_sync_shows_how_it_goes_and_how_it_went(visit: Opener) -> None:
    async with visit() as app:
        app.node.hold.clear()
        await app.press("s")
        await app.sees("Ahmed Salim: connecting")
        app.node.hold.set()
        await app.sees("Ahmed Salim: in step · 4 sent, 1 received")
        assert app.node.body(SyncRequest).peer is None


async def test_a_bundle_is_written_and_read(visit: Opener) -> None:
    async with visit() as app:
        await app.press("f5", "w")
        await app.write("/media/stick/a.bundle")
        await app.press("enter")
        await app.sees("36 entries, 48 kB, written to")
        assert app.node.body(BundleWriteRequest).path == "/media/stick/a.bundle"
        await app.press("escape", "r")
        await app.write("/media/stick/b.bundle")
        await app.press("enter")
        await app.sees("12 of them new, 1 refused", "not signed by the key")


async def test_who_gave_words_in_somebody_elses_name_is_shown_to_readers(visit: Opener) -> None:
    async with visit((120, 40)) as app:
        view = contribution(0)
        app.node.edited[view.id] = msgspec.structs.replace(
            view, author="Elena", given_by="Rosa Quispe", contributors=("Rosa Quispe", "Ahmed")
        )
        app.node.tell("contributions")
        await app.press("f3")
        await app.sees("Elena (given")
        await app.press("enter")
        await app.sees("Elena (given by Rosa Quispe) · Ridge · with Ahmed")
