"""Chapter 1: two people make their nodes, found their communities and add what they know."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from meshnode.demo.sample_commons import RIDGE, VALLEY, folder_of, notes_of
from meshnode.demo.telling import Untrue
from meshnode.demo.village import ROSA_PASSPHRASE
from meshnode.views.file_import import ImportDone, ImportRequest
from meshnode.views.home import InitRequest

if TYPE_CHECKING:
    from meshnode.client import NodeClient
    from meshnode.demo.node_process import NodeProcess
    from meshnode.demo.telling import Telling
    from meshnode.demo.village import Village

WORDS = 12
"""Recovery words of a member."""


async def founding(telling: Telling, village: Village) -> None:
    """Tell it.

    Raises:
        Untrue: Something is not so.
    """
    telling.chapter("Two people, two nodes, two communities")
    for node, community, passphrase in (
        (village.rosa, RIDGE, ROSA_PASSPHRASE),
        (village.ahmed, VALLEY, None),
    ):
        await _founds(telling, node, community, passphrase)
        await _adds(telling, node, community)


async def _founds(
    telling: Telling, node: NodeProcess, community: str, passphrase: str | None
) -> None:
    how = "opened by a key file" if passphrase is None else "locked by a passphrase"
    async with telling.step(f'{node.name} makes a node, {how}, and founds "{community}".'):
        await node.start()
        before = await node.client.status()
        telling.true("a new home is empty", before.state == "empty", before.state)
        made = await node.client.init(
            InitRequest(name=node.name, community=community, passphrase=passphrase)
        )
        telling.true(
            "the recovery words are shown once, for paper", len(made.words) >= WORDS, "fewer"
        )
        status = await node.client.status()
        telling.true("the node is open", status.state == "open", status.state)
        roles = {one.name: one.role for one in status.communities}
        telling.true(f"{node.name} is a founder", roles == {community: "founder"}, roles)
        secret = [path for path in (node.home.keys, node.home.database) if _is_open(path.stat())]
        telling.true("keys and database are for this user only", not secret, secret)


async def _adds(telling: Telling, node: NodeProcess, community: str) -> None:
    folder = folder_of(community)
    notes = notes_of(community)
    async with telling.step(f"{node.name} adds a folder of {len(notes)} notes."):
        done = await add_folder(node.client, community)
        outcome = (done.added, done.updated, done.skipped, done.refused)
        telling.true("every file was added", outcome == (len(notes), 0, 0, 0), (folder, done))
        again = await add_folder(node.client, community)
        telling.true(
            "adding the folder again changes nothing", again.unchanged == len(notes), again
        )
        languages = sorted({note.language for note in notes})
        authors = {note.author for note in notes}
        telling.note(f"by {len(authors)} authors, in {', '.join(languages)}")


async def add_folder(client: NodeClient, community: str) -> ImportDone:
    """Import the notes of a community, and return how it ended.

    Raises:
        Untrue: The import ended without saying so.
    """
    request = ImportRequest(
        paths=(str(folder_of(community)),), level="commons", community=community
    )
    async with aclosing(client.import_files(request)) as events:
        async for event in events:
            if isinstance(event, ImportDone):
                return event
    raise Untrue("an import ends with its result", "nothing")


def _is_open(status: object) -> bool:
    return bool(getattr(status, "st_mode", 0) & 0o077)
