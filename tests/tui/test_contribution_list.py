"""The list with 100,000 rows behind it asks for little and drops stale answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
import pytest
from textual.app import App

from meshnode.views.contribution import ContributionPage
from tests.tui import fake_commons
from tui.widgets.contribution_list import PAGE_ROWS, ContributionList

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tests.tui.conftest import Opener
    from tui.widgets.contribution_list import Source

pytestmark = pytest.mark.slow  # each runs an app

ROWS = 100_000


def pages(requests: list[tuple[str, str]]) -> list[int]:
    offsets = [path.rsplit("offset=", 1)[1] for _, path in requests if "offset=" in path]
    return [int(offset) // PAGE_ROWS for offset in offsets]


async def test_only_the_pages_on_screen_are_asked_for(visit: Opener) -> None:
    async with visit(size=ROWS) as app:
        await app.press("f3")
        await app.sees("100,000 contributions")
        app.node.requests.clear()

        await app.press("G")
        await app.until(lambda: pages(app.node.requests) == [999], "the last page, and no other")
        await app.press("g", "pagedown", "pagedown", "j", "k")
        await app.until(lambda: "·····" not in app.text, "what is on screen is here")
        assert set(pages(app.node.requests)) <= {0, 999}


async def test_rushing_through_the_list_skips_what_is_only_passed(visit: Opener) -> None:
    async with visit(size=ROWS) as app:
        await app.press("f3")
        await app.sees("100,000 contributions")
        app.node.requests.clear()

        await app.press(*["pagedown"] * 25)
        await app.until(lambda: app.text.count("·····") == 0, "what is on screen is here")

        assert len(pages(app.node.requests)) <= 25 * 20 // PAGE_ROWS + 2


class Alone(App[None]):
    """The list without the rest of the app."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[tuple[str, asyncio.Future[ContributionPage]]] = []

    def compose(self) -> ComposeResult:
        yield ContributionList(self.source("first"))

    def source(self, name: str) -> Source:
        async def page(offset: int, limit: int) -> ContributionPage:
            answer: asyncio.Future[ContributionPage] = asyncio.get_running_loop().create_future()
            self.waiting.append((name, answer))
            return await answer

        return page


def page_of(index: int, total: int = 1) -> ContributionPage:
    row = fake_commons.row(fake_commons.contribution(index))
    return ContributionPage(total=total, offset=0, items=(row,))


async def test_an_answer_to_an_older_search_is_dropped() -> None:
    app = Alone()
    async with app.run_test() as pilot:
        await pilot.pause()
        rows = app.query_one(ContributionList)
        rows.list_from(app.source("second"))
        await pilot.pause()
        (_, stale), (name, fresh) = app.waiting
        assert name == "second"

        fresh.set_result(page_of(1))
        if not stale.done():
            stale.set_result(page_of(0))
        await pilot.pause()

        assert rows.current == page_of(1).items[0]


async def test_the_cursor_stays_on_its_row_when_others_arrive_above() -> None:
    app = Alone()
    first = page_of(1).items + page_of(2).items
    async with app.run_test() as pilot:
        await pilot.pause()
        rows = app.query_one(ContributionList)
        app.waiting[-1][1].set_result(ContributionPage(total=2, offset=0, items=first))
        await pilot.pause()
        rows.action_move(1)

        rows.fetch_again()
        await pilot.pause()
        later = page_of(0).items + first
        app.waiting[-1][1].set_result(ContributionPage(total=3, offset=0, items=later))
        await pilot.pause()

        assert rows.cursor == 2
        assert rows.current == first[1]


async def test_a_wide_list_names_whoever_gave_it_in_full() -> None:
    app = Alone()
    row = msgspec.structs.replace(
        page_of(0).items[0], author="Grace Otieno", given_by="Rosa Quispe"
    )
    async with app.run_test(size=(118, 10)) as pilot:
        await pilot.pause()
        app.waiting[-1][1].set_result(ContributionPage(total=1, offset=0, items=(row,)))
        await pilot.pause()
        drawn = app.query_one(ContributionList).render_line(0).text
        assert "Grace Otieno (given by Rosa…" in drawn
        assert drawn.rstrip().endswith(("h", "min", "d", "now", "y"))
