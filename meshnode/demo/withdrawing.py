"""Chapter 5: Rosa takes a note back, and its words are searched for in everything that was written.

The search reads every page of both databases and of their journals, decrypted one by one, free
pages too, and every other file of both homes: see `meshnode/page_scan.py`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crdt.crypto.keys import derive
from meshnode.client import ApiError
from meshnode.demo.asking import ask
from meshnode.demo.patience import wait_until
from meshnode.demo.regretted_note import (
    REGRETTED,
    REGRETTED_QUESTION,
    REGRETTED_SEARCH,
    REGRETTED_WORDS,
)
from meshnode.demo.telling import Untrue
from meshnode.demo.village import ROSA_PASSPHRASE
from meshnode.home.key_file import read_key_file
from meshnode.home.keystore import Keystore
from meshnode.page_scan import Scan, find_words

if TYPE_CHECKING:
    from pathlib import Path

    from meshnode.client import NodeClient
    from meshnode.demo.node_process import NodeProcess
    from meshnode.demo.telling import Telling
    from meshnode.demo.village import Village
    from meshnode.views.withdrawal import Coverage

KEPT_WORDS = ("rolling boil",)
"""Of notes that stay: a search that finds nothing must find these."""

EVERYWHERE = "erased on 2 of 2 nodes"
GONE = 410


async def withdrawing(telling: Telling, village: Village) -> None:
    """Tell it.

    Raises:
        Untrue: Something is not so.
    """
    telling.chapter("Rosa takes a note back")
    rosa, ahmed = village.nodes
    async with telling.step("Both still find the note, by search and by question."):
        name = await _id_of_regretted(rosa.client)
        for node in village.nodes:
            ways = await ways_to(node.client, name)
            telling.true(f"{node.name} finds it", ways == _EVERY_WAY, sorted(ways))
    async with telling.step("Rosa withdraws it."):
        coverage = await rosa.client.withdraw(name, reason="it says where the key is")
        telling.true("it counts as withdrawn", coverage.is_withdrawn, coverage)
        ways = await ways_to(rosa.client, name)
        telling.true("she does not find it any more", not ways, sorted(ways))
    async with telling.step("It disappears from Ahmed's node as well."):
        ways = await wait_until(
            ahmed.client,
            lambda: ways_to(ahmed.client, name),
            lambda found: not found,
            "Ahmed does not find the note any more",
        )
        telling.true("he does not find it, by list, search or question", not ways, sorted(ways))
    async with telling.step("Rosa looks how far the withdrawal has come."):
        seen = await wait_until(
            rosa.client, lambda: rosa.client.coverage(name), _is_everywhere, EVERYWHERE
        )
        telling.true(f'her screen says "{seen.sentence}"', _is_everywhere(seen), seen)
    for node in village.nodes:
        async with telling.step(f"{node.name}'s node is switched off."):
            status = await node.stop()
            telling.true("it stopped cleanly", status == 0, f"exit status {status}")
    async with telling.step("Her words are looked for in everything that both nodes wrote."):
        scan = await asyncio.to_thread(search_homes, village, (*REGRETTED_WORDS, *KEPT_WORDS))
        _note(telling, scan)
        telling.true("every page could be read", not scan.unreadable, scan.unreadable)
        for node in village.nodes:
            kept = words_in(scan, node)
            control = kept >= set(KEPT_WORDS)
            telling.true(f"words that stay are found in {node.name}'s database", control, kept)
        left = [found for found in scan.found if found.word in REGRETTED_WORDS]
        telling.true("the withdrawn words are found nowhere", not left, left)


async def check_words_are_here(telling: Telling, village: Village) -> None:
    """Check that the search finds the words as long as they are there; both nodes are stopped.

    Raises:
        Untrue: It does not, and so would prove nothing.
    """
    async with telling.step("The search for words finds Rosa's in both databases, decrypted."):
        scan = await asyncio.to_thread(search_homes, village, REGRETTED_WORDS)
        _note(telling, scan)
        for node in village.nodes:
            here = words_in(scan, node) >= {"wayrapunku", "qoyllurwasi"}
            telling.true(f"{node.name}'s holds them", here, scan.found)
        plain = [one for one in scan.found if one.place == "as it is"]
        telling.true("without the keys they are found nowhere", not plain, plain)


def words_in(scan: Scan, node: NodeProcess) -> set[str]:
    """Return the words that were found in a node's own database."""
    return {found.word for found in scan.found if found.path == node.home.database}


def search_homes(village: Village, words: tuple[str, ...]) -> Scan:
    """Search both homes and whatever the nodes printed; both are stopped.

    Raises:
        KeysError: A keystore does not open.
        OSError: A file cannot be read.
    """
    databases: dict[Path, bytes] = {}
    for node in village.nodes:
        databases |= _databases(node)
    return find_words(village.root, words, databases)


def _databases(node: NodeProcess) -> dict[Path, bytes]:
    """Return the key of every database in a home.

    Raises:
        Untrue: There is one whose key is not known here, so that nothing would be proven.
    """
    home = node.home
    opener = read_key_file(home.key_file) if home.key_file.exists() else ROSA_PASSPHRASE
    key = Keystore(home.keys).unlock(opener).database_key
    keys = {home.database: key, home.root / "index.db": derive(key, b"mesh index key")}
    unknown = sorted(set(home.root.rglob("*.db")) - set(keys))
    if unknown:
        raise Untrue("the key of every database is known to the search", unknown)
    return keys


_EVERY_WAY = frozenset({"id", "list", "search", "question"})


async def ways_to(client: NodeClient, name: str) -> frozenset[str]:
    """Return in which ways a node shows a contribution."""
    rows = (await client.contributions(limit=1000)).items
    hits = await client.search(REGRETTED_SEARCH)
    asked = await ask(client, REGRETTED_QUESTION)
    cited = {one.id for one in (*asked.quotes, *asked.done.citations)}
    ways = {
        "id": await _is_shown(client, name),
        "list": any(row.id == name or row.title == REGRETTED.title for row in rows),
        "search": any(hit.id == name for hit in hits),
        "question": name in cited,
    }
    return frozenset(way for way, is_open in ways.items() if is_open)


async def _is_shown(client: NodeClient, name: str) -> bool:
    try:
        await client.contribution(name)
    except ApiError as error:
        if error.status != GONE:
            raise Untrue("a withdrawn note is answered with 410, gone", error.status) from error
        return False
    return True


async def _id_of_regretted(client: NodeClient) -> str:
    rows = (await client.contributions(limit=1000)).items
    found = [row.id for row in rows if row.title == REGRETTED.title]
    if len(found) != 1:
        raise Untrue(f'the node lists "{REGRETTED.title}" once', found)
    return found[0]


def _is_everywhere(coverage: Coverage) -> bool:
    return (coverage.done, coverage.total) == (2, 2) and EVERYWHERE in coverage.sentence


def _note(telling: Telling, scan: Scan) -> None:
    telling.note(
        f"searched {scan.pages} pages and {scan.frames} journal frames, decrypted, "
        f"and {scan.files} files as they are"
    )
