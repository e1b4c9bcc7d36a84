"""Chapter 4: both edit the same note while they cannot reach each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshnode.demo.asking import SPRING_NOTE
from meshnode.demo.patience import wait_until
from meshnode.demo.telling import Untrue
from meshnode.demo.village import ROSA_PASSPHRASE
from meshnode.demo.withdrawing import check_words_are_here
from meshnode.views.contribution import EditRequest

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.demo.node_process import NodeProcess
    from meshnode.demo.telling import Telling
    from meshnode.demo.village import Village
    from meshnode.views.contribution import ContributionView
    from meshnode.views.revision import Revision

AHMED_REPLACES = ("the black pipe", "the grey pipe")
ROSA_REPLACES = ("Let the pot cool with its lid on", "Let the big pot cool with its red lid on")


async def correcting(telling: Telling, village: Village) -> None:
    """Tell it.

    Raises:
        Untrue: Something is not so.
    """
    telling.chapter("Both edit one note, apart")
    rosa, ahmed = village.nodes
    await _stops(telling, rosa)
    await _edits(telling, ahmed, AHMED_REPLACES, "corrects a word in the first paragraph")
    await _stops(telling, ahmed)
    await check_words_are_here(telling, village)
    async with telling.step("Rosa's node starts; it stays locked until she types her passphrase."):
        await rosa.start()
        locked = await rosa.client.status()
        telling.true("it is locked", locked.state == "locked", locked.state)
        opened = await rosa.client.unlock(ROSA_PASSPHRASE)
        telling.true("her passphrase opens it", opened.state == "open", opened.state)
    await _edits(telling, rosa, ROSA_REPLACES, "rewrites the beginning of the third paragraph")
    async with telling.step("Ahmed's node starts and opens by its key file; they meet."):
        await ahmed.start()
        texts = {node.name: await _wait_both(node) for node in village.nodes}
        telling.true("both texts hold both changes", all(map(has_both, texts.values())), texts)
        telling.true("both texts are the same", texts["Rosa"] == texts["Ahmed"], texts)
        seen = await spring_note(rosa.client)
        names = set(seen.contributors)
        telling.true("the note names them both", names >= {"Rosa", "Ahmed"}, seen.contributors)
    async with telling.step("Rosa looks at the note's history."):
        history = await rosa.client.history(seen.id)
        authors = [revision.author for revision in history]
        telling.true("it begins with her", authors[0] == "Rosa", authors)
        telling.true("both edits stand in it, and count", _count(history) >= 3, history)
        telling.note(" · ".join(authors))


def has_both(text: str) -> bool:
    """Whether a text holds both changes, and nothing of what they replaced."""
    return all(
        after in text and before not in text for before, after in (AHMED_REPLACES, ROSA_REPLACES)
    )


async def spring_note(client: NodeClient) -> ContributionView:
    """Return the note about the spring, in full.

    Raises:
        Untrue: The node does not list it, or twice.
    """
    rows = (await client.contributions(limit=1000)).items
    found = [row for row in rows if row.title == SPRING_NOTE]
    if len(found) != 1:
        raise Untrue(f'the node lists "{SPRING_NOTE}" once', found)
    return await client.contribution(found[0].id)


async def _stops(telling: Telling, node: NodeProcess) -> None:
    async with telling.step(f"{node.name}'s node is switched off."):
        status = await node.stop()
        telling.true("it stopped cleanly", status == 0, f"exit status {status}")


async def _edits(telling: Telling, node: NodeProcess, replaces: tuple[str, str], what: str) -> None:
    before, after = replaces
    async with telling.step(f"{node.name}, alone, {what}."):
        note = await spring_note(node.client)
        telling.true("the other's change is not here yet", not _is_changed(note.text), note.text)
        edited = await node.client.edit(
            note.id, EditRequest(version=note.version, text=note.text.replace(before, after))
        )
        telling.true(f'it reads "{after}"', after in edited.text, edited.text)
        links = await node.client.links()
        telling.true("no link is open", not links, links)


def _is_changed(text: str) -> bool:
    return any(after in text for _, after in (AHMED_REPLACES, ROSA_REPLACES))


async def _wait_both(node: NodeProcess) -> str:
    note = await wait_until(
        node.client,
        lambda: spring_note(node.client),
        lambda found: has_both(found.text),
        f"{node.name}'s text holds both changes",
    )
    return note.text


def _count(history: list[Revision]) -> int:
    return sum(revision.is_effective for revision in history)
