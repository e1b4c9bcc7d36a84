"""Chapter 2: they invite each other, meet over Reticulum, and both hold both commons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meshnode.demo.patience import wait_until
from meshnode.demo.regretted_note import REGRETTED
from meshnode.demo.sample_commons import RIDGE, VALLEY, Listed, notes_of
from meshnode.views.community import InviteRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from meshnode.client import NodeClient
    from meshnode.demo.node_process import NodeProcess
    from meshnode.demo.telling import Telling
    from meshnode.demo.village import Village
    from meshnode.views.community import RoleName
    from meshnode.views.peer import PeerView

PAGE_ROWS = 1000


async def meeting(telling: Telling, village: Village) -> None:
    """Tell it.

    Raises:
        Untrue: Something is not so.
    """
    telling.chapter("They invite each other, and meet")
    rosa, ahmed = village.nodes
    async with telling.step("Rosa adds one more note, which she will regret."):
        added = await rosa.client.add(REGRETTED)
        telling.true("it carries her name", added.author == rosa.name, added.author)
    await _invites(telling, rosa, ahmed, RIDGE, "contributor")
    async with telling.step("Their nodes meet over Reticulum; nobody presses a key."):
        peers = await wait_until(
            ahmed.client, ahmed.client.peers, _has_met, "Ahmed's node has met Rosa's"
        )
        carriers = {peer.carrier for peer in peers}
        telling.true("Ahmed's node has met Rosa's", True)
        telling.note(f"over {', '.join(sorted(carriers))}")
    await _invites(telling, ahmed, rosa, VALLEY, "reader")
    async with telling.step("What is new goes over, until both hold both commons."):
        regretted = Listed(RIDGE, REGRETTED.title, rosa.name, REGRETTED.language)
        expected = notes_of(RIDGE) | notes_of(VALLEY) | {regretted}
        for node in village.nodes:
            await wait_until(
                node.client,
                lambda client=node.client: difference(client, expected),  # type: ignore[misc]
                lambda differing: not differing,
                f"{node.name} holds all {len(expected)} contributions, and nothing else",
            )
            claim = f"{node.name} holds all {len(expected)}, with titles, authors, communities"
            telling.true(claim, True)
    async with telling.step("Each knows the other as a member."):
        for node in village.nodes:
            await wait_until(
                node.client,
                lambda client=node.client: standings(client),  # type: ignore[misc]
                lambda seen: seen >= _STANDINGS,
                f"{node.name}'s list of members shows {sorted(_STANDINGS)}",
            )
            telling.true(f"{node.name} sees founder and guest of both communities", True)


_STANDINGS = frozenset(
    {
        (RIDGE, "Rosa", "founder"),
        (RIDGE, "Ahmed", "contributor"),
        (VALLEY, "Ahmed", "founder"),
        (VALLEY, "Rosa", "reader"),
    }
)


async def _invites(
    telling: Telling, host: NodeProcess, guest: NodeProcess, community: str, role: RoleName
) -> None:
    async with telling.step(
        f'{host.name} invites {guest.name} to "{community}" as {role}, who redeems the ticket.'
    ):
        invite = await host.client.invite(InviteRequest(community=community, role=role))
        joined = await guest.client.join(invite.ticket)
        telling.true(f'the ticket is for "{community}"', joined.name == community, joined)
        status = await guest.client.status()
        names = {one.name for one in status.communities}
        telling.true(f"{guest.name}'s node belongs to both", names == {RIDGE, VALLEY}, names)
        telling.note(f"{invite.ticket[:48]}… ({len(invite.ticket)} characters)")


async def listed(client: NodeClient) -> frozenset[Listed]:
    """Return everything that a node lists."""
    rows = (await client.contributions(limit=PAGE_ROWS)).items
    return frozenset(Listed(row.community, row.title, row.author, row.language) for row in rows)


async def difference(client: NodeClient, expected: frozenset[Listed]) -> str:
    """Return what a node lacks and what it has beyond that, in words; "" when nothing."""
    held = await listed(client)
    lacking = [f"lacks {one}" for one in sorted(expected - held)]
    beyond = [f"has {one}" for one in sorted(held - expected)]
    return "; ".join(lacking + beyond)


async def standings(client: NodeClient) -> frozenset[tuple[str, str, str]]:
    """Return who has which role in which community, as a node sees it."""
    return frozenset(
        (one.community, one.name, one.role or "none") for one in await client.members()
    )


def _has_met(peers: Iterable[PeerView]) -> bool:
    return any(peer.last_met_ms is not None for peer in peers)
